//! Which route does it, by experiment: rounds in which the application got requests of one route only, a snapshot
//! after each. What stayed of such a round is that route's.

use std::path::Path;

use super::cluster::{Cluster, class_of};
use super::counted::by_id;
use super::dominance::Dominance;
use super::input::{Isolated, TestRun};
use crate::heap::{HeapError, HeapGraph};

/// A route with less than this share of the worst route's rate does something else.
const MIN_SHARE: f64 = 0.4;
/// Fewer objects prove nothing.
const MIN_COUNT: u64 = 3;
/// How alike what single routes leave is when time alone makes it: the smallest over the largest.
const MIN_ALIKE: f64 = 0.5;
/// How much more routes leave alone than together, when time makes it: a round of one route takes as long for fewer
/// requests.
const MIN_EXCESS: f64 = 1.5;

/// What one route alone left in one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteRate {
    /// The route.
    pub route: String,
    /// Objects of the cluster's outermost class, or entries, that stayed; bytes for a holder that gains neither.
    pub count: u64,
    /// The same per request.
    pub per_request: f64,
    /// The same per second; 0 when nobody looked at the clock.
    pub per_second: f64,
}

/// For each cluster, what each isolated route left in it. Empty lists when nothing was isolated.
///
/// # Errors
/// [`HeapError`] when a snapshot cannot be read.
pub fn isolate(
    run: &TestRun,
    clusters: &[Cluster],
    last: &HeapGraph,
) -> Result<Vec<Vec<RouteRate>>, HeapError> {
    let mut rates = vec![Vec::new(); clusters.len()];
    let mut newest = last.last_id();
    let mut sizes = owner_sizes(last, clusters, last);
    let mut entries = by_id(run.snapshots.last().map_or(&[], |snapshot| &snapshot.counted));
    for round in &run.isolated {
        let graph = HeapGraph::open(Path::new(&round.snapshot))?;
        let counts = count_new(&graph, newest, clusters, last);
        let grown = owner_sizes(&graph, clusters, last);
        let now = by_id(&round.counted);
        for (index, cluster) in clusters.iter().enumerate() {
            let added = |id: u32| now.get(&id)?.checked_sub(*entries.get(&id)?);
            let left = match cluster.lead.counts {
                _ if cluster.entries.is_some() => added(last.id(cluster.owner)).unwrap_or(0),
                [0, 0] => grown[index].saturating_sub(sizes[index]),
                _ => counts[index],
            };
            rates[index].push(rate(round, left));
        }
        (newest, sizes, entries) = (graph.last_id(), grown, now);
    }
    Ok(rates)
}

/// What each cluster's owner retains; 0 when it is gone.
fn owner_sizes(graph: &HeapGraph, clusters: &[Cluster], last: &HeapGraph) -> Vec<u64> {
    let owner = |cluster: &Cluster| graph.node_by_id(last.id(cluster.owner));
    clusters.iter().map(|cluster| owner(cluster).map_or(0, |node| graph.retained_size(node))).collect()
}

/// The routes that leave something, worst first.
pub fn guilty(rates: &[RouteRate]) -> Vec<String> {
    let worst = rates.iter().map(|rate| rate.per_request).fold(0.0, f64::max);
    let mut guilty: Vec<&RouteRate> = rates
        .iter()
        .filter(|rate| rate.count >= MIN_COUNT && rate.per_request >= worst * MIN_SHARE)
        .collect();
    guilty.sort_by(|a, b| b.per_request.total_cmp(&a.per_request).then_with(|| a.route.cmp(&b.route)));
    guilty.into_iter().map(|rate| rate.route.clone()).collect()
}

/// Does it grow by itself, with time and not with requests? Then every route alone leaves about as much, as a round, a
/// request or a second, and what they leave adds up to more than all of them left `together`, per request. `share` of a route: of all
/// requests.
pub fn grows_by_itself(rates: &[RouteRate], share: impl Fn(&str) -> f64, together: f64) -> bool {
    let alike = |values: &dyn Fn(&RouteRate) -> f64| {
        let (least, most) = rates
            .iter()
            .map(values)
            .fold((f64::MAX, 0.0), |(low, high), value| (value.min(low), value.max(high)));
        most > 0.0 && least >= most * MIN_ALIKE
    };
    let enough = rates.len() > 1 && rates.iter().all(|rate| rate.count >= MIN_COUNT);
    let alike = enough
        && (alike(&|rate| rate.count as f64)
            || alike(&|rate| rate.per_request)
            || alike(&|rate| rate.per_second));
    let expected: f64 = rates.iter().map(|rate| rate.per_request * share(&rate.route)).sum();
    alike && expected > together * MIN_EXCESS
}

/// Objects newer than `newest`, below each cluster's owner and of its outermost class.
fn count_new(graph: &HeapGraph, newest: u32, clusters: &[Cluster], last: &HeapGraph) -> Vec<u64> {
    let dominance = Dominance::of(graph);
    let owners: Vec<_> = clusters.iter().map(|cluster| graph.node_by_id(last.id(cluster.owner))).collect();
    let mut counts = vec![0; clusters.len()];
    for node in graph.nodes().filter(|&node| graph.id(node) % 2 == 1 && graph.id(node) > newest) {
        let class = class_of(graph, node);
        for (index, cluster) in clusters.iter().enumerate().filter(|(_, cluster)| cluster.lead.class == class)
        {
            let inside = cluster.rootlike
                || cluster.sharing.is_some()
                || owners[index].is_some_and(|owner| dominance.dominates(owner, node));
            counts[index] += u64::from(inside);
        }
    }
    counts
}

fn rate(round: &Isolated, count: u64) -> RouteRate {
    let seconds = round.elapsed_ms / 1000.0;
    RouteRate {
        route: round.route.clone(),
        count,
        per_request: count as f64 / round.requests.max(1.0),
        per_second: if seconds > 0.0 { count as f64 / seconds } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_round_leaves_whoever_asked_grows_by_itself() {
        let rate = |route: &str, count: u64, requests: f64| RouteRate {
            route: route.to_owned(),
            count,
            per_request: count as f64 / requests,
            per_second: 0.0,
        };
        let share = |route: &str| if route == "GET /often" { 0.8 } else { 0.2 };
        let polled = [rate("GET /often", 90, 80.0), rate("GET /seldom", 95, 20.0)];
        assert!(grows_by_itself(&polled, share, 0.9));
        let of_all_routes = [rate("GET /often", 80, 80.0), rate("GET /seldom", 20, 20.0)];
        assert!(!grows_by_itself(&of_all_routes, share, 1.0));
        let of_two_alike = [rate("GET /often", 80, 80.0), rate("GET /seldom", 80, 20.0)];
        assert!(!grows_by_itself(&of_two_alike, share, 1.6));
        assert!(!grows_by_itself(&polled[..1], share, 0.1));
        // The first round began after a while without requests.
        let during =
            |seconds: f64, rate: RouteRate| RouteRate { per_second: rate.count as f64 / seconds, ..rate };
        let polled = [rate("GET /often", 470, 100.0), rate("GET /seldom", 200, 100.0)];
        assert!(!grows_by_itself(&polled, share, 0.7));
        let [often, seldom] = polled;
        assert!(grows_by_itself(&[during(2.3, often), during(1.0, seldom)], share, 0.7));
    }

    #[test]
    fn the_routes_that_leave_much_are_guilty() {
        let rate = |route: &str, count: u64, requests: f64| RouteRate {
            route: route.to_owned(),
            count,
            per_request: count as f64 / requests,
            per_second: 0.0,
        };
        let rates = [
            rate("GET /a", 2, 1.0),
            rate("GET /b", 90, 100.0),
            rate("GET /c", 200, 100.0),
            rate("GET /d", 5, 100.0),
        ];
        assert_eq!(guilty(&rates), ["GET /c", "GET /b"]);
        assert!(guilty(&[rate("GET /a", 0, 50.0)]).is_empty());
        assert!(guilty(&[]).is_empty());
    }
}
