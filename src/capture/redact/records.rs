//! Records of numbers: nodes, edges, functions of the allocation trace.

use super::super::header::Malformed;

/// Where in a record the numbers stand that say something about strings.
#[derive(Debug)]
pub(super) struct Layout {
    length: usize,
    kind: usize,
    name: usize,
    link: usize,
}

impl Layout {
    /// The places of the fields that [`Record`] calls kind, name and link.
    pub fn of(fields: &[String], [kind, name, link]: [&str; 3]) -> Result<Self, Malformed> {
        let place = |wanted: &str| {
            fields.iter().position(|field| field == wanted).ok_or(Malformed("its records lack a field"))
        };
        Ok(Self { length: fields.len(), kind: place(kind)?, name: place(name)?, link: place(link)? })
    }
}

/// The record being read.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Its type.
    pub kind: u64,
    /// The index of its name, or what stands there instead.
    pub name: u64,
    /// What ties it to other records: a node's number of edges, an edge's target.
    pub link: u64,
    field: usize,
    value: u64,
}

impl Record {
    /// Reads numbers up to the end of the array or the text, handing each whole record to `ended`; returns how many
    /// bytes that was.
    pub fn push(
        &mut self,
        text: &[u8],
        layout: &Layout,
        mut ended: impl FnMut(&Self) -> Result<(), Malformed>,
    ) -> Result<usize, Malformed> {
        for (index, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
                b',' | b']' => {
                    self.end_field(layout);
                    if self.field == layout.length {
                        self.field = 0;
                        ended(self)?;
                    }
                    if byte == b']' {
                        return Ok(index + 1);
                    }
                }
                b'\n' | b' ' | b'\r' | b'\t' => {}
                _ => return Err(Malformed("a number is expected")),
            }
        }
        Ok(text.len())
    }

    fn end_field(&mut self, layout: &Layout) {
        let field = self.field;
        if field == layout.kind {
            self.kind = self.value;
        } else if field == layout.name {
            self.name = self.value;
        } else if field == layout.link {
            self.link = self.value;
        }
        self.value = 0;
        self.field += 1;
    }
}
