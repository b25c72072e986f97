//! What grew between snapshots: of one process, or of different processes, pods and deployments.
//!
//! Objects of different processes share no ids, so growth is compared by *signature*: the path of dominators by edge
//! name and class, which begins anew at each module's scope. One leak is one row, named by its holder: the object whose number stays and whose contents grow.

mod classes;
mod growth;
mod module_scopes;
mod signature;

use serde::Serialize;

pub use classes::{ClassDelta, class_deltas};
pub use growth::{GrownContent, Growth, Trend};

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
    /// True when the snapshots were taken inline in one process: then objects are told apart by id.
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
            let growth = scope.spawn(|| growth::growth(graphs, top));
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

/// True when the second snapshot was taken after the first one in the same process: objects that both have under one id
/// are the same. Objects that the collector freed since are no argument against it.
pub fn same_process(before: &HeapGraph, after: &HeapGraph) -> bool {
    if after.last_id() < before.last_id() {
        return false;
    }
    let step = (before.node_count() / SAMPLES).max(1);
    let (mut same, mut different) = (0, 0);
    for node in before.nodes().step_by(step).filter(|&node| before.id(node) % 2 == 1) {
        let Some(other) = after.node_by_id(before.id(node)) else { continue };
        let equal = |a: NodeIndex, b: NodeIndex| {
            before.node_type(a) == after.node_type(b) && before.raw_name(a) == after.raw_name(b)
        };
        if equal(node, other) { same += 1 } else { different += 1 }
    }
    // Every V8 starts with the same few thousand objects: they agree in any two processes.
    same > different * 50
}
