//! V8 contexts besides the program's own: those of `vm.createContext`, `vm.runInNewContext` and ShadowRealm.
//!
//! Each is a world with built-in objects of its own, half a megabyte or more. One that runs no code any more and yet is
//! kept, by a function or an object that was made in it, is a *detached* context. V8 does not mark them, and in Node the
//! detachedness of a native object only says that its handle is weak: the graph tells that a context is alive, and what
//! holds it.

use serde::Serialize;

use super::{describe_path, greatest};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{NodeIndex, NodeType};

/// Functions looked at for one of Node's own start.
const OWN_START: &str = "node:internal/bootstrap/";
/// Scopes inside each other; a damaged file could close them to a ring.
const MAX_SCOPES: usize = 64;

/// Contexts besides the program's own.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Contexts {
    /// How many contexts.
    pub count: u64,
    /// What they retain.
    pub retained_bytes: u64,
    /// Those that retain most.
    pub biggest: Vec<ContextRow>,
}

/// A context.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContextRow {
    /// Its object id.
    pub id: u32,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// What holds it.
    pub path: String,
}

pub(super) fn contexts(graph: &HeapGraph, top: usize) -> Contexts {
    let own = own_context(graph);
    let is_other = |&node: &NodeIndex| is_native_context(graph, node) && Some(node) != own;
    let nodes: Vec<NodeIndex> = match own {
        Some(_) => graph.nodes().filter(is_other).collect(),
        // Without Node's own start nothing tells which is the program's.
        None => Vec::new(),
    };
    let row = |node| ContextRow {
        id: graph.id(node),
        retained_bytes: graph.retained_size(node),
        path: describe_path(graph, node),
    };
    Contexts {
        count: nodes.len() as u64,
        retained_bytes: nodes.iter().map(|&node| graph.retained_size(node)).sum(),
        biggest: greatest(nodes, top, |&node| graph.retained_size(node)).into_iter().map(row).collect(),
    }
}

fn is_native_context(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.raw_name(node) == b"system / NativeContext" && graph.node_type(node) != NodeType::Code
}

/// The context that Node started in: the outermost scope of its own functions.
fn own_context(graph: &HeapGraph) -> Option<NodeIndex> {
    let is_start = |&node: &NodeIndex| {
        graph.node_type(node) == NodeType::Closure
            && graph
                .script_position(node)
                .and_then(|place| graph.script_file(place.script_id))
                .is_some_and(|file| file.starts_with(OWN_START))
    };
    let start = graph.nodes().find(is_start)?;
    let outer = |&scope: &NodeIndex| graph.internal_target(scope, b"previous");
    let mut scopes = std::iter::successors(graph.internal_target(start, b"context"), outer).take(MAX_SCOPES);
    scopes.find(|&scope| is_native_context(graph, scope))
}
