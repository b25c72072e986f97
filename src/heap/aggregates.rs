//! The class histogram: how many objects each class has, their shallow and their retained size.

use super::graph::Graph;
use super::table::both;
use super::types::{ClassId, NodeIndex};

/// One class of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSummary {
    /// Which class; see [`HeapGraph::class_key`].
    pub class: ClassId,
    /// Objects of this class with a size of their own.
    pub count: u64,
    /// Sum of their shallow sizes, in bytes.
    pub shallow_bytes: u64,
    /// What would be freed with all of them, in bytes: retained sizes of those that no other object of the class
    /// dominates.
    pub retained_bytes: u64,
    /// The least distance of any of them; `None` when none can be reached.
    pub distance: Option<u32>,
}

/// The classes that have objects, in order of their ids. Objects without a size of their own do not count (DevTools).
pub(super) fn histogram(graph: &Graph) -> Vec<ClassSummary> {
    let class_of = |node| (graph.self_size(node) > 0).then(|| graph.class_of(node).0);
    let (mut classes, retained) =
        both(|| counted(graph), || retained_by_group(graph, graph.class_count(), class_of));
    for (class, bytes) in classes.iter_mut().zip(retained) {
        class.retained_bytes = bytes;
    }
    classes.retain(|class| class.count > 0);
    classes
}

/// All classes, without what they retain.
fn counted(graph: &Graph) -> Vec<ClassSummary> {
    let mut classes: Vec<ClassSummary> = (0..graph.class_count())
        .map(|id| ClassSummary {
            class: ClassId(id as u32),
            count: 0,
            shallow_bytes: 0,
            retained_bytes: 0,
            distance: None,
        })
        .collect();
    for node in graph.nodes() {
        let size = graph.self_size(node);
        if size == 0 {
            continue;
        }
        let class = &mut classes[graph.class_of(node).at()];
        class.count += 1;
        class.shallow_bytes += size;
        let nearer = |known: u32| graph.distance(node).map_or(known, |distance| distance.min(known));
        class.distance = class.distance.map(nearer).or(graph.distance(node));
    }
    classes
}

/// What each group of nodes retains: the sum of its nodes' retained sizes, those left out that another node of the
/// group dominates. Walks down the dominator tree once.
pub(super) fn retained_by_group(
    graph: &Graph,
    groups: usize,
    group_of: impl Fn(NodeIndex) -> Option<u32>,
) -> Vec<u64> {
    let mut retained = vec![0u64; groups];
    // How many nodes of each group are on the path from the root.
    let mut above = vec![0u32; groups];
    let mut stack = vec![Step::Enter(graph.root())];
    while let Some(step) = stack.pop() {
        let node = match step {
            Step::Leave(group) => {
                above[group as usize] -= 1;
                continue;
            }
            Step::Enter(node) => node,
        };
        if let Some(group) = group_of(node) {
            if above[group as usize] == 0 {
                retained[group as usize] += graph.retained_size(node);
            }
            above[group as usize] += 1;
            stack.push(Step::Leave(group));
        }
        for &child in graph.dominated_slice(node) {
            let child = NodeIndex(child);
            // Most dominate nothing, and need no step of their own.
            if !graph.dominated_slice(child).is_empty() {
                stack.push(Step::Enter(child));
            } else if let Some(group) = group_of(child)
                && above[group as usize] == 0
            {
                retained[group as usize] += graph.retained_size(child);
            }
        }
    }
    retained
}

enum Step {
    Enter(NodeIndex),
    Leave(u32),
}
