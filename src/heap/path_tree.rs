//! Ways from the root to a node, as edges: the most readable one, and those beside it.

use std::collections::HashSet;

use super::bits::BitVec;
use super::costs::{EdgeCosts, MAX_COST};
use super::graph::Graph;
use super::types::{EdgeIndex, NodeIndex};

/// Retainers of one node looked at when searching for further paths.
const MAX_RETAINERS: usize = 4096;

const UNREACHED: u32 = u32::MAX;

/// The most readable path from the root to every node: a tree of edges.
#[derive(Debug, Default)]
pub(super) struct PathTree {
    /// The edge that leads to each node; [`UNREACHED`] for the root and what nothing holds.
    edges: Vec<u32>,
    costs: Vec<u32>,
}

impl PathTree {
    /// Dijkstra's algorithm with one bucket per cost (Dial 1969); linear in edges.
    pub fn of(graph: &Graph) -> Self {
        let count = graph.node_count();
        let mut tree = Self { edges: vec![UNREACHED; count], costs: vec![UNREACHED; count] };
        let mut edge_costs = EdgeCosts::new(graph);
        let mut done = BitVec::new(count);
        let mut buckets: Vec<Vec<u32>> = vec![Vec::new(); MAX_COST as usize + 1];
        let (mut cost, mut waiting) = (0u32, 1usize);
        tree.costs[0] = 0;
        buckets[0].push(0);
        while waiting > 0 {
            let bucket = cost as usize % buckets.len();
            let Some(node) = buckets[bucket].pop() else {
                cost += 1;
                continue;
            };
            waiting -= 1;
            if !done.insert(node as usize) {
                continue;
            }
            let node = NodeIndex(node);
            for edge in graph.edges(node).filter(|&edge| graph.is_essential(edge)) {
                let target = graph.edge_target(edge);
                let through = cost + edge_costs.of(node, edge);
                if through < tree.costs[target.at()] {
                    tree.costs[target.at()] = through;
                    tree.edges[target.at()] = edge.0;
                    buckets[through as usize % (MAX_COST as usize + 1)].push(target.0);
                    waiting += 1;
                }
            }
        }
        tree
    }

    /// Edges from the root to the node; `None` when nothing holds it.
    pub fn path(&self, graph: &Graph, node: NodeIndex) -> Option<Vec<EdgeIndex>> {
        let mut path = Vec::new();
        let mut node = node;
        while node != graph.root() {
            let edge = EdgeIndex(Some(self.edges[node.at()]).filter(|&edge| edge != UNREACHED)?);
            path.push(edge);
            node = graph.edge_source(edge);
        }
        path.reverse();
        Some(path)
    }

    /// Paths that reach some node of `best` by another of its retainers and go on as `best` does, cheapest first.
    pub fn detours(&self, graph: &Graph, best: &[EdgeIndex]) -> impl Iterator<Item = Vec<EdgeIndex>> {
        let mut costs = EdgeCosts::new(graph);
        let mut found = Vec::new();
        for (at, &edge) in best.iter().enumerate().rev() {
            let node = graph.edge_target(edge);
            for other in graph.retainers(node).take(MAX_RETAINERS).filter(|&other| other != edge) {
                let source = graph.edge_source(other);
                let holds = graph.is_essential(other) && self.costs[source.at()] != UNREACHED;
                if holds && source != graph.edge_source(edge) && !is_backing_store(graph, source) {
                    let cost = i64::from(self.costs[source.at()] + costs.of(source, other));
                    found.push((cost - i64::from(self.costs[node.at()]), best.len() - at, other));
                }
            }
        }
        found.sort_unstable();
        found.into_iter().filter_map(move |(_, behind, other)| {
            let mut path = self.path(graph, graph.edge_source(other))?;
            path.push(other);
            path.extend(&best[best.len() - behind + 1..]);
            visits_once(graph, &path).then_some(path)
        })
    }
}

/// What an object keeps its properties and elements in; the object has edges of its own to all of them.
fn is_backing_store(graph: &Graph, node: NodeIndex) -> bool {
    let name = graph.raw_name(node);
    matches!(name, b"(object elements)" | b"(object properties)" | b"system / PropertyArray")
}

fn visits_once(graph: &Graph, path: &[EdgeIndex]) -> bool {
    let mut seen = HashSet::new();
    path.iter().all(|&edge| seen.insert(graph.edge_target(edge)))
}
