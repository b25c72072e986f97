//! How readable each edge makes a retainer path: lower is better.
//!
//! The cheapest path is the one a person would tell: global objects, modules, variables, properties, elements.
//! Hidden classes, prototypes, compiled code and V8's roots are ways around what the program wrote.

use super::graph::Graph;
use super::types::{EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// No edge costs more; the path search keeps one bucket per cost.
pub(super) const MAX_COST: u32 = 64;

const STRUCTURE: u32 = 2;
const UNKNOWN_INTERNAL: u32 = 8;
const HIDDEN: u32 = 10;
const PROTOTYPE: u32 = 16;
const BOOKKEEPING: u32 = 24;
const SYNTHETIC: u32 = 48;

/// Costs of edge names, computed once per string.
pub(super) struct EdgeCosts<'a> {
    graph: &'a Graph,
    /// 0: not computed yet.
    internal: Vec<u8>,
    property: Vec<u8>,
}

impl<'a> EdgeCosts<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        let strings = graph.string_count();
        Self { graph, internal: vec![0; strings], property: vec![0; strings] }
    }

    /// Cost of following the edge from `source`.
    pub fn of(&mut self, source: NodeIndex, edge: EdgeIndex) -> u32 {
        let kind = self.graph.edge_kind(edge);
        let named = match kind {
            EdgeKind::Context | EdgeKind::Element => STRUCTURE,
            EdgeKind::Property => self.named(edge, true),
            EdgeKind::Internal => self.named(edge, false),
            EdgeKind::Shortcut => 1,
            EdgeKind::Hidden | EdgeKind::Invisible | EdgeKind::Weak => HIDDEN,
        };
        let from = match self.graph.node_type(source) {
            NodeType::Synthetic if kind != EdgeKind::Shortcut => SYNTHETIC,
            NodeType::Code | NodeType::ObjectShape => BOOKKEEPING,
            NodeType::Hidden => 4,
            _ => 0,
        };
        named.max(from)
    }

    fn named(&mut self, edge: EdgeIndex, property: bool) -> u32 {
        let name = self.graph.edge_string(edge) as usize;
        let known = if property { &mut self.property[name] } else { &mut self.internal[name] };
        if *known == 0 {
            let text = self.graph.raw_edge_name(edge).unwrap_or_default();
            *known = if property { property_cost(text) } else { internal_cost(text) } as u8;
        }
        u32::from(*known)
    }
}

fn property_cost(name: &[u8]) -> u32 {
    match name {
        b"__proto__" | b"prototype" => PROTOTYPE,
        b"constructor" => HIDDEN,
        name if name.starts_with(b"<symbol") => STRUCTURE + 1,
        _ => STRUCTURE,
    }
}

fn internal_cost(name: &[u8]) -> u32 {
    match name {
        b"table" | b"elements" | b"context" | b"value" | b"first" | b"second" | b"parent"
        | b"backing_store" | b"buffer" => STRUCTURE,
        b"bound_function" | b"bound_this" | b"bound_arguments" | b"bound_argument" => STRUCTURE,
        b"extension" | b"previous" => 5,
        b"map" | b"prototype" | b"prototype_info" | b"shared" | b"code" | b"feedback_cell"
        | b"scope_info" | b"initial_map" | b"constructor" | b"native_context" | b"descriptors"
        | b"transitions" => BOOKKEEPING,
        name if !name.is_empty() && name.iter().all(u8::is_ascii_digit) => STRUCTURE,
        // One end of a WeakMap entry.
        name if name.first().is_some_and(u8::is_ascii_digit) => 4,
        _ => UNKNOWN_INTERNAL,
    }
}
