//! The scopes of modules: holders that are the same in every snapshot, of other processes as well.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::heap::analysis::app_folder;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scopes::contexts;
use crate::heap::table::on_threads;
use crate::heap::types::NodeIndex;

/// One snapshot's scopes of modules, by node: the module's file, from the application's folder on.
pub(super) type ModuleScopes = HashMap<NodeIndex, String>;

/// The scopes that each of the snapshots has exactly one of.
pub(super) fn module_scopes(graphs: &[&HeapGraph]) -> Vec<ModuleScopes> {
    let found: Vec<BTreeMap<String, Vec<NodeIndex>>> = on_threads(graphs.iter(), |graph| by_file(graph));
    let is_single =
        |file: &String| found.iter().all(|scopes| scopes.get(file).is_some_and(|nodes| nodes.len() == 1));
    let singles = |scopes: &BTreeMap<String, Vec<NodeIndex>>| {
        let single = scopes.iter().filter(|(file, _)| is_single(file));
        single.map(|(file, nodes)| (nodes[0], file.clone())).collect()
    };
    found.iter().map(singles).collect()
}

fn by_file(graph: &HeapGraph) -> BTreeMap<String, Vec<NodeIndex>> {
    let folder = app_folder(graph);
    let mut scopes: BTreeMap<String, Vec<NodeIndex>> = BTreeMap::new();
    for node in contexts(graph) {
        let Some(file) = graph.file_of_module_scope(node) else { continue };
        let inside = folder.as_deref().and_then(|folder| file.strip_prefix(folder));
        scopes.entry(inside.unwrap_or(&file).to_owned()).or_default().push(node);
    }
    scopes
}
