//! The short answer to "what is in this snapshot": totals and classes, the first part of what `analyzeSnapshot` returns.

use serde::Serialize;

use super::heap_graph::HeapGraph;
use super::locations::ScriptPosition;
use super::scripts::Location;

/// Totals and classes of a snapshot. The same file gives the same bytes of JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotSummary {
    /// Number of nodes.
    pub nodes: usize,
    /// Number of edges.
    pub edges: usize,
    /// What the heap retains, bytes V8 counts outside the graph included.
    pub total_bytes: u64,
    /// Every class with objects, greatest retained size first.
    pub classes: Vec<ClassRow>,
}

/// A class of a snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClassRow {
    /// As DevTools shows it.
    pub name: String,
    /// Where the constructor stands; null when the snapshot does not tell.
    pub constructor: Option<Location>,
    /// The same as V8 numbers it (zero-based, the script by its number in that process); null likewise.
    pub script_position: Option<ScriptPosition>,
    /// Objects with a size of their own.
    pub count: u64,
    /// Sum of their shallow sizes.
    pub shallow_bytes: u64,
    /// What would be freed with all of them.
    pub retained_bytes: u64,
    /// Least distance from the global objects; null when none is reached.
    pub distance: Option<u32>,
}

impl SnapshotSummary {
    /// Sums up a snapshot.
    pub fn of(graph: &HeapGraph) -> Self {
        let mut classes: Vec<ClassRow> = graph
            .class_histogram()
            .into_iter()
            .map(|class| {
                let key = graph.class_key(class.class);
                ClassRow {
                    name: key.name.clone(),
                    constructor: graph.constructor_location(key).map(|location| graph.original(location)),
                    script_position: key.constructor,
                    count: class.count,
                    shallow_bytes: class.shallow_bytes,
                    retained_bytes: class.retained_bytes,
                    distance: class.distance,
                }
            })
            .collect();
        classes.sort_by(|a, b| {
            let order = b.retained_bytes.cmp(&a.retained_bytes);
            order.then_with(|| (&a.name, a.script_position).cmp(&(&b.name, b.script_position)))
        });
        Self {
            nodes: graph.node_count(),
            edges: graph.edge_count(),
            total_bytes: graph.total_size(),
            classes,
        }
    }
}
