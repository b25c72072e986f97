//! The dominator tree, by the Semi-NCA algorithm.
//!
//! Loukas Georgiadis, *Linear-Time Algorithms for Dominators and Related Problems*, PhD thesis, Princeton 2005,
//! section 2.2.3: semidominators as in Lengauer and Tarjan's simple algorithm, then each immediate dominator is
//! the nearest common ancestor, in the tree built so far, of the node's parent and its semidominator. Everything is
//! iterative: a linked list of a million objects is one deep path.
//!
//! The result equals DevTools' (which runs Lengauer-Tarjan), nodes out of reach included: a node without any
//! essential retainer hangs below the root, and so does every node of a cycle that nothing reaches.

mod retainers;
mod search;
mod semidominators;

pub(super) use self::search::Room;
use self::search::search;
use self::semidominators::{Semidominators, semidominators};
use super::bits::{BitVec, FewCounts};
use super::error::HeapError;
use super::task::Task;

/// A directed graph whose edges are grouped by source.
pub(super) struct FlowGraph<'a> {
    /// Index of each node's first edge; one more entry than nodes. Node 0 is the root.
    pub first_edges: &'a [u32],
    /// The node each edge points to.
    pub targets: &'a [u32],
    /// Which edges count.
    pub essential: &'a BitVec,
    /// How many of these lead to each node.
    pub retainers: &'a FewCounts,
}

/// The dominator tree of a [`FlowGraph`].
#[derive(Debug, Default)]
pub(super) struct DominatorTree {
    /// The immediate dominator of each node; the root's is the root.
    pub dominators: Vec<u32>,
    /// All nodes, dominators before what they dominate.
    pub order: Vec<u32>,
}

impl DominatorTree {
    /// How often the nodes are gone through.
    pub const PASSES: usize = 3;

    /// Computes the tree. Memory: about 20 bytes a node, 8 of which the tree keeps, and 4 to 16 for each edge against the
    /// search's order.
    ///
    /// # Errors
    /// When the task is called off.
    pub fn of(graph: &FlowGraph<'_>, room: Room, task: &Task) -> Result<Self, HeapError> {
        let Semidominators { order, parents, semidominators: semi } =
            semidominators(search(graph, room, task)?, task)?;
        // Nearest common ancestor of parent and semidominator; numbers grow away from the root.
        let mut by_number = parents;
        for w in 1..by_number.len() {
            task.advance_at(w)?;
            let mut dominator = by_number[w];
            while dominator > semi[w] {
                dominator = by_number[dominator as usize];
            }
            by_number[w] = dominator;
        }
        let mut dominators = semi;
        for (&node, &dominator) in order.iter().zip(&by_number) {
            dominators[node as usize] = order[dominator as usize];
        }
        Ok(Self { dominators, order })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    const NONE: u32 = u32::MAX;

    impl FlowGraph<'_> {
        fn edges(&self, node: u32) -> Range<usize> {
            self.first_edges[node as usize] as usize..self.first_edges[node as usize + 1] as usize
        }
    }

    /// Immediate dominators by the iterative algorithm of Cooper, Harvey and Kennedy (*A Simple, Fast Dominance
    /// Algorithm*, 2001); every node is reached from node 0.
    fn slow_dominators(graph: &FlowGraph<'_>) -> Vec<u32> {
        let (count, mut postorder) = (graph.first_edges.len() - 1, Vec::new());
        let mut seen = BitVec::new(count);
        seen.set(0);
        let mut path = vec![(0, graph.edges(0))];
        while let Some((node, edges)) = path.last_mut() {
            match edges.find(|&edge| graph.essential.get(edge) && seen.insert(graph.targets[edge] as usize)) {
                Some(edge) => path.push((graph.targets[edge], graph.edges(graph.targets[edge]))),
                None => {
                    postorder.push(*node);
                    path.pop();
                }
            }
        }
        assert_eq!(postorder.len(), count);
        let mut rank = vec![0; count];
        (0..count).for_each(|at| rank[postorder[at] as usize] = at);
        let mut dominators = vec![NONE; count];
        dominators[0] = 0;
        loop {
            let before = dominators.clone();
            for &node in postorder.iter().rev() {
                for edge in graph.edges(node).filter(|&edge| graph.essential.get(edge)) {
                    let target = graph.targets[edge] as usize;
                    let (mut a, mut b) = (node, dominators[target]);
                    while target != 0 && b != NONE && a != b {
                        let lower = if rank[a as usize] < rank[b as usize] { &mut a } else { &mut b };
                        *lower = dominators[*lower as usize];
                    }
                    dominators[target] = if target == 0 { 0 } else { a };
                }
            }
            if dominators == before {
                return dominators;
            }
        }
    }

    #[test]
    fn a_large_graph_has_the_dominators_of_the_slow_algorithm() {
        const COUNT: u64 = 200_000;
        let mut state = 5u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut first_edges, mut edges) = (vec![0], Vec::new());
        for node in 0..COUNT {
            // A binary tree that reaches all, and edges to near and to popular nodes, some of which do not count.
            edges.extend(
                [2 * node + 1, 2 * node + 2]
                    .iter()
                    .filter(|&&child| child < COUNT)
                    .map(|&child| (child, true)),
            );
            for _ in 0..random(5) {
                let near = (node + random(50)).min(COUNT - 1);
                let target = if random(3) == 0 { near } else { near / (1 + random(9)) };
                edges.push((target, random(9) != 0));
            }
            first_edges.push(edges.len() as u32);
        }
        let targets: Vec<u32> = edges.iter().map(|&(target, _)| target as u32).collect();
        let (essential, _) = BitVec::filled_by(edges.len(), |_| (), |(), edge| edges[edge].1);
        let mut retainers = FewCounts::new(COUNT as usize);
        edges.iter().filter(|edge| edge.1).for_each(|edge| retainers.add(edge.0 as usize));
        let (first_edges, targets, essential) = (&first_edges, &targets, &essential);
        let graph = FlowGraph { first_edges, targets, essential, retainers: &retainers };
        let room = Room::warm(COUNT as usize, edges.len());
        let tree = DominatorTree::of(&graph, room, &Task::default()).unwrap();
        assert!(tree.dominators == slow_dominators(&graph));
    }
}
