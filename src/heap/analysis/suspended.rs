//! Async functions and generators that have not come to their end: V8 keeps each one's arguments and variables in a
//! generator object (an await is a yield), with a link `function` to what it runs and `parameters_and_registers` to
//! what it keeps.

use serde::Serialize;

use super::greatest;
use super::lines::Lines;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::types::{NodeIndex, NodeType};

/// Runs of one async function or generator that are suspended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SuspendedRow {
    /// The function.
    pub location: Location,
    /// How many of its runs have not come to their end.
    pub count: u64,
    /// What they retain together.
    pub retained_bytes: u64,
}

/// The function that the generator object runs; `None` for other nodes.
pub(super) fn suspended_function(graph: &HeapGraph, node: NodeIndex) -> Option<NodeIndex> {
    if graph.node_type(node) != NodeType::Object {
        return None;
    }
    graph.internal_target(node, b"parameters_and_registers")?;
    graph.internal_target(node, b"function")
}

pub(super) fn most(graph: &HeapGraph, top: usize) -> Vec<SuspendedRow> {
    let mut lines = Lines::default();
    for node in graph.nodes() {
        if let Some(place) = suspended_function(graph, node).and_then(|function| graph.written_at(function)) {
            lines.add(place, node);
        }
    }
    let rows = lines.into_rows(graph).map(|(location, count, retained_bytes)| SuspendedRow {
        location,
        count,
        retained_bytes,
    });
    greatest(rows.collect(), top, |row| (row.count, row.retained_bytes))
}
