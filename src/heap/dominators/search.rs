//! The depth-first search that numbers the nodes.

use super::FlowGraph;
use crate::heap::bits::BitVec;
use crate::heap::memory::{with_room, zeroed};

/// Depth-first numbering.
pub(super) struct Search {
    /// Small enough for the processor's caches, which `numbers` is not.
    visited: BitVec,
    /// Number of each node.
    pub numbers: Vec<u32>,
    /// Node of each number.
    pub order: Vec<u32>,
    /// Number of each number's parent in the search tree; the root's is 0.
    pub parents: Vec<u32>,
    /// How many numbers were visited; what is numbered from here on are cycles that nothing reaches.
    pub reached: u32,
}

impl Search {
    pub fn run(graph: &FlowGraph<'_>) -> Self {
        let count = graph.first_edges.len() - 1;
        let mut search = Self {
            visited: BitVec::new(count),
            numbers: zeroed(count),
            order: with_room(count),
            parents: with_room(count),
            reached: 0,
        };
        search.visit(graph, 0);
        if search.order.len() < count {
            search.visit_orphans(graph);
        }
        search.reached = search.order.len() as u32;
        // What is left hangs on the root and retains nothing.
        let visited = std::mem::take(&mut search.visited);
        for node in visited.clear_bits(count) {
            search.number(node as u32, 0);
        }
        search
    }

    /// Visits what hangs on nodes without any essential retainer.
    fn visit_orphans(&mut self, graph: &FlowGraph<'_>) {
        let count = self.numbers.len();
        let mut retained = BitVec::new(count);
        for (edge, &target) in graph.targets.iter().enumerate() {
            if graph.essential.get(edge) {
                retained.set(target as usize);
            }
        }
        for node in 0..count {
            if !self.visited.get(node) && !retained.get(node) {
                self.visit(graph, node as u32);
            }
        }
    }

    fn number(&mut self, node: u32, parent: u32) -> u32 {
        let number = self.order.len() as u32;
        self.numbers[node as usize] = number;
        self.order.push(node);
        self.parents.push(parent);
        number
    }

    fn visit(&mut self, graph: &FlowGraph<'_>, start: u32) {
        self.visited.set(start as usize);
        let edges_of = |node: u32| graph.first_edges[node as usize]..graph.first_edges[node as usize + 1];
        // The node being visited, with the edges not followed yet; those above it on the path that have more edges to
        // follow wait on the stack.
        let mut source = self.number(start, 0);
        let mut edges = edges_of(start);
        let mut path = Vec::new();
        loop {
            let found = edges.find(|&edge| {
                let edge = edge as usize;
                graph.essential.get(edge) && self.visited.insert(graph.targets[edge] as usize)
            });
            match found {
                Some(edge) => {
                    let node = graph.targets[edge as usize];
                    let number = self.number(node, source);
                    if !edges.is_empty() {
                        path.push((source, edges));
                    }
                    (source, edges) = (number, edges_of(node));
                }
                None => match path.pop() {
                    Some(above) => (source, edges) = above,
                    None => return,
                },
            }
        }
    }
}
