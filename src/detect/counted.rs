//! Collections whose entries were counted in the process: a heap snapshot does not show numbers, and what they are
//! stored in grows in steps, so that neither objects nor bytes tell that every request adds one.

use std::collections::HashMap;

use super::cluster::{Cluster, Recurring, class_of, is_rootlike, is_storage};
use super::clusters::recurs;
use super::input::{Counted, SnapshotAt};
use super::intervals::Interval3;
use crate::heap::{HeapGraph, NodeIndex};

/// How far from what its rate explains a collection may be at the first snapshot.
const MAX_STRAY: f64 = 0.3;

/// Collections that gained entries at the same rate in both intervals, and that no cluster explains.
pub fn counted(series: &Interval3, snapshots: &[SnapshotAt], explained: &[Cluster]) -> Vec<Cluster> {
    let graph = series.graphs[2];
    let [first, second, third] = snapshots else { return Vec::new() };
    let before = [by_id(&first.counted), by_id(&second.counted)];
    let grown = third.counted.iter().filter_map(|now| {
        let entries = [*before[0].get(&now.id)?, *before[1].get(&now.id)?, now.count];
        let owner = graph.node_by_id(now.id)?;
        if !grew_like_this_before(entries, series.requests, first.requests) {
            return None;
        }
        let unexplained = !explained.iter().any(|cluster| cluster.owner == owner);
        unexplained.then(|| cluster(series, owner, entries)).flatten()
    });
    let mut found: Vec<Cluster> = grown.collect();
    found.sort_by_key(|cluster| (std::cmp::Reverse(cluster.lead.counts), graph.id(cluster.owner)));
    found
}

/// Entries by the object's id.
pub fn by_id(counted: &[Counted]) -> HashMap<u32, u64> {
    counted.iter().map(|collection| (collection.id, collection.count)).collect()
}

/// Did it get all it has at the rate of the two intervals? One that is also emptied has had more or less than that,
/// and a little more at two moments is chance.
fn grew_like_this_before(entries: [u64; 3], requests: [f64; 2], before: f64) -> bool {
    let per_request = entries[2].saturating_sub(entries[0]) as f64 / requests.iter().sum::<f64>().max(1.0);
    let had = entries[0] as f64;
    (had - per_request * before).abs() <= had * MAX_STRAY
}

fn cluster(series: &Interval3, owner: NodeIndex, entries: [u64; 3]) -> Option<Cluster> {
    let counts = [entries[1].checked_sub(entries[0])?, entries[2].checked_sub(entries[1])?];
    if !recurs(counts, series.requests) {
        return None;
    }
    let graph = series.graphs[2];
    // Of objects the clusters tell, which know the new from the old.
    if has_newer_entry(graph, owner, series.graphs[0].last_id()) {
        return None;
    }
    let each = graph.self_size(owner) / entries[2].max(1);
    let lead = Recurring {
        class: class_of(graph, owner),
        node_type: graph.node_type(owner),
        counts,
        tops: counts,
        depth: 1,
        bytes: each * (counts[0] + counts[1]),
        sample: owner,
    };
    Some(Cluster {
        owner,
        rootlike: is_rootlike(graph, owner),
        classes: vec![lead.clone()],
        lead,
        bytes: counts.map(|count| count * each),
        chain: false,
        sharing: None,
        retained: series.retained(owner),
        entries: Some(entries),
    })
}

fn has_newer_entry(graph: &HeapGraph, owner: NodeIndex, first_id: u32) -> bool {
    let targets = |node| graph.edges(node).map(|edge| graph.edge_target(edge));
    let inside = targets(owner).filter(|&store| is_storage(graph, store)).flat_map(targets);
    let mut entries = inside.chain(targets(owner)).filter(|&node| !is_storage(graph, node));
    entries.any(|node| graph.is_newer(node, first_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_at_this_rate_from_the_start_does_so_and_what_is_emptied_now_and_then_does_not() {
        let requests = [1000.0, 1000.0];
        assert!(grew_like_this_before([6500, 7500, 8500], requests, 6500.0));
        assert!(grew_like_this_before([3000, 3500, 4000], requests, 6500.0));
        // Sessions of the last seconds: some more at each look.
        assert!(!grew_like_this_before([300, 320, 345], requests, 6500.0));
        // As many as fit, and then as many again.
        assert!(!grew_like_this_before([100, 1100, 2100], requests, 6500.0));
    }
}
