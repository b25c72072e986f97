//! The string table: where each string starts in the file, decoded only when asked for.

use std::borrow::Cow;
use std::ops::Range;

use super::error::{HeapError, HeapErrorKind};
use super::table::{on_threads, threads_for};
use super::task::Task;

/// Where the strings are. They stay in the file; a start takes four bytes.
#[derive(Debug, Default)]
pub(super) struct StringTable {
    /// Byte behind each opening quote, relative to `text.start`.
    starts: Vec<u32>,
    text: Range<usize>,
    /// Indices of strings that may name a WeakMap's ephemeron, ascending.
    pub ephemeron_names: Vec<u32>,
}

/// What an ephemeron's edge name contains (see [`super::ephemeron`]).
const EPHEMERON_MARK: &[u8] = b" / part of key (";

impl StringTable {
    /// Finds the strings between the brackets of section `strings`.
    pub fn parse(bytes: &[u8], text: Range<usize>, task: &Task) -> Result<Self, HeapError> {
        if u32::try_from(text.len()).is_err() {
            let message = format!("the string table has {} bytes, at most 4 GiB can be analysed", text.len());
            return Err(HeapError::at(HeapErrorKind::TooLarge, text.start, message));
        }
        let parts = on_threads(parts(bytes, &text).into_iter(), |part| scan(bytes, part, text.start, task));
        let mut table = Self { starts: Vec::new(), text, ephemeron_names: Vec::new() };
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        for mut part in parts {
            let before = table.starts.len() as u32;
            table.ephemeron_names.extend(part.ephemeron_names.iter().map(|index| before + index));
            if table.starts.is_empty() {
                table.starts = part.starts;
            } else {
                table.starts.append(&mut part.starts);
            }
        }
        Ok(table)
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The string as it stands in the file, without quotes, still escaped.
    pub fn raw<'a>(&self, bytes: &'a [u8], index: u32) -> &'a [u8] {
        let index = index as usize;
        let start = self.text.start + self.starts[index] as usize;
        let behind = match self.starts.get(index + 1) {
            // Back over this opening quote and the comma.
            Some(&next) => self.text.start + next as usize - 1,
            None => self.text.end,
        };
        let between = &bytes[start..behind];
        &between[..memchr::memrchr(b'"', between).unwrap_or(0)]
    }

    /// The string, decoded; lone surrogates become U+FFFD.
    pub fn get<'a>(&self, bytes: &'a [u8], index: u32) -> Cow<'a, str> {
        decode(self.raw(bytes, index))
    }
}

/// Decodes the inside of a JSON string. Never fails: what is malformed becomes U+FFFD.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut units = Vec::with_capacity(raw.len());
    let text = String::from_utf8_lossy(raw);
    let mut chars = text.chars();
    let mut buffer = [0; 2];
    while let Some(char) = chars.next() {
        match char {
            '\\' => units.push(escape(&mut chars)),
            _ => units.extend_from_slice(char.encode_utf16(&mut buffer)),
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

/// The UTF-16 unit behind a backslash.
fn escape(chars: &mut std::str::Chars<'_>) -> u16 {
    const REPLACEMENT: u16 = 0xfffd;
    match chars.next() {
        Some('n') => 10,
        Some('r') => 13,
        Some('t') => 9,
        Some('b') => 8,
        Some('f') => 12,
        Some('u') => {
            let rest = chars.as_str();
            match rest.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok()) {
                Some(unit) => {
                    *chars = rest[4..].chars();
                    unit
                }
                None => REPLACEMENT,
            }
        }
        Some(char) => u16::try_from(u32::from(char)).unwrap_or(REPLACEMENT),
        None => REPLACEMENT,
    }
}

/// Progress is told after so many bytes.
const BLOCK: usize = 1 << 20;

#[derive(Default)]
struct Part {
    starts: Vec<u32>,
    ephemeron_names: Vec<u32>,
}

/// Cuts the table at line ends: V8 writes one string per line, and a line end cannot stand inside a JSON string.
fn parts(bytes: &[u8], text: &Range<usize>) -> Vec<Range<usize>> {
    let count = threads_for(text.len());
    let mut cuts = vec![text.start];
    for part in 1..count {
        let middle = text.start + text.len() / count * part;
        if let Some(length) = memchr::memchr(b'\n', &bytes[middle..text.end]) {
            cuts.push((middle + length + 1).max(cuts[cuts.len() - 1]));
        }
    }
    cuts.push(text.end);
    cuts.windows(2).map(|cut| cut[0]..cut[1]).collect()
}

/// Records where every string of the part begins.
fn scan(bytes: &[u8], part: Range<usize>, base: usize, task: &Task) -> Result<Part, HeapError> {
    let mut found = Part::default();
    let text = &bytes[..part.end];
    let mut at = part.start;
    let mut comma_expected = part.start != base && last_token(bytes, base, part.start) != Some(b',');
    let mut told = at;
    while let Some(&byte) = text.get(at) {
        if at - told >= BLOCK {
            task.advance(at - told)?;
            told = at;
        }
        match byte {
            b'"' if !comma_expected => {
                let start = at + 1;
                at = string_end(text, start)?;
                if looks_like_ephemeron(&text[start..at]) {
                    found.ephemeron_names.push(found.starts.len() as u32);
                }
                found.starts.push((start - base) as u32);
                comma_expected = true;
                at += 1;
            }
            b',' if comma_expected => {
                comma_expected = false;
                at += 1;
            }
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            _ => {
                let expected = if comma_expected { "','" } else { "a string" };
                let message =
                    format!("in section \"strings\": found {:?}, expected {expected}", char::from(byte));
                return Err(HeapError::at(HeapErrorKind::Syntax, at, message));
            }
        }
    }
    Ok(found)
}

/// The last byte before `end` that is not whitespace.
fn last_token(bytes: &[u8], start: usize, end: usize) -> Option<u8> {
    bytes[start..end].trim_ascii_end().last().copied()
}

/// Position of the quote that closes the string beginning at `at`.
fn string_end(text: &[u8], mut at: usize) -> Result<usize, HeapError> {
    loop {
        match memchr::memchr2(b'"', b'\\', &text[at..]) {
            Some(length) if text[at + length] == b'"' => return Ok(at + length),
            Some(length) if at + length + 2 <= text.len() => at += length + 2,
            _ => {
                return Err(HeapError::at(
                    HeapErrorKind::Truncated,
                    text.len(),
                    "the string table ends inside a string",
                ));
            }
        }
    }
}

fn looks_like_ephemeron(raw: &[u8]) -> bool {
    raw.len() > EPHEMERON_MARK.len()
        && raw[0].is_ascii_digit()
        && raw[raw.len() - 1] == b')'
        && memchr::memmem::find(raw, EPHEMERON_MARK).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Vec<String> {
        let table = StringTable::parse(text.as_bytes(), 0..text.len(), &Task::default()).unwrap();
        (0..table.len()).map(|i| table.get(text.as_bytes(), i as u32).into_owned()).collect()
    }

    #[test]
    fn escapes_and_lone_surrogates_are_decoded() {
        let text = r#""plain","a\"b\\","\ud83d\ude00","cut \ud83d", "\u00e9\n/" ,"""#;
        assert_eq!(table(text), ["plain", "a\"b\\", "😀", "cut \u{fffd}", "é\n/", ""]);
    }

    #[test]
    fn cutting_at_lines_finds_the_same_strings() {
        let strings: Vec<String> =
            (0..200_000).map(|i| format!("string {i} ] , \\\" {}", "x".repeat(i % 40))).collect();
        let text = strings.iter().map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(",\n");
        let expected: Vec<String> = strings.iter().map(|s| s.replace("\\\"", "\"")).collect();
        assert!(threads_for(text.len()) > 1 || std::thread::available_parallelism().unwrap().get() == 1);
        assert_eq!(table(&text), expected);
    }

    #[test]
    fn malformed_tables_are_refused() {
        for (text, kind, position) in [
            ("\"a\" \"b\"", HeapErrorKind::Syntax, 4),
            ("\"a\",,", HeapErrorKind::Syntax, 4),
            ("\"a\",\"b", HeapErrorKind::Truncated, 6),
            ("\"a\\", HeapErrorKind::Truncated, 3),
            ("1", HeapErrorKind::Syntax, 0),
        ] {
            let error = StringTable::parse(text.as_bytes(), 0..text.len(), &Task::default()).unwrap_err();
            assert_eq!((error.kind, error.position), (kind, Some(position)), "{text}");
        }
    }
}
