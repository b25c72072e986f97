//! Blanks the values of strings while a snapshot streams by, and leaves the graph as it is.
//!
//! The strings come last in the file, so the nodes and edges before them have told by then which ones
//! are names: constructors, functions, scripts, classes of hidden objects (nodes that are no string),
//! properties, variables and internal slots (edges), and variables of blocks ([`variables`]). Only those are kept.
//! Everything else, above all the text of string nodes and the source of regular expressions, becomes as many `*`
//! as it had UTF-16 units. The key of a plain object is a property's name and stays; the key of a `Map` is a value.

mod names;
mod records;
mod strings;
mod variables;

use self::names::Names;
use self::records::{Layout, Record};
use self::strings::{Held, Strings};
use super::header::{Malformed, Meta};

/// The state of blanking between two chunks. It starts right after `"nodes":[`.
#[derive(Debug)]
pub struct Redactor {
    nodes: Layout,
    edges: Layout,
    trace_functions: Layout,
    names: Names,
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
    /// Inside `strings`, before it is known which of them are names.
    Held(Held),
    /// Inside `strings`, or behind.
    Strings(Strings),
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
            nodes: Layout::of(&meta.node_fields, ["type", "name", "edge_count"])?,
            edges: Layout::of(&meta.edge_fields, ["type", "name_or_index", "to_node"])?,
            trace_functions: Layout::of(
                &meta.trace_function_info_fields,
                ["function_id", "name", "script_name"],
            )?,
            names: Names::new(meta)?,
            state: State::Records(Section::Nodes, Record::default()),
        })
    }

    /// Takes the next piece and adds to `out` what is known to be no secret of it, and of what was held back.
    pub fn push(&mut self, mut text: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        while !text.is_empty() {
            let taken = self.step(text, out)?;
            text = &text[taken..];
        }
        Ok(())
    }

    /// Takes some of the text; returns how many bytes that was.
    fn step(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<usize, Malformed> {
        let taken = match &mut self.state {
            State::Records(section, record) => {
                let names = &mut self.names;
                let taken = match section {
                    Section::Nodes => record.push(text, &self.nodes, |node| names.node(node)),
                    Section::Edges => record.push(text, &self.edges, |edge| names.edge(edge)),
                    Section::TraceFunctions => {
                        record.push(text, &self.trace_functions, |function| names.trace_function(function))
                    }
                }?;
                if text[taken - 1] == b']' {
                    self.state = State::Key(Vec::new());
                }
                taken
            }
            State::Numbers(depth) => {
                let taken = skip_numbers(text, depth)?;
                if *depth == 0 {
                    self.state = State::Key(Vec::new());
                }
                taken
            }
            State::Key(key) => {
                if let Some(next) = after_key(key, text[0])? {
                    self.state = next;
                }
                1
            }
            State::Held(held) => {
                let taken = held.push(text);
                if held.done {
                    self.names.settle(held.scope_info);
                    let mut strings = Strings::default();
                    strings.push(&held.text, &self.names, out)?;
                    self.state = State::Strings(strings);
                }
                return Ok(taken);
            }
            State::Strings(strings) if !strings.ended => return strings.push(text, &self.names, out),
            State::Strings(_) => text.len(),
        };
        out.extend_from_slice(&text[..taken]);
        Ok(taken)
    }

    /// Whether the text ended after the strings.
    pub fn finish(self) -> Result<(), Malformed> {
        match self.state {
            State::Strings(strings) if strings.ended => Ok(()),
            _ => Err(Malformed("it ends in the middle")),
        }
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
            b"strings" => State::Held(Held::default()),
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

#[cfg(test)]
mod tests {
    use super::super::stream::SnapshotStream;
    use super::super::stream::tests::SMALL;

    fn redact(text: &str, size: usize) -> String {
        let mut stream = SnapshotStream::new(true);
        let mut passed = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            passed.extend_from_slice(stream.push(chunk).unwrap());
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
        for text in [SMALL, &block()] {
            let whole = redact(text, text.len());
            (1..text.len()).for_each(|size| assert_eq!(redact(text, size), whole, "chunks of {size}"));
        }
    }

    #[test]
    fn functions_of_the_allocation_trace_keep_their_names() {
        let text = SMALL.replace("\"trace_function_infos\":[]", "\"trace_function_infos\":[0,3,7,1,-1,-1]");
        assert!(SnapshotStream::new(true).push(text.as_bytes()).is_err(), "negative numbers are refused");
        let text = text.replace("-1", "1");
        let redacted = redact(&text, 5);
        assert!(
            redacted.contains("\"unused\"")
                && redacted.matches("\"name\"").count() == text.matches("\"name\"").count()
        );
    }

    /// The scope of a block with the variables `cache` and `both`, a constant of a function, an object that pretends
    /// to be a scope.
    fn block() -> String {
        let head = SMALL.split_once("\"nodes\":[").unwrap().0;
        let nodes =
            "4,3,1,24,3,0,4,4,3,16,1,0,3,3,5,16,1,0,2,1,7,16,0,0,2,7,9,16,0,0,2,2,11,16,0,0,2,5,13,16,0,0";
        let edges = "4,3,18,4,4,24,3,6,36,4,1,30,4,1,36";
        let strings = r#""<dummy>","cache","constant","system / ScopeInfo","(constant pool)","pass\"word","internal","both""#;
        format!(
            "{head}\"nodes\":[{nodes}],\"edges\":[{edges}],\"trace_function_infos\":[],\"strings\":[{strings}]}}"
        )
    }

    fn strings(redacted: &str) -> &str {
        redacted.split_once("\"strings\":").unwrap().1
    }

    #[test]
    fn variables_of_blocks_keep_their_names() {
        let expected = r#"["*******","cache","********","system / ScopeInfo","(constant pool)","*********","internal","both"]}"#;
        assert_eq!(strings(&redact(&block(), 64)), expected);
    }

    #[test]
    fn without_knowing_the_scopes_names_are_values() {
        let nobody = block().replace("ScopeInfo", "ScopeData");
        assert!(strings(&redact(&nobody, 64)).contains(r#""*****","********","system / ScopeData""#));
        let late = block().replace("<dummy>", &"long".repeat(1 << 18));
        let redacted = redact(&late, 1 << 16);
        assert!(!redacted.contains("long"));
        assert!(strings(&redacted).contains(r#"*","*****","********","system / ScopeInfo""#));
    }
}
