//! The location table: where functions and constructors stand.

use std::ops::Range;

use super::bits::{BitVec, Ranks};
use super::error::HeapError;
use super::fields::{NodeOffsets, StoreResult, narrow};
use super::header::{Header, LocationLayout};
use super::memory::with_room;
use super::table::{Columns, Row, Table};
use super::task::Task;

/// Where V8 says a function, or an object's constructor, stands. Zero-based, as in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScriptPosition {
    /// V8's number of the script, valid for one process.
    pub script_id: u32,
    /// Zero-based line.
    pub line: u32,
    /// Zero-based column.
    pub column: u32,
}

/// Stands where a row is to come.
const NOWHERE: (u32, ScriptPosition) = (0, ScriptPosition { script_id: 0, line: 0, column: 0 });

/// Reads the location table, sorted by node; empty when the snapshot has none.
pub(super) fn parse_locations(
    bytes: &[u8],
    text: Range<usize>,
    header: &Header,
    task: &Task,
) -> Result<Vec<(u32, ScriptPosition)>, HeapError> {
    let Some(layout) = &header.location else { return Ok(Vec::new()) };
    let table = Table::new(bytes, text, "locations", layout.fields, task)?;
    let mut rows = with_room(table.rows);
    store_locations(&mut rows, &table, layout, header)?;
    Ok(sorted_by_node(&rows, header.node_count as usize))
}

/// Appends the table's rows.
pub(super) fn store_locations(
    rows: &mut Vec<(u32, ScriptPosition)>,
    table: &Table<'_>,
    layout: &LocationLayout,
    header: &Header,
) -> Result<(), HeapError> {
    let first = rows.len();
    rows.resize(first + table.rows, NOWHERE);
    table.parse_into(LocationRows { layout, offsets: NodeOffsets::of(header), rows: &mut rows[first..] })
}

/// Of two locations for one node the later one counts, as in DevTools.
pub(super) fn sorted_by_node(rows: &[(u32, ScriptPosition)], nodes: usize) -> Vec<(u32, ScriptPosition)> {
    let mut located = BitVec::new(nodes);
    for &(node, _) in rows {
        located.set(node as usize);
    }
    let ranks = Ranks::of(located);
    let mut sorted = with_room(ranks.len());
    sorted.resize(ranks.len(), NOWHERE);
    for &row in rows {
        sorted[ranks.get(row.0 as usize)] = row;
    }
    sorted
}

struct LocationRows<'a> {
    layout: &'a LocationLayout,
    offsets: NodeOffsets,
    rows: &'a mut [(u32, ScriptPosition)],
}

impl Columns for LocationRows<'_> {
    fn split_at(self, rows: usize) -> (Self, Self) {
        let (head, tail) = self.rows.split_at_mut(rows);
        (Self { rows: head, ..self }, Self { rows: tail, ..self })
    }

    fn store(&mut self, row: usize, values: &Row) -> StoreResult {
        let layout = self.layout;
        let node = self.offsets.node(values[layout.object])?;
        let script_id = narrow(values[layout.script_id], "script id")?;
        let line = narrow(values[layout.line], "line")?;
        let column = narrow(values[layout.column], "column")?;
        self.rows[row] = (node, ScriptPosition { script_id, line, column });
        Ok(())
    }
}
