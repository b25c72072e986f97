//! What a holder lets go: how many of its things one snapshot has and the next has not.

use std::collections::HashSet;

use super::cluster::{Cluster, class_of, is_storage};
use super::intervals::Interval3;
use super::shared::reached;
use crate::heap::{HeapGraph, NodeIndex};

/// Fewer that go are those that were just being served.
const MIN_GONE: usize = 8;
/// A queue that loses less while it is watched may as well be none.
const MIN_GONE_SHARE: f64 = 0.1;
/// So many times as many of the older ones go as of those that came later.
const OLDEST_FIRST: f64 = 2.0;
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
    let members = held(series, cluster);
    [0, 1].map(|interval| {
        let next = series.graphs[interval + 1];
        let removed = || members[interval].difference(&members[interval + 1]);
        let died = removed().filter(|&&id| next.node_by_id(id).is_none()).count();
        Lost { removed: removed().count(), died }
    })
}

/// Objects of a cluster's outermost class that its owner has in each snapshot, by id; the snapshots share their ids.
pub fn held(series: &Interval3, cluster: &Cluster) -> [HashSet<u32>; 3] {
    let owner = series.graphs[2].id(cluster.owner);
    series.graphs.map(|graph| {
        let class = &cluster.lead.class;
        let held = |owner| match &cluster.sharing {
            Some(sharing) => reached(graph, owner, class, sharing.hops),
            None => members(graph, owner, class),
        };
        graph.node_by_id(owner).map(held).unwrap_or_default()
    })
}

/// How many objects of a cluster's outermost class its owner holds in something that is newer than they: it was emptied in
/// the last interval, and they were put back. The snapshots share their ids.
pub fn turned_over(series: &Interval3, cluster: &Cluster) -> usize {
    let graph = series.graphs[2];
    let last_id = series.graphs[1].last_id();
    let is_anew = |&node: &NodeIndex| !is_storage(graph, node) && graph.is_newer(node, last_id);
    let anew = graph.dominated(cluster.owner).filter(is_anew);
    let put_back = |within| {
        let members = members(graph, within, &cluster.lead.class);
        members.into_iter().filter(|&id| id <= last_id).count()
    };
    anew.map(put_back).max().unwrap_or(0)
}

/// Do the objects of `class` go in the order in which they came, so that they wait in a queue and none stays? What a leak
/// loses is what came last: the requests that connections still keep. The snapshots share their ids.
pub fn queues(series: &Interval3, class: &str) -> bool {
    let ids = series.graphs.map(|graph| {
        let of_class = graph.nodes().filter(|&node| class_of(graph, node) == class);
        of_class.map(|node| graph.id(node)).collect::<HashSet<u32>>()
    });
    let gone = |ids: &[u32]| ids.iter().filter(|&&id| series.graphs[2].node_by_id(id).is_none()).count();
    let (earlier, later): (Vec<u32>, Vec<u32>) = ids[1].iter().partition(|id| ids[0].contains(id));
    let first: Vec<u32> = ids[0].iter().copied().collect();
    let share = |ids: &[u32]| gone(ids) as f64 / ids.len().max(1) as f64;
    gone(&first) >= MIN_GONE
        && share(&first) >= MIN_GONE_SHARE
        && share(&earlier) > share(&later) * OLDEST_FIRST
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
