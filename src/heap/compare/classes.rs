//! Classes before and after.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::heap::graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::summary::{ClassRow, SnapshotSummary};
use crate::heap::types::NodeIndex;

/// A class in two snapshots.
#[derive(Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClassDelta {
    /// As DevTools shows it.
    pub name: String,
    /// Where the constructor stands; null when the snapshots do not tell.
    pub constructor: Option<Location>,
    /// Objects in the first and in the last snapshot.
    pub count: [u64; 2],
    /// Sums of their shallow sizes.
    pub shallow_bytes: [u64; 2],
    /// What they retain.
    pub retained_bytes: [u64; 2],
    /// Objects that only the last snapshot has; null when the snapshots share no ids.
    pub added: Option<u64>,
    /// Objects that only the first snapshot has; null likewise.
    pub removed: Option<u64>,
}

/// Classes that differ, greatest growth of retained size first. `by_id` also counts added and removed objects, which
/// needs snapshots of one process.
pub fn class_deltas(before: &HeapGraph, after: &HeapGraph, by_id: bool) -> Vec<ClassDelta> {
    let mut deltas: BTreeMap<(String, Option<Location>), ClassDelta> = BTreeMap::new();
    for (at, graph) in [before, after].into_iter().enumerate() {
        for ClassRow { name, constructor, count, shallow_bytes, retained_bytes, .. } in
            SnapshotSummary::of(graph).classes
        {
            let delta = deltas.entry((name, constructor)).or_default();
            // Classes of one name and unknown place are one.
            delta.count[at] += count;
            delta.shallow_bytes[at] += shallow_bytes;
            delta.retained_bytes[at] += retained_bytes;
        }
    }
    let mut rows: Vec<ClassDelta> = deltas
        .into_iter()
        .map(|((name, constructor), delta)| ClassDelta { name, constructor, ..delta })
        .filter(|row| row.count[0] != row.count[1] || row.shallow_bytes[0] != row.shallow_bytes[1])
        .collect();
    if by_id {
        count_changes(before, after, &mut rows);
    }
    let grown = |row: &ClassDelta| row.retained_bytes[1] as i64 - row.retained_bytes[0] as i64;
    rows.sort_by_key(|row| std::cmp::Reverse((grown(row), row.count[1] as i64 - row.count[0] as i64)));
    rows
}

fn count_changes(before: &HeapGraph, after: &HeapGraph, rows: &mut [ClassDelta]) {
    let mut index = BTreeMap::new();
    for (at, row) in rows.iter_mut().enumerate() {
        (row.added, row.removed) = (Some(0), Some(0));
        index.insert((row.name.clone(), row.constructor.clone()), at);
    }
    for (at, added) in lonely(after, before, &index) {
        rows[at].added = Some(added);
    }
    for (at, removed) in lonely(before, after, &index) {
        rows[at].removed = Some(removed);
    }
}

/// How many objects of each class `graph` has that `other` has not, by row.
fn lonely(
    graph: &HeapGraph,
    other: &HeapGraph,
    rows: &BTreeMap<(String, Option<Location>), usize>,
) -> BTreeMap<usize, u64> {
    let row_of_class: Vec<Option<usize>> = (0..graph.class_count())
        .map(|class| {
            let key = graph.class_key(crate::heap::ClassId(class as u32));
            let constructor = graph.constructor_location(key).map(|location| graph.original(location));
            rows.get(&(key.name.clone(), constructor)).copied()
        })
        .collect();
    let mut others = other.nodes_by_id().map(|node| other.id(node)).peekable();
    let is_lonely = |&node: &NodeIndex| {
        while others.next_if(|&other| other < graph.id(node)).is_some() {}
        graph.self_size(node) > 0 && others.peek() != Some(&graph.id(node))
    };
    let mut counts = BTreeMap::new();
    for node in graph.nodes_by_id().filter(is_lonely) {
        if let Some(row) = row_of_class[graph.class_of(node).at()] {
            *counts.entry(row).or_default() += 1;
        }
    }
    counts
}
