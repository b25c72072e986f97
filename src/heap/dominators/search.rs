//! The depth-first search that numbers the nodes.

use std::ops::Range;

use super::FlowGraph;
use super::retainers::Retainers;
use crate::heap::bits::BitVec;
use crate::heap::error::HeapError;
use crate::heap::memory::{with_room, zeroed};
use crate::heap::task::Task;

/// Depth-first numbering.
pub(super) struct Search {
    /// Node of each number.
    pub order: Vec<u32>,
    /// Number of each number's parent in the search tree; the root's is 0.
    pub parents: Vec<u32>,
    pub retainers: Retainers,
}

/// Numbers all nodes: first what the root reaches, then what hangs on nodes without any retainer, then cycles that nothing
/// reaches; these hang on the root and retain nothing.
pub(super) fn search(graph: &FlowGraph<'_>, task: &Task) -> Result<Search, HeapError> {
    let count = graph.first_edges.len() - 1;
    let mut searcher = Searcher {
        graph,
        visited: BitVec::new(count),
        numbers: zeroed(count),
        found: Search {
            order: with_room(count),
            parents: with_room(count),
            retainers: Retainers::new(count, graph.targets.len()),
        },
    };
    searcher.visit(0, task)?;
    let unreached = searcher.visited.clear_bits(count);
    let orphans: Vec<usize> = unreached.filter(|&node| graph.retainers.is_zero(node)).collect();
    orphans.into_iter().try_for_each(|node| searcher.visit(node as u32, task))?;
    let visited = std::mem::take(&mut searcher.visited);
    for node in visited.clear_bits(count) {
        searcher.number(node as u32, 0);
    }
    Ok(searcher.found)
}

struct Searcher<'a> {
    graph: &'a FlowGraph<'a>,
    /// Small enough for the processor's caches, which `numbers` is not.
    visited: BitVec,
    /// Number of each node.
    numbers: Vec<u32>,
    found: Search,
}

/// A node on the path of the search.
struct Visit {
    number: u32,
    /// The nearest number, from this one up the search tree, that has not exactly one retainer.
    shared: u32,
    /// Edges not followed yet.
    edges: Range<u32>,
}

impl Searcher<'_> {
    fn number(&mut self, node: u32, parent: u32) -> u32 {
        let number = self.found.order.len() as u32;
        self.numbers[node as usize] = number;
        self.found.order.push(node);
        self.found.parents.push(parent);
        self.found.retainers.push(parent);
        number
    }

    fn visit(&mut self, start: u32, task: &Task) -> Result<(), HeapError> {
        self.visited.set(start as usize);
        let number = self.number(start, 0);
        let mut visit = Visit { number, shared: number, edges: self.edges(start) };
        // Nodes above that have more edges to follow.
        let mut path = Vec::new();
        loop {
            match self.next(&mut visit) {
                Some(node) => {
                    let number = self.number(node, visit.number);
                    task.advance_at(number as usize)?;
                    let shared =
                        if self.graph.retainers.is_one(node as usize) { visit.shared } else { number };
                    let above =
                        std::mem::replace(&mut visit, Visit { number, shared, edges: self.edges(node) });
                    if !above.edges.is_empty() {
                        path.push(above);
                    }
                }
                None => match path.pop() {
                    Some(above) => visit = above,
                    None => return Ok(()),
                },
            }
        }
    }

    fn edges(&self, node: u32) -> Range<u32> {
        self.graph.first_edges[node as usize]..self.graph.first_edges[node as usize + 1]
    }

    /// Follows edges up to one that leads to a node not visited before.
    #[inline(always)]
    fn next(&mut self, visit: &mut Visit) -> Option<u32> {
        let graph = self.graph;
        while let Some(edge) = visit.edges.next() {
            if !graph.essential.get(edge as usize) {
                continue;
            }
            let node = graph.targets[edge as usize];
            if self.visited.insert(node as usize) {
                return Some(node);
            }
            self.retain(self.numbers[node as usize], visit);
        }
        None
    }

    /// Records that a number is retained by the one being visited.
    ///
    /// Where all on the search's path down from `shared` have one retainer, each one's semidominator is its parent; so an
    /// edge from the path's end has the same effect as one from `shared`. This leaves a fraction of the edges.
    #[inline(always)]
    fn retain(&mut self, target: u32, &Visit { number, shared, .. }: &Visit) {
        let retainers = &mut self.found.retainers;
        let parent = self.found.parents[number as usize];
        if number <= target {
            retainers.add_lower(target, number);
        } else if shared > target {
            retainers.higher.add(target, shared);
        } else if shared != number && parent <= target {
            retainers.add_lower(target, parent);
        } else {
            retainers.higher.add(target, number);
        }
    }
}
