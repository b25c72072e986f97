//! The collections that retain the most: Maps, Sets, arrays, and plain objects used as dictionaries.

use serde::Serialize;

use super::{describe_path, is_nodes_own};
use crate::heap::collections::CollectionKind;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::holds::Hold;
use crate::heap::types::{EdgeKind, NodeIndex, NodeType};

/// A plain object with at least this many properties is a dictionary.
const DICTIONARY: usize = 64;

/// Retainers looked at for a module.
const MAX_RETAINERS: usize = 64;

/// Bytes of a pointer: Node is built without pointer compression.
const WORD: u64 = 8;
/// An Array, a Map or a Set has four words, and its store a header of two.
const OWN_WORDS: u64 = 6;
/// Numbers in front of a hash table's buckets.
const TABLE_WORDS: u64 = 3;

/// A collection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Entries there is room for, small integers included; null where the snapshot does not tell.
    pub capacity: Option<u64>,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// What holds it.
    pub path: String,
}

pub(super) fn biggest(graph: &HeapGraph, top: usize) -> Vec<CollectionRow> {
    // Node's own are in every process: the program's are asked for.
    let mut rows: Vec<_> = graph.nodes().filter_map(|node| Some((node, kind(graph, node)?))).collect();
    rows.sort_by_key(|&(node, _)| std::cmp::Reverse(graph.retained_size(node)));
    let of_program =
        rows.into_iter().filter(|&(node, _)| !is_module_exports(graph, node) && !is_nodes_own(graph, node));
    of_program
        .take(top)
        .map(|(node, kind)| CollectionRow {
            kind,
            class_name: graph.class_name(node).to_owned(),
            id: graph.id(node),
            entries: entries(graph, node, kind),
            capacity: capacity(graph, node, kind),
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

/// What a module exports is no collection, however much it is.
fn is_module_exports(graph: &HeapGraph, node: NodeIndex) -> bool {
    let is_exports = |edge| matches!(graph.hold_of(edge), Hold::ModuleExports(_));
    graph.raw_name(node) == b"Object" && graph.retainers(node).take(MAX_RETAINERS).any(is_exports)
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

/// What a collection has room for, from the size of its backing store. DevTools' rules give a store to the object
/// that alone uses it, so that the two are taken together; the store's own numbers are powers of two.
fn capacity(graph: &HeapGraph, node: NodeIndex, kind: &str) -> Option<u64> {
    let store = |name| graph.internal_target(node, name);
    let words = |store| ((graph.self_size(node) + graph.self_size(store)) / WORD).checked_sub(OWN_WORDS);
    match kind {
        // Two entries a bucket, of three words (key, value, chain) or two.
        "Map" => two_a_bucket(words(store(b"table")?)?, 3),
        "Set" => two_a_bucket(words(store(b"table")?)?, 2),
        "Array" => words(store(b"elements")?),
        _ => None,
    }
}

fn two_a_bucket(words: u64, entry: u64) -> Option<u64> {
    let buckets = words.checked_sub(TABLE_WORDS)? / (1 + 2 * entry);
    Some(2 << buckets.checked_ilog2()?)
}

/// Key and value of an entry are in neighbouring slots: a run of neighbours is one entry.
fn entries_of_table(graph: &HeapGraph, table: NodeIndex) -> usize {
    let mut slots: Vec<u32> = graph.edges(table).filter_map(|edge| graph.slot_number(edge)).collect();
    slots.sort_unstable();
    let pairs = slots.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
    slots.len() - pairs
}
