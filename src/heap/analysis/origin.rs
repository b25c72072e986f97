//! Which line of the program an object comes from, and where the program is.

use std::collections::BTreeMap;

use crate::heap::heap_graph::HeapGraph;
use crate::heap::holds::Hold;
use crate::heap::paths::Step;
use crate::heap::scripts::Location;
use crate::heap::types::{NodeIndex, NodeType};

/// The program's line behind an object: a function's own, the callback of a timer, the constructor of an instance.
/// `None` when nothing tells, and for Node's own code.
pub fn origin(graph: &HeapGraph, node: NodeIndex) -> Option<Location> {
    let callback = || timer_callback(graph, node).and_then(|callback| graph.written_at(callback));
    let scope = || graph.scope_of(node)?.location.map(|location| graph.original(location));
    let found = callback().or_else(|| graph.written_at(node)).or_else(scope)?;
    (!found.file.starts_with("node:")).then_some(found)
}

/// What a `Timeout` or `Immediate` of Node runs; `None` for other objects, and for timers that are over.
pub fn timer_callback(graph: &HeapGraph, node: NodeIndex) -> Option<NodeIndex> {
    let name: &[u8] = match graph.raw_name(node) {
        b"Timeout" => b"_onTimeout",
        b"Immediate" => b"_onImmediate",
        _ => return None,
    };
    if graph.node_type(node) != NodeType::Object {
        return None;
    }
    graph.property_target(node, name).filter(|&callback| graph.node_type(callback) == NodeType::Closure)
}

/// Objects looked at for one of the program's.
const MAX_CHILDREN: usize = 1000;

/// True for what Node itself keeps for itself: its path leads through a variable of Node's own code, and nothing on it,
/// and nothing the node immediately dominates, comes from a file of the program.
pub(super) fn is_nodes_own(graph: &HeapGraph, node: NodeIndex) -> bool {
    let is_node = |file: &str| file.starts_with("node:");
    let file_of = |step: &Step| match &step.hold {
        Hold::Variable(scope) => scope.file.clone(),
        Hold::Export(export) => export.file.clone(),
        Hold::ModuleExports(file) => Some(file.clone()),
        // Objects of Node's that every context has.
        _ if step.edge_name.starts_with("<symbol node:") => Some("node:".to_owned()),
        _ => graph.location_of(step.node).map(|location| location.file),
    };
    let paths = graph.retainer_paths(node, 1);
    let files: Vec<String> = paths.iter().flatten().filter_map(file_of).collect();
    !files.is_empty() && files.iter().all(|file| is_node(file)) && !holds_program(graph, node)
}

/// True when the node immediately dominates something of the program's, such as timers with callbacks; backing stores are
/// looked through.
fn holds_program(graph: &HeapGraph, node: NodeIndex) -> bool {
    let is_store = |&child: &NodeIndex| graph.node_type(child) == NodeType::Array;
    let stored = graph.dominated(node).filter(is_store).flat_map(|store| graph.dominated(store));
    let children = graph.dominated(node).chain(stored).take(MAX_CHILDREN);
    children.into_iter().any(|child| origin(graph, child).is_some())
}

/// The folder that most scripts' `node_modules` are in: the application's. `None` without dependencies.
pub fn app_folder(graph: &HeapGraph) -> Option<String> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for file in graph.script_files() {
        let end = file.find("/node_modules/").or_else(|| file.find("\\node_modules\\"));
        if let Some(folder) = end.map(|end| &file[..end]).filter(|folder| !folder.is_empty()) {
            *folders.entry(folder).or_default() += 1;
        }
    }
    // Of equals the first.
    let most = folders.into_iter().rev().max_by_key(|&(_, count)| count)?;
    Some(most.0.to_owned())
}
