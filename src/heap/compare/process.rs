//! Whether snapshots come from one process.
//!
//! V8 knows an object by its address: what is allocated where something died since the last snapshot gets its id, unless
//! the collector moved it there, which is told to the profiler. Code, hidden classes and names of properties are
//! allocated where they stay, and a busy process makes and drops hundreds of them between two snapshots. What programs
//! make is nearly all allocated among the young and moved, so only that is compared.

use super::anchors::has_stable_id;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{NodeIndex, NodeType};

/// How many objects are looked up.
const SAMPLES: usize = 2000;
/// So many times as many objects must agree as differ: every V8 starts with the same few thousand objects, which agree
/// in any two processes. What V8 allocates among the old at once, because it is large or lives long, may differ in one.
const AGREEING: usize = 20;

/// True when both snapshots were taken in one process, the first one first, and V8 gave out no object ids anew between
/// them: see [`Samples::same_process`].
pub fn is_of_one_process(earlier: &HeapGraph, later: &HeapGraph) -> bool {
    Samples::of(earlier).same_process(later)
}

/// Some objects of a snapshot, to be looked for in a later one.
pub(super) struct Samples {
    last_id: u32,
    all: Vec<Sample>,
    newest: Vec<Sample>,
}

struct Sample {
    id: u32,
    kind: NodeType,
    /// As in the file.
    name: Vec<u8>,
}

impl Samples {
    pub fn of(graph: &HeapGraph) -> Self {
        let telling = || graph.nodes_by_id().filter(|&node| is_telling(graph, node));
        let sample = |node| Sample {
            id: graph.id(node),
            kind: graph.node_type(node),
            name: graph.raw_name(node).to_vec(),
        };
        let count = telling().count();
        Self {
            last_id: graph.last_id(),
            all: telling().step_by((count / SAMPLES).max(1)).map(sample).collect(),
            newest: telling().skip(count.saturating_sub(SAMPLES)).map(sample).collect(),
        }
    }

    /// True when the later snapshot was taken in the same process: objects that both have under one id are the same.
    /// Objects that the collector freed since are no argument against it.
    ///
    /// The newest objects of the first snapshot must agree as well: forked children of one process agree on what was
    /// there when ids were last given out in it, and each gives out the next ids anew.
    pub fn same_process(&self, later: &HeapGraph) -> bool {
        if later.last_id() < self.last_id {
            return false;
        }
        let (same, different) = agreement(&self.all, later);
        let newest = agreement(&self.newest, later);
        same > different * AGREEING && newest.0 >= newest.1 * AGREEING
    }
}

/// How many of the objects are the same under their id in the later snapshot, and how many others have that id there.
fn agreement(samples: &[Sample], later: &HeapGraph) -> (usize, usize) {
    let found = samples.iter().filter_map(|sample| Some((sample, later.node_by_id(sample.id)?)));
    let found = found.filter(|&(_, node)| is_telling(later, node));
    let equal = |&(sample, node): &(&Sample, NodeIndex)| {
        sample.kind == later.node_type(node) && sample.name == later.raw_name(node)
    };
    let (same, different): (Vec<_>, Vec<_>) = found.partition(equal);
    (same.len(), different.len())
}

/// Is it something that keeps its id, and hands it to nothing else?
fn is_telling(graph: &HeapGraph, node: NodeIndex) -> bool {
    matches!(graph.node_type(node), NodeType::Object | NodeType::Closure) && has_stable_id(graph, node)
}
