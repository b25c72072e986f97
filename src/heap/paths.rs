//! Retainer paths: why an object is still alive, from the root down to it.

use std::collections::HashSet;

use super::heap_graph::HeapGraph;
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

/// A longer path (a list's) is told alone: each other way to it would be as long.
const MAX_LENGTH: usize = 1000;
/// Further paths looked at before giving up on finding one that reads differently.
const MAX_DETOURS: usize = 256;

/// Up to `limit` different paths to the node, the most readable first; empty when nothing holds it.
pub(super) fn retainer_paths(graph: &HeapGraph, node: NodeIndex, limit: usize) -> Vec<RetainerPath> {
    let tree = graph.path_tree();
    let Some(best) = tree.path(graph, node) else { return Vec::new() };
    if limit == 1 || best.len() > MAX_LENGTH {
        return vec![best.into_iter().map(|edge| step(graph, edge)).collect()];
    }
    let detours = tree.detours(graph, &best);
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
