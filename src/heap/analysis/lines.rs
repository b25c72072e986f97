//! Things by line of source.

use std::collections::{BTreeMap, HashMap};

use crate::heap::aggregates::retained_by_group;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::types::NodeIndex;

/// How many things come from each line, and what they retain: those left out that another of the line dominates.
#[derive(Default)]
pub(super) struct Lines {
    groups: BTreeMap<Location, u32>,
    counts: Vec<u64>,
    of_node: HashMap<u32, u32>,
}

impl Lines {
    pub fn add(&mut self, location: Location, node: NodeIndex) {
        let next = self.counts.len() as u32;
        let group = *self.groups.entry(location).or_insert(next);
        if group == next {
            self.counts.push(0);
        }
        self.counts[group as usize] += 1;
        self.of_node.insert(node.0, group);
    }

    /// Line, number and bytes, in the order of the lines.
    pub fn into_rows(self, graph: &HeapGraph) -> impl Iterator<Item = (Location, u64, u64)> {
        let Self { groups, counts, of_node } = self;
        let retained = if counts.is_empty() {
            Vec::new()
        } else {
            retained_by_group(graph, counts.len(), |node| of_node.get(&node.0).copied())
        };
        let row = move |(location, group): (Location, u32)| {
            (location, counts[group as usize], retained[group as usize])
        };
        groups.into_iter().map(row)
    }
}
