//! Objects that are known whoever dominates them at the moment: scopes of modules, by the module's file, and, in
//! snapshots of one process, objects that are in all of them and retain ever more, by id.
//!
//! A request or a timer under way refers to what it uses, and takes it from the dominator it has in a quiet moment: by
//! its path of dominators it would be another holder in a snapshot of a busy moment. And of many objects at one place
//! the id says which one grows.

use foldhash::{HashMap, HashMapExt};

use super::labels::Labels;
use super::module_scopes::module_scopes;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{NodeIndex, NodeType};

/// An object that retains less more is looked at with its like, by signature.
const MIN_BYTES: u64 = 16 * 1024;
/// So many new objects at one place are an accumulation there: all of them belong to it, the old ones as well.
const MIN_NEW: u32 = 3;

/// How a node is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The scope of a module: its file, from the application's folder on.
    Module(String),
    /// The same object in every snapshot: a number that it has in all of them.
    Same(u32),
}

/// One snapshot's anchors, by node.
pub(super) type Anchors = HashMap<NodeIndex, Anchor>;

/// The anchors of each of the snapshots.
pub(super) fn anchors(graphs: &[&HeapGraph], by_id: bool) -> Vec<Anchors> {
    let mut anchors: Vec<Anchors> = vec![Anchors::new(); graphs.len()];
    if by_id {
        for (number, nodes) in growing_objects(graphs).enumerate() {
            for (anchors, node) in anchors.iter_mut().zip(nodes) {
                anchors.insert(node, Anchor::Same(number as u32));
            }
        }
    }
    for (anchors, scopes) in anchors.iter_mut().zip(module_scopes(graphs)) {
        anchors.extend(scopes.into_iter().map(|(node, file)| (node, Anchor::Module(file))));
    }
    anchors
}

/// Objects that are in all snapshots and retain more from each to the next, as the nodes they are.
fn growing_objects<'a>(graphs: &'a [&HeapGraph]) -> impl Iterator<Item = Vec<NodeIndex>> + 'a {
    let last = graphs[graphs.len() - 1];
    let may_hold = |&node: &NodeIndex| {
        let kind = last.node_type(node);
        matches!(kind, NodeType::Object | NodeType::Closure | NodeType::Native)
            && has_stable_id(last, node)
            && last.retained_size(node) >= MIN_BYTES
    };
    last.nodes().filter(may_hold).filter_map(move |node| {
        let same = |graph: &&HeapGraph| {
            let found = graph.node_by_id(last.id(node))?;
            (graph.node_type(found) == last.node_type(node)).then_some(found)
        };
        let nodes = graphs.iter().map(same).collect::<Option<Vec<NodeIndex>>>()?;
        let bytes: Vec<u64> =
            nodes.iter().zip(graphs).map(|(&node, graph)| graph.retained_size(node)).collect();
        let grows = bytes.windows(2).all(|pair| pair[0] < pair[1]);
        (grows && bytes[bytes.len() - 1] - bytes[0] >= MIN_BYTES).then_some(nodes)
    })
}

/// V8 gives objects of its heap odd ids, once and for all; even ones are the embedder's, made anew each time.
pub(super) fn has_stable_id(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.id(node) % 2 == 1
}

/// Tells whether an object of the last snapshot is looked at apart from those at the same place: not where such objects
/// accumulate, because their place is then what leaks.
pub(super) struct NewSiblings {
    /// The last id of the first snapshot.
    last_id: u32,
    /// By dominator and label below it: objects newer than that.
    counts: HashMap<NodeIndex, HashMap<u32, u32>>,
}

impl NewSiblings {
    pub fn since(first: &HeapGraph) -> Self {
        Self { last_id: first.last_id(), counts: HashMap::new() }
    }

    pub fn are_few(&mut self, graph: &HeapGraph, labels: &mut Labels, node: NodeIndex) -> bool {
        let Some(dominator) = graph.dominator(node) else { return true };
        let counts = self.counts.entry(dominator).or_insert_with(|| {
            let mut counts = HashMap::new();
            for sibling in graph.dominated(dominator).filter(|&node| graph.is_newer(node, self.last_id)) {
                *counts.entry(labels.local(graph, sibling)).or_default() += 1;
            }
            counts
        });
        counts.get(&labels.local(graph, node)).is_none_or(|&count| count < MIN_NEW)
    }
}
