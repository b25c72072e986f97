//! Strings that are in the heap more than once.

use std::collections::HashMap;

use serde::Serialize;

use super::greatest;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::NodeType;

/// Characters of a string shown.
const SHOWN: usize = 100;
/// V8 cuts longer strings: of those the start alone is compared, with the size.
const CUT_AT: usize = 1024;

/// All strings that are there twice or more.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DuplicateStrings {
    /// Different texts.
    pub texts: u64,
    /// Bytes that one copy each would save.
    pub wasted_bytes: u64,
    /// The most wasteful.
    pub biggest: Vec<DuplicateString>,
}

/// A text that is in the heap more than once.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DuplicateString {
    /// Its start.
    pub text: String,
    /// Copies.
    pub count: u64,
    /// Bytes of each.
    pub bytes: u64,
    /// Bytes that one copy would save.
    pub wasted_bytes: u64,
    /// True when the snapshot has only the start of the text: copies of the same size may differ behind it.
    pub is_cut: bool,
}

pub(super) fn duplicates(graph: &HeapGraph, top: usize) -> DuplicateStrings {
    let mut copies: HashMap<(u32, u64), u64> = HashMap::new();
    for node in graph.nodes().filter(|&node| graph.node_type(node) == NodeType::String) {
        *copies.entry((graph.name_string(node), graph.self_size(node))).or_default() += 1;
    }
    let mut rows: Vec<_> = copies.into_iter().filter(|&((_, size), count)| count > 1 && size > 0).collect();
    rows.sort_unstable();
    let wasted = |&((_, size), count): &((u32, u64), u64)| size * (count - 1);
    let (texts, wasted_bytes) = (rows.len() as u64, rows.iter().map(wasted).sum());
    let biggest = greatest(rows, top, wasted);
    let biggest = biggest.into_iter().map(|((string, bytes), count)| {
        let text = graph.string(string);
        DuplicateString {
            is_cut: text.encode_utf16().count() >= CUT_AT,
            text: text.chars().take(SHOWN).collect(),
            count,
            bytes,
            wasted_bytes: bytes * (count - 1),
        }
    });
    DuplicateStrings { texts, wasted_bytes, biggest: biggest.collect() }
}
