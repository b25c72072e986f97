//! The tables of an analysed snapshot: questions about nodes, edges, dominators and classes that they answer at once.

use std::borrow::Cow;
use std::sync::{OnceLock, mpsc};

use super::bits::BitVec;
use super::classes::{ClassKey, Classes};
use super::detached::{DETACHED, propagate_detachedness};
use super::distances::{self, UNREACHED};
use super::dominators::{DominatorTree, FlowGraph, Room};
use super::ephemeron::Ephemerons;
use super::error::HeapError;
use super::essential::essential_edges;
use super::groups::Groups;
use super::locations::ScriptPosition;
use super::memory::with_room;
use super::shallow::shallow_sizes;
use super::sizes::Sizes;
use super::snapshot::Snapshot;
use super::table::both;
use super::task::{Phase, Task};
use super::types::{ClassId, EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// The tables of an analysed heap snapshot: what [`HeapGraph`](super::HeapGraph) knows without asking further.
pub struct Graph {
    snapshot: Snapshot,
    ephemerons: Ephemerons,
    essential: BitVec,
    dominators: Vec<u32>,
    retained: Sizes,
    distances: Vec<u32>,
    classes: Classes,
    dominated: OnceLock<Groups>,
    retainers: OnceLock<Groups>,
    by_id: OnceLock<Vec<u32>>,
}

impl Graph {
    pub(super) fn of(mut snapshot: Snapshot, task: &Task) -> Result<Self, HeapError> {
        task.enter(Phase::Graph, snapshot.nodes.len() * DominatorTree::PASSES)?;
        propagate_detachedness(&mut snapshot);
        let ephemerons = Ephemerons::of(&snapshot);
        let sizes = std::mem::take(&mut snapshot.nodes.self_sizes);
        // Two halves of about the same work: dominators, and everything else, the memory for the dominators first.
        let (nodes, edges) = (snapshot.nodes.len(), snapshot.edges.targets.len());
        let (hand_over, room) = mpsc::sync_channel(1);
        let (others, dominators) = both(
            || {
                // The other half has ended early if it takes none.
                let _ = hand_over.send(Room::warm(nodes, edges));
                let sizes = shallow_sizes(&snapshot, sizes, task)?;
                let distances = distances::distances(&snapshot, &ephemerons, task)?;
                Ok((sizes, distances, Classes::of(&snapshot, task)?))
            },
            || {
                let room = || room.recv().unwrap_or_else(|_| Room::warm(nodes, edges));
                dominators(&snapshot, &ephemerons, room, task)
            },
        );
        let ((essential, tree), (sizes, distances, classes)) = (dominators?, others?);
        snapshot.nodes.self_sizes = sizes;
        let retained = retained_sizes(&snapshot, &tree);
        Ok(Self {
            snapshot,
            ephemerons,
            essential,
            dominators: tree.dominators,
            retained,
            distances,
            classes,
            dominated: OnceLock::new(),
            retainers: OnceLock::new(),
            by_id: OnceLock::new(),
        })
    }

    /// The root: node 0, `(root)` above all else.
    pub fn root(&self) -> NodeIndex {
        NodeIndex(0)
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.snapshot.nodes.len()
    }

    /// Number of edges.
    pub fn edge_count(&self) -> usize {
        self.snapshot.edges.targets.len()
    }

    /// All nodes, in file order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeIndex> + use<> {
        (0..self.node_count() as u32).map(NodeIndex)
    }

    /// Bytes the whole heap retains: the root's retained size and what V8 counts outside the graph (DevTools' total).
    pub fn total_size(&self) -> u64 {
        self.retained_size(self.root()) + self.snapshot.extra_native_bytes
    }

    /// V8's object id. An object of JavaScript's heap (odd id) keeps it in all snapshots of its process taken inline;
    /// native objects (even ids) get new ones each time.
    pub fn id(&self, node: NodeIndex) -> u32 {
        self.snapshot.nodes.ids[node.at()]
    }

    /// The greatest id of an object of JavaScript's heap. In a later snapshot of the same process a greater odd id
    /// means a newer object; even ids, of native objects, tell nothing.
    pub fn last_id(&self) -> u32 {
        self.snapshot.nodes.ids.iter().copied().filter(|id| id % 2 == 1).max().unwrap_or(0)
    }

    /// True when the object was made after the snapshot, of the same process, whose [`Graph::last_id`] is given.
    /// Always false for native objects.
    pub fn is_newer(&self, node: NodeIndex, last_id: u32) -> bool {
        let id = self.id(node);
        id % 2 == 1 && id > last_id
    }

    /// The node of an object id. The first call sorts an index (4 bytes a node); the next ones take microseconds.
    pub fn node_by_id(&self, id: u32) -> Option<NodeIndex> {
        let by_id = self.sorted_by_id();
        let at = by_id.binary_search_by_key(&id, |&node| self.id(NodeIndex(node))).ok()?;
        Some(NodeIndex(by_id[at]))
    }

    /// All nodes, by ascending object id.
    pub(super) fn nodes_by_id(&self) -> impl Iterator<Item = NodeIndex> {
        self.sorted_by_id().iter().copied().map(NodeIndex)
    }

    fn sorted_by_id(&self) -> &[u32] {
        self.by_id.get_or_init(|| {
            let mut ids = with_room(self.node_count());
            ids.extend(self.nodes().map(|node| u64::from(self.id(node)) << 32 | u64::from(node.0)));
            // V8 writes most of them in order already, which this sort makes use of.
            ids.sort();
            ids.into_iter().map(|pair| pair as u32).collect()
        })
    }

    /// What the node is.
    pub fn node_type(&self, node: NodeIndex) -> NodeType {
        self.snapshot.nodes.kind(node.at())
    }

    /// The name V8 wrote: an object's constructor, a function's name, a string's first 1024 units. Lone surrogates
    /// become U+FFFD.
    pub fn name(&self, node: NodeIndex) -> Cow<'_, str> {
        self.snapshot.string(self.snapshot.nodes.names[node.at()])
    }

    /// The name as it stands in the file (JSON escapes and all): for comparing without decoding.
    pub fn raw_name(&self, node: NodeIndex) -> &[u8] {
        self.snapshot.raw_string(self.snapshot.nodes.names[node.at()])
    }

    /// True when Node or Chrome marked the native object as detached: its JavaScript side is gone.
    pub fn is_detached(&self, node: NodeIndex) -> bool {
        self.snapshot.nodes.detachedness(node.at()) == DETACHED
    }

    /// Shallow size in bytes, backing stores included where this object alone uses them.
    pub fn self_size(&self, node: NodeIndex) -> u64 {
        self.snapshot.nodes.self_sizes.get(node.at())
    }

    /// Bytes freed when this node goes: its own and those of all it dominates.
    pub fn retained_size(&self, node: NodeIndex) -> u64 {
        self.retained.get(node.at())
    }

    /// The nearest node through which every path from the root leads; `None` for the root.
    pub fn dominator(&self, node: NodeIndex) -> Option<NodeIndex> {
        (node != self.root()).then(|| NodeIndex(self.dominators[node.at()]))
    }

    /// The nodes this one immediately dominates: its children in the dominator tree. The first call builds the
    /// lists (8 bytes a node).
    pub fn dominated(&self, node: NodeIndex) -> impl ExactSizeIterator<Item = NodeIndex> {
        self.dominated_slice(node).iter().copied().map(NodeIndex)
    }

    pub(super) fn dominated_slice(&self, node: NodeIndex) -> &[u32] {
        self.dominated.get_or_init(|| Groups::of(self.node_count(), &self.dominators, 1)).get(node.at())
    }

    /// Steps from the global objects (1). What only the runtime reaches is at
    /// [`SYSTEM_DISTANCE`](super::SYSTEM_DISTANCE) and more; `None` when nothing reaches it.
    pub fn distance(&self, node: NodeIndex) -> Option<u32> {
        Some(self.distances[node.at()]).filter(|&distance| distance != UNREACHED)
    }

    /// The node's class; see [`Graph::class_key`].
    pub fn class_of(&self, node: NodeIndex) -> ClassId {
        self.classes.of_node[node.at()]
    }

    /// The node's class name as DevTools shows it: constructor, `{a, b}` for a plain object, `(string)` …
    pub fn class_name(&self, node: NodeIndex) -> &str {
        &self.class_key(self.class_of(node)).name
    }

    /// What tells this class from others.
    pub fn class_key(&self, class: ClassId) -> &ClassKey {
        &self.classes.keys[class.at()]
    }

    /// Number of classes; ids are below it.
    pub fn class_count(&self) -> usize {
        self.classes.keys.len()
    }

    /// The edges that leave a node, in file order.
    pub fn edges(&self, node: NodeIndex) -> impl ExactSizeIterator<Item = EdgeIndex> + use<> {
        let range = self.snapshot.nodes.edges(node.at());
        (range.start as u32..range.end as u32).map(EdgeIndex)
    }

    /// The edges that lead to a node, weak ones included. The first call builds the lists (4 bytes an edge).
    pub fn retainers(&self, node: NodeIndex) -> impl ExactSizeIterator<Item = EdgeIndex> {
        let groups =
            self.retainers.get_or_init(|| Groups::of(self.node_count(), &self.snapshot.edges.targets, 0));
        groups.get(node.at()).iter().copied().map(EdgeIndex)
    }

    /// How the edge refers.
    pub fn edge_kind(&self, edge: EdgeIndex) -> EdgeKind {
        self.snapshot.edges.kind(edge.at())
    }

    /// The edge's name as it stands in the file; `None` for edges that carry a number.
    pub fn raw_edge_name(&self, edge: EdgeIndex) -> Option<&[u8]> {
        (!self.edge_kind(edge).is_indexed())
            .then(|| self.snapshot.raw_string(self.snapshot.edges.names[edge.at()]))
    }

    /// The node the edge points to.
    pub fn edge_target(&self, edge: EdgeIndex) -> NodeIndex {
        NodeIndex(self.snapshot.edges.targets[edge.at()])
    }

    /// The node the edge leaves (a binary search).
    pub fn edge_source(&self, edge: EdgeIndex) -> NodeIndex {
        let first_edges = &self.snapshot.nodes.first_edges;
        NodeIndex((first_edges.partition_point(|&first| first <= edge.0) - 1) as u32)
    }

    /// True when the edge counts in the dominator tree: not weak, no shortcut, not a WeakMap's own hold on a value.
    pub fn is_essential(&self, edge: EdgeIndex) -> bool {
        self.essential.get(edge.at())
    }

    /// True when the edge is one of the two ends of a WeakMap entry.
    pub fn is_ephemeron(&self, edge: EdgeIndex) -> bool {
        let name = self.snapshot.edges.names[edge.at()];
        self.edge_kind(edge) == EdgeKind::Internal && self.ephemerons.get(name).is_some()
    }

    /// The target of the node's internal edge of this name.
    pub fn internal_target(&self, node: NodeIndex, name: &[u8]) -> Option<NodeIndex> {
        self.target(node, EdgeKind::Internal, name)
    }

    /// The value of the node's property of this name; `None` for numbers, which have no node.
    pub fn property_target(&self, node: NodeIndex, name: &[u8]) -> Option<NodeIndex> {
        self.target(node, EdgeKind::Property, name)
    }

    fn target(&self, node: NodeIndex, kind: EdgeKind, name: &[u8]) -> Option<NodeIndex> {
        let mut edges = self.edges(node);
        let edge =
            edges.find(|&edge| self.edge_kind(edge) == kind && self.raw_edge_name(edge) == Some(name))?;
        Some(self.edge_target(edge))
    }

    /// The number an internal edge of a table is named with; `None` for other edges.
    pub fn slot_number(&self, edge: EdgeIndex) -> Option<u32> {
        std::str::from_utf8(self.raw_edge_name(edge)?).ok()?.parse().ok()
    }

    pub(super) fn string(&self, index: u32) -> Cow<'_, str> {
        self.snapshot.string(index)
    }

    /// The string index of a node's name.
    pub(super) fn name_string(&self, node: NodeIndex) -> u32 {
        self.snapshot.nodes.names[node.at()]
    }

    pub(super) fn string_count(&self) -> usize {
        self.snapshot.strings.len()
    }

    /// The string index of an edge's name, or its number.
    pub(super) fn edge_string(&self, edge: EdgeIndex) -> u32 {
        self.snapshot.edges.names[edge.at()]
    }

    /// All script positions, by ascending node.
    pub(super) fn script_positions(&self) -> &[(u32, ScriptPosition)] {
        &self.snapshot.locations
    }

    /// Where V8 says the function, or the object's constructor, stands, as the file has it.
    pub fn script_position(&self, node: NodeIndex) -> Option<ScriptPosition> {
        let locations = &self.snapshot.locations;
        let at = locations.binary_search_by_key(&node.0, |&(node, _)| node).ok()?;
        Some(locations[at].1)
    }
}

fn dominators(
    snapshot: &Snapshot,
    ephemerons: &Ephemerons,
    room: impl FnOnce() -> Room,
    task: &Task,
) -> Result<(BitVec, DominatorTree), HeapError> {
    let (essential, retainers) = essential_edges(snapshot, ephemerons, task)?;
    let (first_edges, targets) = (&snapshot.nodes.first_edges, &snapshot.edges.targets);
    let graph = FlowGraph { first_edges, targets, essential: &essential, retainers: &retainers };
    let tree = DominatorTree::of(&graph, room(), task)?;
    Ok((essential, tree))
}

fn retained_sizes(snapshot: &Snapshot, tree: &DominatorTree) -> Sizes {
    let mut retained = snapshot.nodes.self_sizes.copy();
    for &node in tree.order[1..].iter().rev() {
        retained.add(node as usize, tree.dominators[node as usize] as usize);
    }
    retained
}
