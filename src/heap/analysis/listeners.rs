//! Listeners per emitter and event, read from Node's `EventEmitter` (`_events`).

use serde::Serialize;

use super::{describe_path, greatest};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{EdgeKind, EdgeName, NodeIndex, NodeType};

/// Fewer are nobody's leak.
const FEW: usize = 2;

/// The listeners of one event of one emitter.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListenerRow {
    /// Class of the emitter.
    pub emitter: String,
    /// Its object id.
    pub id: u32,
    /// The event.
    pub event: String,
    /// How many listeners.
    pub count: usize,
    /// What holds the emitter.
    pub path: String,
}

pub(super) fn most(graph: &HeapGraph, top: usize) -> Vec<ListenerRow> {
    let mut rows = Vec::new();
    for emitter in graph.nodes().filter(|&node| graph.node_type(node) == NodeType::Object) {
        let Some(events) = graph.property_target(emitter, b"_events") else { continue };
        for edge in graph.edges(events).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Property) {
            let count = listeners(graph, graph.edge_target(edge));
            if count > FEW {
                rows.push((emitter, edge, count));
            }
        }
    }
    greatest(rows, top, |&(_, _, count)| count)
        .into_iter()
        .map(|(emitter, edge, count)| ListenerRow {
            emitter: graph.class_name(emitter).to_owned(),
            id: graph.id(emitter),
            event: match graph.edge_name(edge) {
                EdgeName::Name(name) => name.into_owned(),
                EdgeName::Index(index) => index.to_string(),
            },
            count,
            path: describe_path(graph, emitter),
        })
        .collect()
}

/// A lone listener is kept as it is, several in an array.
fn listeners(graph: &HeapGraph, value: NodeIndex) -> usize {
    match graph.node_type(value) {
        NodeType::Closure => 1,
        NodeType::Object if graph.raw_name(value) == b"Array" => {
            graph.edges(value).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Element).count()
        }
        _ => 0,
    }
}
