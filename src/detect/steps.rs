//! A holder path as people read it, and the names on it that the source knows.

use std::path::{Path, PathBuf};

use super::anchor::Anchor;
use super::cluster::class_of;
use super::holder::{HolderPath, Start, is_global};
use crate::heap::{EdgeIndex, EdgeKind, HeapGraph, Hold, NodeIndex, NodeType};
use crate::report::{Step, StepKind};
use crate::source::{Position, path_of_script};

/// Objects with more properties than this may be dictionaries: their keys are data, not names.
const DICTIONARY: usize = 32;
/// In a dictionary at least one value in so many is of the class that grows: what has many properties of many classes
/// is an application, a module, a library.
const DICTIONARY_SHARE: usize = 8;
/// Nobody reads a longer path.
const MAX_STEPS: usize = 12;

/// Turns edges into steps and anchors.
pub struct PathReader<'a> {
    graph: &'a HeapGraph,
    cwd: &'a Path,
}

impl<'a> PathReader<'a> {
    /// `cwd`: files below it are shown relative to it.
    pub fn new(graph: &'a HeapGraph, cwd: &'a Path) -> Self {
        PathReader { graph, cwd }
    }

    /// Steps from the holder path's start through `down` to a leaked object.
    pub fn steps(&self, path: &HolderPath, down: &[EdgeIndex]) -> Vec<Step> {
        let mut steps = self.start(&path.start);
        for &edge in path.edges.iter().chain(down) {
            let Some(step) = self.step(edge) else { continue };
            if steps.last() != Some(&step) {
                steps.push(step);
            }
        }
        steps.truncate(MAX_STEPS);
        steps
    }

    /// The names on the path that stand in the source, nearest to the leaked objects first. Of the way `down` from the
    /// owner they are the first one, and `made_anew` those of what is made anew around the objects each time: `past` in
    /// `state = { ...state, past: [...state.past, action] }`.
    pub fn anchors(&self, path: &HolderPath, down: &[EdgeIndex], made_anew: bool) -> Vec<Anchor> {
        let mut anchors: Vec<Anchor> = Vec::new();
        let names = if made_anew { down.len().saturating_sub(1) } else { 0 }.max(1);
        for &edge in down.iter().take(names).rev().chain(path.edges.iter().rev()) {
            let Some(anchor) = self.anchor(edge, start_file(path)) else { continue };
            // A plain object in the middle of Node: what the application calls like it tells, of the holder alone.
            let is_anyones = matches!(anchor, Anchor::Global { .. }) && !self.is_of_global(edge);
            if anchors.last() != Some(&anchor) && (anchors.is_empty() || !is_anyones) {
                anchors.push(anchor);
            }
        }
        anchors
    }

    /// Is what grows an entry of what the nearest anchor names, or below one? Then adding to that is not what makes it grow.
    pub fn is_of_entry(&self, path: &HolderPath, down: &[EdgeIndex]) -> bool {
        let is_anchor = |&edge: &EdgeIndex| self.anchor(edge, start_file(path)).is_some();
        if down.first().is_some_and(is_anchor) {
            return false;
        }
        path.edges
            .iter()
            .rev()
            .copied()
            .take_while(|edge| !is_anchor(edge))
            .any(|edge| self.is_held_as_entry(edge))
    }

    /// Are the things that grow, `down` from their owner, entries of its entries?
    pub fn is_below_entry(&self, path: &HolderPath, down: &[EdgeIndex]) -> bool {
        let unnamed =
            down.iter().copied().skip(1).take_while(|&edge| self.anchor(edge, start_file(path)).is_none());
        let entries = down.iter().copied().take(1).chain(unnamed).filter(|&edge| self.is_held_as_entry(edge));
        entries.count() > 1
    }

    fn is_held_as_entry(&self, edge: EdgeIndex) -> bool {
        match self.graph.hold_of(edge) {
            Hold::MapKey | Hold::MapValue | Hold::SetMember | Hold::Element => true,
            Hold::Property => self.is_entry(edge),
            _ => false,
        }
    }

    fn is_of_global(&self, edge: EdgeIndex) -> bool {
        is_global(self.graph, self.graph.edge_source(edge))
    }

    fn anchor(&self, edge: EdgeIndex, start: Option<&PathBuf>) -> Option<Anchor> {
        let source = self.graph.edge_source(edge);
        let name = symbol_as_written(&self.graph.edge_name(edge).to_string());
        match self.graph.hold_of(edge) {
            Hold::Variable(scope) => {
                let file = path_of_script(&scope.file?)?;
                let function = scope.location.map(|at| Position { line: at.line, column: at.column });
                Some(Anchor::Variable { file, name, function })
            }
            Hold::Export(variable) => Some(Anchor::Variable {
                file: path_of_script(&variable.file?)?,
                name: variable.name,
                function: None,
            }),
            Hold::Property if is_global(self.graph, source) => Some(Anchor::Global { name }),
            Hold::Property if !self.is_entry(edge) => {
                let class = self.graph.location_of(source);
                let is_plain = class.is_none();
                let file = class.and_then(|class| path_of_script(&class.file));
                match file.or_else(|| self.exported_by(source)).or_else(|| start.cloned()) {
                    Some(file) => Some(Anchor::Property { file, name }),
                    None => is_plain.then_some(Anchor::Global { name }),
                }
            }
            _ => None,
        }
    }

    /// The file of the module whose exports an object is.
    fn exported_by(&self, object: NodeIndex) -> Option<PathBuf> {
        let is_exports = |edge: &EdgeIndex| self.graph.raw_edge_name(*edge) == Some(b"exports");
        self.graph.retainers(object).filter(is_exports).find_map(|edge| match self.graph.hold_of(edge) {
            Hold::ModuleExports(file) => path_of_script(&file),
            _ => None,
        })
    }

    fn start(&self, start: &Start) -> Vec<Step> {
        let step = |kind, name: String| vec![Step { kind, name, constructor: None }];
        match start {
            Start::Script(file) => step(StepKind::Module, self.shown(file)),
            Start::Exports(file) => step(StepKind::Module, format!("{} exports", self.shown(file))),
            Start::Internal(script) => step(StepKind::Internal, script.clone()),
            Start::Global(name) => step(StepKind::Variable, name.clone()),
            Start::Root => Vec::new(),
        }
    }

    /// The graph it reads.
    pub fn graph(&self) -> &'a HeapGraph {
        self.graph
    }

    /// The variable or property that an edge is.
    pub fn name_in_source(&self, edge: EdgeIndex) -> Option<String> {
        match self.graph.hold_of(edge) {
            Hold::Variable(_) => Some(self.graph.edge_name(edge).to_string()),
            Hold::Export(variable) => Some(variable.name),
            Hold::Property if !self.is_entry(edge) => {
                Some(symbol_as_written(&self.graph.edge_name(edge).to_string()))
            }
            _ => None,
        }
    }

    /// A file as the report shows it.
    pub fn shown(&self, file: &Path) -> String {
        shown(file, self.cwd)
    }

    /// One edge; `None` for backing stores and other parts of V8 that say nothing.
    fn step(&self, edge: EdgeIndex) -> Option<Step> {
        let target = self.graph.edge_target(edge);
        let name = self.graph.edge_name(edge).to_string();
        let constructor = self.constructor(target);
        let (kind, name) = match self.graph.hold_of(edge) {
            Hold::Variable(_) => (StepKind::Variable, name),
            Hold::Export(variable) => (StepKind::Variable, variable.name),
            Hold::ModuleExports(_) => (StepKind::Property, "exports".to_owned()),
            Hold::Property if self.is_entry(edge) => (StepKind::Entry, "[key]".to_owned()),
            Hold::Property => (StepKind::Property, symbol_as_written(&name)),
            Hold::Element if self.graph.node_type(target) == NodeType::Synthetic => return None,
            Hold::Element => (StepKind::Element, "[]".to_owned()),
            Hold::MapKey => (StepKind::Entry, "key".to_owned()),
            Hold::MapValue => (StepKind::Entry, "value".to_owned()),
            Hold::SetMember => (StepKind::Entry, "member".to_owned()),
            Hold::WeakMapValue => (StepKind::Entry, "value of a WeakMap".to_owned()),
            Hold::Bound => (StepKind::Internal, name),
            Hold::Internal => (StepKind::Internal, self.internal_name(edge, name)?),
            Hold::Global | Hold::Closure => return None,
        };
        Some(Step { kind, name, constructor })
    }

    /// V8's own links that help a reader: an entry of a backing store, a promise's reactions, a native handle.
    fn internal_name(&self, edge: EdgeIndex, name: String) -> Option<String> {
        let (source, target) = (self.graph.edge_source(edge), self.graph.edge_target(edge));
        self.constructor(target)?;
        match (self.graph.node_type(source), self.graph.edge_kind(edge)) {
            (NodeType::Array, _) => Some("[key]".to_owned()),
            (NodeType::Synthetic, _) => Some("native handle".to_owned()),
            (NodeType::Hidden, EdgeKind::Hidden) => Some("next".to_owned()),
            _ if matches!(name.as_str(), "previous" | "map" | "shared" | "value") => None,
            _ => Some(name),
        }
    }

    /// Is the property an entry of an object that is used as a dictionary?
    fn is_entry(&self, edge: EdgeIndex) -> bool {
        let graph = self.graph;
        let (object, class) = (graph.edge_source(edge), class_of(graph, graph.edge_target(edge)));
        let count = graph.edges(object).len();
        if graph.name(object) != "Object" || count <= DICTIONARY {
            return false;
        }
        let alike =
            graph.edges(object).filter(|&other| class_of(graph, graph.edge_target(other)) == class).count();
        alike * DICTIONARY_SHARE >= count
    }

    fn constructor(&self, node: NodeIndex) -> Option<String> {
        let name = self.graph.name(node);
        match self.graph.node_type(node) {
            NodeType::Object | NodeType::Native => Some(name.into_owned()),
            NodeType::Hidden if name.ends_with("Reaction") => {
                Some(name.trim_start_matches("system / ").to_owned())
            }
            NodeType::Closure if name.is_empty() => Some("closure".to_owned()),
            NodeType::Closure => Some(format!("{name}()")),
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => Some("string".to_owned()),
            _ => None,
        }
    }
}

/// A file as the report shows it: relative to the application's folder when inside it, from `node_modules` on when
/// it belongs to a package elsewhere.
pub fn shown(file: &Path, cwd: &Path) -> String {
    if let Ok(inside) = file.strip_prefix(cwd) {
        return inside.to_string_lossy().into_owned();
    }
    let mut parts = file.components().skip_while(|part| part.as_os_str() != "node_modules").peekable();
    let of_package: PathBuf = if parts.peek().is_some() { parts.collect() } else { file.to_owned() };
    of_package.to_string_lossy().into_owned()
}

/// The file a holder path starts in.
fn start_file(path: &HolderPath) -> Option<&PathBuf> {
    match &path.start {
        Start::Script(file) | Start::Exports(file) => Some(file),
        _ => None,
    }
}

/// V8 writes `<symbol kEvents>`; people write `Symbol(kEvents)`.
fn symbol_as_written(name: &str) -> String {
    match name.strip_prefix("<symbol ").and_then(|rest| rest.strip_suffix('>')) {
        Some(description) => format!("Symbol({description})"),
        None => name.to_owned(),
    }
}

/// The event whose listeners the path ends in, when that has a name of its own.
pub fn event_listened_to(path: &[Step]) -> Option<&str> {
    kept_for_event(path).filter(|event| event.kind == StepKind::Property).map(|event| event.name.as_str())
}

/// The event whose listeners the path ends in: where Node's emitters keep them.
pub fn kept_for_event(path: &[Step]) -> Option<&Step> {
    let (event, list) = match path {
        [.., list, event, Step { kind: StepKind::Element, .. }] | [.., list, event] => (event, list),
        _ => return None,
    };
    (list.name == "_events").then_some(event)
}
