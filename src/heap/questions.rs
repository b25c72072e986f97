//! Questions about a graph that need more than its tables: files, scopes, modules, collections, retainer paths.

use super::classes::ClassKey;
use super::collections::{self, CollectionKind, Slot};
use super::graph::HeapGraph;
use super::handlers::{self, RouteHandler};
use super::holds::{self, Hold};
use super::locations::ScriptPosition;
use super::modules::{self, ExportedVariable};
use super::paths::{self, PathTree, RetainerPath};
use super::scopes::{self, Scope, ScopeInfos};
use super::scripts::{Location, Scripts};
use super::types::{EdgeIndex, NodeIndex};

impl HeapGraph {
    /// Where a function stands, or the constructor of an object; `None` for built-in ones and for other nodes.
    pub fn location_of(&self, node: NodeIndex) -> Option<Location> {
        let place = self.script_position(node).or_else(|| self.position_by_prototype(node))?;
        let file = self.script_file(place.script_id)?.to_owned();
        let function = Some(self.name(node).into_owned()).filter(|name| !name.is_empty());
        Some(Location { file, line: place.line + 1, column: place.column + 1, function })
    }

    /// Where the constructor stands that an object's prototype names: `Reflect.construct` and some of Node's own classes
    /// leave none with the object's shape, from which V8 writes locations.
    fn position_by_prototype(&self, object: NodeIndex) -> Option<ScriptPosition> {
        let prototype = self.property_target(object, b"__proto__")?;
        self.script_position(self.property_target(prototype, b"constructor")?)
    }

    /// The files of all scripts that have a function alive.
    pub fn script_files(&self) -> Vec<&str> {
        self.scripts.get_or_init(|| Scripts::of(self)).files()
    }

    /// The file of a script, by V8's number.
    pub fn script_file(&self, script_id: u32) -> Option<&str> {
        self.scripts.get_or_init(|| Scripts::of(self)).file(script_id)
    }

    /// Where a class's constructor stands; `None` when the snapshot does not tell.
    pub fn constructor_location(&self, key: &ClassKey) -> Option<Location> {
        let place = key.constructor?;
        let file = self.script_file(place.script_id)?.to_owned();
        Some(Location {
            file,
            line: place.line + 1,
            column: place.column + 1,
            function: Some(key.name.clone()),
        })
    }

    /// Whose variables a context holds: function and file. `None` when the node is not a context.
    pub fn scope_of(&self, context: NodeIndex) -> Option<Scope> {
        scopes::scope_of(self, self.scope_infos.get_or_init(|| ScopeInfos::of(self)), context)
    }

    /// The file of the module whose scope a context is; `None` for other nodes.
    pub fn file_of_module_scope(&self, context: NodeIndex) -> Option<String> {
        let infos = self.scope_infos.get_or_init(|| ScopeInfos::of(self));
        scopes::file_of_module_scope(self, infos, context)
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
        paths::retainer_paths(self, self.path_tree.get_or_init(|| PathTree::of(self)), node, limit)
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
