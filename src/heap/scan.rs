//! Finds the sections of a snapshot file in one forward pass, without building a JSON document.

use std::ops::Range;

use super::error::{HeapError, HeapErrorKind};
use super::table::{on_threads, threads_for};
use super::task::Task;

/// Nesting beyond this is refused; V8's deepest section, `trace_tree`, stays far below.
const MAX_DEPTH: usize = 4096;

/// The last bracket is looked for in so many bytes at the end.
const MAX_TAIL_BYTES: usize = 1 << 16;

/// The end of a table is looked for in so many bytes at a time.
const WINDOW_BYTES: usize = 32 << 20;

/// The header is a few kilobytes; more is not a header.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// Where the parts of the file are, as byte ranges between (not including) their brackets.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// The `snapshot` object, braces included.
    pub header: Option<Range<usize>>,
    /// Numbers of the node table.
    pub nodes: Option<Range<usize>>,
    /// Numbers of the edge table.
    pub edges: Option<Range<usize>>,
    /// Numbers of the location table.
    pub locations: Option<Range<usize>>,
    /// The string table.
    pub strings: Option<Range<usize>>,
}

/// Finds every section; unknown ones are skipped.
pub(super) fn find_sections(bytes: &[u8], task: &Task) -> Result<Sections, HeapError> {
    let mut cursor = Cursor { bytes, position: 0, task };
    let mut sections = Sections::default();
    cursor.expect(b'{', "'{' at the start of the file")?;
    loop {
        cursor.section(&mut sections)?;
        if !cursor.next_is(b',')? {
            break;
        }
        cursor.position += 1;
    }
    cursor.expect(b'}', "',' or '}' after a section")?;
    cursor.skip_whitespace();
    if cursor.position < bytes.len() {
        return Err(HeapError::at(
            HeapErrorKind::Syntax,
            cursor.position,
            "text after the end, expected end of file",
        ));
    }
    Ok(sections)
}

/// Position of the first `]` from `start` on, looked for on every core.
fn next_bracket(bytes: &[u8], start: usize, task: &Task) -> Result<Option<usize>, HeapError> {
    for start in (start..bytes.len()).step_by(WINDOW_BYTES) {
        let window = &bytes[start..bytes.len().min(start + WINDOW_BYTES)];
        let length = window.len().div_ceil(threads_for(window.len()));
        let parts: Vec<_> = (start..).step_by(length).zip(window.chunks(length)).collect();
        let found = on_threads(parts.into_iter(), |(start, part)| Some(start + memchr::memchr(b']', part)?));
        let found = found.into_iter().flatten().next();
        task.advance(found.map_or(window.len(), |end| end - start))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    task: &'a Task,
}

impl Cursor<'_> {
    /// Reads one `"name": value` pair.
    fn section(&mut self, sections: &mut Sections) -> Result<(), HeapError> {
        self.next_is(b'"')?;
        let start = self.position;
        self.skip_string()?;
        let name = &self.bytes[start + 1..self.position - 1];
        self.expect(b':', "':' after a section's name")?;
        let slot = match name {
            b"snapshot" => &mut sections.header,
            b"nodes" => &mut sections.nodes,
            b"edges" => &mut sections.edges,
            b"locations" => &mut sections.locations,
            b"strings" => &mut sections.strings,
            b"samples" | b"trace_function_infos" => return self.flat_array().map(drop),
            _ => return self.skip_value().map(drop),
        };
        if slot.is_some() {
            let name = String::from_utf8_lossy(name);
            return Err(HeapError::at(
                HeapErrorKind::Section,
                start,
                format!("section \"{name}\" is present twice"),
            ));
        }
        *slot = Some(match name {
            b"snapshot" => self.header()?,
            b"strings" => self.string_array()?,
            _ => self.flat_array()?,
        });
        Ok(())
    }

    fn header(&mut self) -> Result<Range<usize>, HeapError> {
        if !self.next_is(b'{')? {
            return Err(HeapError::at(
                HeapErrorKind::Syntax,
                self.position,
                "expected '{' for section \"snapshot\"",
            ));
        }
        let range = self.skip_value()?;
        if range.len() > MAX_HEADER_BYTES {
            let message = format!(
                "the \"snapshot\" object has {} bytes, expected at most {MAX_HEADER_BYTES}",
                range.len()
            );
            return Err(HeapError::at(HeapErrorKind::Meta, range.start, message));
        }
        Ok(range)
    }

    /// An array without arrays, objects or strings inside: its end is the next bracket.
    fn flat_array(&mut self) -> Result<Range<usize>, HeapError> {
        self.expect(b'[', "'[' for a table of numbers")?;
        let start = self.position;
        let Some(end) = next_bracket(self.bytes, start, self.task)? else {
            return Err(self.truncated("a table of numbers"));
        };
        self.position = end + 1;
        Ok(start..end)
    }

    /// An array of strings: its end is the first bracket outside quotes.
    fn string_array(&mut self) -> Result<Range<usize>, HeapError> {
        self.expect(b'[', "'[' for the string table")?;
        let start = self.position;
        // V8 writes the strings last, so the bracket that ends them is the last one of the file. Only when the text
        // after that bracket is not the end of the object is the table walked string by string.
        let tail = start.max(self.bytes.len().saturating_sub(MAX_TAIL_BYTES));
        if let Some(end) = memchr::memrchr(b']', &self.bytes[tail..]).map(|length| tail + length) {
            let rest = self.bytes[end + 1..].trim_ascii();
            if rest == b"}" {
                self.position = end + 1;
                return Ok(start..end);
            }
        }
        while !self.next_is(b']')? {
            match self.bytes[self.position] {
                b'"' => self.skip_string()?,
                b',' => self.position += 1,
                _ => {
                    return Err(HeapError::at(
                        HeapErrorKind::Syntax,
                        self.position,
                        "expected a string, ',' or ']'",
                    ));
                }
            }
        }
        self.position += 1;
        Ok(start..self.position - 1)
    }

    /// Skips any JSON value; iterative, because nesting comes from outside.
    fn skip_value(&mut self) -> Result<Range<usize>, HeapError> {
        self.skip_whitespace();
        let start = self.position;
        let mut depth = 0usize;
        loop {
            let Some(&byte) = self.bytes.get(self.position) else { return Err(self.truncated("a section")) };
            match byte {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.position += 1;
                    if depth > MAX_DEPTH {
                        let message = format!("nested deeper than {MAX_DEPTH} levels");
                        return Err(HeapError::at(HeapErrorKind::Nesting, self.position, message));
                    }
                }
                b'}' | b']' if depth == 0 => break,
                b'}' | b']' => {
                    depth -= 1;
                    self.position += 1;
                }
                b',' if depth == 0 => break,
                _ => self.position += 1,
            }
            if depth == 0 && matches!(self.bytes[self.position - 1], b'"' | b'}' | b']') {
                break;
            }
        }
        if self.position == start {
            return Err(HeapError::at(HeapErrorKind::Syntax, start, "expected a value"));
        }
        Ok(start..self.position)
    }

    /// Skips a string, from its opening quote to behind its closing one.
    fn skip_string(&mut self) -> Result<(), HeapError> {
        if self.bytes.get(self.position) != Some(&b'"') {
            return Err(HeapError::at(HeapErrorKind::Syntax, self.position, "expected '\"'"));
        }
        self.position += 1;
        loop {
            match memchr::memchr2(b'"', b'\\', &self.bytes[self.position..]) {
                None => return Err(self.truncated("a string")),
                Some(length) => self.position += length + 1,
            }
            if self.bytes[self.position - 1] == b'"' {
                return Ok(());
            }
            if self.position == self.bytes.len() {
                return Err(self.truncated("a string"));
            }
            self.position += 1;
        }
    }

    /// Skips whitespace, then tells whether `byte` comes next. The end of the file is an error.
    fn next_is(&mut self, byte: u8) -> Result<bool, HeapError> {
        self.skip_whitespace();
        match self.bytes.get(self.position) {
            Some(&next) => Ok(next == byte),
            None => Err(self.truncated("the snapshot")),
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), HeapError> {
        if !self.next_is(byte)? {
            let message = format!("found {:?}, expected {what}", char::from(self.bytes[self.position]));
            return Err(HeapError::at(HeapErrorKind::Syntax, self.position, message));
        }
        self.position += 1;
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while self.bytes.get(self.position).is_some_and(u8::is_ascii_whitespace) {
            self.position += 1;
        }
    }

    fn truncated(&self, inside: &str) -> HeapError {
        HeapError::at(HeapErrorKind::Truncated, self.bytes.len(), format!("the file ends inside {inside}"))
    }
}
