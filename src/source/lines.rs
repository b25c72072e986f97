//! Where a byte of a text is, as people and V8 count.

use super::facts::Position;

/// Byte offsets to lines and UTF-16 columns.
pub(super) struct Lines<'s> {
    text: &'s str,
    starts: Vec<u32>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let after_breaks =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1);
        Lines { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    pub(super) fn position(&self, offset: u32) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset);
        let before = &self.text[self.starts[line - 1] as usize..offset as usize];
        Position { line: line as u32, column: before.encode_utf16().count() as u32 + 1 }
    }
}
