//! From a leaking object up to something with a name in the source: a variable, a module's exports, a global.
//!
//! A shortest path from the GC root says little: it starts at stack roots and handles and wanders through
//! Node's own closures. People look for *their* variable. So the search starts at the object and goes
//! backwards, cheapest names first, until it meets a context variable of a script, which is where a path is
//! worth reading from. A retainer that the object itself keeps alive is no reason for the object's being
//! alive, so edges from what a node dominates are not followed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::{Path, PathBuf};

use super::dominance::Dominance;
use crate::heap::{EdgeIndex, EdgeKind, HeapGraph, Hold, NodeIndex, NodeType};
use crate::source::path_of_script;

/// How an object is held: from a name in the source down to the object.
#[derive(Clone, Debug, Default)]
pub struct HolderPath {
    /// Where it starts.
    pub start: Start,
    /// The edges from the start down to the object.
    pub edges: Vec<EdgeIndex>,
}

/// Where a holder path starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// A variable of a function or module in this file; the path's first edge is the variable.
    Script(PathBuf),
    /// A variable in a script of Node itself; the path's first edge is the variable.
    Internal(String),
    /// A CommonJS module's exports, in this file; the path's first edge leads to them.
    Exports(PathBuf),
    /// A property of the global object or of `process`: whose.
    Global(String),
    /// Only the roots hold it.
    #[default]
    Root,
}

/// What a start costs on top of the path to it: the application's own variables come first.
const DEPENDENCY_COST: u32 = 3;
const EXPORTS_COST: u32 = 4;
const GLOBAL_COST: u32 = 6;
const INTERNAL_COST: u32 = 12;
/// Through a function's context to what an outer variable holds: true, but not how people think of it.
const CONTEXT_COST: u32 = 8;
const OWN_COST: u32 = 48;
const ROOT_COST: u32 = 64;

/// Finds the holder path of `object`. A context starts its own path: its variables are names enough.
/// `own`: leakwatch's folder; its variables are met on the way to others and start a path only when nothing else does.
pub fn holder_path(
    graph: &HeapGraph,
    dominance: &Dominance,
    object: NodeIndex,
    own: Option<&Path>,
) -> HolderPath {
    if let Some(file) = graph.scope_of(object).and_then(|scope| scope.file) {
        return HolderPath { start: script_start(file, own).0, edges: Vec::new() };
    }
    let mut search =
        Search { graph, dominance, own, cost: HashMap::from([(object, 0)]), via: HashMap::new(), best: None };
    let mut queue = BinaryHeap::from([Reverse((0, object))]);
    while let Some(Reverse((cost, node))) = queue.pop() {
        if search.best.as_ref().is_some_and(|best| best.cost <= cost) {
            break;
        }
        if search.cost[&node] == cost {
            search.expand(node, cost, &mut queue);
        }
    }
    search.finish()
}

struct Search<'a> {
    graph: &'a HeapGraph,
    dominance: &'a Dominance,
    own: Option<&'a Path>,
    cost: HashMap<NodeIndex, u32>,
    via: HashMap<NodeIndex, EdgeIndex>,
    best: Option<Best>,
}

struct Best {
    cost: u32,
    start: Start,
    first: EdgeIndex,
}

impl Search<'_> {
    fn expand(&mut self, node: NodeIndex, cost: u32, queue: &mut BinaryHeap<Reverse<(u32, NodeIndex)>>) {
        let graph = self.graph;
        for edge in graph.retainers(node) {
            let source = graph.edge_source(edge);
            if graph.edge_kind(edge) == EdgeKind::Weak || self.dominance.dominates(node, source) {
                continue;
            }
            let cost = cost + edge_cost(graph, edge, source);
            if let Some((start, extra)) = start_at(graph, edge, source, self.own) {
                self.offer(Best { cost: cost + extra, start, first: edge });
            }
            // What a variable calls the global object or `process` is no other holder.
            if is_global(graph, source) {
                continue;
            }
            if self.cost.get(&source).is_none_or(|known| cost < *known) {
                self.cost.insert(source, cost);
                self.via.insert(source, edge);
                queue.push(Reverse((cost, source)));
            }
        }
    }

    fn offer(&mut self, candidate: Best) {
        if self.best.as_ref().is_none_or(|best| candidate.cost < best.cost) {
            self.best = Some(candidate);
        }
    }

    fn finish(self) -> HolderPath {
        let Some(best) = self.best else { return HolderPath::default() };
        let mut edges = vec![best.first];
        let mut node = self.graph.edge_target(best.first);
        while let Some(&edge) = self.via.get(&node) {
            edges.push(edge);
            node = self.graph.edge_target(edge);
        }
        HolderPath { start: best.start, edges }
    }
}

fn edge_cost(graph: &HeapGraph, edge: EdgeIndex, source: NodeIndex) -> u32 {
    let by_kind = match graph.edge_kind(edge) {
        EdgeKind::Context | EdgeKind::Property | EdgeKind::Element => 1,
        EdgeKind::Internal | EdgeKind::Hidden => 2,
        _ => 3,
    };
    let by_source = match graph.node_type(source) {
        NodeType::Closure if graph.raw_edge_name(edge) == Some(b"context") => CONTEXT_COST,
        NodeType::Native | NodeType::Code | NodeType::ObjectShape => 6,
        NodeType::Synthetic => ROOT_COST,
        _ => 0,
    };
    by_kind + by_source
}

/// A name in the source that holds `edge`'s target, and what starting there costs.
fn start_at(
    graph: &HeapGraph,
    edge: EdgeIndex,
    source: NodeIndex,
    own: Option<&Path>,
) -> Option<(Start, u32)> {
    if source == graph.root() {
        return Some((Start::Root, ROOT_COST));
    }
    match graph.hold_of(edge) {
        Hold::Variable(scope) => Some(script_start(scope.file?, own)),
        Hold::Export(variable) => Some(script_start(variable.file?, own)),
        Hold::ModuleExports(file) => Some((Start::Exports(path_of_script(&file)?), EXPORTS_COST)),
        Hold::Property if is_global(graph, source) => {
            let name = if graph.name(source) == "process" { "process" } else { "globalThis" };
            Some((Start::Global(name.to_owned()), GLOBAL_COST))
        }
        _ => None,
    }
}

/// The global object, or `process`.
pub fn is_global(graph: &HeapGraph, object: NodeIndex) -> bool {
    graph.node_type(object) == NodeType::Object && matches!(graph.name(object).as_ref(), "global" | "process")
}

fn script_start(script: String, own: Option<&Path>) -> (Start, u32) {
    let Some(path) = path_of_script(&script) else { return (Start::Internal(script), INTERNAL_COST) };
    let cost = if own.is_some_and(|own| path.starts_with(own)) {
        OWN_COST
    } else if path.components().any(|part| part.as_os_str() == "node_modules") {
        DEPENDENCY_COST
    } else {
        0
    };
    (Start::Script(path), cost)
}

/// The shortest way down from `owner` to `member`: through what `owner` dominates, else, when others hold the member,
/// too, through any objects.
pub fn path_down(
    graph: &HeapGraph,
    dominance: &Dominance,
    owner: NodeIndex,
    member: NodeIndex,
) -> Vec<EdgeIndex> {
    path_around(graph, dominance, (owner, member), &[])
}

/// The same around `others`; empty when there is none.
pub fn path_around(
    graph: &HeapGraph,
    dominance: &Dominance,
    (owner, member): (NodeIndex, NodeIndex),
    others: &[NodeIndex],
) -> Vec<EdgeIndex> {
    let is_alone = dominance.dominates(owner, member);
    way_down(graph, owner, member, |source| {
        let leads_down = match is_alone {
            true => dominance.dominates(owner, source),
            false => graph.node_type(source) != NodeType::Synthetic,
        };
        leads_down && !others.contains(&source)
    })
}

fn way_down(
    graph: &HeapGraph,
    owner: NodeIndex,
    member: NodeIndex,
    leads_through: impl Fn(NodeIndex) -> bool,
) -> Vec<EdgeIndex> {
    const MAX_VISITED: usize = 200_000;
    let mut via: HashMap<NodeIndex, EdgeIndex> = HashMap::new();
    let mut queue = std::collections::VecDeque::from([member]);
    // Backwards from the member: one object has few retainers, a collection has many edges.
    while let Some(node) = queue.pop_front() {
        if node == owner || via.len() > MAX_VISITED {
            break;
        }
        for edge in graph.retainers(node) {
            let source = graph.edge_source(edge);
            let follows = leads_through(source) && graph.edge_kind(edge) != EdgeKind::Weak;
            if follows && source != member && !via.contains_key(&source) {
                via.insert(source, edge);
                queue.push_back(source);
            }
        }
    }
    let mut edges = Vec::new();
    let mut node = owner;
    while let Some(&edge) = via.get(&node) {
        edges.push(edge);
        node = graph.edge_target(edge);
    }
    edges
}
