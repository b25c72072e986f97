//! What the numbered edges of a Map's or Set's table mean.
//!
//! V8 keeps both in an `OrderedHashTable`: one array with three numbers, the buckets (a power of two), then the
//! entries; an entry is key, value, chain for a Map and key, chain for a Set. A snapshot shows only the slots that
//! hold heap objects, so the number of buckets is inferred.

use super::graph::Graph;
use super::types::{EdgeIndex, NodeIndex, NodeType};

/// JavaScript's keyed collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    /// `Map`, or a class derived from it.
    Map,
    /// `Set`, or a class derived from it.
    Set,
    /// `WeakMap`, or a class derived from it.
    WeakMap,
    /// `WeakSet`, or a class derived from it.
    WeakSet,
}

/// What a table's edge leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// A Map's key.
    Key,
    /// A Map's value.
    Value,
    /// A Set's member.
    Member,
}

/// Three numbers precede the buckets.
const PREFIX: u32 = 3;
/// Prototypes looked at for a class derived from a collection.
const MAX_PROTOTYPES: usize = 8;

/// The kind of collection an object is; `None` for anything else.
pub(super) fn kind(graph: &Graph, node: NodeIndex) -> Option<CollectionKind> {
    if graph.node_type(node) != NodeType::Object {
        return None;
    }
    graph.internal_target(node, b"table")?;
    let prototype = |&node: &NodeIndex| graph.property_target(node, b"__proto__");
    std::iter::successors(Some(node), prototype).take(MAX_PROTOTYPES).find_map(|node| {
        match graph.raw_name(node) {
            b"Map" => Some(CollectionKind::Map),
            b"Set" => Some(CollectionKind::Set),
            b"WeakMap" => Some(CollectionKind::WeakMap),
            b"WeakSet" => Some(CollectionKind::WeakSet),
            _ => None,
        }
    })
}

/// The Map or Set whose table the edge leaves, and what the edge leads to; `None` for other edges.
pub(super) fn slot(graph: &Graph, edge: EdgeIndex) -> Option<(NodeIndex, Slot)> {
    let number = graph.slot_number(edge)?;
    let table = graph.edge_source(edge);
    let owner = graph.retainers(table).take(8).find(|&edge| graph.raw_edge_name(edge) == Some(b"table"))?;
    let owner = graph.edge_source(owner);
    match kind(graph, owner)? {
        CollectionKind::Set => Some((owner, Slot::Member)),
        CollectionKind::Map => {
            let first_key = first_key(graph, table)?;
            let slot = if (number.wrapping_sub(first_key)) % 3 == 0 { Slot::Key } else { Slot::Value };
            Some((owner, slot))
        }
        CollectionKind::WeakMap | CollectionKind::WeakSet => None,
    }
}

/// Slot of the first entry's key, modulo the entry's three slots.
fn first_key(graph: &Graph, table: NodeIndex) -> Option<u32> {
    let mut numbers = graph.edges(table).filter_map(|edge| graph.slot_number(edge));
    let first = numbers.next()?;
    // Key and value side by side: the first of the two is the key. Only the table's front is looked at.
    let mut before = first;
    let mut key = None;
    for number in numbers.take(64) {
        if number == before + 1 {
            key = Some(before);
            break;
        }
        before = number;
    }
    // Otherwise the first entry follows the buckets, whose number is a power of two.
    let buckets = 1 << first.checked_sub(PREFIX)?.max(1).ilog2();
    Some(key.unwrap_or(PREFIX + buckets) % 3)
}
