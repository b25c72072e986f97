//! The analysis of a snapshot while it is written: the capture's tap is the heap's reader.

use super::objects::CaptureSettings;
use crate::capture::admission::Room;
use crate::capture::error::CaptureError;
use crate::capture::tap::Tap;
use crate::heap::analysis::SnapshotAnalysis;
use crate::heap::{HeapError, SnapshotReader, Task};

/// Bytes that analysing takes for each node and edge: measured 270 to 300 MB for 2.2 and 6.7 million.
const PER_NODE: u64 = 80;
const PER_EDGE: u64 = 26;
/// How much text passes between two looks at the memory that is left.
const LOOK_EVERY: usize = 64 << 20;
/// Rows of each list but the classes, as in `analyzeSnapshot`.
const TOP: usize = 20;

/// Reads along and analyses in the end, as long as there is memory for it.
#[derive(Debug, Default)]
pub struct Analyst {
    reader: SnapshotReader,
    admitted: bool,
    since_look: usize,
}

impl Analyst {
    /// One, if the caller wants an analysis.
    pub fn wanted(settings: &CaptureSettings) -> Option<Box<dyn Tap>> {
        settings.analyze.then(|| Box::<Self>::default() as Box<dyn Tap>)
    }

    /// Refuses when memory does not suffice. Whoever writes has its own memory by then.
    fn check_memory(&mut self) -> Result<(), CaptureError> {
        if let (false, Some((nodes, edges))) = (self.admitted, self.reader.counts()) {
            self.admitted = true;
            let needed = nodes.saturating_mul(PER_NODE).saturating_add(edges.saturating_mul(PER_EDGE));
            Room::admit(Room::now(), "Analysing the snapshot", needed)?;
        }
        if self.since_look >= LOOK_EVERY {
            self.since_look = 0;
            Room::admit(Room::now(), "Analysing the rest of the snapshot", 0)?;
        }
        Ok(())
    }
}

impl Tap for Analyst {
    fn push(&mut self, text: &[u8]) -> Result<(), CaptureError> {
        self.reader.push(text).map_err(refused)?;
        self.since_look += text.len();
        self.check_memory()
    }

    fn finish(self: Box<Self>) -> Result<String, CaptureError> {
        let task = Task::default();
        let graph = self.reader.finish(&task).map_err(refused)?;
        let analysis = SnapshotAnalysis::of(&graph, TOP, &task).map_err(refused)?;
        serde_json::to_string(&analysis).map_err(|_| CaptureError::bug())
    }
}

fn refused(error: HeapError) -> CaptureError {
    CaptureError::new(error.code(), error.to_string())
}
