//! The text of a heap snapshot on its way from V8 to the file: counted, checked, redacted if wanted.
//!
//! V8 writes one JSON object: first `snapshot` (field names, counts), then the number arrays, `strings` last.

use serde::Deserialize;

use super::header::{Header, Malformed};
use super::redact::Redactor;

/// Where the header ends. A string inside the header cannot contain it: its quotes would be escaped.
const NODES: &[u8] = b"\"nodes\":[";
/// A header is about 2 KB.
const HEADER_LIMIT: usize = 1 << 20;

/// Follows a snapshot as it passes by in chunks of any size.
#[derive(Debug)]
pub struct SnapshotStream {
    /// The text up to the first array, until it is complete.
    head: Vec<u8>,
    header: Option<Header>,
    redact: bool,
    redactor: Option<Redactor>,
    /// What the redactor made of the last piece.
    redacted: Vec<u8>,
    /// The last two bytes that were not white space.
    tail: [u8; 2],
}

impl SnapshotStream {
    /// A stream at its beginning; `redact`: blank the values of strings.
    pub fn new(redact: bool) -> Self {
        Self { head: Vec::new(), header: None, redact, redactor: None, redacted: Vec::new(), tail: [0; 2] }
    }

    /// Takes the next piece and returns what of it, and of what was held back, is to be written now.
    pub fn push<'a>(&'a mut self, chunk: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let body = if self.header.is_none() { self.read_head(chunk)? } else { 0 };
        let passed = match &mut self.redactor {
            Some(redactor) => {
                self.redacted.clear();
                self.redacted.extend_from_slice(&chunk[..body]);
                redactor.push(&chunk[body..], &mut self.redacted)?;
                &self.redacted
            }
            None => chunk,
        };
        let mut last = passed.iter().rev().filter(|byte| !byte.is_ascii_whitespace());
        match (last.next(), last.next()) {
            (Some(&end), Some(&before)) => self.tail = [before, end],
            (Some(&end), None) => self.tail = [self.tail[1], end],
            _ => {}
        }
        Ok(passed)
    }

    /// What the header said, once the text has ended where a snapshot ends.
    pub fn finish(self) -> Result<Header, Malformed> {
        if let Some(redactor) = self.redactor {
            redactor.finish()?;
        }
        match self.header {
            Some(header) if self.tail == *b"]}" => Ok(header),
            Some(_) => Err(Malformed("it ends in the middle")),
            None => Err(Malformed("it has no header")),
        }
    }

    /// Collects the header; returns where in `chunk` the nodes begin (its length when they do not).
    fn read_head(&mut self, chunk: &[u8]) -> Result<usize, Malformed> {
        let before = self.head.len();
        self.head.extend_from_slice(chunk);
        let searched = before.saturating_sub(NODES.len());
        let Some(found) = find(&self.head[searched..], NODES) else {
            return if self.head.len() > HEADER_LIMIT {
                Err(Malformed("it has no header"))
            } else {
                Ok(chunk.len())
            };
        };
        let end = searched + found;
        let header = parse(&self.head[..end])?;
        if self.redact {
            self.redactor = Some(Redactor::new(&header.meta)?);
        }
        self.header = Some(header);
        self.head = Vec::new();
        Ok(end + NODES.len() - before)
    }
}

fn parse(head: &[u8]) -> Result<Header, Malformed> {
    #[derive(Deserialize)]
    struct Document {
        snapshot: Header,
    }
    let mut json = head.trim_ascii_end().strip_suffix(b",").unwrap_or(head).to_vec();
    json.push(b'}');
    let document: Document =
        serde_json::from_slice(&json).map_err(|_| Malformed("its header cannot be read"))?;
    Ok(document.snapshot)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small snapshot in V8's own layout: two strings, an object, a closure, a regular expression.
    pub const SMALL: &str = concat!(
        r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"#,
        r#""node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"string","number","number","number","number"],"#,
        r#""edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"#,
        r#""trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"trace_node_fields":["id"],"sample_fields":["timestamp_us"],"location_fields":["object_index"]},"#,
        r#""node_count":5,"edge_count":3,"trace_function_count":0},"#,
        "\n\"nodes\":[3,1,1,24,3,0\n,2,2,3,16,0,0\n,10,3,5,20,0,0\n,5,4,7,32,0,0\n,6,5,9,40,0,0\n],",
        "\n\"edges\":[2,6,6\n,1,7,12\n,0,8,18\n],",
        "\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[18,1,2,3],",
        "\n\"strings\":[\"<dummy>\",\n\"Session\",\n\"top \\\"secret\\\" \\ud83d\",\n\"name\",\n\"onLogin\",\n\"^k\\\\d$\",\n\"token\",\n\"unused\",\n\"name\"]}",
    );

    #[test]
    fn a_plain_stream_changes_nothing_and_reads_the_counts() {
        for size in [1, 2, 7, 64, SMALL.len()] {
            let mut stream = SnapshotStream::new(false);
            let mut passed = Vec::new();
            for chunk in SMALL.as_bytes().chunks(size) {
                passed.extend_from_slice(stream.push(chunk).unwrap());
            }
            assert_eq!(passed, SMALL.as_bytes());
            let header = stream.finish().unwrap();
            assert_eq!((header.node_count, header.edge_count), (5, 3));
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        for redact in [false, true] {
            for end in 0..SMALL.len() {
                let mut stream = SnapshotStream::new(redact);
                let cut = &SMALL.as_bytes()[..end];
                assert!(stream.push(cut).is_err() || stream.finish().is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn another_file_is_refused() {
        let mut stream = SnapshotStream::new(false);
        assert!(stream.push(b"{\"nodes\":[").is_err());
        assert_eq!(SnapshotStream::new(false).finish().unwrap_err(), Malformed("it has no header"));
    }
}
