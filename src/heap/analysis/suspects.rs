//! Leak suspects in the manner of Eclipse MAT: where memory accumulates.
//!
//! Going down the dominator tree, an object whose memory does not come from one object below it is an accumulation
//! point: a collection with many entries, a closure with much in its scope. Objects of one class that nothing but
//! the runtime's own objects dominate together are a group suspect.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::keywords::keywords;
use super::{describe_path, greatest, is_nodes_own, origin};
use crate::heap::heap_graph::HeapGraph;
use crate::heap::scripts::Location;
use crate::heap::types::{ClassId, NodeIndex, NodeType};

/// A suspect retains at least this share of the heap …
const MIN_SHARE: f64 = 0.05;
/// … and at least this many bytes.
const MIN_BYTES: u64 = 512 << 10;
/// An object that gets this share of its retained size from a single child, or from suspects below it, only passes it on.
const PASSED_ON: f64 = 0.6;
/// A group has at least so many objects …
const MIN_GROUP: u64 = 20;
/// … none of which is more than this share of it.
const MAX_MEMBER: f64 = 0.2;
/// So many objects of one class, each inside the one before, are a list.
const MIN_LINKS: u32 = 20;
/// Links of a list that are looked at.
const MAX_CHAIN: usize = 1_000_000;
/// Classes listed for what a suspect consists of.
const CONTENTS: usize = 5;

/// An object, or a group of objects of one class, that keeps much of the heap alive.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeakSuspect {
    /// `object`, or `group` for many objects of one class without a common holder.
    pub kind: &'static str,
    /// Class of the object or of the group's objects.
    pub class_name: String,
    /// Object id; of a group, that of its greatest member.
    pub id: u32,
    /// 1, or the number of objects in the group.
    pub count: u64,
    /// Bytes freed when it goes.
    pub retained_bytes: u64,
    /// Of the whole heap, with one decimal.
    pub percent: f64,
    /// What holds it (a group's greatest member).
    pub path: String,
    /// Where the function, or the object's constructor, stands; null when the snapshot does not tell.
    pub location: Option<Location>,
    /// What it consists of: classes of the objects it immediately dominates, backing stores looked through.
    pub contents: Vec<SuspectContent>,
    /// Words to look for in the source and among known problems: classes, names on the path, file, npm package.
    pub keywords: Vec<String>,
}

/// Objects of one class among what a suspect dominates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SuspectContent {
    /// Their class.
    pub class_name: String,
    /// How many.
    pub count: u64,
    /// What they retain.
    pub retained_bytes: u64,
}

pub(super) fn suspects(graph: &HeapGraph, top: usize) -> Vec<LeakSuspect> {
    let total = graph.total_size().max(1);
    let threshold = MIN_BYTES.max((total as f64 * MIN_SHARE) as u64);
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut groups: BTreeMap<ClassId, Group> = BTreeMap::new();
    let mut stack = vec![graph.root()];
    while let Some(node) = stack.pop() {
        let runtime = is_runtime(graph, node);
        let mut greatest_child = 0;
        for child in graph.dominated(node) {
            let bytes = graph.retained_size(child);
            greatest_child = greatest_child.max(bytes);
            if bytes >= threshold && !is_source_text(graph, node, child) {
                stack.push(child);
            } else if runtime && is_program(graph, child) {
                groups.entry(graph.class_of(child)).or_default().add(child, bytes);
            }
        }
        let accumulates = (greatest_child as f64) < graph.retained_size(node) as f64 * PASSED_ON;
        let holder = if accumulates {
            (!runtime).then_some(node)
        } else if greatest_child < threshold && (!runtime || is_link(graph, node)) {
            // It passes on what is too little to look at: the end of something long.
            chain_head(graph, node)
        } else {
            None
        };
        let holder = holder.filter(|&holder| seen.insert(holder) && !is_nodes_own(graph, holder));
        if let Some(holder) = holder {
            found.push(holder);
        }
    }
    let mut found: Vec<LeakSuspect> =
        unexplained(graph, found).map(|node| object_suspect(graph, node)).collect();
    groups.retain(|_, group| group.bytes >= threshold && group.count >= MIN_GROUP && group.is_even());
    let of_program = groups.into_values().filter(|group| !is_nodes_own(graph, group.sample(graph)));
    found.extend(of_program.map(|group| group_suspect(graph, &group)));
    let mut found = greatest(found, top, |suspect| suspect.retained_bytes);
    for suspect in &mut found {
        suspect.percent = (suspect.retained_bytes as f64 * 1000.0 / total as f64).round() / 10.0;
    }
    found
}

/// Those of the holders that do not get most of what they keep from other holders below them.
fn unexplained(graph: &HeapGraph, holders: Vec<NodeIndex>) -> impl Iterator<Item = NodeIndex> {
    let all: HashSet<NodeIndex> = holders.iter().copied().collect();
    let mut explained: BTreeMap<NodeIndex, u64> = BTreeMap::new();
    for &holder in &holders {
        let above = std::iter::successors(graph.dominator(holder), |&node| graph.dominator(node));
        if let Some(outer) = above.take(MAX_CHAIN).find(|node| all.contains(node)) {
            *explained.entry(outer).or_default() += graph.retained_size(holder);
        }
    }
    let part = move |node| explained.get(&node).copied().unwrap_or(0) as f64;
    holders.into_iter().filter(move |&node| part(node) < graph.retained_size(node) as f64 * PASSED_ON)
}

/// A linked list has no point at which memory accumulates: each link passes on what the next ones retain. Its head is the
/// outermost object above `end` of a class that recurs on the way.
fn chain_head(graph: &HeapGraph, end: NodeIndex) -> Option<NodeIndex> {
    let above = |&node: &NodeIndex| graph.dominator(node).filter(|&above| !is_runtime_root(graph, above));
    let way: Vec<NodeIndex> = std::iter::successors(Some(end), above)
        .take(MAX_CHAIN)
        .filter(|&node| is_link(graph, node))
        .collect();
    let mut classes: BTreeMap<ClassId, u32> = BTreeMap::new();
    for &node in &way {
        *classes.entry(graph.class_of(node)).or_default() += 1;
    }
    way.into_iter().rev().find(|&node| classes[&graph.class_of(node)] >= MIN_LINKS)
}

fn is_runtime_root(graph: &HeapGraph, node: NodeIndex) -> bool {
    graph.node_type(node) == NodeType::Synthetic
}

/// What lists are made of; scopes and functions are between the links of any program.
fn is_link(graph: &HeapGraph, node: NodeIndex) -> bool {
    match graph.node_type(node) {
        NodeType::Object => !graph.raw_name(node).starts_with(b"system / "),
        NodeType::Hidden => graph.raw_name(node) == b"system / PromiseReaction",
        _ => false,
    }
}

/// What every program has: roots, the global object, V8's and Node's own.
fn is_runtime(graph: &HeapGraph, node: NodeIndex) -> bool {
    match graph.node_type(node) {
        NodeType::Synthetic | NodeType::Hidden | NodeType::Code | NodeType::ObjectShape => true,
        NodeType::Object => graph.raw_name(node).starts_with(b"global") || graph.raw_name(node) == b"process",
        _ => false,
    }
}

/// The text of a script, which V8 keeps for its functions.
fn is_source_text(graph: &HeapGraph, node: NodeIndex, child: NodeIndex) -> bool {
    graph.node_type(node) == NodeType::Code && graph.node_type(child) == NodeType::String
}

/// What programs make, as against V8's bookkeeping for them and what every file has.
fn is_program(graph: &HeapGraph, node: NodeIndex) -> bool {
    !is_runtime(graph, node)
        && !matches!(graph.node_type(node), NodeType::Array | NodeType::Closure)
        && graph.file_of_module_scope(node).is_none()
}

/// Objects of one class below the runtime's.
#[derive(Default)]
struct Group {
    count: u64,
    bytes: u64,
    greatest: Option<(u64, NodeIndex)>,
}

impl Group {
    /// False where one member alone makes the group what it is.
    fn is_even(&self) -> bool {
        self.greatest.is_none_or(|(bytes, _)| bytes as f64 <= self.bytes as f64 * MAX_MEMBER)
    }

    /// Its greatest member.
    fn sample(&self, graph: &HeapGraph) -> NodeIndex {
        self.greatest.map_or(graph.root(), |(_, node)| node)
    }

    fn add(&mut self, node: NodeIndex, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
        if self.greatest.is_none_or(|(greatest, _)| bytes > greatest) {
            self.greatest = Some((bytes, node));
        }
    }
}

fn object_suspect(graph: &HeapGraph, node: NodeIndex) -> LeakSuspect {
    // A backing store says nothing: its owner is the suspect.
    let node = owner_of(graph, node);
    let contents = contents(graph, node);
    LeakSuspect {
        kind: "object",
        class_name: graph.class_name(node).to_owned(),
        id: graph.id(node),
        count: 1,
        retained_bytes: graph.retained_size(node),
        percent: 0.0,
        path: describe_path(graph, node),
        location: origin(graph, node),
        keywords: keywords(graph, node, contents.first().map(|content| &*content.class_name)),
        contents,
    }
}

fn group_suspect(graph: &HeapGraph, group: &Group) -> LeakSuspect {
    LeakSuspect {
        kind: "group",
        count: group.count,
        retained_bytes: group.bytes,
        ..object_suspect(graph, group.sample(graph))
    }
}

fn owner_of(graph: &HeapGraph, node: NodeIndex) -> NodeIndex {
    let is_store = matches!(graph.node_type(node), NodeType::Array | NodeType::Hidden);
    graph.dominator(node).filter(|_| is_store).filter(|&owner| !is_runtime(graph, owner)).unwrap_or(node)
}

fn contents(graph: &HeapGraph, node: NodeIndex) -> Vec<SuspectContent> {
    let mut classes: BTreeMap<ClassId, (u64, u64)> = BTreeMap::new();
    for child in graph.dominated(node) {
        let through = graph.node_type(child) == NodeType::Array;
        let members: Vec<NodeIndex> = if through { graph.dominated(child).collect() } else { vec![child] };
        for member in members {
            let (count, bytes) = classes.entry(graph.class_of(member)).or_default();
            *count += 1;
            *bytes += graph.retained_size(member);
        }
    }
    let rows = greatest(classes.into_iter().collect(), CONTENTS, |&(_, (_, bytes))| bytes);
    rows.into_iter()
        .map(|(class, (count, retained_bytes))| SuspectContent {
            class_name: graph.class_key(class).name.clone(),
            count,
            retained_bytes,
        })
        .collect()
}
