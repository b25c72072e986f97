//! Analyses heap snapshots in a process of its own and prints JSON: totals and classes of one; what grew between two or
//! more, in the order they were taken; or, of two, which classes changed.
//!
//! `cargo run --release --no-default-features --example heap_summary -- [--classes] FILE [LATER FILE …]`

use leakwatch::heap::compare::{SnapshotComparison, compare_classes};
use leakwatch::heap::{HeapError, HeapGraph, SnapshotSummary, Task};

fn main() -> Result<(), HeapError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let task = Task::default();
    let answer = match &arguments[..] {
        [] => panic!("usage: heap_summary [--classes] FILE [LATER FILE …]"),
        [file] => text(&SnapshotSummary::of(&HeapGraph::open(file)?)),
        ["--classes", before, after] => text(&compare_classes(before, after, &task)?),
        files => {
            let graphs = files.iter().map(HeapGraph::open).collect::<Result<Vec<_>, _>>()?;
            let graphs: Vec<&HeapGraph> = graphs.iter().collect();
            text(&SnapshotComparison::of(&graphs, usize::MAX, &task)?)
        }
    };
    println!("{answer}");
    Ok(())
}

fn text(answer: &impl serde::Serialize) -> String {
    serde_json::to_string(answer).expect("answers are JSON")
}
