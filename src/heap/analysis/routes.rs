//! Memory by Express route, where the graph tells.
//!
//! Two things tell. A watching leakwatch gives each request a marker in its async context, an object of class
//! `LeakWatchRequest` whose `route` is a function that has the route for a name: what keeps a marker belongs to that
//! request. And leakwatch, or Express's own router, knows which function handles which route: runs of it that are
//! suspended belong to that route.

use std::collections::BTreeMap;

use serde::Serialize;

use super::greatest;
use super::suspended::suspended_function;
use crate::heap::aggregates::retained_by_group;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::types::{EdgeKind, NodeIndex, NodeType};
use crate::heap::{RouteHandler, ScriptPosition};

/// The class of the marker.
const MARKER: &[u8] = b"LeakWatchRequest";
/// Links from a marker to what keeps it: a table, its Map, the resource.
const MAX_HOPS: usize = 4;
/// Keepers of one marker that are looked at.
const MAX_KEEPERS: usize = 256;

/// What belongs to one route.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RouteMemory {
    /// Method and pattern: `POST /login`.
    pub route: String,
    /// Requests whose marker is alive.
    pub requests: u64,
    /// Runs of its handlers that are suspended.
    pub suspended: u64,
    /// What keeps the markers, and the runs, retain.
    pub retained_bytes: u64,
}

pub(super) fn routes(graph: &HeapGraph, top: usize) -> Vec<RouteMemory> {
    let mut found = Found { names: BTreeMap::new(), rows: Vec::new(), of_node: BTreeMap::new() };
    for marker in graph.nodes().filter(|&node| is_marker(graph, node)) {
        let Some(route) = graph.property_target(marker, b"route") else { continue };
        if graph.node_type(route) == NodeType::Closure {
            let group = found.group(&graph.name(route));
            found.rows[group as usize].requests += 1;
            found.keepers(graph, marker, group);
        }
    }
    let handlers = handlers(graph);
    if !handlers.is_empty() {
        for node in graph.nodes() {
            let Some(function) = suspended_function(graph, node) else { continue };
            let Some(place) = graph.script_position(function) else { continue };
            if let Some(route) = handlers.get(&place) {
                let group = found.group(route);
                found.rows[group as usize].suspended += 1;
                found.of_node.entry(node.0).or_insert(group);
            }
        }
    }
    found.into_rows(graph, top)
}

struct Found {
    names: BTreeMap<String, u32>,
    rows: Vec<RouteMemory>,
    of_node: BTreeMap<u32, u32>,
}

impl Found {
    fn group(&mut self, route: &str) -> u32 {
        let next = self.rows.len() as u32;
        let group = *self.names.entry(route.to_owned()).or_insert(next);
        if group == next {
            self.rows.push(RouteMemory {
                route: route.to_owned(),
                requests: 0,
                suspended: 0,
                retained_bytes: 0,
            });
        }
        group
    }

    /// What keeps the marker, behind the tables and Maps of async contexts.
    fn keepers(&mut self, graph: &HeapGraph, marker: NodeIndex, group: u32) {
        let mut level = vec![marker];
        self.of_node.insert(marker.0, group);
        for _ in 0..MAX_HOPS {
            let mut next = Vec::new();
            for node in level {
                for edge in graph.retainers(node).take(MAX_KEEPERS).filter(|&edge| graph.is_essential(edge)) {
                    let keeper = graph.edge_source(edge);
                    if is_storage(graph, keeper) {
                        next.push(keeper);
                    } else if graph.node_type(keeper) == NodeType::Object {
                        self.of_node.entry(keeper.0).or_insert(group);
                    }
                }
            }
            level = next;
        }
    }

    fn into_rows(mut self, graph: &HeapGraph, top: usize) -> Vec<RouteMemory> {
        let group_of = |node: NodeIndex| self.of_node.get(&node.0).copied();
        let retained = retained_by_group(graph, self.rows.len(), group_of);
        for (row, bytes) in self.rows.iter_mut().zip(retained) {
            row.retained_bytes = bytes;
        }
        self.rows.sort_by(|a, b| a.route.cmp(&b.route));
        greatest(self.rows, top, |row| row.retained_bytes)
    }
}

fn is_marker(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.node_type(node) == NodeType::Object && graph.raw_name(node) == MARKER
}

/// What async contexts keep their values in.
fn is_storage(graph: &HeapGraph, node: NodeIndex) -> bool {
    matches!(graph.node_type(node), NodeType::Array | NodeType::Hidden)
        || matches!(graph.raw_name(node), b"AsyncContextFrame" | b"Map")
}

/// Functions that serve a route, by where they stand: what leakwatch knows, then what Express's router has, a `Layer`
/// with a `route` whose `stack` has a layer for each handler.
fn handlers(graph: &HeapGraph) -> BTreeMap<ScriptPosition, String> {
    let watched = graph.route_handlers().into_iter();
    let mut handlers: BTreeMap<_, _> = watched
        .filter_map(|RouteHandler { route, function }| Some((graph.script_position(function)?, route)))
        .collect();
    for route in graph.nodes().filter(|&node| is_route(graph, node)) {
        let (Some(path), Some(stack)) =
            (graph.property_target(route, b"path"), graph.property_target(route, b"stack"))
        else {
            continue;
        };
        if graph.node_type(path) != NodeType::String {
            continue;
        }
        let path = graph.name(path);
        for layer in graph.edges(stack).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Element) {
            let layer = graph.edge_target(layer);
            let method =
                graph.property_target(layer, b"method").map(|method| graph.name(method).to_uppercase());
            let place =
                graph.property_target(layer, b"handle").and_then(|handle| graph.script_position(handle));
            if let Some(place) = place {
                let method = method.filter(|method| method.chars().all(|char| char.is_ascii_uppercase()));
                let route =
                    method.map_or_else(|| path.clone().into_owned(), |method| format!("{method} {path}"));
                handlers.entry(place).or_insert(route);
            }
        }
    }
    handlers
}

fn is_route(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.node_type(node) == NodeType::Object && graph.raw_name(node) == b"Route"
}
