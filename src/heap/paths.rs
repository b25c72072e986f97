//! Retainer paths: why an object is still alive, from the root down to it.

use std::collections::HashSet;

use super::bits::BitVec;
use super::costs::{EdgeCosts, MAX_COST};
use super::graph::HeapGraph;
use super::holds::{Hold, hold_of};
use super::types::{EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// One edge of a retainer path and the node it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The edge.
    pub edge: EdgeIndex,
    /// How it refers.
    pub kind: EdgeKind,
    /// Its label: property, variable, index, V8's own name.
    pub edge_name: String,
    /// What the edge means to the program.
    pub hold: Hold,
    /// The node it leads to.
    pub node: NodeIndex,
    /// What that node is.
    pub node_type: NodeType,
    /// That node's class.
    pub class_name: String,
}

/// A chain of edges that keeps a node alive; the first step leaves the root, the last one leads to the node.
pub type RetainerPath = Vec<Step>;

/// Retainers of one node looked at when searching for further paths.
const MAX_RETAINERS: usize = 4096;
/// A longer path (a list's) is told alone: each other way to it would be as long.
const MAX_LENGTH: usize = 1000;
/// Further paths looked at before giving up on finding one that reads differently.
const MAX_DETOURS: usize = 256;

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
    pub fn of(graph: &HeapGraph) -> Self {
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
    fn path(&self, graph: &HeapGraph, node: NodeIndex) -> Option<Vec<EdgeIndex>> {
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
}

/// Up to `limit` different paths to the node, the most readable first; empty when nothing holds it.
pub(super) fn retainer_paths(
    graph: &HeapGraph,
    tree: &PathTree,
    node: NodeIndex,
    limit: usize,
) -> Vec<RetainerPath> {
    let Some(best) = tree.path(graph, node) else { return Vec::new() };
    if limit == 1 || best.len() > MAX_LENGTH {
        return vec![best.into_iter().map(|edge| step(graph, edge)).collect()];
    }
    let detours = detours(graph, tree, &best);
    let mut seen = HashSet::new();
    let mut paths = Vec::new();
    for edges in std::iter::once(best.clone()).chain(detours.take(MAX_DETOURS)) {
        if paths.len() == limit {
            break;
        }
        let path: RetainerPath = edges.iter().map(|&edge| step(graph, edge)).collect();
        if seen.insert(told(&path)) {
            paths.push(path);
        }
    }
    paths
}

/// Paths that reach some node of `best` by another of its retainers and go on as `best` does, cheapest first.
fn detours(graph: &HeapGraph, tree: &PathTree, best: &[EdgeIndex]) -> impl Iterator<Item = Vec<EdgeIndex>> {
    let mut costs = EdgeCosts::new(graph);
    let mut found = Vec::new();
    for (at, &edge) in best.iter().enumerate().rev() {
        let node = graph.edge_target(edge);
        for other in graph.retainers(node).take(MAX_RETAINERS).filter(|&other| other != edge) {
            let source = graph.edge_source(other);
            let holds = graph.is_essential(other) && tree.costs[source.at()] != UNREACHED;
            if holds && source != graph.edge_source(edge) && !is_backing_store(graph, source) {
                let cost = i64::from(tree.costs[source.at()] + costs.of(source, other));
                found.push((cost - i64::from(tree.costs[node.at()]), best.len() - at, other));
            }
        }
    }
    found.sort_unstable();
    found.into_iter().filter_map(move |(_, behind, other)| {
        let mut path = tree.path(graph, graph.edge_source(other))?;
        path.push(other);
        path.extend(&best[best.len() - behind + 1..]);
        visits_once(graph, &path).then_some(path)
    })
}

/// What an object keeps its properties and elements in; the object has edges of its own to all of them.
fn is_backing_store(graph: &HeapGraph, node: NodeIndex) -> bool {
    let name = graph.raw_name(node);
    matches!(name, b"(object elements)" | b"(object properties)" | b"system / PropertyArray")
}

fn visits_once(graph: &HeapGraph, path: &[EdgeIndex]) -> bool {
    let mut seen = HashSet::new();
    path.iter().all(|&edge| seen.insert(graph.edge_target(edge)))
}

fn step(graph: &HeapGraph, edge: EdgeIndex) -> Step {
    let node = graph.edge_target(edge);
    Step {
        edge,
        kind: graph.edge_kind(edge),
        edge_name: graph.edge_name(edge).to_string(),
        hold: hold_of(graph, edge),
        node,
        node_type: graph.node_type(node),
        class_name: graph.class_name(node).to_owned(),
    }
}

/// Where the part of the path begins that belongs to the program: the last step that names a file of its own (a
/// module's variable, an export), else the first one behind Node's own code, else 0.
pub fn program_part(path: &[Step]) -> usize {
    let names_file = |step: &Step| match &step.hold {
        Hold::Export(_) | Hold::ModuleExports(_) => true,
        Hold::Variable(scope) => scope.is_module && is_program_file(scope.file.as_deref()),
        _ => false,
    };
    let behind_node = |step: &Step| match &step.hold {
        Hold::Variable(scope) => is_program_file(scope.file.as_deref()),
        _ => false,
    };
    path.iter().rposition(names_file).or_else(|| path.iter().position(behind_node)).unwrap_or(0)
}

fn is_program_file(file: Option<&str>) -> bool {
    file.is_some_and(|file| !file.starts_with("node:"))
}

/// What a person would read of the path: two paths that differ only in Node's or V8's internals, or in an index, are
/// one.
fn told(path: &RetainerPath) -> Vec<(String, String)> {
    let visible = path[program_part(path)..].iter().filter(|step| step.hold.is_visible());
    visible.map(|step| (label(step), step.class_name.clone())).collect()
}

fn label(step: &Step) -> String {
    match step.hold {
        Hold::Element | Hold::MapKey | Hold::MapValue | Hold::SetMember | Hold::WeakMapValue => String::new(),
        _ => step.edge_name.clone(),
    }
}
