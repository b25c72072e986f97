//! "Does this node dominate that one?" in constant time: entry and exit times of a walk of the dominator tree.

use crate::heap::{HeapGraph, NodeIndex};

/// Entry and exit times, 8 bytes a node.
pub struct Dominance {
    entered: Vec<u32>,
    left: Vec<u32>,
}

impl Dominance {
    /// Walks the dominator tree once.
    pub fn of(graph: &HeapGraph) -> Self {
        let mut tree = Dominance { entered: vec![0; graph.node_count()], left: vec![0; graph.node_count()] };
        let mut clock = 0;
        let mut open = vec![(graph.root(), false)];
        while let Some((node, done)) = open.pop() {
            clock += 1;
            if done {
                tree.left[node.0 as usize] = clock;
                continue;
            }
            tree.entered[node.0 as usize] = clock;
            open.push((node, true));
            open.extend(graph.dominated(node).map(|below| (below, false)));
        }
        tree
    }

    /// True when every path to `below` leads through `above`, and for a node and itself.
    pub fn dominates(&self, above: NodeIndex, below: NodeIndex) -> bool {
        let (above, below) = (above.0 as usize, below.0 as usize);
        self.entered[above] <= self.entered[below]
            && self.left[below] <= self.left[above]
            && self.entered[below] != 0
    }
}
