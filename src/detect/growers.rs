//! Holders that grow without gaining objects: a string that is appended to, a buffer that is joined with the next
//! one, an array of numbers. What they hold is replaced by something larger each time, so nothing recurs; but the
//! holder itself was there before and retains more after each interval.

use std::collections::HashMap;

use super::cluster::{Cluster, Recurring, class_of, is_rootlike, is_storage};
use super::intervals::Interval3;
use crate::heap::{HeapGraph, NodeIndex, NodeType};

/// Less growth than this in an interval is a backing store that made room.
const MIN_BYTES: f64 = 8.0 * 1024.0;
/// Less than this per request is not what requests leave behind.
const MIN_BYTES_PER_REQUEST: f64 = 16.0;
/// How alike the intervals must be: growth in place comes in steps.
const MIN_STEADINESS: f64 = 0.5;

/// Growing holders that no cluster explains, fastest first.
pub fn growers(series: &Interval3, explained: &[Cluster]) -> Vec<Cluster> {
    let graph = series.graphs[2];
    let mut found: Vec<Cluster> = new_data(graph, series.graphs[0].last_id())
        .into_iter()
        .filter(|(owner, _)| !explained.iter().any(|cluster| cluster.owner == *owner))
        .filter_map(|(owner, data)| grower(series, owner, &data))
        .collect();
    found.sort_by_key(|cluster| {
        (std::cmp::Reverse(cluster.bytes[0] + cluster.bytes[1]), graph.id(cluster.owner))
    });
    found
}

/// New bytes directly below one owner, and the largest thing among them.
struct Data {
    bytes: u64,
    largest: NodeIndex,
}

/// Bytes of data (not code) younger than `first_id`, by the nearest older object above.
fn new_data(graph: &HeapGraph, first_id: u32) -> HashMap<NodeIndex, Data> {
    let mut owners = vec![graph.root(); graph.node_count()];
    let mut data: HashMap<NodeIndex, Data> = HashMap::new();
    let mut pending: Vec<NodeIndex> = graph.dominated(graph.root()).collect();
    while let Some(node) = pending.pop() {
        pending.extend(graph.dominated(node));
        let Some(dominator) = graph.dominator(node) else { continue };
        let is_old = !graph.is_newer(node, first_id);
        let owner = if is_old && !is_storage(graph, node) { node } else { owners[dominator.0 as usize] };
        owners[node.0 as usize] = owner;
        if owner == node || is_rootlike(graph, owner) || !is_data(graph, node) {
            continue;
        }
        let size = graph.self_size(node);
        let entry = data.entry(owner).or_insert(Data { bytes: 0, largest: node });
        entry.bytes += size;
        if graph.retained_size(node) > graph.retained_size(entry.largest) {
            entry.largest = node;
        }
    }
    data
}

fn is_data(graph: &HeapGraph, node: NodeIndex) -> bool {
    !matches!(graph.node_type(node), NodeType::Code | NodeType::ObjectShape | NodeType::Hidden)
}

fn grower(series: &Interval3, owner: NodeIndex, data: &Data) -> Option<Cluster> {
    let sizes = series.retained(owner)?;
    let growth = [sizes[1].checked_sub(sizes[0])?, sizes[2].checked_sub(sizes[1])?];
    let enough = |i: usize| growth[i] as f64 >= MIN_BYTES.max(series.requests[i] * MIN_BYTES_PER_REQUEST);
    let rates = [0, 1].map(|i| growth[i] as f64 / series.requests[i].max(1.0));
    let steady = rates[0].min(rates[1]) >= rates[0].max(rates[1]) * MIN_STEADINESS;
    let explains = data.bytes as f64 >= growth[1] as f64 * MIN_STEADINESS;
    let proven = enough(0) && enough(1) && steady && explains;
    proven.then(|| cluster(series.graphs[2], owner, data.largest, growth, sizes))
}

fn cluster(
    graph: &HeapGraph,
    owner: NodeIndex,
    largest: NodeIndex,
    bytes: [u64; 2],
    sizes: [u64; 3],
) -> Cluster {
    // What is stored is called by what it belongs to.
    let mut named = largest;
    while is_storage(graph, named) && named != owner {
        named = graph.dominator(named).unwrap_or(owner);
    }
    let lead = Recurring {
        class: class_of(graph, named),
        node_type: graph.node_type(named),
        counts: [0; 2],
        tops: [0; 2],
        depth: 1,
        bytes: 0,
        sample: named,
    };
    let retained = Some(sizes);
    Cluster {
        owner,
        rootlike: false,
        classes: vec![lead.clone()],
        lead,
        bytes,
        chain: false,
        sharing: None,
        retained,
        entries: None,
    }
}
