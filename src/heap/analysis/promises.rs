//! Promises that are pending and waited for.
//!
//! A pending promise keeps the list of its reactions, one for each `then`, `catch` and `await`, and they keep functions
//! and suspended async functions alive. A pending promise that nobody waits for looks in a snapshot like one fulfilled
//! with a small number, and keeps nothing: it is not counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::suspended::suspended_function;
use super::{describe_path, greatest};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::types::{NodeIndex, NodeType};

/// More reactions of one promise than this are not counted one by one.
const MAX_REACTIONS: u64 = 10_000_000;

/// All pending promises that are waited for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PendingPromises {
    /// How many.
    pub count: u64,
    /// Reactions that wait for them.
    pub reactions: u64,
    /// Those with the most reactions.
    pub biggest: Vec<PromiseRow>,
}

/// A pending promise.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromiseRow {
    /// Its object id.
    pub id: u32,
    /// Reactions that wait for it.
    pub reactions: u64,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// What holds it.
    pub path: String,
    /// The line that most of the reactions come from: an async function that waits, or a function given to `then`; null
    /// when they are V8's own, as those of `Promise.race`.
    pub waiting: Option<Location>,
}

pub(super) fn pending(graph: &HeapGraph, top: usize) -> PendingPromises {
    let first = |&node: &NodeIndex| Some((node, first_reaction(graph, node)?));
    let found: Vec<_> = graph.nodes().filter_map(|node| first(&node)).collect();
    let rows: Vec<_> = found
        .into_iter()
        .map(|(node, first)| (node, first, reactions(graph, first).count() as u64))
        .collect();
    let (count, total) = (rows.len() as u64, rows.iter().map(|&(_, _, count)| count).sum());
    let biggest = greatest(rows, top, |&(node, _, count)| (count, graph.retained_size(node)));
    let row = |(node, first, reactions)| PromiseRow {
        id: graph.id(node),
        reactions,
        retained_bytes: graph.retained_size(node),
        path: describe_path(graph, node),
        waiting: waiting(graph, first),
    };
    PendingPromises { count, reactions: total, biggest: biggest.into_iter().map(row).collect() }
}

/// The newest reaction of a pending promise; `None` for settled ones and for other nodes.
fn first_reaction(graph: &HeapGraph, node: NodeIndex) -> Option<NodeIndex> {
    if graph.node_type(node) != NodeType::Object {
        return None;
    }
    graph.internal_target(node, b"reactions_or_result").filter(|&reaction| is_reaction(graph, reaction))
}

fn is_reaction(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.raw_name(node) == b"system / PromiseReaction"
}

/// The reactions of one promise, a list.
fn reactions(graph: &HeapGraph, first: NodeIndex) -> impl Iterator<Item = NodeIndex> {
    let next = |&reaction: &NodeIndex| {
        let targets = graph.edges(reaction).map(|edge| graph.edge_target(edge));
        targets.into_iter().find(|&target| is_reaction(graph, target))
    };
    // A damaged file could close the list to a ring.
    std::iter::successors(Some(first), next).take(MAX_REACTIONS as usize)
}

fn waiting(graph: &HeapGraph, first: NodeIndex) -> Option<Location> {
    let mut lines: BTreeMap<Location, u64> = BTreeMap::new();
    for line in reactions(graph, first).filter_map(|reaction| line_of(graph, reaction)) {
        *lines.entry(line).or_default() += 1;
    }
    let most = lines.into_iter().rev().max_by_key(|&(_, count)| count)?;
    Some(most.0)
}

/// The function given to `then`, or the async function that an `await`'s own function goes on with.
fn line_of(graph: &HeapGraph, reaction: NodeIndex) -> Option<Location> {
    let handlers = graph.edges(reaction).map(|edge| graph.edge_target(edge));
    let mut handlers = handlers.filter(|&node| graph.node_type(node) == NodeType::Closure);
    handlers.find_map(|handler| {
        let awaiting = || {
            let context = graph.internal_target(handler, b"context")?;
            let generator = graph.internal_target(context, b"extension")?;
            graph.written_at(suspended_function(graph, generator)?)
        };
        graph.written_at(handler).or_else(awaiting)
    })
}
