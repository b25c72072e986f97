//! Objects that several older ones hold, so that none of them dominates them: a session in two maps, what a timer and a
//! list keep, a string that V8's table of strings lists, too. They belong to the one that holds most of their like.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::cluster::{class_of, is_rootlike, is_storage};
use super::dominance::Dominance;
use super::holder::{Start, holder_path};
use crate::heap::{EdgeIndex, EdgeKind, HeapGraph, NodeIndex, NodeType};
use crate::source::is_of_application;

/// Objects above one that are looked at for the older ones that hold it.
const MAX_ABOVE: usize = 64;
/// Objects below a holder that are looked at.
const MAX_BELOW: usize = 500_000;
/// Fewer have nothing in common.
const MIN_HELD: usize = 4;
/// Who holds this share of them, too, is told.
const MIN_TOO: f64 = 0.8;

/// What several older objects hold.
#[derive(Default)]
pub(super) struct Shared {
    /// The holder of each, and over how many objects it holds it: 1 when it does itself.
    holder_of: HashMap<NodeIndex, (NodeIndex, u32)>,
    /// Who else holds what a holder holds.
    too: HashMap<NodeIndex, Vec<NodeIndex>>,
}

impl Shared {
    /// Finds a holder for each of `objects`, all of them newer than the first snapshot. `is_new`: as they are.
    pub fn of(graph: &HeapGraph, objects: &[NodeIndex], is_new: impl Fn(NodeIndex) -> bool) -> Self {
        let holders: Vec<BTreeMap<NodeIndex, u32>> =
            objects.iter().map(|&object| older_holders(graph, object, &is_new)).collect();
        let mut held: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        for &holder in holders.iter().flat_map(BTreeMap::keys) {
            *held.entry(holder).or_default() += 1;
        }
        held.retain(|_, count| *count >= MIN_HELD);
        if held.is_empty() {
            return Shared::default();
        }
        let ranks = ranks(graph, &held);
        let mut shared = Shared::default();
        let mut together: HashMap<NodeIndex, BTreeMap<NodeIndex, usize>> = HashMap::new();
        for (&object, holders) in objects.iter().zip(&holders) {
            let known = holders.keys().filter(|holder| held.contains_key(holder));
            let Some(&holder) = known.clone().min_by_key(|holder| ranks[holder]) else { continue };
            shared.holder_of.insert(object, (holder, holders[&holder]));
            let together = together.entry(holder).or_default();
            known.for_each(|&other| *together.entry(other).or_default() += 1);
        }
        for (holder, counts) in together {
            let all = counts[&holder] as f64;
            let others =
                counts.iter().filter(|&(&other, &count)| other != holder && count as f64 >= all * MIN_TOO);
            shared.too.insert(holder, others.map(|(&other, _)| other).collect());
        }
        shared
    }

    /// The holder that `object` belongs to, and over how many objects.
    pub fn holder_of(&self, object: NodeIndex) -> Option<(NodeIndex, u32)> {
        self.holder_of.get(&object).copied()
    }

    /// The others that hold what `holder` holds.
    pub fn too(&self, holder: NodeIndex) -> Vec<NodeIndex> {
        self.too.get(&holder).cloned().unwrap_or_default()
    }
}

/// The older objects through which `object` is reached, over newer ones and what things are stored in, and over how many
/// objects each reaches it.
fn older_holders(
    graph: &HeapGraph,
    object: NodeIndex,
    is_new: impl Fn(NodeIndex) -> bool,
) -> BTreeMap<NodeIndex, u32> {
    let mut found = BTreeMap::new();
    let mut seen = HashSet::from([object]);
    let mut pending = VecDeque::from([(object, 1)]);
    while let Some((node, hops)) = pending.pop_front() {
        for edge in graph.retainers(node) {
            // What everything refers to has as many retainers: no walk goes through them once it has seen enough.
            if seen.len() >= MAX_ABOVE {
                return found;
            }
            let source = graph.edge_source(edge);
            if says_nothing(graph, edge, source) || !seen.insert(source) {
                continue;
            }
            match is_storage(graph, source) {
                true => pending.push_front((source, hops)),
                false if is_new(source) => pending.push_back((source, hops + 1)),
                false => _ = found.insert(source, hops),
            }
        }
    }
    found
}

/// Code refers to what it was compiled with, and V8's roots to what they list.
fn says_nothing(graph: &HeapGraph, edge: EdgeIndex, source: NodeIndex) -> bool {
    matches!(graph.node_type(source), NodeType::Code | NodeType::ObjectShape | NodeType::Native)
        || is_rootlike(graph, source)
        || graph.edge_kind(edge) == EdgeKind::Weak
}

/// The order of holders: who holds more, then who has a name that says more.
fn ranks(graph: &HeapGraph, held: &BTreeMap<NodeIndex, usize>) -> HashMap<NodeIndex, usize> {
    let dominance = Dominance::of(graph);
    let named = |holder: NodeIndex| match holder_path(graph, &dominance, holder, None).start {
        Start::Script(file) if is_of_application(&file) => 0,
        Start::Exports(file) if is_of_application(&file) => 1,
        Start::Script(_) => 2,
        Start::Exports(_) => 3,
        Start::Global(_) => 4,
        Start::Internal(_) => 5,
        Start::Root => 6,
    };
    let mut order: Vec<_> =
        held.iter().map(|(&holder, &count)| (std::cmp::Reverse(count), named(holder), holder)).collect();
    order.sort_unstable();
    order.into_iter().enumerate().map(|(rank, (.., holder))| (holder, rank)).collect()
}

/// The ids of objects of `class` that `holder` reaches over so many objects.
pub(super) fn reached(graph: &HeapGraph, holder: NodeIndex, class: &str, hops: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut seen = HashSet::from([holder]);
    let mut pending = VecDeque::from([(holder, 0)]);
    while let Some((node, depth)) = pending.pop_front() {
        for edge in graph.edges(node).filter(|&edge| graph.edge_kind(edge) != EdgeKind::Weak) {
            let target = graph.edge_target(edge);
            if seen.len() >= MAX_BELOW || !seen.insert(target) {
                continue;
            }
            let storage = is_storage(graph, target);
            let depth = depth + u32::from(!storage);
            if !storage && class_of(graph, target) == class {
                found.insert(graph.id(target));
            }
            if depth < hops || (storage && depth <= hops) {
                pending.push_back((target, depth));
            }
        }
    }
    found
}
