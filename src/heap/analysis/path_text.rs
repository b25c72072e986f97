//! Retainer paths for reading: `shop/sessions.js › sessions (Map) › value › Session`.

use serde::Serialize;

use super::reasons::reason;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::holds::Hold;
use crate::heap::paths::{Step, program_part};
use crate::heap::types::NodeIndex;

/// One step of a retainer path, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PathStep {
    /// Why the edge holds: `global`, `property`, `element`, `variable`, `export`, `moduleExports`, `mapKey`,
    /// `mapValue`, `setMember`, `weakMapValue`, `closure`, `bound` or `internal`.
    pub hold: &'static str,
    /// Why it holds, in words; null for V8's own links, which say nothing to a person.
    pub reason: Option<String>,
    /// The edge's label: property, variable, index, V8's own name.
    pub name: String,
    /// Class of the object it leads to.
    pub class_name: String,
    /// That object's id.
    pub id: u32,
    /// File of the variable or export; null otherwise, and where nothing tells.
    pub file: Option<String>,
    /// Function whose variable it is; null for a module's and for other edges.
    pub function: Option<String>,
}

impl PathStep {
    /// The steps of a path as JSON shows them.
    pub fn all(graph: &HeapGraph, path: &[Step]) -> Vec<Self> {
        let step = |at| Self { reason: reason(graph, path, at), ..Self::of(graph, &path[at]) };
        (0..path.len()).map(step).collect()
    }

    fn of(graph: &HeapGraph, step: &Step) -> Self {
        let (hold, file, function) = match &step.hold {
            Hold::Variable(scope) => ("variable", scope.file.clone(), scope.function.clone()),
            Hold::Export(export) => ("export", export.file.clone(), None),
            Hold::ModuleExports(file) => ("moduleExports", Some(file.clone()), None),
            Hold::Global => ("global", None, None),
            Hold::Property => ("property", None, None),
            Hold::Element => ("element", None, None),
            Hold::MapKey => ("mapKey", None, None),
            Hold::MapValue => ("mapValue", None, None),
            Hold::SetMember => ("setMember", None, None),
            Hold::WeakMapValue => ("weakMapValue", None, None),
            Hold::Closure => ("closure", None, None),
            Hold::Bound => ("bound", None, None),
            Hold::Internal => ("internal", None, None),
        };
        let name = match &step.hold {
            Hold::Export(export) => export.name.clone(),
            _ => step.edge_name.clone(),
        };
        let file = file.map(|file| graph.original_file(file));
        Self {
            hold,
            reason: None,
            name,
            class_name: step.class_name.clone(),
            id: graph.id(step.node),
            file,
            function,
        }
    }
}

/// The program's part of the path in one line, the file first; the empty text when nothing holds the node.
pub fn path_text(graph: &HeapGraph, path: &[Step]) -> String {
    let part = &path[program_part(path)..];
    let Some(last) = part.last() else { return String::new() };
    let file = file_of(&part[0]).map(|file| graph.original_file(file));
    let mut words: Vec<String> = file.into_iter().collect();
    for (at, step) in part.iter().enumerate().filter(|(_, step)| step.hold.is_visible()) {
        let is_last = at + 1 == part.len();
        words.push(label(step, !is_last));
    }
    words.push(last.class_name.clone());
    collapsed(words).join(" › ")
}

/// A cycle of at most so many words is told once.
const MAX_CYCLE: usize = 4;
/// … when it comes at least so often in a row.
const MIN_REPEATS: usize = 3;

/// `next › next › next › next` as `next × 4`: a list is as long as it is.
fn collapsed(words: Vec<String>) -> Vec<String> {
    let mut told = Vec::new();
    let mut rest = &words[..];
    while let Some(first) = rest.first() {
        let repeats = |length: &usize| {
            let mut chunks = rest.chunks_exact(*length);
            let cycle = chunks.next();
            1 + chunks.take_while(|&chunk| Some(chunk) == cycle).count()
        };
        let cycle = (1..=MAX_CYCLE.min(rest.len())).find(|length| repeats(length) >= MIN_REPEATS);
        let Some(length) = cycle else {
            told.push(first.clone());
            rest = &rest[1..];
            continue;
        };
        let count = repeats(&length);
        let cycle = rest[..length].join(" › ");
        told.push(if length == 1 { format!("{cycle} × {count}") } else { format!("({cycle}) × {count}") });
        rest = &rest[length * count..];
    }
    told
}

/// The most readable path to a node, in one line. Of a module's scope its file: who refers to it says nothing.
pub fn describe_path(graph: &HeapGraph, node: NodeIndex) -> String {
    if let Some(file) = graph.file_of_module_scope(node) {
        return format!("{} › (variables)", graph.original_file(file));
    }
    graph.retainer_paths(node, 1).first().map_or_else(String::new, |path| path_text(graph, path))
}

/// The file of the variable or export that a step is.
pub(super) fn file_of(step: &Step) -> Option<String> {
    match &step.hold {
        Hold::Variable(scope) => scope.file.clone(),
        Hold::Export(export) => export.file.clone(),
        Hold::ModuleExports(file) => Some(file.clone()),
        _ => None,
    }
}

/// A step in a few words; `class` adds what it leads to, where the name alone does not say.
fn label(step: &Step, class: bool) -> String {
    let name = match &step.hold {
        Hold::Element => return "[]".to_owned(),
        Hold::MapKey => return "key".to_owned(),
        Hold::MapValue => return "value".to_owned(),
        Hold::SetMember => return "member".to_owned(),
        Hold::WeakMapValue => return "WeakMap value".to_owned(),
        Hold::Bound => return step.edge_name.replace('_', " "),
        Hold::Global => return "global".to_owned(),
        Hold::Export(export) => &export.name,
        Hold::ModuleExports(_) => return "exports".to_owned(),
        _ => &step.edge_name,
    };
    if class && !matches!(&*step.class_name, "Object" | "Function") && !step.class_name.starts_with('{') {
        format!("{name} ({})", step.class_name)
    } else {
        name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::collapsed;

    fn told(words: &str) -> String {
        collapsed(words.split(' ').map(str::to_owned).collect()).join(" ")
    }

    #[test]
    fn repetitions_are_told_once() {
        assert_eq!(told("a b b"), "a b b");
        assert_eq!(told("list next next next next Item"), "list next × 4 Item");
        assert_eq!(told("x a b a b a b a c"), "x (a › b) × 3 a c");
    }
}
