//! What an edge means to the program: which variable, property or collection holds.

use super::collections::{self, Slot};
use super::heap_graph::HeapGraph;
use super::modules::{self, ExportedVariable};
use super::scopes::{self, Scope};
use super::types::{EdgeIndex, EdgeKind, NodeType};

/// Why an edge keeps its target alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A global object, from the root.
    Global,
    /// A named property.
    Property,
    /// An array element.
    Element,
    /// A variable of a function, or of a module when [`Scope::is_module`].
    Variable(Scope),
    /// An ES module's exported variable.
    Export(ExportedVariable),
    /// `module.exports` of a CommonJS module; the path of its file.
    ModuleExports(String),
    /// A key of a Map.
    MapKey,
    /// A value of a Map.
    MapValue,
    /// A member of a Set.
    SetMember,
    /// A value of a WeakMap, through its key: alive as long as both key and WeakMap are.
    WeakMapValue,
    /// The variables a function uses.
    Closure,
    /// `this`, the function or an argument kept by `Function.prototype.bind`.
    Bound,
    /// A link of V8's own.
    Internal,
}

impl Hold {
    /// False for links that JavaScript does not show.
    pub fn is_visible(&self) -> bool {
        !matches!(self, Self::Internal | Self::Closure)
    }
}

/// What the edge means.
pub(super) fn hold_of(graph: &HeapGraph, edge: EdgeIndex) -> Hold {
    let source = graph.edge_source(edge);
    let name = graph.raw_edge_name(edge);
    match graph.edge_kind(edge) {
        EdgeKind::Shortcut if source == graph.root() => Hold::Global,
        EdgeKind::Property if name == Some(b"exports") => {
            modules::commonjs_file(graph, source).map_or(Hold::Property, Hold::ModuleExports)
        }
        EdgeKind::Property => Hold::Property,
        EdgeKind::Element => Hold::Element,
        EdgeKind::Hidden if scopes::block_variable(graph, edge).is_none() => Hold::Internal,
        EdgeKind::Context | EdgeKind::Hidden => graph.scope_of(source).map_or(Hold::Internal, Hold::Variable),
        EdgeKind::Internal if graph.is_ephemeron(edge) => Hold::WeakMapValue,
        EdgeKind::Internal => internal_hold(graph, edge, name.unwrap_or_default()),
        _ => Hold::Internal,
    }
}

fn internal_hold(graph: &HeapGraph, edge: EdgeIndex, name: &[u8]) -> Hold {
    match name {
        b"context" if graph.node_type(graph.edge_source(edge)) == NodeType::Closure => Hold::Closure,
        b"value" => modules::exported_variable(graph, edge).map_or(Hold::Internal, Hold::Export),
        name if name.starts_with(b"bound_") => Hold::Bound,
        _ => match collections::slot(graph, edge) {
            Some((_, Slot::Key)) => Hold::MapKey,
            Some((_, Slot::Value)) => Hold::MapValue,
            Some((_, Slot::Member)) => Hold::SetMember,
            None => Hold::Internal,
        },
    }
}
