//! What both fuzz targets do with a snapshot: ask everything, within a stated amount of memory, and twice the same.

pub mod model;
mod peak;

use leakwatch::heap::analysis::{SnapshotAnalysis, WhyAlive};
use leakwatch::heap::compare::SnapshotComparison;
use leakwatch::heap::{HeapError, HeapGraph, NodeIndex, SnapshotReader, Task};

/// Reading a snapshot and answering about it takes at most so many bytes for each byte of text …
const MAX_BYTES_PER_BYTE: usize = 64;
/// … and so many in any case.
const MAX_BYTES: usize = 4 << 20;

/// Reads a snapshot and asks all there is to ask.
///
/// # Panics
/// When memory goes beyond the limit, or the same text gives another answer the second time.
pub fn analyse(bytes: &[u8]) -> Result<HeapGraph, HeapError> {
    let (answer, peak) = peak::during(|| answers(bytes));
    let limit = MAX_BYTES + MAX_BYTES_PER_BYTE * bytes.len();
    assert!(
        peak <= limit,
        "{peak} bytes at once for {} bytes of text, expected at most {limit}",
        bytes.len()
    );
    let (graph, answer) = answer?;
    assert!(answers(bytes)?.1 == answer, "the same text gives the same answers");
    Ok(graph)
}

/// Reads a snapshot in chunks, whose size depends on the text.
pub fn streamed(bytes: &[u8]) -> Result<HeapGraph, HeapError> {
    let mut reader = SnapshotReader::default();
    for chunk in bytes.chunks(1 + bytes.len() % 61) {
        reader.push(chunk)?;
    }
    reader.finish(&Task::default())
}

fn answers(bytes: &[u8]) -> Result<(HeapGraph, String), HeapError> {
    let graph = HeapGraph::from_bytes(bytes.to_vec())?;
    let answer = questions(&graph)?;
    Ok((graph, answer))
}

/// The answers to all there is to ask, as JSON.
pub fn questions(graph: &HeapGraph) -> Result<String, HeapError> {
    let nodes = graph.node_count() as u32;
    let task = Task::default();
    let why = [0, nodes / 2, nodes - 1].map(|node| WhyAlive::of(graph, NodeIndex(node), 3));
    let all =
        (SnapshotAnalysis::of(graph, 5, &task)?, SnapshotComparison::of(&[graph, graph], 5, &task)?, why);
    Ok(serde_json::to_string(&all).expect("answers are JSON"))
}
