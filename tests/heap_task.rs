//! An analysis that is called off ends within a block of work, wherever it is; how far it is never goes back.

mod heap_support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use heap_support::{Node, OBJECT, PROPERTY, SYNTHETIC, snapshot};
use leakwatch::heap::analysis::SnapshotAnalysis;
use leakwatch::heap::compare::SnapshotComparison;
use leakwatch::heap::{HeapError, HeapErrorKind, HeapGraph, Phase, Task};

/// A file of some eight megabytes.
struct BigFile(PathBuf);

impl BigFile {
    fn write() -> Self {
        const COUNT: usize = 200_000;
        let links = |at: usize| {
            let children = (at * 3 + 1..at * 3 + 4).filter(|&child| child < COUNT);
            children.map(|child| (PROPERTY, "p".to_owned(), child)).collect()
        };
        let kind = |at| if at == 0 { SYNTHETIC } else { OBJECT };
        let node = |at| Node { kind: kind(at), name: "Item", size: 40, edges: links(at) };
        let path = std::env::temp_dir().join(format!("leakwatch-task-{}.heapsnapshot", std::process::id()));
        std::fs::write(&path, snapshot(&(0..COUNT).map(node).collect::<Vec<_>>())).unwrap();
        Self(path)
    }

    /// All there is to ask, of this file twice.
    fn ask(&self, task: &Task) -> Result<(), HeapError> {
        let first = HeapGraph::open_as(&self.0, task)?;
        SnapshotAnalysis::of(&first, 5, task)?;
        task.next_file();
        let second = HeapGraph::open_as(&self.0, task)?;
        SnapshotComparison::of(&[&first, &second], 5, task).map(drop)
    }
}

impl Drop for BigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Threads that work at once, at most: each may be at the end of a block when the task is called off.
const THREADS: u64 = 16;
/// Moments at which the analysis is called off.
const SAMPLES: u64 = 12;

#[test]
fn an_analysis_ends_within_a_block_and_its_progress_never_goes_back() {
    let file = BigFile::write();
    let whole = Task::new(2);
    file.ask(&whole).unwrap();
    let mut seen: BTreeMap<Phase, Vec<f64>> = BTreeMap::new();
    let mut before = 0.0;
    for blocks in (1..SAMPLES).map(|sample| whole.blocks() * sample / SAMPLES) {
        let task = Task::of_blocks(2, blocks);
        assert_eq!(file.ask(&task).unwrap_err().kind, HeapErrorKind::Cancelled, "after {blocks} blocks");
        assert!((blocks..blocks + THREADS).contains(&task.blocks()), "{} for {blocks}", task.blocks());
        let fraction = task.fraction();
        if fraction > before {
            seen.entry(task.phase()).or_default().push(fraction);
        }
        before = fraction;
    }
    let several = seen.values().filter(|fractions| fractions.len() >= 3).count();
    assert!(seen.len() >= 3 && several >= 1, "{seen:?}");
    assert!((0.85..=1.0).contains(&whole.fraction()));
}

#[test]
fn a_fraction_that_was_told_is_never_followed_by_a_smaller_one() {
    let task = Task::new(2);
    task.enter(Phase::Parsing, 100).unwrap();
    let told: Vec<f64> = (0..3)
        .map(|_| {
            task.advance(50).unwrap();
            task.fraction()
        })
        .collect();
    assert!(told[0] < told[1] && told[1] == told[2], "{told:?}");
    task.enter(Phase::Opening, 10).unwrap();
    assert_eq!(task.fraction(), told[2]);
    task.next_file();
    assert_eq!(task.fraction(), 0.5);
    task.advance(5).unwrap();
    assert_eq!(task.fraction(), 0.6, "unpacking takes a good part of the time");
}
