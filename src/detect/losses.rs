//! What a holder lets go: how many of its things one snapshot has and the next has not.

use std::collections::HashSet;

use super::cluster::{Cluster, class_of};
use super::intervals::Interval3;
use super::shared::reached;
use crate::heap::{HeapGraph, NodeIndex};

/// Objects below one holder that are looked at.
const MAX_MEMBERS: usize = 500_000;

/// Objects of a cluster's outermost class that its owner had at the beginning of an interval and not at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// All of them.
    pub removed: usize,
    /// Those that are nowhere any more.
    pub died: usize,
}

/// What the owner lost in each interval; the snapshots share their ids.
pub fn lost(series: &Interval3, cluster: &Cluster) -> [Lost; 2] {
    let owner = series.graphs[2].id(cluster.owner);
    let members = series.graphs.map(|graph| {
        let class = &cluster.lead.class;
        let held = |owner| match &cluster.sharing {
            Some(sharing) => reached(graph, owner, class, sharing.hops),
            None => members(graph, owner, class),
        };
        graph.node_by_id(owner).map(held).unwrap_or_default()
    });
    [0, 1].map(|interval| {
        let next = series.graphs[interval + 1];
        let removed = || members[interval].difference(&members[interval + 1]);
        let died = removed().filter(|&&id| next.node_by_id(id).is_none()).count();
        Lost { removed: removed().count(), died }
    })
}

fn members(graph: &HeapGraph, owner: NodeIndex, class: &str) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut pending: Vec<NodeIndex> = graph.dominated(owner).collect();
    let mut visited = 0;
    while let Some(node) = pending.pop().filter(|_| visited < MAX_MEMBERS) {
        visited += 1;
        pending.extend(graph.dominated(node));
        if class_of(graph, node) == class {
            found.insert(graph.id(node));
        }
    }
    found
}
