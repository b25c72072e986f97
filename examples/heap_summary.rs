//! Analyses heap snapshots in a process of its own and prints JSON: totals and classes of one, or what grew between two
//! or more, in the order they were taken.
//!
//! `cargo run --release --no-default-features --example heap_summary -- FILE [LATER FILE …]`

use leakwatch::heap::compare::SnapshotComparison;
use leakwatch::heap::{HeapError, HeapGraph, SnapshotSummary, Task};

fn main() -> Result<(), HeapError> {
    let graphs = std::env::args().skip(1).map(HeapGraph::open).collect::<Result<Vec<_>, _>>()?;
    let answer = match &graphs[..] {
        [] => panic!("usage: heap_summary FILE [LATER FILE …]"),
        [graph] => text(&SnapshotSummary::of(graph)),
        graphs => {
            let graphs: Vec<&HeapGraph> = graphs.iter().collect();
            text(&SnapshotComparison::of(&graphs, usize::MAX, &Task::default())?)
        }
    };
    println!("{answer}");
    Ok(())
}

fn text(answer: &impl serde::Serialize) -> String {
    serde_json::to_string(answer).expect("answers are JSON")
}
