//! Reads a `.heapsnapshot` file into columns.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use super::columns::{Edges, Nodes};
use super::error::{HeapError, HeapErrorKind};
use super::header::Header;
use super::locations::{ScriptPosition, parse_locations};
use super::scan::{Sections, find_sections};
use super::source::Source;
use super::strings::StringTable;
use super::table::both;
use super::task::{Phase, Task};

/// The tables of a snapshot, checked: every index in them points inside its table.
pub(super) struct Snapshot {
    pub source: Source,
    pub strings: StringTable,
    pub nodes: Nodes,
    pub edges: Edges,
    /// Sorted by node.
    pub locations: Vec<(u32, ScriptPosition)>,
    pub extra_native_bytes: u64,
}

impl Snapshot {
    /// Maps and reads a file.
    pub fn open(path: &Path, task: &Task) -> Result<Self, HeapError> {
        Self::read(Source::open(path, task)?, task)
    }

    /// Reads a snapshot held in memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, HeapError> {
        Self::read(Source::Bytes(bytes), &Task::default())
    }

    fn read(source: Source, task: &Task) -> Result<Self, HeapError> {
        let bytes = source.bytes();
        task.enter(Phase::Scanning, bytes.len())?;
        let Sections { header, nodes, edges, locations, strings } = find_sections(bytes, task)?;
        let header = required(header, "snapshot", bytes)?;
        let header = Header::parse(&bytes[header.clone()], header.start)?;
        let strings = StringTable::parse(bytes, required(strings, "strings", bytes)?, task)?;
        let (nodes, edges) = (required(nodes, "nodes", bytes)?, required(edges, "edges", bytes)?);
        let locations = locations.unwrap_or_default();
        task.enter(Phase::Parsing, nodes.len() + edges.len() + locations.len())?;
        let nodes = Nodes::parse(bytes, nodes, &header, strings.len(), task)?;
        let (locations, edges) = both(
            || parse_locations(bytes, locations, &header, task),
            || Edges::parse(bytes, edges, &header, strings.len(), task),
        );
        let (edges, locations) = (edges?, locations?);
        let extra_native_bytes = header.extra_native_bytes;
        Ok(Self { source, strings, nodes, edges, locations, extra_native_bytes })
    }

    pub fn string(&self, index: u32) -> Cow<'_, str> {
        self.strings.get(self.source.bytes(), index)
    }

    /// A string as it stands in the file, still escaped; equal strings of one V8 snapshot are equal here too.
    pub fn raw_string(&self, index: u32) -> &[u8] {
        self.strings.raw(self.source.bytes(), index)
    }
}

fn required(section: Option<Range<usize>>, name: &str, bytes: &[u8]) -> Result<Range<usize>, HeapError> {
    section.ok_or_else(|| {
        HeapError::at(HeapErrorKind::Section, bytes.len(), format!("section \"{name}\" is missing"))
    })
}
