//! What grew between snapshots: of one process, or of different processes, pods and deployments.
//!
//! Snapshots taken inline in one process share object ids: a holder is the same object in all of them. Objects of
//! different processes share none, so there holders are recognised by *signature*: the path of dominators by edge
//! name and class, which begins anew at each module's scope. One leak is one row, named by its holder: the object whose
//! number stays and whose contents grow.

mod anchors;
mod classes;
mod growth;
mod module_scopes;
mod rows;
mod signature;

use serde::Serialize;

pub use classes::{ClassDelta, class_deltas};
pub use rows::{GrownContent, Growth, MatchedBy, Trend};

use anchors::has_stable_id;

use super::analysis::app_folder;
use super::error::HeapError;
use super::graph::HeapGraph;
use super::task::Task;
use super::types::NodeIndex;

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
        let same_process = graphs.windows(2).all(|pair| same_process(pair[0], pair[1]));
        task.check()?;
        let (growth, classes) = std::thread::scope(|scope| {
            let growth = scope.spawn(|| growth::growth(graphs, same_process, top));
            let classes = class_deltas(first, last, same_process);
            (growth.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), classes)
        });
        task.check()?;
        Ok(Self {
            folder: app_folder(last),
            same_process,
            total_bytes: graphs.iter().map(|graph| graph.total_size()).collect(),
            growth,
            classes: classes.into_iter().take(top).collect(),
        })
    }
}

/// How many objects are looked up to tell whether two snapshots come from one process.
const SAMPLES: usize = 2000;
/// So many times as many objects must agree as differ: every V8 starts with the same few thousand objects, which agree
/// in any two processes.
const AGREEING: usize = 50;

/// True when the second snapshot was taken after the first one in the same process: objects that both have under one id
/// are the same. Objects that the collector freed since are no argument against it.
///
/// The newest objects of the first snapshot must agree as well: forked children of one process agree on what was there
/// when ids were last given out in it, and each gives out the next ids anew.
pub fn same_process(before: &HeapGraph, after: &HeapGraph) -> bool {
    if after.last_id() < before.last_id() {
        return false;
    }
    let stable = || before.nodes_by_id().filter(|&node| has_stable_id(before, node));
    let count = before.node_count();
    let (same, different) = agreement(before, after, stable().step_by((count / SAMPLES).max(1)));
    let newest = agreement(before, after, stable().skip(count.saturating_sub(SAMPLES)));
    same > different * AGREEING && newest.0 >= newest.1 * AGREEING
}

/// How many of the objects are the same under their id in the second snapshot, and how many others have that id there.
fn agreement(
    before: &HeapGraph,
    after: &HeapGraph,
    nodes: impl Iterator<Item = NodeIndex>,
) -> (usize, usize) {
    let found = nodes.filter_map(|node| Some((node, after.node_by_id(before.id(node))?)));
    let equal = |&(a, b): &(NodeIndex, NodeIndex)| {
        before.node_type(a) == after.node_type(b) && before.raw_name(a) == after.raw_name(b)
    };
    let (same, different): (Vec<_>, Vec<_>) = found.partition(equal);
    (same.len(), different.len())
}
