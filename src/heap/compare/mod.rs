//! What grew between snapshots: of one process, or of different processes, pods and deployments.
//!
//! Snapshots taken inline in one process share object ids: a holder is the same object in all of them. Objects of
//! different processes share none, so there holders are recognised by *signature*: the path of dominators by edge
//! name and class, which begins anew at each module's scope. One leak is one row, named by its holder: the object whose
//! number stays and whose contents grow.

mod anchors;
mod classes;
mod growth;
mod labels;
mod module_scopes;
mod process;
mod rows;
mod signature;

use std::path::Path;

use serde::Serialize;

pub use classes::{Census, ClassDelta, class_deltas};
pub use process::is_of_one_process;
pub use rows::{GrownContent, Growth, MatchedBy, Trend};

use process::Samples;

use super::analysis::app_folder;
use super::error::HeapError;
use super::heap_graph::HeapGraph;
use super::table::both;
use super::task::{Phase, Task};

/// The difference between two or more snapshots, in the order they were taken.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotComparison {
    /// The application's folder: where its `node_modules` are; null when nothing tells.
    pub folder: Option<String>,
    /// True when the snapshots were taken inline in one process: then objects and holders are matched by
    /// id, else by signature.
    pub same_process: bool,
    /// False when they are of one process, and a later one stands before an earlier one.
    pub in_order: bool,
    /// Bytes each snapshot retains.
    pub total_bytes: Vec<u64>,
    /// What grew from each snapshot to the next, greatest growth first.
    pub growth: Vec<Growth>,
    /// Classes whose objects became more, fewer, bigger or smaller, greatest growth of retained size first.
    pub classes: Vec<ClassDelta>,
}

impl SnapshotComparison {
    /// Compares snapshots; every list has at most `top` rows.
    ///
    /// # Errors
    /// When the task is called off.
    ///
    /// # Panics
    /// With fewer than two snapshots.
    pub fn of(graphs: &[&HeapGraph], top: usize, task: &Task) -> Result<Self, HeapError> {
        let [first, .., last] = graphs else { panic!("a comparison needs at least two snapshots") };
        task.enter(Phase::Answering, graphs.iter().map(|graph| graph.node_count()).sum())?;
        let same_process = graphs.windows(2).all(|pair| is_of_one_process(pair[0], pair[1]));
        let is_reversed = |pair: &[&HeapGraph]| is_of_one_process(pair[1], pair[0]);
        let in_order = same_process || !graphs.windows(2).any(is_reversed);
        task.check()?;
        let (growth, classes) = both(
            || growth::growth(graphs, same_process, top, task),
            || class_deltas(&Census::of(first), &Census::of(last), same_process),
        );
        let growth = growth?;
        Ok(Self {
            folder: app_folder(last),
            same_process,
            in_order,
            total_bytes: graphs.iter().map(|graph| graph.total_size()).collect(),
            growth,
            classes: classes.into_iter().take(top).collect(),
        })
    }
}

/// Compares the classes of two files, greatest growth of retained size first. They are read side by side: much of
/// reading one is work for a single core.
///
/// # Errors
/// As [`HeapGraph::open_as`].
pub fn compare_classes(
    before: impl AsRef<Path> + Send,
    after: impl AsRef<Path>,
    task: &Task,
) -> Result<Vec<ClassDelta>, HeapError> {
    let first = || -> Result<_, HeapError> {
        let graph = HeapGraph::open_as(before, task)?;
        // The census sorts objects beside its other work; the samples need them sorted.
        let census = Census::of(&graph);
        Ok((census, Samples::of(&graph)))
    };
    let last = || -> Result<_, HeapError> {
        let graph = HeapGraph::open_as(after, task)?;
        Ok((Census::of(&graph), graph))
    };
    let (first, last) = both(first, last);
    let ((before, samples), (after, last)) = (first?, last?);
    Ok(class_deltas(&before, &after, samples.same_process(&last)))
}
