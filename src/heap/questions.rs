//! Questions about a graph with a file of their own for the answer: classes, modules, collections, retainer paths.

use super::aggregates::{self, ClassSummary};
use super::collections::{self, CollectionKind, Slot};
use super::handlers::{self, RouteHandler};
use super::heap_graph::HeapGraph;
use super::holds::{self, Hold};
use super::modules::{self, ExportedVariable};
use super::paths::{self, RetainerPath};
use super::types::{EdgeIndex, NodeIndex};

impl HeapGraph {
    /// Count, shallow and retained size of every class.
    pub fn class_histogram(&self) -> Vec<ClassSummary> {
        aggregates::histogram(self)
    }

    /// The file of a CommonJS `Module` object; `None` for other nodes.
    pub fn commonjs_file(&self, node: NodeIndex) -> Option<String> {
        modules::commonjs_file(self, node)
    }

    /// The ES module's exported variable whose value the edge holds; `None` for other edges.
    pub fn exported_variable(&self, edge: EdgeIndex) -> Option<ExportedVariable> {
        modules::exported_variable(self, edge)
    }

    /// The functions that serve each route, where a watching leakwatch left word. Looks at every node.
    pub fn route_handlers(&self) -> Vec<RouteHandler> {
        handlers::route_handlers(self)
    }

    /// Up to `limit` different chains of edges that keep the node alive, the most readable first: global objects,
    /// modules, variables and properties before V8's internals. Weak edges never hold, a WeakMap's value is held through
    /// its key. Empty when nothing holds the node. The first call searches the whole graph (8 bytes a node).
    pub fn retainer_paths(&self, node: NodeIndex, limit: usize) -> Vec<RetainerPath> {
        paths::retainer_paths(self, node, limit)
    }

    /// What the edge means to the program.
    pub fn hold_of(&self, edge: EdgeIndex) -> Hold {
        holds::hold_of(self, edge)
    }

    /// The kind of keyed collection an object is, derived classes included; `None` for anything else.
    pub fn collection_kind(&self, node: NodeIndex) -> Option<CollectionKind> {
        collections::kind(self, node)
    }

    /// The Map or Set whose table the edge leaves, and what the edge leads to; `None` for other edges.
    pub fn collection_slot(&self, edge: EdgeIndex) -> Option<(NodeIndex, Slot)> {
        collections::slot(self, edge)
    }
}
