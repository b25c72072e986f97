//! Blanks the values of strings while a snapshot streams by, and leaves the graph as it is.
//!
//! The strings come last in the file, so the nodes and edges before them have told by then which ones
//! are names: constructors, functions, scripts, classes of hidden objects (nodes that are no string),
//! properties, variables and internal slots (edges). Only those are kept. Everything else, above all
//! the text of string nodes and the source of regular expressions, becomes as many `*` as it had UTF-16
//! units. The key of a plain object is a property's name and stays; the key of a `Map` is a value.

use super::stream::{Malformed, Meta};

/// Node types whose name is a value the program computed.
const VALUE_NODES: [&str; 4] = ["string", "concatenated string", "sliced string", "regexp"];
/// Edge types whose second field is a number, not a name.
const NUMBERED_EDGES: [&str; 2] = ["element", "hidden"];
/// V8 cannot hold more strings than this; a larger index means the text is no snapshot.
const MAX_STRINGS: u64 = 1 << 32;

/// The state of blanking between two chunks. It starts right after `"nodes":[`.
#[derive(Debug)]
pub struct Redactor {
    nodes: Layout,
    edges: Layout,
    trace_functions: Layout,
    names: Bits,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Inside an array of records.
    Records(Section, Record),
    /// Inside an array of numbers that names nothing, this many brackets deep.
    Numbers(u32),
    /// After an array: its successor's key, so far.
    Key(Vec<u8>),
    /// Inside `strings`.
    Strings(Strings),
    /// After `strings`.
    End,
}

#[derive(Debug, Clone, Copy)]
enum Section {
    Nodes,
    Edges,
    TraceFunctions,
}

impl Redactor {
    /// A redactor for a snapshot with these fields and types.
    pub fn new(meta: &Meta) -> Result<Self, Malformed> {
        Ok(Self {
            nodes: Layout::typed(&meta.node_fields, "name", &meta.node_types, |kind| {
                !VALUE_NODES.contains(&kind)
            })?,
            edges: Layout::typed(&meta.edge_fields, "name_or_index", &meta.edge_types, |kind| {
                !NUMBERED_EDGES.contains(&kind)
            })?,
            trace_functions: Layout::trace_functions(&meta.trace_function_info_fields),
            names: Bits::default(),
            state: State::Records(Section::Nodes, Record::default()),
        })
    }

    /// Takes the next piece, blanks it in place and returns how many of its bytes remain.
    pub fn push(&mut self, chunk: &mut [u8]) -> Result<usize, Malformed> {
        let (mut read, mut written) = (0, 0);
        while read < chunk.len() {
            let start = read;
            match &mut self.state {
                State::Records(section, record) => {
                    let layout = match section {
                        Section::Nodes => &self.nodes,
                        Section::Edges => &self.edges,
                        Section::TraceFunctions => &self.trace_functions,
                    };
                    read += record.push(&chunk[start..], layout, &mut self.names)?;
                    if chunk[read - 1] == b']' {
                        self.state = State::Key(Vec::new());
                    }
                }
                State::Numbers(depth) => {
                    read += skip_numbers(&chunk[start..], depth)?;
                    if *depth == 0 {
                        self.state = State::Key(Vec::new());
                    }
                }
                State::Key(key) => {
                    read += 1;
                    if let Some(next) = after_key(key, chunk[start])? {
                        self.state = next;
                    }
                }
                State::Strings(strings) => {
                    let (taken, kept) = strings.push(chunk, start, written, &self.names)?;
                    (read, written) = (taken, kept);
                    if strings.ended {
                        self.state = State::End;
                    }
                    continue;
                }
                State::End => read = chunk.len(),
            }
            chunk.copy_within(start..read, written);
            written += read - start;
        }
        Ok(written)
    }

    /// Whether the text ended after the strings.
    pub fn finish(self) -> Result<(), Malformed> {
        if matches!(self.state, State::End) { Ok(()) } else { Err(Malformed("it ends in the middle")) }
    }
}

/// Skips numbers up to the bracket that closes the array; returns how many bytes that was.
fn skip_numbers(text: &[u8], depth: &mut u32) -> Result<usize, Malformed> {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'[' => *depth += 1,
            b']' => *depth -= 1,
            b'"' => return Err(Malformed("a number array holds a string")),
            _ => continue,
        }
        if *depth == 0 {
            return Ok(index + 1);
        }
    }
    Ok(text.len())
}

/// Collects a key; at the bracket that opens its array, what to do with that array.
fn after_key(key: &mut Vec<u8>, byte: u8) -> Result<Option<State>, Malformed> {
    match byte {
        b'[' => Ok(Some(match key.as_slice() {
            b"edges" => State::Records(Section::Edges, Record::default()),
            b"trace_function_infos" => State::Records(Section::TraceFunctions, Record::default()),
            b"strings" => State::Strings(Strings::default()),
            _ => State::Numbers(1),
        })),
        b'a'..=b'z' | b'_' if key.len() < 64 => {
            key.push(byte);
            Ok(None)
        }
        b'"' | b':' | b',' | b' ' | b'\n' | b'\r' | b'\t' => Ok(None),
        _ => Err(Malformed("an array is expected after an array")),
    }
}

/// Which numbers of a record are the indices of names.
#[derive(Debug)]
struct Layout {
    fields: usize,
    type_field: Option<usize>,
    /// By type: whether the record's name is a name.
    named: Vec<bool>,
    is_name_field: Vec<bool>,
}

impl Layout {
    fn typed(
        fields: &[String],
        name: &str,
        types: &[serde_json::Value],
        named: impl Fn(&str) -> bool,
    ) -> Result<Self, Malformed> {
        let position = |wanted: &str| fields.iter().position(|field| field == wanted);
        let type_field = position("type").ok_or(Malformed("its records have no type"))?;
        let name_field = position(name).ok_or(Malformed("its records have no name"))?;
        let kinds =
            types.get(type_field).and_then(|kinds| kinds.as_array()).ok_or(Malformed("it lists no types"))?;
        if type_field > name_field {
            return Err(Malformed("a record's type comes after its name"));
        }
        Ok(Self {
            fields: fields.len(),
            type_field: Some(type_field),
            named: kinds.iter().map(|kind| kind.as_str().is_some_and(&named)).collect(),
            is_name_field: (0..fields.len()).map(|field| field == name_field).collect(),
        })
    }

    fn trace_functions(fields: &[String]) -> Self {
        let is_name_field = fields.iter().map(|field| field == "name" || field == "script_name").collect();
        Self { fields: fields.len().max(1), type_field: None, named: Vec::new(), is_name_field }
    }
}

/// The record being read.
#[derive(Debug, Default)]
struct Record {
    field: usize,
    value: u64,
    /// Whether this record's name field holds a name; without a type, always.
    named: Option<bool>,
}

impl Record {
    /// Reads numbers up to the end of the array or the text; returns how many bytes that was.
    fn push(&mut self, text: &[u8], layout: &Layout, names: &mut Bits) -> Result<usize, Malformed> {
        for (index, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
                b',' => self.end_field(layout, names)?,
                b']' => {
                    self.end_field(layout, names)?;
                    return Ok(index + 1);
                }
                b'\n' | b' ' | b'\r' | b'\t' => {}
                _ => return Err(Malformed("a number is expected")),
            }
        }
        Ok(text.len())
    }

    fn end_field(&mut self, layout: &Layout, names: &mut Bits) -> Result<(), Malformed> {
        if layout.type_field == Some(self.field) {
            self.named = Some(layout.named.get(self.value as usize).copied().unwrap_or(false));
        } else if layout.is_name_field.get(self.field) == Some(&true) && self.named.unwrap_or(true) {
            if self.value >= MAX_STRINGS {
                return Err(Malformed("a string's index is out of range"));
            }
            names.set(self.value as usize);
        }
        self.value = 0;
        self.field = if self.field + 1 == layout.fields { 0 } else { self.field + 1 };
        Ok(())
    }
}

/// The string being read.
#[derive(Debug, Default)]
struct Strings {
    index: usize,
    inside: bool,
    /// Bytes of an escape sequence still to come; `\` itself counts as seen.
    escape: Escape,
    ended: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After the backslash.
    Started,
    /// This many hexadecimal digits to come.
    Digits(u8),
}

impl Strings {
    /// Blanks from `read` on, writing at `written`; returns both positions afterwards.
    fn push(
        &mut self,
        chunk: &mut [u8],
        mut read: usize,
        mut written: usize,
        names: &Bits,
    ) -> Result<(usize, usize), Malformed> {
        while read < chunk.len() {
            let byte = chunk[read];
            read += 1;
            if let Some(kept) = self.next(byte, names)? {
                chunk[written] = kept;
                written += 1;
            }
            if self.ended {
                break;
            }
        }
        Ok((read, written))
    }

    /// What is written for the next byte, if anything.
    fn next(&mut self, byte: u8, names: &Bits) -> Result<Option<u8>, Malformed> {
        if !self.inside {
            match byte {
                b'"' => self.inside = true,
                b']' => self.ended = true,
                b',' | b'\n' | b' ' | b'\r' | b'\t' => {}
                _ => return Err(Malformed("a string is expected")),
            }
            return Ok(Some(byte));
        }
        let blank = !names.get(self.index);
        match self.escape {
            Escape::Started => {
                self.escape = if byte == b'u' { Escape::Digits(4) } else { Escape::None };
                Ok((!blank).then_some(byte))
            }
            Escape::Digits(left) => {
                self.escape = if left == 1 { Escape::None } else { Escape::Digits(left - 1) };
                Ok((!blank).then_some(byte))
            }
            Escape::None => match byte {
                b'"' => {
                    self.inside = false;
                    self.index += 1;
                    Ok(Some(byte))
                }
                b'\\' => {
                    self.escape = Escape::Started;
                    Ok(Some(if blank { b'*' } else { byte }))
                }
                // The rest of a UTF-8 sequence: its first byte was blanked.
                0x80..=0xbf if blank => Ok(None),
                _ => Ok(Some(if blank { b'*' } else { byte })),
            },
        }
    }
}

/// A set of small integers.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, index: usize) {
        if index / 64 >= self.0.len() {
            self.0.resize((index / 64 + 1).next_power_of_two(), 0);
        }
        self.0[index / 64] |= 1 << (index % 64);
    }

    fn get(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::SnapshotStream;
    use super::super::stream::tests::SMALL;

    fn redact(text: &str, size: usize) -> String {
        let mut stream = SnapshotStream::new(true);
        let mut passed = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            let mut chunk = chunk.to_vec();
            let length = stream.push(&mut chunk).unwrap();
            passed.extend_from_slice(&chunk[..length]);
        }
        stream.finish().unwrap();
        String::from_utf8(passed).unwrap()
    }

    #[test]
    fn names_stay_and_values_become_as_many_stars() {
        let (before, strings) = SMALL.split_once("\"strings\":").unwrap();
        // "top "secret" \ud83d" is 14 units long; string 3 is the text of a string node only, while 8, the
        // same word, names a variable; string 7 is what an element edge's index 7 would be.
        let expected = strings
            .replace(r#""<dummy>""#, r#""*******""#)
            .replace(r#""top \"secret\" \ud83d""#, r#""**************""#)
            .replacen(r#""name""#, r#""****""#, 1)
            .replace(r#""^k\\d$""#, r#""*****""#)
            .replace(r#""unused""#, r#""******""#);
        assert_eq!(redact(SMALL, SMALL.len()), format!("{before}\"strings\":{expected}"));
    }

    #[test]
    fn the_size_of_the_chunks_changes_nothing() {
        let whole = redact(SMALL, SMALL.len());
        (1..SMALL.len()).for_each(|size| assert_eq!(redact(SMALL, size), whole, "chunks of {size}"));
    }

    #[test]
    fn functions_of_the_allocation_trace_keep_their_names() {
        let text = SMALL.replace("\"trace_function_infos\":[]", "\"trace_function_infos\":[0,3,7,1,-1,-1]");
        assert!(
            SnapshotStream::new(true).push(&mut text.clone().into_bytes()).is_err(),
            "negative numbers are refused"
        );
        let text = text.replace("-1", "1");
        let redacted = redact(&text, 5);
        assert!(
            redacted.contains("\"unused\"")
                && redacted.matches("\"name\"").count() == text.matches("\"name\"").count()
        );
    }
}
