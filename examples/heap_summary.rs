//! Analyses a heap snapshot in a process of its own and prints totals and classes as JSON.
//!
//! `cargo run --release --no-default-features --example heap_summary -- FILE [--load-only]`

use leakwatch::heap::{HeapError, HeapGraph, SnapshotSummary};
use serde_json::json;

fn main() -> Result<(), HeapError> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: heap_summary FILE [--load-only]");
    let graph = HeapGraph::open(path)?;
    let answer = if arguments.any(|argument| argument == "--load-only") {
        json!({ "nodes": graph.node_count(), "retainedBytes": graph.retained_size(graph.root()) })
    } else {
        json!(SnapshotSummary::of(&graph))
    };
    println!("{answer}");
    Ok(())
}
