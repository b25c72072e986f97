//! Why an object is alive: the answer of `leakwatch path`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PathStep, app_folder, path_text};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::paths::program_part;
use crate::heap::scripts::Location;
use crate::heap::types::{ClassId, NodeIndex};

/// An object and the paths that keep it alive.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhyAlive {
    /// The application's folder: where its `node_modules` are; null when nothing tells.
    pub folder: Option<String>,
    /// Its class.
    pub class_name: String,
    /// Its object id.
    pub id: u32,
    /// Objects of that class in the snapshot.
    pub class_count: u64,
    /// Its shallow size.
    pub shallow_bytes: u64,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// Where the function, or the object's constructor, stands; null when the snapshot does not tell.
    pub location: Option<Location>,
    /// Different paths, the most readable first; empty when nothing but weak references leads to it.
    pub paths: Vec<WhyPath>,
}

/// One path from the root to the object.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhyPath {
    /// The program's part of it in one line.
    pub text: String,
    /// Index of the first step of that part.
    pub program_part: usize,
    /// All steps, from the root's side.
    pub steps: Vec<PathStep>,
}

impl WhyAlive {
    /// The paths to a node, at most `limit`.
    pub fn of(graph: &HeapGraph, node: NodeIndex, limit: usize) -> Self {
        let class = graph.class_of(node);
        let paths = graph.retainer_paths(node, limit);
        let paths = paths.iter().map(|path| WhyPath {
            text: path_text(graph, path),
            program_part: program_part(path),
            steps: PathStep::all(graph, path),
        });
        Self {
            folder: app_folder(graph),
            class_name: graph.class_name(node).to_owned(),
            id: graph.id(node),
            class_count: graph.nodes().filter(|&other| graph.class_of(other) == class).count() as u64,
            shallow_bytes: graph.self_size(node),
            retained_bytes: graph.retained_size(node),
            location: graph.written_at(node),
            paths: paths.collect(),
        }
    }

    /// The object of the class that retains most (of equals the newest); the program's own class before one of Node's
    /// that has the same name, and objects before the prototypes that others of the class have (`Object.create`).
    /// `None` when there is no such object.
    pub fn greatest_of_class(graph: &HeapGraph, class_name: &str) -> Option<NodeIndex> {
        let of_node = |class| {
            let place = graph.constructor_location(graph.class_key(class));
            place.is_some_and(|place| place.file.starts_with("node:"))
        };
        let mut classes: BTreeMap<ClassId, bool> = BTreeMap::new();
        let nodes = graph.nodes().filter(|&node| graph.class_name(node) == class_name);
        nodes.max_by_key(|&node| {
            let class = graph.class_of(node);
            let of_program = *classes.entry(class).or_insert_with(|| !of_node(class));
            (of_program, !is_prototype(graph, node), graph.retained_size(node), graph.id(node))
        })
    }
}

fn is_prototype(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.retainers(node).any(|edge| graph.raw_edge_name(edge) == Some(b"__proto__"))
}
