//! Classes before and after.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::heap::aggregates::ClassSummary;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::memory::with_room;
use crate::heap::scripts::Location;
use crate::heap::table::{both, on_threads};
use crate::heap::types::ClassId;

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

/// What a comparison by class needs of a snapshot.
pub struct Census {
    /// By class: its name and where its constructor stands.
    keys: Vec<(String, Option<Location>)>,
    histogram: Vec<ClassSummary>,
    /// All objects by ascending id: the id above, the class below ([`NO_CLASS`] for those without a size).
    objects: Vec<u64>,
}

const NO_CLASS: u32 = u32::MAX;

impl Census {
    /// Counts a snapshot's objects.
    pub fn of(graph: &HeapGraph) -> Self {
        let keys = (0..graph.class_count() as u32).map(|class| {
            let key = graph.class_key(ClassId(class));
            (key.name.clone(), graph.constructor_location(key).map(|location| graph.original(location)))
        });
        let (objects, histogram) = both(|| objects_by_id(graph), || graph.class_histogram());
        Self { keys: keys.collect(), histogram, objects }
    }

    /// By class: how many objects there are whose ids the other snapshot has not.
    fn lonely(&self, other: &Self) -> Vec<u64> {
        let id = |object: u64| object >> 32;
        let mut counts = vec![0; self.keys.len()];
        let mut at = 0;
        for &object in &self.objects {
            while other.objects.get(at).is_some_and(|&other| id(other) < id(object)) {
                at += 1;
            }
            let is_lonely = other.objects.get(at).is_none_or(|&other| id(other) != id(object));
            if is_lonely && object as u32 != NO_CLASS {
                counts[object as u32 as usize] += 1;
            }
        }
        counts
    }
}

fn objects_by_id(graph: &HeapGraph) -> Vec<u64> {
    let mut objects = with_room(graph.node_count());
    objects.extend(graph.nodes_by_id().map(|node| {
        let class = if graph.self_size(node) > 0 { graph.class_of(node).0 } else { NO_CLASS };
        u64::from(graph.id(node)) << 32 | u64::from(class)
    }));
    objects
}

/// Classes that differ, greatest growth of retained size first. `by_id` also counts added and removed objects, which
/// needs snapshots of one process.
pub fn class_deltas(before: &Census, after: &Census, by_id: bool) -> Vec<ClassDelta> {
    // Classes of one name and unknown place are one.
    let mut deltas: BTreeMap<&(String, Option<Location>), ClassDelta> = BTreeMap::new();
    for (at, census) in [before, after].into_iter().enumerate() {
        for class in &census.histogram {
            let delta = deltas.entry(&census.keys[class.class.at()]).or_default();
            delta.count[at] += class.count;
            delta.shallow_bytes[at] += class.shallow_bytes;
            delta.retained_bytes[at] += class.retained_bytes;
        }
    }
    deltas.retain(|_, row| row.count[0] != row.count[1] || row.shallow_bytes[0] != row.shallow_bytes[1]);
    if by_id {
        deltas.values_mut().for_each(|row| (row.added, row.removed) = (Some(0), Some(0)));
        let pairs = vec![(after, before), (before, after)];
        let counts = on_threads(pairs.into_iter(), |(census, other)| census.lonely(other));
        for (key, count) in after.keys.iter().zip(&counts[0]) {
            deltas.entry(key).and_modify(|row| *row.added.get_or_insert(0) += count);
        }
        for (key, count) in before.keys.iter().zip(&counts[1]) {
            deltas.entry(key).and_modify(|row| *row.removed.get_or_insert(0) += count);
        }
    }
    let rows = deltas.into_iter().map(|((name, constructor), delta)| ClassDelta {
        name: name.clone(),
        constructor: constructor.clone(),
        ..delta
    });
    let mut rows: Vec<ClassDelta> = rows.collect();
    let grown = |row: &ClassDelta| row.retained_bytes[1] as i64 - row.retained_bytes[0] as i64;
    rows.sort_by_key(|row| std::cmp::Reverse((grown(row), row.count[1] as i64 - row.count[0] as i64)));
    rows
}
