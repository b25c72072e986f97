//! Dominator trees of several snapshots merged into one: nodes of the same name and class under the same parent. Scopes
//! of modules stand below the root.

use foldhash::{HashMap, HashMapExt};

use super::module_scopes::{ModuleScopes, module_scopes};
use crate::heap::graph::HeapGraph;
use crate::heap::types::{EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// Deeper nodes count for their ancestor: a list is one group, however long.
const MAX_DEPTH: u32 = 48;
/// An object with more properties is a dictionary: its keys are data, not names.
const DICTIONARY: usize = 64;

/// What one level of a signature is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Level {
    /// The edge from the dominator, `[]` for elements, entries and keys; empty when there is no direct edge.
    pub edge: String,
    /// Constructor, function name or type.
    pub class: String,
    /// What the nodes are.
    pub kind: NodeType,
}

impl Level {
    /// The scope of a module.
    fn of_module(file: &str, kind: NodeType) -> Self {
        Self { edge: format!("module {file}"), class: "system / Context".to_owned(), kind }
    }
}

/// A group of nodes with the same signature; the first one is the root.
#[derive(Debug)]
pub(super) struct Group {
    pub parent: u32,
    pub level: u32,
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
    pub fn of(graphs: &[&HeapGraph]) -> Self {
        let mut builder = Builder { snapshots: graphs.len(), ..Builder::default() };
        for (snapshot, (graph, modules)) in graphs.iter().zip(module_scopes(graphs)).enumerate() {
            builder.add(graph, &modules, snapshot);
        }
        let mut signatures = Self { groups: builder.groups, levels: builder.levels };
        signatures.sum_up();
        signatures
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

#[derive(Default)]
struct Builder {
    snapshots: usize,
    groups: Vec<Group>,
    levels: Vec<Level>,
    level_ids: HashMap<Level, u32>,
    children: HashMap<(u32, u32), u32>,
}

impl Builder {
    fn add(&mut self, graph: &HeapGraph, modules: &ModuleScopes, snapshot: usize) {
        let mut labels = Labels::of(graph);
        let mut stack = vec![(graph.root(), 0, 0)];
        while let Some((node, parent, depth)) = stack.pop() {
            let module = modules.get(&node);
            let depth = if module.is_some() { 1 } else { depth };
            let group = match module {
                Some(file) => {
                    let level = self.level(Level::of_module(file, graph.node_type(node)));
                    self.child(0, level)
                }
                None if depth > MAX_DEPTH => parent,
                None => self.group(graph, &mut labels, node, parent),
            };
            let is_last = snapshot + 1 == self.snapshots;
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
    }

    fn group(&mut self, graph: &HeapGraph, labels: &mut Labels, node: NodeIndex, parent: u32) -> u32 {
        let local = labels.local(graph, node);
        let level = match labels.levels[local as usize] {
            Some(level) => level,
            None => {
                let level = self.level(labels.describe(graph, node));
                labels.levels[local as usize] = Some(level);
                level
            }
        };
        // The root alone is its own parent.
        if node == graph.root() && !self.groups.is_empty() { 0 } else { self.child(parent, level) }
    }

    /// The group of this level below `parent`.
    fn child(&mut self, parent: u32, level: u32) -> u32 {
        let next = self.groups.len() as u32;
        let group = *self.children.entry((parent, level)).or_insert(next);
        if group == next {
            let zeros = vec![0; self.snapshots];
            self.groups.push(Group { parent, level, counts: zeros.clone(), bytes: zeros, greatest: None });
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

/// The edge that names each node below its dominator, within one snapshot.
struct Labels {
    /// By node: the edge's string, [`Labels::ENTRY`] or [`Labels::NONE`].
    edges: Vec<u32>,
    /// Edge, type and name to a number within this snapshot.
    locals: HashMap<(u32, u8, u32), u32>,
    /// By that number: the level, once known.
    levels: Vec<Option<u32>>,
}

impl Labels {
    const NONE: u32 = u32::MAX;
    const ENTRY: u32 = u32::MAX - 1;

    fn of(graph: &HeapGraph) -> Self {
        let mut edges = vec![Self::NONE; graph.node_count()];
        for node in graph.nodes() {
            let properties = graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Property);
            let is_dictionary = properties.take(DICTIONARY + 1).count() > DICTIONARY;
            for edge in graph.edges(node).filter(|&edge| graph.is_essential(edge)) {
                let target = graph.edge_target(edge);
                if edges[target.at()] == Self::NONE && graph.dominator(target) == Some(node) {
                    edges[target.at()] = Self::label(graph, edge, is_dictionary);
                }
            }
        }
        Self { edges, locals: HashMap::new(), levels: Vec::new() }
    }

    fn label(graph: &HeapGraph, edge: EdgeIndex, is_dictionary: bool) -> u32 {
        match graph.edge_kind(edge) {
            EdgeKind::Property if is_dictionary => Self::ENTRY,
            EdgeKind::Property | EdgeKind::Context => graph.edge_string(edge),
            EdgeKind::Internal
                if !graph
                    .raw_edge_name(edge)
                    .is_some_and(|name| name.first().is_none_or(u8::is_ascii_digit)) =>
            {
                graph.edge_string(edge)
            }
            _ => Self::ENTRY,
        }
    }

    fn local(&mut self, graph: &HeapGraph, node: NodeIndex) -> u32 {
        let kind = graph.node_type(node);
        let name = if has_class(kind) { graph.name_string(node) } else { 0 };
        let next = self.levels.len() as u32;
        let local = *self.locals.entry((self.edges[node.at()], kind as u8, name)).or_insert(next);
        if local == next {
            self.levels.push(None);
        }
        local
    }

    fn describe(&self, graph: &HeapGraph, node: NodeIndex) -> Level {
        let kind = graph.node_type(node);
        let edge = match self.edges[node.at()] {
            Self::NONE => String::new(),
            Self::ENTRY => "[]".to_owned(),
            string => graph.string(string).into_owned(),
        };
        let class = if has_class(kind) { graph.name(node).into_owned() } else { format!("({kind})") };
        Level { edge, class, kind }
    }
}

/// What V8 makes while a program warms up, and drops again: no program's growth.
pub(super) fn is_compiled(kind: NodeType) -> bool {
    matches!(kind, NodeType::Code | NodeType::ObjectShape)
}

/// True where the name says more than the type; a string's name is its text, of code and arrays it varies.
fn has_class(kind: NodeType) -> bool {
    matches!(kind, NodeType::Object | NodeType::Closure | NodeType::Native | NodeType::Synthetic)
}
