//! Which functions serve which routes, as a watching leakwatch knows it: an object of class `LeakWatchRoutes` with a
//! property for each route, an array of weak references to functions. Redaction keeps the names of properties.

use super::heap_graph::HeapGraph;
use super::types::{EdgeKind, NodeIndex, NodeType};

/// The class of that object.
const TABLE: &[u8] = b"LeakWatchRoutes";

/// A function that serves a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteHandler {
    /// Method and pattern: `POST /login`.
    pub route: String,
    /// The function.
    pub function: NodeIndex,
}

/// The functions that serve each route and, for those made by another function (`asyncHandler(fn)`), the functions that
/// they refer to. Empty when nobody watched.
pub(super) fn route_handlers(graph: &HeapGraph) -> Vec<RouteHandler> {
    let tables = graph
        .nodes()
        .filter(|&node| graph.node_type(node) == NodeType::Object && graph.raw_name(node) == TABLE);
    let mut handlers = Vec::new();
    for table in tables {
        for property in graph.edges(table).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Property) {
            let route = graph.edge_name(property).to_string();
            for function in functions_in(graph, graph.edge_target(property)) {
                handlers.push(RouteHandler { route: route.clone(), function });
            }
        }
    }
    handlers
}

fn functions_in(graph: &HeapGraph, list: NodeIndex) -> Vec<NodeIndex> {
    let references = targets(graph, list, EdgeKind::Element);
    let handlers = references.into_iter().flat_map(|reference| targets(graph, reference, EdgeKind::Weak));
    let closures = handlers.filter(|&node| graph.node_type(node) == NodeType::Closure);
    closures.flat_map(|handler| [vec![handler], wrapped_by(graph, handler)].concat()).collect()
}

fn wrapped_by(graph: &HeapGraph, wrapper: NodeIndex) -> Vec<NodeIndex> {
    let context = graph.internal_target(wrapper, b"context");
    let made_by_function =
        |&context: &NodeIndex| graph.scope_of(context).is_some_and(|scope| !scope.is_module);
    let variables =
        context.filter(made_by_function).map(|context| targets(graph, context, EdgeKind::Context));
    let is_closure = |&node: &NodeIndex| graph.node_type(node) == NodeType::Closure;
    variables.unwrap_or_default().into_iter().filter(is_closure).collect()
}

fn targets(graph: &HeapGraph, node: NodeIndex, kind: EdgeKind) -> Vec<NodeIndex> {
    let edges = graph.edges(node).filter(|&edge| graph.edge_kind(edge) == kind);
    edges.map(|edge| graph.edge_target(edge)).collect()
}
