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

/// Not numbered yet, or no such node.
const NONE: u32 = u32::MAX;

/// A directed graph whose edges are grouped by source.
pub struct FlowGraph<'a> {
    /// Index of each node's first edge; one more entry than nodes. Node 0 is the root.
    pub first_edges: &'a [u32],
    /// The node each edge points to.
    pub targets: &'a [u32],
    /// Which edges count.
    pub essential: &'a BitVec,
}

impl FlowGraph<'_> {
    fn essential_edges(&self, node: u32) -> impl Iterator<Item = usize> {
        let node = node as usize;
        (self.first_edges[node] as usize..self.first_edges[node + 1] as usize)
            .filter(|&edge| self.essential.get(edge))
    }
}

/// The dominator tree of a [`FlowGraph`].
#[derive(Debug, Default)]
pub struct DominatorTree {
    /// The immediate dominator of each node; the root's is the root.
    pub dominators: Vec<u32>,
    /// All nodes, dominators before what they dominate.
    pub order: Vec<u32>,
}

impl DominatorTree {
    /// Computes the tree. Temporary memory: about 28 bytes a node, and 4 for each edge against the search's order.
    pub fn of(graph: &FlowGraph<'_>) -> Self {
        let search = Search::run(graph);
        let predecessors = Predecessors::of(graph, &search);
        let Search { mut numbers, order, mut parents, .. } = search;
        let semi = semidominators(predecessors, &parents);
        // Nearest common ancestor of parent and semidominator; numbers grow away from the root.
        for w in 1..parents.len() {
            let mut dominator = parents[w];
            while dominator > semi[w] {
                dominator = parents[dominator as usize];
            }
            parents[w] = dominator;
        }
        for (number, &dominator) in parents.iter().enumerate() {
            numbers[order[number] as usize] = order[dominator as usize];
        }
        Self { dominators: numbers, order }
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
    /// How many numbers a search reached; the ones behind are cycles that nothing reaches.
    reached: usize,
}

impl Search {
    fn run(graph: &FlowGraph<'_>) -> Self {
        let count = graph.first_edges.len() - 1;
        let (numbers, order, parents) =
            (vec![NONE; count], Vec::with_capacity(count), Vec::with_capacity(count));
        let mut search = Self { numbers, order, parents, reached: count };
        search.visit(graph, 0);
        if search.order.len() < count {
            search.visit_orphans(graph);
        }
        search.reached = search.order.len();
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
        for node in 0..count as u32 {
            for edge in graph.essential_edges(node) {
                retained.set(graph.targets[edge] as usize);
            }
        }
        for node in 0..count {
            if self.numbers[node] == NONE && !retained.get(node) {
                self.visit(graph, node as u32);
            }
        }
    }

    /// Calls `visit` with the numbers of every essential edge's source and target, sources ascending.
    fn for_each_edge(&self, graph: &FlowGraph<'_>, mut visit: impl FnMut(u32, u32)) {
        for (source, &node) in self.order[..self.reached].iter().enumerate() {
            for edge in graph.essential_edges(node) {
                visit(source as u32, self.numbers[graph.targets[edge] as usize]);
            }
        }
    }

    fn number(&mut self, node: u32, parent: u32) {
        self.numbers[node as usize] = self.order.len() as u32;
        self.order.push(node);
        self.parents.push(parent);
    }

    fn visit(&mut self, graph: &FlowGraph<'_>, start: u32) {
        // Nodes on the path, each with its next edge.
        let mut path = vec![(start, graph.first_edges[start as usize])];
        self.number(start, 0);
        while let Some((node, next)) = path.last_mut() {
            let number = self.numbers[*node as usize];
            let end = graph.first_edges[*node as usize + 1];
            let mut found = None;
            while *next < end {
                let edge = *next as usize;
                *next += 1;
                let target = graph.targets[edge];
                if graph.essential.get(edge) && self.numbers[target as usize] == NONE {
                    found = Some(target);
                    break;
                }
            }
            match found {
                Some(target) => {
                    self.number(target, number);
                    path.push((target, graph.first_edges[target as usize]));
                }
                None => {
                    path.pop();
                }
            }
        }
    }
}

/// What retains each number. Nodes out of reach retain nothing.
struct Predecessors {
    /// The lowest number that retains each number, at most the parent. Lower numbers are their own best labels, so of
    /// them only the lowest matters.
    lowest: Vec<u32>,
    /// Higher numbers, grouped by the number they retain.
    first: Vec<u32>,
    higher: Vec<u32>,
}

impl Predecessors {
    fn of(graph: &FlowGraph<'_>, search: &Search) -> Self {
        let count = search.numbers.len();
        let mut lowest = search.parents.clone();
        let mut first = vec![0u32; count + 1];
        search.for_each_edge(graph, |source, target| {
            if source > target {
                first[target as usize + 1] += 1;
            } else if source < lowest[target as usize] {
                lowest[target as usize] = source;
            }
        });
        for number in 0..count {
            first[number + 1] += first[number];
        }
        let mut higher = vec![0u32; first[count] as usize];
        // Fills each group from its start, moving `first` to its end …
        search.for_each_edge(graph, |source, target| {
            if source > target {
                let slot = &mut first[target as usize];
                higher[*slot as usize] = source;
                *slot += 1;
            }
        });
        // … which is the next group's start.
        first.rotate_right(1);
        first[0] = 0;
        Self { lowest, first, higher }
    }
}

/// The semidominator of each number.
fn semidominators(predecessors: Predecessors, parents: &[u32]) -> Vec<u32> {
    let Predecessors { lowest: mut semi, first, higher } = predecessors;
    let count = parents.len();
    let mut forest =
        Forest { ancestors: parents.to_vec(), labels: (0..count as u32).collect(), path: Vec::new() };
    for w in (1..count).rev() {
        for &v in &higher[first[w] as usize..first[w + 1] as usize] {
            let label = forest.evaluate(v, w as u32, &semi);
            semi[w] = semi[w].min(semi[label as usize]);
        }
    }
    semi
}

/// The linked part of the search tree: nodes numbered above the current one.
struct Forest {
    ancestors: Vec<u32>,
    labels: Vec<u32>,
    path: Vec<u32>,
}

impl Forest {
    /// The label with the lowest semidominator on the path from `v` up to the linked tree's root. `current` is the
    /// node being processed: what is numbered at or below it is not linked yet.
    fn evaluate(&mut self, v: u32, current: u32, semi: &[u32]) -> u32 {
        let mut node = v;
        while self.ancestors[node as usize] > current {
            self.path.push(node);
            node = self.ancestors[node as usize];
        }
        // `node` is the topmost linked node: its own label is final.
        let mut best = self.labels[node as usize];
        let top = self.ancestors[node as usize];
        while let Some(below) = self.path.pop() {
            let label = self.labels[below as usize];
            if semi[label as usize] < semi[best as usize] {
                best = label;
            } else {
                self.labels[below as usize] = best;
            }
            self.ancestors[below as usize] = top;
        }
        best
    }
}
