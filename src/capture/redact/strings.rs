//! The strings: held back until it is known which of them are names, then blanked or kept.

use super::super::header::Malformed;
use super::names::Names;

/// What V8 calls the description of a scope. It is among the first hundred strings.
const SCOPE_INFO: &[u8] = b"system / ScopeInfo";
/// No more text is held back: when that string is not among it, no string names a block's variable.
const MAX_HELD: usize = 1 << 20;

/// The first strings, up to the one that names scope infos.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What is held back.
    pub text: Vec<u8>,
    /// The index of that string, once it is found.
    pub scope_info: Option<u32>,
    /// Whether nothing needs to be held any longer: it is found, or was not in what may be held.
    pub done: bool,
    index: u32,
    /// Where the string begins that is being read.
    start: Option<usize>,
    /// After a backslash.
    escaped: bool,
}

impl Held {
    /// Holds the text back, up to its end or to where it is done; returns how many bytes that was.
    pub fn push(&mut self, text: &[u8]) -> usize {
        for (index, &byte) in text.iter().enumerate() {
            self.hold(byte);
            if self.done {
                return index + 1;
            }
        }
        text.len()
    }

    fn hold(&mut self, byte: u8) {
        match (self.start, byte) {
            (Some(_), _) if self.escaped => self.escaped = false,
            (Some(_), b'\\') => self.escaped = true,
            (Some(start), b'"') => {
                if &self.text[start..] == SCOPE_INFO {
                    self.scope_info = Some(self.index);
                    self.done = true;
                }
                self.start = None;
                self.index += 1;
            }
            (None, b'"') => self.start = Some(self.text.len() + 1),
            (None, b']') => self.done = true,
            _ => {}
        }
        self.text.push(byte);
        self.done |= self.text.len() == MAX_HELD;
    }
}

/// The string being read.
#[derive(Debug, Default)]
pub(super) struct Strings {
    index: u32,
    inside: bool,
    /// Bytes of an escape sequence still to come; `\` itself counts as seen.
    escape: Escape,
    /// Whether the array is closed.
    pub ended: bool,
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
    /// Adds the text to `out`, blanked, up to its end or the array's; returns how many bytes of it that took.
    pub fn push(&mut self, text: &[u8], names: &Names, out: &mut Vec<u8>) -> Result<usize, Malformed> {
        let (mut read, mut written) = (0, out.len());
        // Blanking only ever shortens.
        out.resize(written + text.len(), 0);
        while read < text.len() && !self.ended {
            if let Some(kept) = self.next(text[read], names)? {
                out[written] = kept;
                written += 1;
            }
            read += 1;
        }
        out.truncate(written);
        Ok(read)
    }

    /// What is written for the next byte, if anything.
    fn next(&mut self, byte: u8, names: &Names) -> Result<Option<u8>, Malformed> {
        if !self.inside {
            match byte {
                b'"' => self.inside = true,
                b']' => self.ended = true,
                b',' | b'\n' | b' ' | b'\r' | b'\t' => {}
                _ => return Err(Malformed("a string is expected")),
            }
            return Ok(Some(byte));
        }
        let blank = !names.contains(self.index);
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
                    self.index = self.index.saturating_add(1);
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
