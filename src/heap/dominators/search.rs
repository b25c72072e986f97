//! The depth-first search that numbers the nodes.

use std::ops::Range;

use super::FlowGraph;
use super::retainers::Lists;
use crate::heap::bits::BitVec;
use crate::heap::error::HeapError;
use crate::heap::memory::warm;
use crate::heap::task::Task;

/// The memory a [`search`] takes.
pub(in crate::heap) struct Room {
    numbers: Vec<u32>,
    order: Vec<u32>,
    links: Vec<Link>,
    lowest: Vec<u32>,
    higher: Lists,
}

impl Room {
    /// Memory for a graph of so many nodes and edges, touched: another thread can do that while it is not needed yet.
    pub fn warm(nodes: usize, edges: usize) -> Self {
        let mut numbers = warm(nodes);
        numbers.resize(nodes, 0);
        Self {
            numbers,
            order: warm(nodes),
            links: warm(nodes),
            lowest: warm(nodes),
            higher: Lists::warm(edges),
        }
    }
}

/// Depth-first numbering, and what retains each number: the lowest lower number, and all higher ones.
pub(super) struct Search {
    /// Node of each number.
    pub order: Vec<u32>,
    pub links: Vec<Link>,
    /// The lowest number that retains each number, at most its parent. Lower numbers are their own best labels, so of them
    /// only the lowest matters.
    pub lowest: Vec<u32>,
    /// The higher numbers that retain each number.
    pub higher: Lists,
    /// As long as the others: memory to be used again.
    pub spare: Vec<u32>,
}

/// A number's place in the search tree. Three vectors in one, and each word with two lives: what is touched for the first
/// time is what takes longest here.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    /// Its parent in the search tree; the root's is 0. Once the number is linked (see [`super::semidominators`]), maybe a
    /// higher node, up to which the path is summed up.
    pub ancestor: u32,
    /// The last chunk of its list in [`Search::higher`]; once it is linked, the lowest semidominator from here up to the
    /// ancestor, which is not included.
    pub label: u32,
}

/// Numbers all nodes: first what the root reaches, then what hangs on nodes without any retainer, then cycles that nothing
/// reaches; these hang on the root and retain nothing.
pub(super) fn search(graph: &FlowGraph<'_>, room: Room, task: &Task) -> Result<Search, HeapError> {
    let count = graph.first_edges.len() - 1;
    let Room { numbers, order, links, lowest, higher } = room;
    let found = Search { order, links, lowest, higher, spare: Vec::new() };
    let mut searcher = Searcher { graph, visited: BitVec::new(count), numbers, found };
    searcher.visit(0, task)?;
    let unreached = searcher.visited.clear_bits(count);
    let orphans: Vec<usize> = unreached.filter(|&node| graph.retainers.is_zero(node)).collect();
    orphans.into_iter().try_for_each(|node| searcher.visit(node as u32, task))?;
    let visited = std::mem::take(&mut searcher.visited);
    for node in visited.clear_bits(count) {
        searcher.number(node as u32, 0);
    }
    Ok(Search { spare: searcher.numbers, ..searcher.found })
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
        self.found.links.push(Link { ancestor: parent, label: 0 });
        self.found.lowest.push(parent);
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
        let parent = self.found.links[number as usize].ancestor;
        if number <= target {
            self.add_lower(target, number);
        } else if shared > target {
            self.add_higher(target, shared);
        } else if shared != number && parent <= target {
            self.add_lower(target, parent);
        } else {
            self.add_higher(target, number);
        }
    }

    fn add_lower(&mut self, target: u32, source: u32) {
        let lowest = &mut self.found.lowest[target as usize];
        *lowest = source.min(*lowest);
    }

    fn add_higher(&mut self, target: u32, source: u32) {
        self.found.higher.add(&mut self.found.links[target as usize].label, source);
    }
}
