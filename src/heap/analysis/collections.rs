//! The collections that retain the most: Maps, Sets, arrays, and plain objects used as dictionaries.

use serde::Serialize;

use super::{describe_path, greatest};
use crate::heap::collections::CollectionKind;
use crate::heap::graph::HeapGraph;
use crate::heap::types::{EdgeKind, NodeIndex, NodeType};

/// A plain object with at least this many properties is a dictionary.
const DICTIONARY: usize = 64;

/// A collection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionRow {
    /// `Map`, `Set`, `WeakMap`, `WeakSet`, `Array` or `dictionary`.
    pub kind: &'static str,
    /// Its class.
    pub class_name: String,
    /// Its object id.
    pub id: u32,
    /// Entries whose key, value or member is a heap object; small integers leave no trace in a snapshot.
    pub entries: usize,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// What holds it.
    pub path: String,
}

pub(super) fn biggest(graph: &HeapGraph, top: usize) -> Vec<CollectionRow> {
    let rows: Vec<_> = graph.nodes().filter_map(|node| Some((node, kind(graph, node)?))).collect();
    let rows = greatest(rows, top, |&(node, _)| graph.retained_size(node));
    rows.into_iter()
        .map(|(node, kind)| CollectionRow {
            kind,
            class_name: graph.class_name(node).to_owned(),
            id: graph.id(node),
            entries: entries(graph, node, kind),
            retained_bytes: graph.retained_size(node),
            path: describe_path(graph, node),
        })
        .collect()
}

fn kind(graph: &HeapGraph, node: NodeIndex) -> Option<&'static str> {
    if graph.node_type(node) != NodeType::Object {
        return None;
    }
    match graph.raw_name(node) {
        b"Array" => return Some("Array"),
        b"Object" => return (properties(graph, node) >= DICTIONARY).then_some("dictionary"),
        _ => {}
    }
    Some(match graph.collection_kind(node)? {
        CollectionKind::Map => "Map",
        CollectionKind::Set => "Set",
        CollectionKind::WeakMap => "WeakMap",
        CollectionKind::WeakSet => "WeakSet",
    })
}

fn entries(graph: &HeapGraph, node: NodeIndex, kind: &str) -> usize {
    match kind {
        "Array" => graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Element).count(),
        "dictionary" => properties(graph, node),
        _ => graph.internal_target(node, b"table").map_or(0, |table| entries_of_table(graph, table)),
    }
}

fn properties(graph: &HeapGraph, node: NodeIndex) -> usize {
    graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Property).count()
}

/// Key and value of an entry are in neighbouring slots: a run of neighbours is one entry.
fn entries_of_table(graph: &HeapGraph, table: NodeIndex) -> usize {
    let mut slots: Vec<u32> = graph.edges(table).filter_map(|edge| graph.slot_number(edge)).collect();
    slots.sort_unstable();
    let pairs = slots.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
    slots.len() - pairs
}
