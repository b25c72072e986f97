//! Growth clusters: what stayed between three snapshots of one process, grouped so that one leak is one cluster.
//!
//! Object ids are handed out in rising order, so an object of the last snapshot whose id is above the first
//! snapshot's last id was made in between. Following dominators upwards, every such new object hangs below
//! an *owner*: the nearest object that was there before. What a leak adds per request hangs below one
//! owner, whatever it consists of; objects made once, and objects that replace others, fall away because
//! they do not recur in both intervals or because the owner's total does not grow.

use std::collections::{BTreeMap, HashMap};

use super::cluster::{ClassTally, Cluster, Sharing, Tally, class_of, is_rootlike, is_storage, is_text};
use super::intervals::Interval3;
use super::losses::lost;
use super::shared::{Shared, reached};
use crate::heap::{EdgeKind, HeapGraph, NodeIndex, NodeType};

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
    let Survey { groups, shared } = Survey::of(series);
    let mut found = Vec::new();
    for (key, group) in groups {
        let bytes_alone = [0, 1].map(|i| group.bytes[i] - group.shared[i]);
        let Some(mut cluster) = group.into_cluster(key, series, &shared) else { continue };
        // What others hold, too, no holder retains.
        let is_alone = !cluster.rootlike && cluster.sharing.is_none();
        cluster.retained = if is_alone { series.retained(cluster.owner) } else { None };
        if adds_to_total(&cluster, bytes_alone, series) {
            found.push(cluster);
        }
    }
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
    /// Of those, what the owner does not hold alone.
    shared: [u64; 2],
    classes: ClassTally,
}

struct Survey {
    groups: BTreeMap<GroupKey, Group>,
    shared: Shared,
}

/// For each node: its owner, and the outermost new object above it (itself included).
#[derive(Clone, Copy)]
struct Place {
    owner: NodeIndex,
    top: Option<NodeIndex>,
    depth: u32,
}

/// When objects of the last snapshot were made.
struct Ages([u32; 2]);

impl Ages {
    fn of(series: &Interval3) -> Self {
        Ages([series.graphs[0].last_id(), series.graphs[1].last_id()])
    }

    fn age(&self, id: u32) -> Age {
        match id {
            id if id % 2 == 0 => Age::Unknown,
            id if id <= self.0[0] => Age::Old,
            id if id <= self.0[1] => Age::New(0),
            _ => Age::New(1),
        }
    }
}

impl Survey {
    fn of(series: &Interval3) -> Self {
        let graph = series.graphs[2];
        let ages = Ages::of(series);
        let is_new = |node| matches!(ages.age(graph.id(node)), Age::New(_));
        let (places, members) = placed(graph, &ages);
        let place_of = |node: NodeIndex| places[node.0 as usize];
        let loose = members
            .iter()
            .copied()
            .filter(|&node| place_of(node).top == Some(node) && is_rootlike(graph, place_of(node).owner));
        let shared = Shared::of(graph, &loose.collect::<Vec<_>>(), is_new);
        let mut keys: HashMap<NodeIndex, GroupKey> = HashMap::new();
        let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
        for node in members {
            let Place { owner, top: Some(top), depth } = place_of(node) else { continue };
            let key = keys.entry(top).or_insert_with(|| group_key(graph, owner, top, &shared));
            if key.top_class.is_some() && is_in_use(graph, top) {
                continue;
            }
            let group = groups.entry(key.clone()).or_default();
            group.rootlike = key.top_class.is_some();
            let hops = shared.holder_of(top).map(|(_, hops)| hops);
            let age = ages.age(graph.id(node));
            let interval = match age {
                Age::New(interval) => interval,
                _ => usize::from(graph.id(top) > ages.0[1]),
            };
            group.bytes[interval] += graph.self_size(node);
            group.shared[interval] += hops.map_or(0, |_| graph.self_size(node));
            let depth = depth + hops.map_or(0, |hops| hops - 1);
            if let (Age::New(interval), false) = (age, is_storage(graph, node)) {
                group.classes.add(graph, node, Tally { interval, depth, is_top: top == node });
            }
        }
        Survey { groups, shared }
    }
}

/// The place of each node, and those with a new object above them or new themselves.
fn placed(graph: &HeapGraph, ages: &Ages) -> (Vec<Place>, Vec<NodeIndex>) {
    let root = graph.root();
    let mut places = vec![Place { owner: root, top: None, depth: 0 }; graph.node_count()];
    let mut members = Vec::new();
    let mut pending: Vec<NodeIndex> = graph.dominated(root).collect();
    while let Some(node) = pending.pop() {
        pending.extend(graph.dominated(node));
        let Some(dominator) = graph.dominator(node) else { continue };
        let storage = is_storage(graph, node);
        let above = places[dominator.0 as usize];
        let place = match ages.age(graph.id(node)) {
            Age::Old if !storage => Place { owner: node, top: None, depth: 0 },
            Age::New(_) if !storage => {
                Place { owner: above.owner, top: above.top.or(Some(node)), depth: above.depth + 1 }
            }
            _ => above,
        };
        places[node.0 as usize] = place;
        if place.top.is_some() {
            members.push(node);
        }
    }
    (places, members)
}

fn group_key(graph: &HeapGraph, owner: NodeIndex, top: NodeIndex, shared: &Shared) -> GroupKey {
    if !is_rootlike(graph, owner) {
        return GroupKey { owner, variable: context_variable(graph, owner, top), top_class: None };
    }
    match shared.holder_of(top) {
        Some((holder, _)) => GroupKey { owner: holder, variable: None, top_class: None },
        None => GroupKey { owner: graph.root(), variable: None, top_class: Some(class_of(graph, top)) },
    }
}

/// Does a function hold it that runs at this moment, what takes the snapshot among them?
fn is_in_use(graph: &HeapGraph, object: NodeIndex) -> bool {
    let mut holders = graph.retainers(object).map(|edge| graph.edge_source(edge));
    holders.any(|holder| {
        graph.node_type(holder) == NodeType::Synthetic
            && matches!(&*graph.name(holder), "(Stack roots)" | "(Handle scope)")
    })
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
    fn into_cluster(self, key: GroupKey, series: &Interval3, shared: &Shared) -> Option<Cluster> {
        let classes = self.classes.sorted(|class| recurs(class.counts, series.requests));
        let lead = classes.first()?.clone();
        let is_shared = self.shared != [0; 2] && !is_dominated(series.graphs[2], key.owner, lead.sample);
        let sharing = is_shared.then(|| Sharing { hops: lead.depth, too: shared.too(key.owner) });
        let chain = !recurs(lead.tops, series.requests);
        Some(Cluster {
            owner: key.owner,
            rootlike: self.rootlike,
            lead,
            classes,
            bytes: self.bytes,
            chain,
            sharing,
            retained: None,
            entries: None,
        })
    }
}

fn is_dominated(graph: &HeapGraph, owner: NodeIndex, below: NodeIndex) -> bool {
    std::iter::successors(Some(below), |&node| graph.dominator(node)).any(|node| node == owner)
}

/// Did about as many stay per request in both intervals?
pub(super) fn recurs(counts: [u64; 2], requests: [f64; 2]) -> bool {
    let rates = [0, 1].map(|i| counts[i] as f64 / requests[i].max(1.0));
    let enough = [0, 1].iter().all(|&i| counts[i] as f64 >= MIN_COUNT.max(requests[i] * MIN_PER_REQUEST));
    enough && rates[0].min(rates[1]) >= rates[0].max(rates[1]) * MIN_STEADINESS
}

/// Does the owner keep more after each interval, or did new objects only replace others?
fn adds_to_total(cluster: &Cluster, bytes_alone: [u64; 2], series: &Interval3) -> bool {
    if let Some(sharing) = &cluster.sharing {
        return more_reached(cluster, sharing, series);
    }
    let Some(retained) = cluster.retained else {
        return cluster.rootlike && more_objects(cluster, series);
    };
    if replaces(cluster, series) {
        return false;
    }
    let gained = |from: usize, to: usize| retained[to] as f64 - retained[from] as f64;
    let added = |gained: f64, new: u64| gained >= new as f64 * MIN_ADDED;
    let [first, second] = bytes_alone;
    let each = added(gained(0, 1), first) && added(gained(1, 2), second);
    // What something else holds, too, at one moment is not retained then: the objects count.
    each || (added(gained(0, 2), first + second) && more_objects(cluster, series))
}

/// Did as many of the owner's objects die as came, in some interval? However large, the new ones stand in their place.
fn replaces(cluster: &Cluster, series: &Interval3) -> bool {
    let new = cluster.lead.counts;
    let lost = lost(series, cluster);
    (0..2).any(|i| (new[i] as f64 - lost[i].died as f64) < new[i] as f64 * MIN_ADDED)
}

/// Are there more objects of the class after each interval, in the whole heap? Of strings there always are: V8 makes them
/// of what it compiles.
fn more_objects(cluster: &Cluster, series: &Interval3) -> bool {
    if cluster.rootlike && is_text(&cluster.lead) {
        return false;
    }
    let of_class = |graph: &HeapGraph, node| class_of(graph, node) == cluster.lead.class;
    adds(cluster, series.graphs.map(|graph| graph.nodes().filter(|&node| of_class(graph, node)).count()))
}

/// Does the owner hold more of them after each interval?
fn more_reached(cluster: &Cluster, sharing: &Sharing, series: &Interval3) -> bool {
    let owner = series.graphs[2].id(cluster.owner);
    let held = series.graphs.map(|graph| {
        let owner = graph.node_by_id(owner);
        owner.map_or(0, |owner| reached(graph, owner, &cluster.lead.class, sharing.hops).len())
    });
    adds(cluster, held)
}

fn adds(cluster: &Cluster, totals: [usize; 3]) -> bool {
    let new = cluster.lead.counts;
    (0..2).all(|i| totals[i + 1] as f64 - totals[i] as f64 >= new[i] as f64 * MIN_ADDED)
}
