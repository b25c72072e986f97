//! Growth clusters: what stayed between three snapshots of one process, grouped so that one leak is one cluster.
//!
//! Object ids are handed out in rising order, so an object of the last snapshot whose id is above the first
//! snapshot's last id was made in between. Following dominators upwards, every such new object hangs below
//! an *owner*: the nearest object that was there before. What a leak adds per request hangs below one
//! owner, whatever it consists of; objects made once, and objects that replace others, fall away because
//! they do not recur in both intervals or because the owner's total does not grow.

use std::collections::{BTreeMap, HashMap};

use super::cluster::{ClassTally, Cluster, Tally, class_of, is_rootlike, is_storage};
use crate::heap::{EdgeKind, HeapGraph, NodeIndex};

/// Three snapshots in time order and the requests between them.
pub struct Interval3<'a> {
    /// The snapshots.
    pub graphs: [&'a HeapGraph; 3],
    /// Requests between the first and second, and between the second and third.
    pub requests: [f64; 2],
    /// Whether an object has the same id in all of them: not when each was taken in a forked child.
    pub shares_ids: bool,
}

/// Fewer objects than this in one interval prove nothing.
const MIN_COUNT: f64 = 4.0;
/// Fewer objects than this per request are not what requests leave behind.
const MIN_PER_REQUEST: f64 = 0.015;
/// How alike the two intervals' rates must be: the smaller over the larger.
const MIN_STEADINESS: f64 = 0.7;
/// The share of the new objects that must add to the owner's total instead of replacing others.
const MIN_ADDED: f64 = 0.6;

/// The clusters of what stayed, most bytes first.
pub fn clusters(series: &Interval3) -> Vec<Cluster> {
    let last = series.graphs[2];
    let survey = Survey::of(series);
    let mut found: Vec<Cluster> =
        survey.groups.into_iter().filter_map(|(key, group)| group.into_cluster(key, series)).collect();
    for cluster in found.iter_mut().filter(|cluster| !cluster.rootlike) {
        cluster.retained = retained(series, cluster.owner);
    }
    found.retain(|cluster| adds_to_total(cluster, series));
    found.sort_by_key(|cluster| {
        (std::cmp::Reverse(cluster.bytes[0] + cluster.bytes[1]), last.id(cluster.owner))
    });
    found
}

/// When an object was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Before the first snapshot.
    Old,
    /// In this interval.
    New(usize),
    /// Its id does not say (V8's embedder nodes): as old as what dominates it.
    Unknown,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
struct GroupKey {
    owner: NodeIndex,
    variable: Option<String>,
    /// Only below a rootlike owner: the class of the outermost new object.
    top_class: Option<String>,
}

#[derive(Default)]
struct Group {
    rootlike: bool,
    bytes: [u64; 2],
    classes: ClassTally,
}

struct Survey {
    groups: BTreeMap<GroupKey, Group>,
}

/// For each node: its owner, and the outermost new object above it (itself included).
#[derive(Clone, Copy)]
struct Place {
    owner: NodeIndex,
    top: Option<NodeIndex>,
    depth: u32,
}

impl Survey {
    fn of(series: &Interval3) -> Self {
        let graph = series.graphs[2];
        let ends = [series.graphs[0].last_id(), series.graphs[1].last_id()];
        let age = |node: NodeIndex| match graph.id(node) {
            id if id % 2 == 0 => Age::Unknown,
            id if id <= ends[0] => Age::Old,
            id if id <= ends[1] => Age::New(0),
            _ => Age::New(1),
        };
        let root = graph.root();
        let mut places = vec![Place { owner: root, top: None, depth: 0 }; graph.node_count()];
        let mut keys: HashMap<NodeIndex, GroupKey> = HashMap::new();
        let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
        let mut pending: Vec<NodeIndex> = graph.dominated(root).collect();
        while let Some(node) = pending.pop() {
            pending.extend(graph.dominated(node));
            let Some(dominator) = graph.dominator(node) else { continue };
            let storage = is_storage(graph, node);
            let above = places[dominator.0 as usize];
            let age = age(node);
            let place = match age {
                Age::Old if !storage => Place { owner: node, top: None, depth: 0 },
                Age::New(_) if !storage => {
                    Place { owner: above.owner, top: above.top.or(Some(node)), depth: above.depth + 1 }
                }
                _ => above,
            };
            places[node.0 as usize] = place;
            let Some(top) = place.top else { continue };
            let key = keys.entry(top).or_insert_with(|| group_key(graph, place.owner, top));
            let group = groups.entry(key.clone()).or_default();
            group.rootlike = key.top_class.is_some();
            let interval = match age {
                Age::New(interval) => interval,
                _ => usize::from(graph.id(top) > ends[1]),
            };
            group.bytes[interval] += graph.self_size(node);
            if let (Age::New(interval), false) = (age, storage) {
                group.classes.add(graph, node, Tally { interval, depth: place.depth, is_top: top == node });
            }
        }
        Survey { groups }
    }
}

fn group_key(graph: &HeapGraph, owner: NodeIndex, top: NodeIndex) -> GroupKey {
    if is_rootlike(graph, owner) {
        return GroupKey { owner: graph.root(), variable: None, top_class: Some(class_of(graph, top)) };
    }
    GroupKey { owner, variable: context_variable(graph, owner, top), top_class: None }
}

/// The variable of the context `owner` through which it dominates `top`.
fn context_variable(graph: &HeapGraph, owner: NodeIndex, top: NodeIndex) -> Option<String> {
    let mut below = top;
    while graph.dominator(below)? != owner {
        below = graph.dominator(below)?;
    }
    let mut edges = graph.edges(owner).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Context);
    edges.find(|&edge| graph.edge_target(edge) == below).map(|edge| graph.edge_name(edge).to_string())
}

impl Group {
    fn into_cluster(self, key: GroupKey, series: &Interval3) -> Option<Cluster> {
        let classes = self.classes.sorted(|class| recurs(class.counts, series.requests));
        let lead = classes.first()?.clone();
        let chain = !recurs(lead.tops, series.requests);
        Some(Cluster {
            owner: key.owner,
            rootlike: self.rootlike,
            lead,
            classes,
            bytes: self.bytes,
            chain,
            retained: None,
            entries: None,
        })
    }
}

/// Did about as many stay per request in both intervals?
pub(super) fn recurs(counts: [u64; 2], requests: [f64; 2]) -> bool {
    let rates = [0, 1].map(|i| counts[i] as f64 / requests[i].max(1.0));
    let enough = [0, 1].iter().all(|&i| counts[i] as f64 >= MIN_COUNT.max(requests[i] * MIN_PER_REQUEST));
    enough && rates[0].min(rates[1]) >= rates[0].max(rates[1]) * MIN_STEADINESS
}

/// Does the owner keep more after each interval, or did new objects only replace others?
fn adds_to_total(cluster: &Cluster, series: &Interval3) -> bool {
    let Some(retained) = cluster.retained else {
        return cluster.rootlike && more_objects(cluster, series);
    };
    let gained = |from: usize, to: usize| retained[to] as f64 - retained[from] as f64;
    let added = |gained: f64, new: u64| gained >= new as f64 * MIN_ADDED;
    let [first, second] = cluster.bytes;
    let each = added(gained(0, 1), first) && added(gained(1, 2), second);
    // What something else holds, too, at one moment is not retained then: the objects count.
    each || (added(gained(0, 2), first + second) && more_objects(cluster, series))
}

/// Are there more objects of the class after each interval, in the whole heap?
fn more_objects(cluster: &Cluster, series: &Interval3) -> bool {
    let totals = series.graphs.map(|graph| {
        graph.nodes().filter(|&node| class_of(graph, node) == cluster.lead.class).count() as f64
    });
    let new = cluster.lead.counts;
    (0..2).all(|i| totals[i + 1] - totals[i] >= new[i] as f64 * MIN_ADDED)
}

/// What an object of the last snapshot retained in each; `None` when it was not there from the start.
pub(super) fn retained(series: &Interval3, owner: NodeIndex) -> Option<[u64; 3]> {
    let id = series.graphs[2].id(owner);
    let size = |graph: &HeapGraph| graph.node_by_id(id).map(|node| graph.retained_size(node));
    let [a, b, c] = series.graphs.map(size);
    Some([a?, b?, c?])
}
