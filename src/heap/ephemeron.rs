//! WeakMap entries: edges that hold their target only while both the table and the key live.
//!
//! V8 writes one entry as two internal edges to the value, one from the table and one from the key, named
//! `12 / part of key (Request @31) -> value (Object @35) pair in WeakMap (table @29)`; only the leading number differs.

use foldhash::{HashMap, HashMapExt};

use super::bits::BitVec;
use super::snapshot::Snapshot;

/// The WeakMap entries of a snapshot, by the string that names their edges.
#[derive(Debug, Default)]
pub(super) struct Ephemerons {
    by_name: HashMap<u32, Ephemeron>,
    names: BitVec,
    /// How many different entries there are; [`Ephemeron::pair`] is below this.
    pub pairs: usize,
}

/// One end of a WeakMap entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ephemeron {
    /// The same number for both edges of an entry.
    pub pair: u32,
    /// Object id of the WeakMap's table.
    pub table_id: u64,
}

impl Ephemerons {
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut pairs = HashMap::new();
        let mut by_name = HashMap::new();
        let mut names = BitVec::default();
        if !snapshot.strings.ephemeron_names.is_empty() {
            names = BitVec::new(snapshot.strings.len());
        }
        for &index in &snapshot.strings.ephemeron_names {
            let Some((shared, table_id)) = parse(snapshot.raw_string(index)) else { continue };
            let next = pairs.len() as u32;
            let pair = *pairs.entry(shared).or_insert(next);
            by_name.insert(index, Ephemeron { pair, table_id });
            names.set(index as usize);
        }
        Self { by_name, names, pairs: pairs.len() }
    }

    /// The entry an internal edge of this name belongs to.
    #[inline(always)]
    pub fn get(&self, name: u32) -> Option<Ephemeron> {
        if self.by_name.is_empty() || !self.names.get(name as usize) {
            return None;
        }
        self.by_name.get(&name).copied()
    }
}

/// Splits an edge name into what both edges share and the table's id; `None` when it names no WeakMap entry.
/// The same as DevTools' regular expression
/// `^\d+( / part of key \(.*? @\d+\) -> value \(.*? @\d+\) pair in WeakMap \(table @(\d+)\))$`.
fn parse(raw: &[u8]) -> Option<(&[u8], u64)> {
    let shared = &raw[raw.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    if shared.len() == raw.len() || has_line_end(raw) {
        return None;
    }
    let rest = shared.strip_prefix(b" / part of key (")?.strip_suffix(b")")?;
    let (rest, table_id) = split_id(rest)?;
    let rest = rest.strip_suffix(b") pair in WeakMap (table")?;
    let (rest, _value_id) = split_id(rest)?;
    let arrow = b") -> value (";
    let keys = memchr::memmem::find_iter(rest, arrow).any(|at| split_id(&rest[..at]).is_some());
    keys.then_some((shared, table_id))
}

/// Splits `… @123` into what stands before the blank and the number.
fn split_id(text: &[u8]) -> Option<(&[u8], u64)> {
    let at = memchr::memrchr(b'@', text)?;
    let id = std::str::from_utf8(&text[at + 1..]).ok()?.parse().ok()?;
    Some((text[..at].strip_suffix(b" ")?, id))
}

/// Dots in the regular expression match no line end.
fn has_line_end(raw: &[u8]) -> bool {
    [&b"\\n"[..], b"\\r", b"\\u2028", b"\\u2029"].iter().any(|end| memchr::memmem::find(raw, end).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_edges_of_an_entry_share_a_name() {
        let table = b"12 / part of key (Request @31) -> value (Object @35) pair in WeakMap (table @29)";
        let key = b"3 / part of key (Request @31) -> value (Object @35) pair in WeakMap (table @29)";
        let (shared, table_id) = parse(table).unwrap();
        assert_eq!(table_id, 29);
        assert_eq!(parse(key).unwrap().0, shared);
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            "part of key (Request @31) -> value (Object @35) pair in WeakMap (table @29)",
            "1 / part of key (Request) -> value (Object @35) pair in WeakMap (table @29)",
            "1 / part of key (Request @31) -> value (Object @35) pair in WeakMap (table @)",
            "1 / part of key (Request @31) -> value (Object @35) pair in WeakMap (table @29) ",
            "1 / part of key (Re\\nquest @31) -> value (Object @35) pair in WeakMap (table @29)",
        ] {
            assert_eq!(parse(name.as_bytes()), None, "{name}");
        }
    }
}
