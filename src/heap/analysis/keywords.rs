//! Words that lead a person on: to look for in the source, and among known problems of a package.

use std::collections::HashSet;

use super::origins::{NO_PACKAGE, package_of};
use super::path_text::file_of;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::holds::Hold;
use crate::heap::paths::{Step, program_part};
use crate::heap::types::NodeIndex;

/// More words are none.
const MOST: usize = 8;

/// Class of a node and of what it is made of; file, npm package and names on the path to it.
pub(super) fn keywords(graph: &HeapGraph, node: NodeIndex, made_of: Option<&str>) -> Vec<String> {
    let mut words = vec![graph.class_name(node).to_owned()];
    words.extend(made_of.map(str::to_owned));
    for step in graph.retainer_paths(node, 1).iter().flat_map(|path| &path[program_part(path)..]) {
        if let Some(file) = file_of(step) {
            words.extend([package_of(&file).to_owned(), graph.original_file(file)]);
        }
        words.extend(is_named(step).then(|| step.edge_name.clone()));
    }
    let mut seen = HashSet::from([NO_PACKAGE.to_owned()]);
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(MOST);
    words
}

fn is_named(step: &Step) -> bool {
    matches!(step.hold, Hold::Variable(_) | Hold::Property)
}
