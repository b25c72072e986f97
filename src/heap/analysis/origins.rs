//! Where memory comes from: lines that make functions, modules and npm packages.
//!
//! A module is a file. A function belongs to the file it stands in, an object to its constructor's file, and a module's
//! variables and exports to the module. What a module retains is the sum of what all of these retain, those left out
//! that another one of the module dominates.

use std::collections::HashMap;

use serde::Serialize;

use super::greatest;
use crate::heap::aggregates::retained_by_group;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::types::{NodeIndex, NodeType};

/// Functions made by one line.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClosureRow {
    /// Where.
    pub location: Location,
    /// How many are alive.
    pub count: u64,
    /// What they retain together.
    pub retained_bytes: u64,
}

/// What belongs to one module.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModuleRow {
    /// Path of its file; `node:…` for one of Node's own.
    pub file: String,
    /// The npm package it is part of; `(app)` for code outside `node_modules`, `node` for Node's own.
    pub package: String,
    /// Functions of the module, objects whose constructor stands in it, its scope and its exports.
    pub count: u64,
    /// What they retain.
    pub retained_bytes: u64,
}

/// What belongs to one npm package.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PackageRow {
    /// Its name; `(app)` for code outside `node_modules`, `node` for Node's own.
    pub name: String,
    /// What belongs to its modules.
    pub count: u64,
    /// What they retain.
    pub retained_bytes: u64,
}

/// Functions by line, modules and packages.
pub(super) fn origins(graph: &HeapGraph, top: usize) -> (Vec<ClosureRow>, Vec<ModuleRow>, Vec<PackageRow>) {
    let (mut modules, mut packages) = (Groups::default(), Groups::default());
    let mut module_of: Vec<u32> = vec![NONE; graph.node_count()];
    let mut package_of_module: Vec<u32> = Vec::new();
    let mut add = |node: NodeIndex, file: &str| {
        let id = modules.id(file);
        if id as usize == package_of_module.len() {
            package_of_module.push(packages.id(package_of(file)));
        }
        module_of[node.at()] = id;
    };
    for &(node, place) in graph.script_positions() {
        if let Some(file) = graph.script_file(place.script_id) {
            add(NodeIndex(node), file);
        }
    }
    // A `Module` object belongs to the module that it is of, not to Node's loader.
    for node in graph.nodes() {
        if let Some(file) = graph.commonjs_file(node).or_else(|| graph.file_of_module_scope(node)) {
            add(node, &file);
        }
    }
    let module = |node: NodeIndex| Some(module_of[node.at()]).filter(|&module| module != NONE);
    let package = |node: NodeIndex| module(node).map(|module| package_of_module[module as usize]);
    let module_rows = modules.rows(graph, module).map(|(file, count, retained_bytes)| ModuleRow {
        package: package_of(&file).to_owned(),
        file: graph.original_file(file),
        count,
        retained_bytes,
    });
    let package_rows = packages.rows(graph, package).map(|(name, count, retained_bytes)| PackageRow {
        name,
        count,
        retained_bytes,
    });
    (
        closures(graph, top),
        greatest(module_rows.collect(), top, |row| row.retained_bytes),
        greatest(package_rows.collect(), top, |row| row.retained_bytes),
    )
}

/// No module.
const NONE: u32 = u32::MAX;

/// Names with numbers, in order of first use.
#[derive(Default)]
struct Groups {
    ids: HashMap<String, u32>,
    names: Vec<String>,
}

impl Groups {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as u32;
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// Name, number of members and retained bytes of every group.
    fn rows(
        self,
        graph: &HeapGraph,
        group_of: impl Fn(NodeIndex) -> Option<u32>,
    ) -> impl Iterator<Item = (String, u64, u64)> {
        let mut counts = vec![0u64; self.names.len()];
        for group in graph.nodes().filter_map(&group_of) {
            counts[group as usize] += 1;
        }
        let retained = retained_by_group(graph, self.names.len(), group_of);
        self.names
            .into_iter()
            .zip(counts)
            .zip(retained)
            .map(|((name, count), retained)| (name, count, retained))
    }
}

fn closures(graph: &HeapGraph, top: usize) -> Vec<ClosureRow> {
    let mut groups = HashMap::new();
    let mut rows: Vec<(u64, u64, NodeIndex)> = Vec::new();
    let mut of_node: Vec<u32> = vec![NONE; graph.node_count()];
    for &(node, place) in graph.script_positions() {
        let node = NodeIndex(node);
        if graph.node_type(node) == NodeType::Closure {
            let group = *groups.entry(place).or_insert(rows.len() as u32);
            if group as usize == rows.len() {
                rows.push((0, 0, node));
            }
            rows[group as usize].0 += 1;
            of_node[node.at()] = group;
        }
    }
    let group_of = |node: NodeIndex| Some(of_node[node.at()]).filter(|&group| group != NONE);
    for (row, bytes) in rows.iter_mut().zip(retained_by_group(graph, groups.len(), group_of)) {
        row.1 = bytes;
    }
    let row = |(count, retained_bytes, node)| {
        Some(ClosureRow { location: graph.written_at(node)?, count, retained_bytes })
    };
    let rows = greatest(rows, top, |&(count, retained, _)| (count, retained));
    rows.into_iter().filter_map(row).collect()
}

/// Code outside `node_modules`.
pub(super) const NO_PACKAGE: &str = "(app)";

/// The npm package a file belongs to, innermost `node_modules` first.
pub(super) fn package_of(file: &str) -> &str {
    if file.starts_with("node:") {
        return "node";
    }
    let is_separator = |char| char == '/' || char == '\\';
    let Some(at) = file.rfind("node_modules") else { return NO_PACKAGE };
    let inside = file[at + "node_modules".len()..].trim_start_matches(is_separator);
    let parts = if inside.starts_with('@') { 2 } else { 1 };
    let end = inside.match_indices(is_separator).nth(parts - 1).map_or(inside.len(), |(end, _)| end);
    &inside[..end]
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn packages_are_named_from_paths() {
        assert_eq!(package_of("/srv/app/server.js"), "(app)");
        assert_eq!(package_of("/srv/app/node_modules/express/lib/router.js"), "express");
        assert_eq!(package_of("/srv/node_modules/a/node_modules/@scope/b/x.js"), "@scope/b");
        assert_eq!(package_of("C:\\app\\node_modules\\lodash\\memoize.js"), "lodash");
        assert_eq!(package_of("node:internal/timers"), "node");
    }
}
