//! Dominator trees of several snapshots merged into one: nodes of the same name and class under the same parent. Scopes
//! of modules stand below the root, and objects that are the same in all snapshots where the last one has them.

use foldhash::{HashMap, HashMapExt};

use super::anchors::{Anchor, Anchors, NewSiblings, anchors};
use super::labels::{Labels, Level, is_compiled};
use crate::heap::error::HeapError;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::table::on_threads;
use crate::heap::task::Task;
use crate::heap::types::{NodeIndex, NodeType};

/// Deeper nodes count for their ancestor: a list is one group, however long.
const MAX_DEPTH: u32 = 48;

/// A group of nodes with the same signature; the first one is the root.
#[derive(Debug)]
pub(super) struct Group {
    pub parent: u32,
    pub level: u32,
    /// True when its nodes are the same objects in every snapshot, known by id.
    pub is_same: bool,
    /// Per snapshot: number of nodes.
    pub counts: Vec<u64>,
    /// Per snapshot: what they retain, without what V8 compiles.
    pub bytes: Vec<u64>,
    /// The node of the last snapshot that retains most.
    pub greatest: Option<NodeIndex>,
}

/// The merged tree. Parents stand before their children.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    pub groups: Vec<Group>,
    pub levels: Vec<Level>,
}

impl Signatures {
    /// `by_id`: the snapshots are of one process, and objects have the same id in all of them.
    ///
    /// # Errors
    /// When the task is called off.
    pub fn of(graphs: &[&HeapGraph], by_id: bool, task: &Task) -> Result<Self, HeapError> {
        let mut builder = Builder::new(graphs, by_id);
        // The last one first: it says where anchored objects stand.
        let labels = on_threads(graphs.iter(), |graph| Labels::of(graph));
        let named = graphs.iter().zip(anchors(graphs, by_id)).zip(labels);
        for (snapshot, ((graph, anchors), labels)) in named.enumerate().rev() {
            builder.add(graph, &anchors, labels, snapshot, task)?;
        }
        let mut signatures = Self { groups: builder.groups, levels: builder.levels };
        signatures.sum_up();
        Ok(signatures)
    }

    /// Own sizes to retained sizes.
    fn sum_up(&mut self) {
        for at in (1..self.groups.len()).rev() {
            let parent = self.groups[at].parent as usize;
            let (before, rest) = self.groups.split_at_mut(at);
            for (sum, bytes) in before[parent].bytes.iter_mut().zip(&rest[0].bytes) {
                *sum += bytes;
            }
        }
    }
}

struct Builder {
    snapshots: usize,
    by_id: bool,
    groups: Vec<Group>,
    levels: Vec<Level>,
    level_ids: HashMap<Level, u32>,
    children: HashMap<(u32, u32, bool), u32>,
    /// Group and depth of each object that stands alone, by its number.
    places: HashMap<u32, (u32, u32)>,
    siblings: NewSiblings,
}

impl Builder {
    fn new(graphs: &[&HeapGraph], by_id: bool) -> Self {
        Self {
            snapshots: graphs.len(),
            by_id,
            groups: Vec::new(),
            levels: Vec::new(),
            level_ids: HashMap::new(),
            children: HashMap::new(),
            places: HashMap::new(),
            siblings: NewSiblings::since(graphs[0]),
        }
    }

    fn add(
        &mut self,
        graph: &HeapGraph,
        anchors: &Anchors,
        mut labels: Labels,
        snapshot: usize,
        task: &Task,
    ) -> Result<(), HeapError> {
        let mut count = 0;
        let is_last = snapshot + 1 == self.snapshots;
        let mut stack = vec![(graph.root(), 0, 0)];
        while let Some((node, parent, depth)) = stack.pop() {
            count += 1;
            task.advance_at(count)?;
            let anchored = anchors.get(&node).and_then(|anchor| match anchor {
                Anchor::Module(file) => Some(self.module(file, graph.node_type(node))),
                Anchor::Same(number) if is_last && depth <= MAX_DEPTH => {
                    self.stand_alone(graph, &mut labels, node, parent, depth, *number)
                }
                Anchor::Same(number) => self.places.get(number).copied(),
            });
            let (group, depth) = match anchored {
                Some(place) => place,
                None if depth > MAX_DEPTH => (parent, depth),
                None => (self.group(graph, &mut labels, node, parent), depth),
            };
            let found = &mut self.groups[group as usize];
            if !is_compiled(graph.node_type(node)) {
                found.bytes[snapshot] += graph.self_size(node);
            }
            if depth <= MAX_DEPTH {
                found.counts[snapshot] += 1;
                let retained = graph.retained_size(node);
                if is_last && found.greatest.is_none_or(|known| graph.retained_size(known) <= retained) {
                    found.greatest = Some(node);
                }
            }
            stack.extend(graph.dominated(node).map(|child| (child, group, depth + 1)));
        }
        Ok(())
    }

    /// The place of a module's scope, one object in one process.
    fn module(&mut self, file: &str, kind: NodeType) -> (u32, u32) {
        let level = self.level(Level::of_module(file, kind));
        (self.child(0, level, self.by_id), 1)
    }

    /// A place for an object of the last snapshot, apart from others of the same signature; `None` where such objects
    /// accumulate.
    fn stand_alone(
        &mut self,
        graph: &HeapGraph,
        labels: &mut Labels,
        node: NodeIndex,
        parent: u32,
        depth: u32,
        number: u32,
    ) -> Option<(u32, u32)> {
        if !self.siblings.are_few(graph, labels, node) {
            return None;
        }
        let level = self.level_of(graph, labels, node);
        let place = (self.child(parent, level, true), depth);
        self.places.insert(number, place);
        Some(place)
    }

    fn group(&mut self, graph: &HeapGraph, labels: &mut Labels, node: NodeIndex, parent: u32) -> u32 {
        let level = self.level_of(graph, labels, node);
        // The root alone is its own parent.
        if node == graph.root() && !self.groups.is_empty() { 0 } else { self.child(parent, level, false) }
    }

    fn level_of(&mut self, graph: &HeapGraph, labels: &mut Labels, node: NodeIndex) -> u32 {
        let local = labels.local(graph, node) as usize;
        if let Some(level) = labels.levels[local] {
            return level;
        }
        let level = self.level(labels.describe(graph, node));
        labels.levels[local] = Some(level);
        level
    }

    /// The group of this level below `parent`.
    fn child(&mut self, parent: u32, level: u32, is_same: bool) -> u32 {
        let next = self.groups.len() as u32;
        let group = *self.children.entry((parent, level, is_same)).or_insert(next);
        if group == next {
            let zeros = vec![0; self.snapshots];
            let counts = zeros.clone();
            self.groups.push(Group { parent, level, is_same, counts, bytes: zeros, greatest: None });
        }
        group
    }

    fn level(&mut self, level: Level) -> u32 {
        let next = self.levels.len() as u32;
        let id = *self.level_ids.entry(level.clone()).or_insert(next);
        if id == next {
            self.levels.push(level);
        }
        id
    }
}
