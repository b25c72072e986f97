//! Timers that are set: Node's `Timeout` (setTimeout, setInterval) and `Immediate` objects with a callback.

use serde::Serialize;

use super::greatest;
use super::lines::Lines;
use super::origin::timer_callback;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;

/// Timers with callbacks from one line.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimerRow {
    /// `Timeout` or `Immediate`.
    pub kind: &'static str,
    /// The callback.
    pub location: Location,
    /// How many are set.
    pub count: u64,
    /// What they retain together.
    pub retained_bytes: u64,
}

pub(super) fn most(graph: &HeapGraph, top: usize) -> Vec<TimerRow> {
    let (mut timeouts, mut immediates) = (Lines::default(), Lines::default());
    for node in graph.nodes() {
        let Some(place) = timer_callback(graph, node).and_then(|callback| graph.written_at(callback)) else {
            continue;
        };
        let lines = if graph.raw_name(node) == b"Timeout" { &mut timeouts } else { &mut immediates };
        lines.add(place, node);
    }
    let rows = |kind, lines: Lines| {
        lines.into_rows(graph).map(move |(location, count, retained_bytes)| TimerRow {
            kind,
            location,
            count,
            retained_bytes,
        })
    };
    let rows = rows("Timeout", timeouts).chain(rows("Immediate", immediates));
    greatest(rows.collect(), top, |row| (row.count, row.retained_bytes))
}
