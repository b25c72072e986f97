//! The way from an owner down to what piles up. Where several older objects hold it, the shortest way may lead through one
//! that lets go of as many as it takes, as a list of the latest: that one is not to blame.

use super::cluster::{Cluster, class_of, is_storage};
use super::dominance::Dominance;
use super::holder::{path_around, path_down};
use super::intervals::Interval3;
use super::shared::reached;
use crate::heap::{EdgeIndex, NodeIndex};

/// What holds this share of the new ones grows with them.
const MIN_ADDED: f64 = 0.6;
/// More holders that do not grow are not looked around.
const MAX_OTHERS: usize = 4;

/// The shortest way down to `member` through older objects that gain what the cluster does; else the shortest.
pub fn growing_way(
    series: &Interval3,
    dominance: &Dominance,
    cluster: &Cluster,
    member: NodeIndex,
) -> Vec<EdgeIndex> {
    let graph = series.graphs[2];
    let shortest = path_down(graph, dominance, cluster.owner, member);
    if !series.shares_ids || cluster.entries.is_some() {
        return shortest;
    }
    let (mut way, mut others) = (shortest.clone(), Vec::new());
    while let Some(holder) = older_holder(series, &way)
        && !gains(series, cluster, holder, &way)
    {
        others.push(holder);
        way = path_around(graph, dominance, (cluster.owner, member), &others);
        if way.is_empty() || others.len() > MAX_OTHERS {
            return shortest;
        }
    }
    way
}

/// The last object on a way that is as old as the first snapshot; not the owner that it starts at.
fn older_holder(series: &Interval3, way: &[EdgeIndex]) -> Option<NodeIndex> {
    let graph = series.graphs[2];
    let objects = way.iter().skip(1).map(|&edge| graph.edge_source(edge));
    let first_id = series.graphs[0].last_id();
    objects.filter(|&object| !is_storage(graph, object) && !graph.is_newer(object, first_id)).last()
}

/// Does `holder` have more of what is at the end of the way, by about as many as the cluster has?
fn gains(series: &Interval3, cluster: &Cluster, holder: NodeIndex, way: &[EdgeIndex]) -> bool {
    let graph = series.graphs[2];
    let Some(&last) = way.last() else { return true };
    let class = class_of(graph, graph.edge_target(last));
    let Some(counted) = cluster.classes.iter().find(|counted| counted.class == class) else { return true };
    let below = way.iter().map(|&edge| graph.edge_source(edge)).skip_while(|&object| object != holder);
    let hops = below.filter(|&object| !is_storage(graph, object)).count() as u32;
    let held = series.graphs.map(|graph_then| {
        let then = graph_then.node_by_id(graph.id(holder));
        then.map_or(0, |holder| reached(graph_then, holder, &class, hops).len())
    });
    let new: u64 = counted.counts.iter().sum();
    held[2] as f64 - held[0] as f64 >= new as f64 * MIN_ADDED
}
