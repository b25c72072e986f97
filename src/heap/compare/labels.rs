//! What a node is called below its dominator: the edge, the type, and the class where the type has one.

use foldhash::{HashMap, HashMapExt};

use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// An object with more properties is a dictionary: its keys are data, not names.
const DICTIONARY: usize = 64;

/// What one level of a signature is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Level {
    /// The edge from the dominator, `[]` for elements, entries and keys; empty when there is no direct edge.
    pub edge: String,
    /// Constructor, function name or type.
    pub class: String,
    /// What the nodes are.
    pub kind: NodeType,
}

impl Level {
    /// The scope of a module.
    pub fn of_module(file: &str, kind: NodeType) -> Self {
        Self { edge: format!("module {file}"), class: "system / Context".to_owned(), kind }
    }
}

/// The edge that names each node below its dominator, within one snapshot.
pub(super) struct Labels {
    /// By node: the edge's string, [`Labels::ENTRY`] or [`Labels::NONE`].
    edges: Vec<u32>,
    /// Edge, type and name to a number within this snapshot.
    locals: HashMap<(u32, u8, u32), u32>,
    /// By that number: the level, once known.
    pub levels: Vec<Option<u32>>,
}

impl Labels {
    const NONE: u32 = u32::MAX;
    const ENTRY: u32 = u32::MAX - 1;

    pub fn of(graph: &HeapGraph) -> Self {
        let mut edges = vec![Self::NONE; graph.node_count()];
        for node in graph.nodes() {
            let properties = graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Property);
            let is_dictionary = properties.take(DICTIONARY + 1).count() > DICTIONARY;
            for edge in graph.edges(node).filter(|&edge| graph.is_essential(edge)) {
                let target = graph.edge_target(edge);
                if edges[target.at()] == Self::NONE && graph.dominator(target) == Some(node) {
                    edges[target.at()] = Self::label(graph, edge, is_dictionary);
                }
            }
        }
        Self { edges, locals: HashMap::new(), levels: Vec::new() }
    }

    fn label(graph: &HeapGraph, edge: EdgeIndex, is_dictionary: bool) -> u32 {
        match graph.edge_kind(edge) {
            EdgeKind::Property if is_dictionary => Self::ENTRY,
            EdgeKind::Property | EdgeKind::Context => graph.edge_string(edge),
            EdgeKind::Internal
                if !graph
                    .raw_edge_name(edge)
                    .is_some_and(|name| name.first().is_none_or(u8::is_ascii_digit)) =>
            {
                graph.edge_string(edge)
            }
            _ => Self::ENTRY,
        }
    }

    /// A number for the edge, the type and the name: what nodes at one place have in common.
    pub fn local(&mut self, graph: &HeapGraph, node: NodeIndex) -> u32 {
        let kind = graph.node_type(node);
        let name = if has_class(kind) { graph.name_string(node) } else { 0 };
        let next = self.levels.len() as u32;
        let local = *self.locals.entry((self.edges[node.at()], kind as u8, name)).or_insert(next);
        if local == next {
            self.levels.push(None);
        }
        local
    }

    pub fn describe(&self, graph: &HeapGraph, node: NodeIndex) -> Level {
        let kind = graph.node_type(node);
        let edge = match self.edges[node.at()] {
            Self::NONE => String::new(),
            Self::ENTRY => "[]".to_owned(),
            string => graph.string(string).into_owned(),
        };
        let class = if has_class(kind) { graph.name(node).into_owned() } else { format!("({kind})") };
        Level { edge, class, kind }
    }
}

/// What V8 makes while a program warms up, and drops again: no program's growth.
pub(super) fn is_compiled(kind: NodeType) -> bool {
    matches!(kind, NodeType::Code | NodeType::ObjectShape)
}

/// True where the name says more than the type; a string's name is its text, of code and arrays it varies.
fn has_class(kind: NodeType) -> bool {
    matches!(kind, NodeType::Object | NodeType::Closure | NodeType::Native | NodeType::Synthetic)
}
