//! An analysed snapshot with what is found in its tables once somebody asks, and kept: scripts, scopes, paths.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::classes::ClassKey;
use super::error::HeapError;
use super::graph::Graph;
use super::originals::Originals;
use super::path_tree::PathTree;
use super::scopes::{self, Scope, ScopeInfos};
use super::scripts::{Location, Scripts};
use super::snapshot::Snapshot;
use super::task::Task;
use super::types::{EdgeIndex, EdgeName, NodeIndex};

/// A heap snapshot with its dominator tree, retained sizes, distances and classes.
///
/// Numbers equal Chrome DevTools' own (npm `chrome-devtools-frontend` 1.0.1705227): shallow sizes after backing
/// stores were given to their owners, retained sizes, distances, class names.
///
/// ```no_run
/// use leakwatch::heap::HeapGraph;
///
/// let graph = HeapGraph::open("app.heapsnapshot")?;
/// for node in graph.dominated(graph.root()) {
///     println!("{} retains {} bytes", graph.class_name(node), graph.retained_size(node));
/// }
/// # Ok::<(), leakwatch::heap::HeapError>(())
/// ```
pub struct HeapGraph {
    graph: Graph,
    scripts: OnceLock<Scripts>,
    scope_infos: OnceLock<ScopeInfos>,
    path_tree: OnceLock<PathTree>,
    originals: OnceLock<Arc<dyn Originals>>,
}

impl Deref for HeapGraph {
    type Target = Graph;

    #[inline]
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl HeapGraph {
    /// Maps a `.heapsnapshot` file and analyses it; a gzip or zstd file is unpacked into memory first.
    ///
    /// # Errors
    /// [`HeapError`] says what is wrong with the file, and at which byte.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, HeapError> {
        Self::open_as(path, &Task::default())
    }

    /// Same as [`HeapGraph::open`], as part of a task that tells how far it is and can be called off.
    ///
    /// # Errors
    /// As [`HeapGraph::open`], and [`HeapErrorKind::Cancelled`](super::HeapErrorKind::Cancelled).
    pub fn open_as(path: impl AsRef<Path>, task: &Task) -> Result<Self, HeapError> {
        Self::analyse(Snapshot::open(path.as_ref(), task)?, task)
    }

    /// Analyses a snapshot held in memory.
    ///
    /// # Errors
    /// As [`HeapGraph::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, HeapError> {
        Self::analyse(Snapshot::from_bytes(bytes)?, &Task::default())
    }

    pub(super) fn analyse(snapshot: Snapshot, task: &Task) -> Result<Self, HeapError> {
        Ok(Self {
            graph: Graph::of(snapshot, task)?,
            scripts: OnceLock::new(),
            scope_infos: OnceLock::new(),
            path_tree: OnceLock::new(),
            originals: OnceLock::new(),
        })
    }

    /// The edge's label; that of a block's variable, which V8 numbers, is the variable's name.
    pub fn edge_name(&self, edge: EdgeIndex) -> EdgeName<'_> {
        let name = self.edge_string(edge);
        if !self.edge_kind(edge).is_indexed() {
            return EdgeName::Name(self.string(name));
        }
        match scopes::block_variable(self, edge) {
            Some(variable) => EdgeName::Name(self.name(variable)),
            None => EdgeName::Index(name),
        }
    }

    /// Where a function stands, or the constructor of an object; `None` for built-in ones and for other nodes.
    pub fn location_of(&self, node: NodeIndex) -> Option<Location> {
        self.scripts().location_of(self, node)
    }

    /// Where a class's constructor stands; `None` when the snapshot does not tell.
    pub fn constructor_location(&self, key: &ClassKey) -> Option<Location> {
        self.scripts().location(key.constructor?, Some(key.name.clone()))
    }

    /// The files of all scripts that have a function alive.
    pub fn script_files(&self) -> Vec<&str> {
        self.scripts().files()
    }

    /// The file of a script, by V8's number.
    pub fn script_file(&self, script_id: u32) -> Option<&str> {
        self.scripts().file(script_id)
    }

    /// Whose variables a context holds: function and file. `None` when the node is not a context.
    pub fn scope_of(&self, context: NodeIndex) -> Option<Scope> {
        self.scope_infos().scope_of(self, self.scripts(), context)
    }

    /// The file of the module whose scope a context is; `None` for other nodes.
    pub fn file_of_module_scope(&self, context: NodeIndex) -> Option<String> {
        self.scope_infos().file_of_module_scope(self, self.scripts(), context)
    }

    /// Lets answers name the files that people wrote. Only the first call counts.
    pub fn tell_originals(&self, originals: Arc<dyn Originals>) {
        let _ = self.originals.set(originals);
    }

    /// Where a function, or the constructor of an object, was written; see [`HeapGraph::location_of`].
    pub fn written_at(&self, node: NodeIndex) -> Option<Location> {
        self.location_of(node).map(|location| self.original(location))
    }

    /// The place in the source; the given one when nothing tells.
    pub fn original(&self, generated: Location) -> Location {
        self.originals.get().and_then(|originals| originals.place(&generated)).unwrap_or(generated)
    }

    /// The source file of a script; the script itself when nothing tells.
    pub fn original_file(&self, generated: String) -> String {
        self.originals.get().and_then(|originals| originals.file(&generated)).unwrap_or(generated)
    }

    /// The most readable path to every node. The first call searches the whole graph (8 bytes a node).
    pub(super) fn path_tree(&self) -> &PathTree {
        self.path_tree.get_or_init(|| PathTree::of(self))
    }

    fn scripts(&self) -> &Scripts {
        self.scripts.get_or_init(|| Scripts::of(self))
    }

    fn scope_infos(&self) -> &ScopeInfos {
        self.scope_infos.get_or_init(|| ScopeInfos::of(self))
    }
}
