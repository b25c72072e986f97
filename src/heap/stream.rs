//! Reads a snapshot while it is written, in chunks of any size, into the columns a file is read into.
//!
//! Rows of numbers are stored as they come; only the strings are kept as text, because V8 writes them last and
//! everything before refers to them by number.

use super::columns::{Edges, MAX_ROWS, Nodes};
use super::error::{HeapError, HeapErrorKind};
use super::header::Header;
use super::heap_graph::HeapGraph;
use super::locations::{ScriptPosition, sorted_by_node, store_locations};
use super::snapshot::Snapshot;
use super::source::Source;
use super::strings::StringTable;
use super::table::Table;
use super::task::{Phase, Task};

/// Rows are stored when their text has about this many bytes.
const BLOCK: usize = 1 << 20;
/// A header is about 2 KB.
const MAX_HEADER_BYTES: usize = 1 << 20;
/// Where the header ends. A string inside the header cannot contain it: its quotes would be escaped.
const NODES: &[u8] = b"\"nodes\":[";
/// Names are checked in the end, when the number of strings is known.
const UNKNOWN_COUNT: usize = u32::MAX as usize;

/// A snapshot that is being read.
///
/// ```
/// # let text = std::fs::read("/dev/null").unwrap();
/// use leakwatch::heap::{SnapshotReader, Task};
///
/// let mut reader = SnapshotReader::default();
/// for chunk in text.chunks(4096) {
///     reader.push(chunk)?;
/// }
/// # if text.is_empty() { return Ok(()) }
/// let graph = reader.finish(&Task::default())?;
/// println!("{} nodes", graph.node_count());
/// # Ok::<(), leakwatch::heap::HeapError>(())
/// ```
#[derive(Debug, Default)]
pub struct SnapshotReader {
    state: State,
    /// Text that is not stored yet.
    pending: Vec<u8>,
    /// Where `pending` begins in the whole text.
    position: usize,
    header: Option<Header>,
    nodes: Nodes,
    edges: Edges,
    locations: Vec<(u32, ScriptPosition)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In front of the nodes.
    #[default]
    Header,
    /// Inside a table.
    Rows(Section),
    /// Inside an array that is of no use here, this many brackets deep.
    Skipped(u32),
    /// Between two arrays.
    Key,
    /// Inside the strings, up to the end of the text.
    Strings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Nodes,
    Edges,
    Locations,
}

impl SnapshotReader {
    /// Takes the next piece of the text.
    ///
    /// # Errors
    /// [`HeapError`] says what is wrong with the text. The reader is of no use any more then.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<(), HeapError> {
        while !chunk.is_empty() {
            chunk = match self.state {
                State::Header => self.read_header(chunk)?,
                State::Rows(section) => self.read_rows(section, chunk)?,
                State::Skipped(depth) => self.skip(depth, chunk)?,
                State::Key => self.read_key(chunk)?,
                State::Strings => {
                    self.pending.extend_from_slice(chunk);
                    &[]
                }
            };
        }
        Ok(())
    }

    /// Number of nodes and edges that the header promises; `None` until it has come.
    pub fn counts(&self) -> Option<(u64, u64)> {
        self.header.as_ref().map(|header| (header.node_count, header.edge_count))
    }

    /// Analyses the snapshot, now that the text is whole. Everything is as if it had been read from a file.
    ///
    /// # Errors
    /// As [`HeapGraph::open_as`].
    pub fn finish(self, task: &Task) -> Result<HeapGraph, HeapError> {
        task.enter(Phase::Scanning, self.pending.len())?;
        HeapGraph::analyse(self.into_snapshot(task)?, task)
    }

    fn into_snapshot(mut self, task: &Task) -> Result<Snapshot, HeapError> {
        let (State::Strings, Some(header)) = (self.state, self.header) else {
            return Err(truncated(self.position + self.pending.len()));
        };
        let text = self.pending.trim_ascii_end().strip_suffix(b"}").map(<[u8]>::trim_ascii_end);
        let Some(text) = text.and_then(|text| text.strip_suffix(b"]")) else {
            return Err(truncated(self.position + self.pending.len()));
        };
        let end = text.len();
        self.pending.truncate(end);
        let strings = StringTable::parse(&self.pending, 0..end, task)?;
        self.nodes.check_names(strings.len())?;
        self.edges.check_names(strings.len())?;
        let locations = sorted_by_node(&self.locations, self.nodes.len());
        Ok(Snapshot {
            source: Source::Bytes(self.pending),
            strings,
            nodes: self.nodes,
            edges: self.edges,
            locations,
            extra_native_bytes: header.extra_native_bytes,
        })
    }

    /// Each of these takes the front of the chunk and returns the rest.
    fn read_header<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8], HeapError> {
        let before = self.pending.len();
        self.pending.extend_from_slice(chunk);
        let searched = before.saturating_sub(NODES.len());
        let Some(found) = memchr::memmem::find(&self.pending[searched..], NODES) else {
            return if self.pending.len() > MAX_HEADER_BYTES {
                Err(HeapError::at(HeapErrorKind::Section, 0, "section \"snapshot\" is missing"))
            } else {
                Ok(&[])
            };
        };
        let end = searched + found;
        self.header = Some(parse_header(&self.pending[..end])?);
        self.pending.clear();
        self.position = end + NODES.len();
        self.state = State::Rows(Section::Nodes);
        Ok(&chunk[end + NODES.len() - before..])
    }

    fn read_rows<'a>(&mut self, section: Section, chunk: &'a [u8]) -> Result<&'a [u8], HeapError> {
        let end = memchr::memchr(b']', chunk);
        self.pending.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        let Some(end) = end else {
            if self.pending.len() >= BLOCK {
                self.store_whole_rows(section)?;
            }
            return Ok(&[]);
        };
        self.store(section, self.pending.len(), self.pending.len())?;
        self.position += 1;
        self.check_section(section)?;
        self.state = State::Key;
        Ok(&chunk[end + 1..])
    }

    /// Stores the rows that `pending` has whole, and keeps the rest.
    fn store_whole_rows(&mut self, section: Section) -> Result<(), HeapError> {
        let fields = self.fields(section);
        let commas = memchr::memchr_iter(b',', &self.pending).count();
        // The comma behind the last whole row, counted from the end.
        let last = memchr::memrchr_iter(b',', &self.pending).nth(commas % fields);
        match last {
            Some(comma) => self.store(section, comma, comma + 1),
            None => Ok(()),
        }
    }

    /// Stores the rows in the first `end` bytes of `pending`, and lets go of its first `behind` bytes.
    fn store(&mut self, section: Section, end: usize, behind: usize) -> Result<(), HeapError> {
        let position = self.position;
        self.append(section, end).map_err(|error| HeapError {
            position: error.position.map(|within| within + position as u64),
            ..error
        })?;
        self.pending.drain(..behind);
        self.position += behind;
        Ok(())
    }

    fn append(&mut self, section: Section, end: usize) -> Result<(), HeapError> {
        let Some(header) = &self.header else { return Err(truncated(end)) };
        let task = Task::default();
        let table = |name, fields| Table::new(&self.pending, 0..end, name, fields, &task);
        match section {
            Section::Nodes => {
                let first = self.nodes.len();
                let table = table("nodes", header.node.fields)?;
                self.nodes.grow(within(first + table.rows, "node", header.node_count)?);
                self.nodes.store(&table, first, header, UNKNOWN_COUNT)
            }
            Section::Edges => {
                let first = self.edges.targets.len();
                let table = table("edges", header.edge.fields)?;
                self.edges.grow(within(first + table.rows, "edge", header.edge_count)?);
                self.edges.store(&table, first, header, UNKNOWN_COUNT)
            }
            Section::Locations => match &header.location {
                Some(layout) => {
                    let table = table("locations", layout.fields)?;
                    store_locations(&mut self.locations, &table, layout, header)
                }
                None => Ok(()),
            },
        }
    }

    /// Whether a table that has ended holds what the header promises.
    fn check_section(&mut self, section: Section) -> Result<(), HeapError> {
        let Some(header) = &self.header else { return Ok(()) };
        match section {
            Section::Nodes => {
                check_count(self.nodes.len(), "node", header.node_count, self.position)?;
                self.nodes.sum_edge_counts(header.edge_count, self.position)
            }
            Section::Edges => check_count(self.edges.targets.len(), "edge", header.edge_count, self.position),
            Section::Locations => Ok(()),
        }
    }

    fn fields(&self, section: Section) -> usize {
        let fields = self.header.as_ref().and_then(|header| match section {
            Section::Nodes => Some(header.node.fields),
            Section::Edges => Some(header.edge.fields),
            Section::Locations => header.location.as_ref().map(|layout| layout.fields),
        });
        fields.unwrap_or(1)
    }

    fn skip<'a>(&mut self, mut depth: u32, chunk: &'a [u8]) -> Result<&'a [u8], HeapError> {
        let mut taken = chunk.len();
        for (index, byte) in chunk.iter().enumerate() {
            match byte {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => continue,
            }
            if depth == 0 {
                taken = index + 1;
                break;
            }
        }
        self.state = if depth == 0 { State::Key } else { State::Skipped(depth) };
        self.position += taken;
        Ok(&chunk[taken..])
    }

    /// Collects a key in `pending`, up to the bracket that opens its array.
    fn read_key<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8], HeapError> {
        let (&byte, rest) = (&chunk[0], &chunk[1..]);
        self.position += 1;
        match byte {
            b'[' => {
                self.state = match self.pending.as_slice() {
                    b"edges" if self.edges.targets.is_empty() => State::Rows(Section::Edges),
                    b"locations" if self.locations.is_empty() => State::Rows(Section::Locations),
                    b"strings" => self.before_strings()?,
                    _ => State::Skipped(1),
                };
                self.pending.clear();
            }
            b'a'..=b'z' | b'_' if self.pending.len() < 64 => self.pending.push(byte),
            b'"' | b':' | b',' | b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => {
                let message = format!("found {:?}, expected a section of numbers", char::from(byte));
                return Err(HeapError::at(HeapErrorKind::Syntax, self.position - 1, message));
            }
        }
        Ok(rest)
    }

    fn before_strings(&self) -> Result<State, HeapError> {
        let promised = self.counts().map_or(0, |(_, edges)| edges);
        check_count(self.edges.targets.len(), "edge", promised, self.position)?;
        Ok(State::Strings)
    }
}

fn parse_header(head: &[u8]) -> Result<Header, HeapError> {
    let head = head.trim_ascii();
    let start = memchr::memchr(b':', head).map_or(head.len(), |colon| colon + 1);
    let object = head[start..].strip_suffix(b",").unwrap_or(&head[start..]);
    Header::parse(object, start)
}

fn check_count(found: usize, what: &str, promised: u64, position: usize) -> Result<(), HeapError> {
    if found as u64 == promised && (found > 0 || what != "node") {
        return Ok(());
    }
    let message = format!("there are {found} {what}s, the header says {promised}");
    Err(HeapError::at(HeapErrorKind::Count, position, message))
}

/// As many rows as there may be so far.
fn within(rows: usize, what: &str, promised: u64) -> Result<usize, HeapError> {
    if rows as u64 <= promised.min(MAX_ROWS) {
        return Ok(rows);
    }
    let message =
        format!("there are more than {} {what}s, the header says {promised}", promised.min(MAX_ROWS));
    Err(HeapError::at(HeapErrorKind::Count, 0, message))
}

fn truncated(position: usize) -> HeapError {
    HeapError::at(HeapErrorKind::Truncated, position, "the text ends before the strings do")
}
