//! The dominator tree, by the Semi-NCA algorithm.
//!
//! Loukas Georgiadis, *Linear-Time Algorithms for Dominators and Related Problems*, PhD thesis, Princeton 2005,
//! section 2.2.3: semidominators as in Lengauer and Tarjan's simple algorithm, then each immediate dominator is
//! the nearest common ancestor, in the tree built so far, of the node's parent and its semidominator. Everything is
//! iterative: a linked list of a million objects is one deep path.
//!
//! The result equals DevTools' (which runs Lengauer-Tarjan), nodes out of reach included: a node without any
//! essential retainer hangs below the root, and so does every node of a cycle that nothing reaches.

use std::ops::Range;

use super::bits::BitVec;
use super::memory::{with_room, zeroed};
use super::table::{on_threads, threads_for};

/// The number of an edge that does not count.
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

impl FlowGraph<'_> {
    fn edges(&self, node: u32) -> Range<usize> {
        self.first_edges[node as usize] as usize..self.first_edges[node as usize + 1] as usize
    }
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
    /// Computes the tree. Temporary memory: about 28 bytes a node and 4 an edge, and 4 for each edge against the search's
    /// order.
    pub fn of(graph: &FlowGraph<'_>) -> Self {
        let Search { numbers, order, parents, .. } = Search::run(graph);
        let retainers = Retainers::of(graph, &numbers, &parents);
        drop(numbers);
        let semi = semidominators(&parents, retainers);
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
        let mut dominators = zeroed(order.len());
        for (&node, &dominator) in order.iter().zip(&by_number) {
            dominators[node as usize] = order[dominator as usize];
        }
        Self { dominators, order }
    }
}

/// Depth-first numbering.
struct Search {
    visited: BitVec,
    /// Number of each node.
    numbers: Vec<u32>,
    /// Node of each number.
    order: Vec<u32>,
    /// Number of each number's parent in the search tree; the root's is 0.
    parents: Vec<u32>,
}

impl Search {
    fn run(graph: &FlowGraph<'_>) -> Self {
        let count = graph.first_edges.len() - 1;
        let mut search = Self {
            visited: BitVec::new(count),
            numbers: zeroed(count),
            order: with_room(count),
            parents: with_room(count),
        };
        search.visit(graph, 0);
        if search.order.len() < count {
            search.visit_orphans(graph);
        }
        // What is left are cycles that nothing reaches: they hang on the root and retain nothing.
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
        // The node being visited, with the edges not followed yet; those above it on the path wait on the stack.
        let mut source = self.number(start, 0);
        let mut edges = graph.edges(start);
        let mut path = Vec::new();
        loop {
            let found = edges
                .find(|&edge| graph.essential.get(edge) && self.visited.insert(graph.targets[edge] as usize));
            match found {
                Some(edge) => {
                    let node = graph.targets[edge];
                    let number = self.number(node, source);
                    let below = graph.edges(node);
                    if !below.is_empty() {
                        path.push((source, std::mem::replace(&mut edges, below)));
                        source = number;
                    }
                }
                None => match path.pop() {
                    Some(above) => (source, edges) = above,
                    None => return,
                },
            }
        }
    }
}

/// What retains each number: the lowest lower number, and all higher ones.
struct Retainers {
    /// At most the parent. Lower numbers are their own best labels, so of them only the lowest matters.
    lowest: Vec<u32>,
    /// Where each number's retainers begin in `sources`.
    first: Vec<u32>,
    sources: Vec<u32>,
}

impl Retainers {
    fn of(graph: &FlowGraph<'_>, numbers: &[u32], parents: &[u32]) -> Self {
        let targets = numbered_targets(graph, numbers);
        let edges = NumberedEdges { graph, numbers, targets: &targets };
        let mut lowest: Vec<u32> = with_room(numbers.len());
        lowest.extend_from_slice(parents);
        let mut first: Vec<u32> = zeroed(numbers.len() + 1);
        // Each thread takes the targets of a range, so that no two write to one place.
        let part = numbers.len().div_ceil(threads_for(targets.len())).max(1);
        let parts: Vec<_> =
            (0..).step_by(part).zip(first[1..].chunks_mut(part)).zip(lowest.chunks_mut(part)).collect();
        on_threads(parts.into_iter(), |((start, counts), lowest)| edges.count(start, counts, lowest));
        for number in 0..numbers.len() {
            first[number + 1] += first[number];
        }
        let mut sources = zeroed(first[numbers.len()] as usize);
        let parts = parts_of_sources(&mut first, &mut sources, part);
        on_threads(parts.into_iter(), |(start, first, sources)| edges.fill(start, first, sources));
        // Filling moved `first` to each group's end, which is the next group's start.
        first.rotate_right(1);
        first[0] = 0;
        Self { lowest, first, sources }
    }

    fn get(&self, number: usize) -> &[u32] {
        &self.sources[self.first[number] as usize..self.first[number + 1] as usize]
    }
}

/// The target's number of each edge that counts, [`NONE`] for the others.
fn numbered_targets(graph: &FlowGraph<'_>, numbers: &[u32]) -> Vec<u32> {
    let count = graph.targets.len();
    let mut numbered = zeroed(count);
    let part = count.div_ceil(threads_for(count)).max(1);
    let parts: Vec<_> = numbered.chunks_mut(part).enumerate().collect();
    on_threads(parts.into_iter(), |(at, numbered)| {
        for (edge, slot) in (at * part..).zip(numbered) {
            *slot = if graph.essential.get(edge) { numbers[graph.targets[edge] as usize] } else { NONE };
        }
    });
    numbered
}

struct NumberedEdges<'a> {
    graph: &'a FlowGraph<'a>,
    numbers: &'a [u32],
    targets: &'a [u32],
}

impl NumberedEdges<'_> {
    /// For the numbers from `start` on: counts the higher sources and finds the lowest source of each.
    fn count(&self, start: u32, counts: &mut [u32], lowest: &mut [u32]) {
        self.each(start, counts.len(), |source, target, slot| {
            if target < source {
                counts[slot] += 1;
            } else if lowest[slot] > source {
                lowest[slot] = source;
            }
        });
    }

    /// For the numbers from `start` on: writes the higher sources of each to where its group begins in `sources`, and
    /// moves that on.
    fn fill(&self, start: u32, first: &mut [u32], sources: &mut [u32]) {
        let Some(&before) = first.first() else { return };
        self.each(start, first.len(), |source, target, slot| {
            if target < source {
                sources[(first[slot] - before) as usize] = source;
                first[slot] += 1;
            }
        });
    }

    /// Calls `visit` with source, target and target minus `start` of every edge to the `count` numbers from `start` on.
    #[inline(always)]
    fn each(&self, start: u32, count: usize, mut visit: impl FnMut(u32, u32, usize)) {
        for (node, &source) in self.numbers.iter().enumerate() {
            for &target in &self.targets[self.graph.edges(node as u32)] {
                let slot = target.wrapping_sub(start) as usize;
                if slot < count {
                    visit(source, target, slot);
                }
            }
        }
    }
}

/// Cuts `first` into parts of so many numbers, and `sources` where they begin; each part with its first number.
fn parts_of_sources<'a>(
    first: &'a mut [u32],
    mut sources: &'a mut [u32],
    part: usize,
) -> Vec<(u32, &'a mut [u32], &'a mut [u32])> {
    let numbers = first.len() - 1;
    let ends: Vec<u32> = (part..numbers).step_by(part).chain([numbers]).map(|end| first[end]).collect();
    let mut begin = 0;
    let starts = (0..numbers as u32).step_by(part);
    starts
        .zip(first[..numbers].chunks_mut(part))
        .zip(ends)
        .map(|((start, first), end)| {
            let (head, tail) = std::mem::take(&mut sources).split_at_mut((end - begin) as usize);
            (begin, sources) = (end, tail);
            (start, first, head)
        })
        .collect()
}

/// The semidominator of each number.
fn semidominators(parents: &[u32], retainers: Retainers) -> Vec<u32> {
    let mut forest = Forest::new(parents);
    let mut semi = retainers.lowest.clone();
    for w in (1..parents.len()).rev() {
        let mut lowest = semi[w];
        // The highest numbers first: they are likely below another child of the root, which ends the search.
        for &v in retainers.get(w).iter().rev() {
            if lowest == 0 {
                break;
            }
            lowest = lowest.min(forest.evaluate(v, w as u32));
        }
        semi[w] = lowest;
        forest.links[w].lowest = lowest;
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
