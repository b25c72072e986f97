//! Heap snapshots: `.heapsnapshot` files as columns, dominators, retained sizes, classes and retainer paths.
//!
//! [`HeapGraph::open`] is the way in: it maps the file, finds its sections ([`scan`]), parses the tables of numbers
//! on every core ([`table`], [`columns`]), and computes what V8 does not write: shallow sizes with backing stores
//! given to their owners ([`shallow`]), which edges keep alive ([`essential`]), dominators and retained sizes
//! ([`dominators`]), distances and classes ([`classes`], [`interfaces`]). Strings stay in the file until asked for.
//!
//! [`Graph`] is these tables. What is found in them on request is made from it alone: [`scripts`], [`scopes`], the most
//! readable paths ([`path_tree`]). [`HeapGraph`] keeps both; the [`questions`] about what an edge means stand above it.
//!
//! The rules are those of Chrome DevTools' heap snapshot worker, so that every number here equals what people see
//! there; `__test__/heap-oracle.test.js` compares them. [`analysis`] answers what people ask of a snapshot.

mod aggregates;
pub mod analysis;
mod bits;
mod classes;
mod collections;
mod columns;
pub mod compare;
mod costs;
mod detached;
mod distances;
mod dominators;
mod ephemeron;
mod error;
mod essential;
mod fields;
mod graph;
mod groups;
mod handlers;
mod header;
mod heap_graph;
mod holds;
mod interfaces;
mod locations;
mod matcher;
mod memory;
mod modules;
mod numbers;
mod originals;
mod path_tree;
mod paths;
mod questions;
mod scan;
#[cfg(test)]
mod schemas;
mod scopes;
mod scripts;
mod shallow;
mod sizes;
mod snapshot;
mod source;
mod stream;
mod strings;
mod summary;
mod table;
mod task;
mod types;

pub use aggregates::ClassSummary;
pub use classes::ClassKey;
pub use collections::{CollectionKind, Slot};

pub use distances::SYSTEM_DISTANCE;
pub use error::{HeapError, HeapErrorKind};
pub use graph::Graph;
pub use handlers::RouteHandler;
pub use heap_graph::HeapGraph;
pub use holds::Hold;
pub use locations::ScriptPosition;
pub use modules::ExportedVariable;
pub use originals::Originals;
pub use paths::{RetainerPath, Step, program_part};
pub use scopes::Scope;
pub use scripts::Location;
pub use stream::SnapshotReader;
pub use summary::{ClassRow, SnapshotSummary};
pub use task::{Phase, Task};
pub use types::{ClassId, EdgeIndex, EdgeKind, EdgeName, NodeIndex, NodeType};
