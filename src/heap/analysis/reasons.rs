//! Why an edge of a retainer path holds, in words.

use super::origin::timer_callback;
use super::suspended::suspended_function;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::holds::Hold;
use crate::heap::paths::Step;
use crate::heap::scopes::Scope;
use crate::heap::types::{EdgeKind, NodeIndex, NodeType};

/// Why the step at `at` holds; `None` for V8's own links, which say nothing to a person.
pub(super) fn reason(graph: &HeapGraph, path: &[Step], at: usize) -> Option<String> {
    let step = &path[at];
    let name = &step.edge_name;
    Some(match &step.hold {
        Hold::Global => "a global object".to_owned(),
        Hold::Property | Hold::Element => {
            return Some(listener(graph, path, at).unwrap_or_else(|| member(graph, step)));
        }
        Hold::Variable(scope) => variable(graph, name, scope),
        Hold::Export(export) => {
            let file = export.file.clone().map(|file| graph.original_file(file));
            format!("export `{}` of {}", export.name, file.as_deref().unwrap_or("a module"))
        }
        Hold::ModuleExports(file) => format!("exports of {}", graph.original_file(file.clone())),
        Hold::MapKey => format!("key of the {}", collection(graph, step)),
        Hold::MapValue => format!("value of the {}", collection(graph, step)),
        Hold::SetMember => format!("member of the {}", collection(graph, step)),
        Hold::WeakMapValue => "value of a WeakMap, alive as long as its key is".to_owned(),
        Hold::Bound => match name.as_str() {
            "bound_function" => "function behind bind()".to_owned(),
            "bound_this" => "`this` kept by bind()".to_owned(),
            _ => "argument kept by bind()".to_owned(),
        },
        Hold::Closure => return None,
        Hold::Internal => return internal(graph, step),
    })
}

/// A property or an element, as the program has it.
fn member(graph: &HeapGraph, step: &Step) -> String {
    let source = graph.edge_source(step.edge);
    if timer_callback(graph, source) == Some(step.node) {
        return "callback of the timer".to_owned();
    }
    match step.hold {
        Hold::Element => format!("element [{}]", step.edge_name),
        _ => format!("property `{}`", step.edge_name),
    }
}

/// The function, or the array of functions, that an emitter keeps for an event below `_events`.
fn listener(graph: &HeapGraph, path: &[Step], at: usize) -> Option<String> {
    let is_events = |at: usize| path.get(at).is_some_and(|step| step.edge_name == "_events");
    let (events, event) = if at >= 1 && is_events(at - 1) {
        (at - 1, at)
    } else if at >= 2 && path[at].hold == Hold::Element && is_events(at - 2) {
        (at - 2, at - 1)
    } else {
        return None;
    };
    let emitter = graph.class_name(graph.edge_source(path[events].edge));
    let what = if graph.node_type(path[at].node) == NodeType::Closure { "listener" } else { "listeners" };
    Some(format!("{what} of event `{}` of {emitter}", path[event].edge_name))
}

fn variable(graph: &HeapGraph, name: &str, scope: &Scope) -> String {
    let place = match (&scope.location, &scope.file) {
        (Some(location), _) => {
            let at = graph.original(location.clone());
            format!("{}:{}", at.file, at.line)
        }
        (None, Some(file)) => graph.original_file(file.clone()),
        (None, None) => "a script".to_owned(),
    };
    match &scope.function {
        Some(function) => format!("variable `{name}` of function `{function}` ({place})"),
        None if scope.is_module => format!("variable `{name}` of {place}"),
        None => format!("variable `{name}` of a function in {place}"),
    }
}

fn collection(graph: &HeapGraph, step: &Step) -> String {
    let owner = graph.collection_slot(step.edge).map(|(owner, _)| owner);
    owner.map_or_else(|| "collection".to_owned(), |owner| graph.class_name(owner).to_owned())
}

fn internal(graph: &HeapGraph, step: &Step) -> Option<String> {
    let source = graph.edge_source(step.edge);
    if let Some(function) = suspended_function(graph, source) {
        let kept = step.edge_name == "parameters_and_registers";
        return kept.then(|| format!("variable of the suspended function {}", described(graph, function)));
    }
    if suspended_function(graph, step.node).is_some() {
        return Some("function that waits to go on".to_owned());
    }
    let is_reaction = graph.raw_name(step.node) == b"system / PromiseReaction";
    match graph.raw_name(source) {
        b"Promise" if is_reaction => Some("reaction of the pending promise (await, then)".to_owned()),
        b"Promise" if step.edge_name == "reactions_or_result" => Some("result of the promise".to_owned()),
        b"system / PromiseReaction" if graph.node_type(step.node) == NodeType::Closure => {
            Some("function that runs when the promise settles".to_owned())
        }
        b"(Global handles)" => Some("handle of native code".to_owned()),
        b"(Stack roots)" | b"(Handle scope)" => Some("variable of code that is running".to_owned()),
        _ if step.edge_name == "backing_store" => Some("memory of the buffer".to_owned()),
        _ if step.edge_name == "native_to_javascript" => {
            Some("JavaScript side of a native object".to_owned())
        }
        _ if step.kind == EdgeKind::Weak => Some("weak reference".to_owned()),
        _ => None,
    }
}

fn described(graph: &HeapGraph, function: NodeIndex) -> String {
    let name = graph.name(function);
    let name = if name.is_empty() { "(anonymous)".to_owned() } else { format!("`{name}`") };
    match graph.written_at(function) {
        Some(at) => format!("{name} ({}:{})", at.file, at.line),
        None => name,
    }
}
