//! Which file a module object belongs to, for CommonJS and for ES modules.

use super::heap_graph::HeapGraph;
use super::types::{EdgeIndex, NodeIndex, NodeType};

/// The file of a CommonJS `Module` object (its property `filename`); `None` for other nodes.
pub(super) fn commonjs_file(graph: &HeapGraph, node: NodeIndex) -> Option<String> {
    if graph.node_type(node) != NodeType::Object || graph.raw_name(node) != b"Module" {
        return None;
    }
    graph.property_target(node, b"exports")?;
    let file = graph.property_target(node, b"filename")?;
    (graph.node_type(file) == NodeType::String).then(|| graph.name(file).into_owned())
}

/// An ES module's exported variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedVariable {
    /// Path of the module; `None` when no function of it is left to tell.
    pub file: Option<String>,
    /// The name it is exported under; [`RENAMED`] where redaction blanked that.
    pub name: String,
}

/// What stands for a name that V8 has only among the values of strings: it is not the variable's own.
const RENAMED: &str = "(renamed export)";

/// The exported variable behind the edge from a cell to its value. V8 keeps each export in a cell, and a hash table
/// of the module (its first hidden link) has the name in front of the cell.
pub(super) fn exported_variable(graph: &HeapGraph, edge: EdgeIndex) -> Option<ExportedVariable> {
    let cell = graph.edge_source(edge);
    if graph.raw_name(cell) != b"system / Cell" || graph.raw_edge_name(edge) != Some(b"value") {
        return None;
    }
    graph.retainers(cell).take(8).find_map(|edge| {
        let table = graph.edge_source(edge);
        let name = name_in_front(graph, table, edge)?;
        let module = source(graph, table, |node| graph.raw_name(node) == b"system / SourceTextModule")?;
        let context = source(graph, module, |node| graph.internal_target(node, b"extension") == Some(module));
        let file = context.and_then(|context| graph.scope_of(context)).and_then(|scope| scope.file);
        Some(ExportedVariable { file, name })
    })
}

/// The string in the table's slot before the edge's.
fn name_in_front(graph: &HeapGraph, table: NodeIndex, edge: EdgeIndex) -> Option<String> {
    let slot = graph.slot_number(edge)?.checked_sub(1)?;
    let key = graph.edges(table).find(|&edge| graph.slot_number(edge) == Some(slot))?;
    let key = graph.edge_target(key);
    if graph.node_type(key) != NodeType::String {
        return None;
    }
    let name = graph.name(key);
    let is_blank = name.bytes().all(|byte| byte == b'*');
    Some(if is_blank { RENAMED.to_owned() } else { name.into_owned() })
}

/// The first node with an edge to `node` for which `is_it` holds.
fn source(graph: &HeapGraph, node: NodeIndex, is_it: impl Fn(NodeIndex) -> bool) -> Option<NodeIndex> {
    graph.retainers(node).take(16).map(|edge| graph.edge_source(edge)).find(|&node| is_it(node))
}
