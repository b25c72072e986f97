//! Memory of `ArrayBuffer`s, and so of Node's `Buffer`s: outside V8's heap, kept by objects inside it.

use serde::Serialize;

use super::{describe_path, greatest};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::NodeType;

/// All buffers of a snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Buffers {
    /// How many.
    pub count: u64,
    /// Their memory.
    pub bytes: u64,
    /// The greatest.
    pub biggest: Vec<BufferRow>,
}

/// The memory of one `ArrayBuffer`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BufferRow {
    /// Its size.
    pub bytes: u64,
    /// Object id of the memory's node.
    pub id: u32,
    /// What holds it.
    pub path: String,
}

pub(super) fn buffers(graph: &HeapGraph, top: usize) -> Buffers {
    let is_buffer = |node| graph.raw_name(node) == b"system / JSArrayBufferData";
    let nodes: Vec<_> =
        graph.nodes().filter(|&node| graph.node_type(node) == NodeType::Native && is_buffer(node)).collect();
    let bytes = nodes.iter().map(|&node| graph.self_size(node)).sum();
    let count = nodes.len() as u64;
    let biggest = greatest(nodes, top, |&node| graph.self_size(node));
    let row = |node| BufferRow {
        bytes: graph.self_size(node),
        id: graph.id(node),
        path: describe_path(graph, node),
    };
    Buffers { count, bytes, biggest: biggest.into_iter().map(row).collect() }
}
