//! The dominator tree, by the Semi-NCA algorithm.
//!
//! Loukas Georgiadis, *Linear-Time Algorithms for Dominators and Related Problems*, PhD thesis, Princeton 2005,
//! section 2.2.3: semidominators as in Lengauer and Tarjan's simple algorithm, then each immediate dominator is
//! the nearest common ancestor, in the tree built so far, of the node's parent and its semidominator. Everything is
//! iterative: a linked list of a million objects is one deep path.
//!
//! The result equals DevTools' (which runs Lengauer-Tarjan), nodes out of reach included: a node without any
//! essential retainer hangs below the root, and so does every node of a cycle that nothing reaches.

use super::bits::BitVec;
use super::memory::{filled, with_room};

/// Not numbered yet, or no such node.
const NONE: u32 = u32::MAX;

/// A directed graph whose edges are grouped by source.
pub(super) struct FlowGraph<'a> {
    /// Index of each node's first edge; one more entry than nodes. Node 0 is the root.
    pub first_edges: &'a [u32],
    /// The node each edge points to.
    pub targets: &'a [u32],
    /// Which edges count.
    pub essential: &'a BitVec,
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
    /// Computes the tree. Temporary memory: about 28 bytes a node, and 12 for each edge against the search's order.
    pub fn of(graph: &FlowGraph<'_>) -> Self {
        let Search { numbers, order, parents, lowest, crossing } = Search::run(graph);
        drop(numbers);
        let semi = semidominators(&parents, lowest, &Retainers::of(crossing, order.len()));
        // Nearest common ancestor of parent and semidominator; numbers grow away from the root.
        let mut by_number = parents;
        for w in 1..by_number.len() {
            let mut dominator = by_number[w];
            while dominator > semi[w] {
                dominator = by_number[dominator as usize];
            }
            by_number[w] = dominator;
        }
        drop(semi);
        let mut dominators = filled(0, order.len());
        for (&node, &dominator) in order.iter().zip(&by_number) {
            dominators[node as usize] = order[dominator as usize];
        }
        Self { dominators, order }
    }
}

/// Depth-first numbering.
struct Search {
    /// Number of each node.
    numbers: Vec<u32>,
    /// Node of each number.
    order: Vec<u32>,
    /// Number of each number's parent in the search tree; the root's is 0.
    parents: Vec<u32>,
    /// The lowest number that retains each number, at most the parent. Lower numbers are their own best labels, so of
    /// them only the lowest matters.
    lowest: Vec<u32>,
    /// Edges from a higher to a lower number: target and source.
    crossing: Vec<(u32, u32)>,
}

impl Search {
    fn run(graph: &FlowGraph<'_>) -> Self {
        let count = graph.first_edges.len() - 1;
        let mut search = Self {
            numbers: filled(NONE, count),
            order: with_room(count),
            parents: with_room(count),
            lowest: with_room(count),
            crossing: Vec::new(),
        };
        search.visit(graph, 0);
        if search.order.len() < count {
            search.visit_orphans(graph);
        }
        // What is left are cycles that nothing reaches: they hang on the root and retain nothing.
        for node in 0..count as u32 {
            if search.numbers[node as usize] == NONE {
                search.number(node, 0);
            }
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
            if self.numbers[node] == NONE && !retained.get(node) {
                self.visit(graph, node as u32);
            }
        }
    }

    fn number(&mut self, node: u32, parent: u32) -> u32 {
        let number = self.order.len() as u32;
        self.numbers[node as usize] = number;
        self.order.push(node);
        self.parents.push(parent);
        self.lowest.push(parent);
        number
    }

    fn visit(&mut self, graph: &FlowGraph<'_>, start: u32) {
        let edges = |node: u32| (graph.first_edges[node as usize], graph.first_edges[node as usize + 1]);
        // Numbers on the path, each with the edges not followed yet.
        let mut path = vec![(self.number(start, 0), edges(start))];
        while let Some((source, (next, end))) = path.last_mut() {
            if *next == *end {
                path.pop();
                continue;
            }
            let (source, edge) = (*source, *next as usize);
            *next += 1;
            if !graph.essential.get(edge) {
                continue;
            }
            let node = graph.targets[edge];
            match self.numbers[node as usize] {
                NONE => path.push((self.number(node, source), edges(node))),
                target if target < source => self.crossing.push((target, source)),
                target => self.lowest[target as usize] = self.lowest[target as usize].min(source),
            }
        }
    }
}

/// For each number the higher numbers that retain it.
struct Retainers {
    first: Vec<u32>,
    sources: Vec<u32>,
}

impl Retainers {
    fn of(edges: Vec<(u32, u32)>, count: usize) -> Self {
        let mut first = filled(0u32, count + 1);
        for &(target, _) in &edges {
            first[target as usize + 1] += 1;
        }
        for number in 0..count {
            first[number + 1] += first[number];
        }
        let mut sources = filled(0u32, edges.len());
        // Fills each group from its start, moving `first` to its end, which is the next group's start.
        for (target, source) in edges {
            let slot = &mut first[target as usize];
            sources[*slot as usize] = source;
            *slot += 1;
        }
        first.rotate_right(1);
        first[0] = 0;
        Self { first, sources }
    }

    fn get(&self, number: usize) -> &[u32] {
        &self.sources[self.first[number] as usize..self.first[number + 1] as usize]
    }
}

/// The semidominator of each number; `semi` comes with the lowest direct retainers.
fn semidominators(parents: &[u32], mut semi: Vec<u32>, retainers: &Retainers) -> Vec<u32> {
    let mut forest = Forest::new(parents);
    for w in (1..parents.len()).rev() {
        for &v in retainers.get(w) {
            semi[w] = semi[w].min(forest.evaluate(v, w as u32));
        }
        forest.links[w].lowest = semi[w];
    }
    semi
}

/// The linked part of the search tree: numbers above the current one.
struct Forest {
    links: Vec<Link>,
    path: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Link {
    /// The parent, or a higher node up to which the path is summed up.
    ancestor: u32,
    /// The lowest semidominator from here up to the ancestor, which is not included.
    lowest: u32,
}

impl Forest {
    fn new(parents: &[u32]) -> Self {
        let mut links = with_room(parents.len());
        links.extend(parents.iter().map(|&ancestor| Link { ancestor, lowest: 0 }));
        Self { links, path: Vec::new() }
    }

    /// The lowest semidominator on the path from `v` up to the linked tree's root. `current` is being processed: what
    /// is numbered at or below it is not linked yet.
    fn evaluate(&mut self, v: u32, current: u32) -> u32 {
        let mut node = v;
        let mut link = self.links[node as usize];
        while link.ancestor > current {
            self.path.push(node);
            node = link.ancestor;
            link = self.links[node as usize];
        }
        // Path compression: all below are summed up to the same ancestor.
        while let Some(below) = self.path.pop() {
            link.lowest = link.lowest.min(self.links[below as usize].lowest);
            self.links[below as usize] = link;
        }
        link.lowest
    }
}
