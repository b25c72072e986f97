//! Whose variables a context holds: the function and the file.
//!
//! A context (V8's record of a scope's captured variables) points to its scope info, and a function's shared info
//! points to the same scope info (`name_or_scope_info`) once compiled. A module's outermost function runs once and is
//! thrown away, but the functions inside it still name its scope info as their outer one, and their script.

use std::collections::HashMap;

use super::graph::Graph;
use super::scripts::{Location, Scripts, script_file};
use super::types::{EdgeIndex, EdgeKind, NodeIndex, NodeType};

/// The function, or module, whose variables a context holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Path of the script; `None` when no function of it is left to tell.
    pub file: Option<String>,
    /// Name of the function; `None` for a module's own scope, a block, or a function without a name.
    pub function: Option<String>,
    /// Where the function stands; `None` when no closure of it is alive.
    pub location: Option<Location>,
    /// True for the outermost scope of a script: its variables are a module's.
    pub is_module: bool,
}

/// Scope infos to the shared function infos that know them.
#[derive(Debug, Default)]
pub(super) struct ScopeInfos {
    /// The function whose scope it is.
    own: HashMap<u32, NodeIndex>,
    /// A function defined in it.
    inner: HashMap<u32, NodeIndex>,
}

impl ScopeInfos {
    pub fn of(graph: &Graph) -> Self {
        let mut infos = Self::default();
        for node in graph.nodes().filter(|&node| graph.node_type(node) == NodeType::Code) {
            for edge in graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Internal) {
                let target = graph.edge_target(edge).0;
                match graph.raw_edge_name(edge) {
                    Some(b"name_or_scope_info") => infos.own.entry(target).or_insert(node),
                    Some(b"raw_outer_scope_info_or_feedback_metadata") => {
                        infos.inner.entry(target).or_insert(node)
                    }
                    _ => continue,
                };
            }
        }
        infos
    }

    /// The scope of a context node; `None` for other nodes.
    pub fn scope_of(&self, graph: &Graph, scripts: &Scripts, context: NodeIndex) -> Option<Scope> {
        if !is_context(graph, context) {
            return None;
        }
        let info = graph.internal_target(context, b"scope_info")?;
        let own = self.own.get(&info.0).copied();
        let inner = self.inner.get(&info.0).copied();
        let location = own.and_then(|shared| closure_location(graph, scripts, shared));
        let function =
            own.map(|shared| graph.name(shared).into_owned()).filter(|name| is_function_name(name));
        let file = [own, inner].into_iter().flatten().find_map(|shared| script_file(graph, shared));
        let file = file.or_else(|| file_of_closures(graph, scripts, context));
        let is_module = is_outermost(graph, context) && function.is_none();
        Some(Scope { file, function, location, is_module })
    }

    /// The file of the module whose scope a context is; `None` for other nodes. Quicker than [`Self::scope_of`] where
    /// most contexts are functions'.
    pub fn file_of_module_scope(
        &self,
        graph: &Graph,
        scripts: &Scripts,
        context: NodeIndex,
    ) -> Option<String> {
        if !is_context(graph, context) || !is_outermost(graph, context) {
            return None;
        }
        self.scope_of(graph, scripts, context).filter(|scope| scope.is_module)?.file
    }
}

/// True for contexts: what closures hold their variables in.
pub(super) fn is_context(graph: &Graph, node: NodeIndex) -> bool {
    graph.raw_name(node).starts_with(b"system / Context")
}

/// All contexts. Each name is looked at once.
pub(super) fn contexts(graph: &Graph) -> impl Iterator<Item = NodeIndex> {
    let mut known: Vec<Option<bool>> = vec![None; graph.string_count()];
    graph.nodes().filter(move |&node| {
        *known[graph.name_string(node) as usize].get_or_insert_with(|| is_context(graph, node))
    })
}

/// The name of a block's variable: V8 names those of functions, and numbers those of blocks. The scope info has the
/// names in the same order, but numbers have no edge: where one is missing nobody knows which is which.
pub(super) fn block_variable(graph: &Graph, edge: EdgeIndex) -> Option<NodeIndex> {
    let context = graph.edge_source(edge);
    if graph.edge_kind(edge) != EdgeKind::Hidden || !is_context(graph, context) {
        return None;
    }
    let hidden = |node| graph.edges(node).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Hidden);
    let place = hidden(context).position(|other| other == edge)?;
    let of_info = hidden(graph.internal_target(context, b"scope_info")?).map(|edge| graph.edge_target(edge));
    let names: Vec<NodeIndex> = of_info.filter(|&node| graph.node_type(node) == NodeType::String).collect();
    (names.len() == hidden(context).count()).then(|| names[place])
}

/// True when no function's scope is around the context, which may be a module's then.
fn is_outermost(graph: &Graph, context: NodeIndex) -> bool {
    graph.internal_target(context, b"previous").is_none_or(|outer| {
        matches!(graph.raw_name(outer), b"system / NativeContext" | b"system / ScriptContext")
    })
}

fn is_function_name(name: &str) -> bool {
    !name.is_empty() && name != "(shared function info)"
}

/// How many retainers are looked at before giving up; a context can have a million.
const MAX_RETAINERS: usize = 64;

/// Where a living closure of the shared function info stands.
fn closure_location(graph: &Graph, scripts: &Scripts, shared: NodeIndex) -> Option<Location> {
    let closures = graph.retainers(shared).take(MAX_RETAINERS).map(|edge| graph.edge_source(edge));
    closures
        .filter(|&node| graph.node_type(node) == NodeType::Closure)
        .find_map(|node| scripts.location_of(graph, node))
}

/// The file of a closure that uses the context, or a context inside it.
fn file_of_closures(graph: &Graph, scripts: &Scripts, context: NodeIndex) -> Option<String> {
    let users = |node| graph.retainers(node).take(MAX_RETAINERS).map(|edge| graph.edge_source(edge));
    let direct = users(context).find_map(|node| scripts.location_of(graph, node));
    let nested = || {
        users(context)
            .filter(|&node| is_context(graph, node))
            .flat_map(users)
            .find_map(|node| scripts.location_of(graph, node))
    };
    direct.or_else(nested).map(|location| location.file)
}
