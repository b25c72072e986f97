//! A holder path as people read it, and the names on it that the source knows.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::holder::{HolderPath, Start, script_of_closure};
use super::sites::Anchor;
use crate::heap::{EdgeIndex, EdgeKind, HeapGraph, NodeIndex, NodeType};
use crate::report::{Step, StepKind};
use crate::source::path_of_script;

/// Objects with more properties than this are used as dictionaries: their keys are data, not names.
const DICTIONARY: usize = 32;
/// Nobody reads a longer path.
const MAX_STEPS: usize = 12;

/// Turns edges into steps and anchors.
pub struct PathReader<'a> {
    graph: &'a HeapGraph,
    cwd: &'a Path,
    scripts: OnceCell<HashMap<u32, String>>,
}

impl<'a> PathReader<'a> {
    /// `cwd`: files below it are shown relative to it.
    pub fn new(graph: &'a HeapGraph, cwd: &'a Path) -> Self {
        PathReader { graph, cwd, scripts: OnceCell::new() }
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

    /// The names on the path that stand in the source, nearest to the leaked objects first.
    pub fn anchors(&self, path: &HolderPath, down: &[EdgeIndex]) -> Vec<Anchor> {
        let start = match &path.start {
            Start::Script(file) | Start::Exports(file) => Some(file),
            _ => None,
        };
        let edges: Vec<EdgeIndex> = path.edges.iter().chain(down.iter().take(1)).copied().collect();
        let mut anchors: Vec<Anchor> = edges.into_iter().rev().filter_map(|edge| self.anchor(edge, start)).collect();
        anchors.dedup();
        anchors
    }

    fn anchor(&self, edge: EdgeIndex, start: Option<&PathBuf>) -> Option<Anchor> {
        let source = self.graph.edge_source(edge);
        let name = self.graph.edge_name(edge).to_string();
        match self.graph.edge_kind(edge) {
            EdgeKind::Context => Some(Anchor::Variable { file: start?.clone(), name }),
            EdgeKind::Property if !self.is_dictionary(source) => {
                let file = self.class_file(source).or_else(|| start.cloned())?;
                Some(Anchor::Property { file, name })
            }
            _ => None,
        }
    }

    /// The file that defines an object's class; `None` for the language's own and Node's.
    fn class_file(&self, object: NodeIndex) -> Option<PathBuf> {
        let position = self.graph.script_position(object)?;
        path_of_script(self.scripts().get(&position.script_id)?)
    }

    fn scripts(&self) -> &HashMap<u32, String> {
        self.scripts.get_or_init(|| {
            let mut scripts = HashMap::new();
            for node in self.graph.nodes().filter(|&node| self.graph.node_type(node) == NodeType::Closure) {
                let Some(position) = self.graph.script_position(node) else { continue };
                if !scripts.contains_key(&position.script_id)
                    && let Some(script) = script_of_closure(self.graph, node)
                {
                    scripts.insert(position.script_id, script);
                }
            }
            scripts
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

    /// A file as the report shows it.
    pub fn shown(&self, file: &Path) -> String {
        shown(file, self.cwd)
    }

    /// One edge; `None` for backing stores and other parts of V8 that say nothing.
    fn step(&self, edge: EdgeIndex) -> Option<Step> {
        let graph = self.graph;
        let (source, target) = (graph.edge_source(edge), graph.edge_target(edge));
        let name = graph.edge_name(edge).to_string();
        let constructor = self.constructor(target);
        let step = |kind, name: &str| Some(Step { kind, name: name.to_owned(), constructor: constructor.clone() });
        match (graph.edge_kind(edge), graph.node_type(source)) {
            (EdgeKind::Context, _) => step(StepKind::Variable, &name),
            (EdgeKind::Property, _) if self.is_dictionary(source) => step(StepKind::Entry, "[key]"),
            (EdgeKind::Property, _) => step(StepKind::Property, &symbol_as_written(&name)),
            (EdgeKind::Element, NodeType::Synthetic) => step(StepKind::Internal, &name).filter(|_| constructor.is_some()),
            (EdgeKind::Element, _) => step(StepKind::Element, "[]"),
            (_, NodeType::Array) => constructor.is_some().then(|| step(StepKind::Entry, entry_name(graph, target)))?,
            (EdgeKind::Internal, _) if shows_something(&name, graph, target) => step(StepKind::Internal, &name),
            (EdgeKind::Hidden, NodeType::Hidden) if constructor.is_some() => step(StepKind::Internal, "next"),
            _ => None,
        }
    }

    fn is_dictionary(&self, object: NodeIndex) -> bool {
        self.graph.name(object) == "Object" && self.graph.edges(object).len() > DICTIONARY
    }

    fn constructor(&self, node: NodeIndex) -> Option<String> {
        let name = self.graph.name(node);
        match self.graph.node_type(node) {
            NodeType::Object | NodeType::Native => Some(name.into_owned()),
            NodeType::Hidden if name.ends_with("Reaction") => Some(name.trim_start_matches("system / ").to_owned()),
            NodeType::Closure if name.is_empty() => Some("closure".to_owned()),
            NodeType::Closure => Some(format!("{name}()")),
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => Some("string".to_owned()),
            _ => None,
        }
    }
}

/// A file as the report shows it: relative to the application's folder when inside it.
pub fn shown(file: &Path, cwd: &Path) -> String {
    file.strip_prefix(cwd).unwrap_or(file).to_string_lossy().into_owned()
}

fn entry_name(graph: &HeapGraph, entry: NodeIndex) -> &'static str {
    if graph.node_type(entry) == NodeType::Object { "value" } else { "key" }
}

fn shows_something(name: &str, graph: &HeapGraph, target: NodeIndex) -> bool {
    let storage = matches!(graph.node_type(target), NodeType::Array | NodeType::Code | NodeType::ObjectShape);
    !storage && !matches!(name, "context" | "previous" | "map" | "shared" | "table" | "elements" | "properties" | "value")
}

/// V8 writes `<symbol kEvents>`; people write `Symbol(kEvents)`.
fn symbol_as_written(name: &str) -> String {
    match name.strip_prefix("<symbol ").and_then(|rest| rest.strip_suffix('>')) {
        Some(description) => format!("Symbol({description})"),
        None => name.to_owned(),
    }
}
