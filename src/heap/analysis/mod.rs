//! What a person asks of one snapshot: who keeps the most, what is there twice, which lines and packages it comes from.
//!
//! Everything is computed from a [`HeapGraph`] alone, in a fixed order: the same file gives the same JSON.

mod buffers;
mod collections;
mod contexts;
mod keywords;
mod lines;
mod listeners;
mod origin;
mod origins;
mod path_text;
mod promises;
mod reasons;
mod routes;
mod strings;
mod suspects;
mod suspended;
mod timers;
mod why;

use serde::Serialize;

pub use buffers::{BufferRow, Buffers};
pub use collections::CollectionRow;
pub use contexts::{ContextRow, Contexts};
pub use listeners::ListenerRow;
use origin::is_nodes_own;
pub use origin::{app_folder, origin, timer_callback};
pub use origins::{ClosureRow, ModuleRow, PackageRow};
pub use path_text::{PathStep, describe_path, path_text};
pub use promises::{PendingPromises, PromiseRow};
pub use routes::RouteMemory;
pub use strings::{DuplicateString, DuplicateStrings};
pub use suspects::{LeakSuspect, SuspectContent};
pub use suspended::SuspendedRow;
pub use timers::TimerRow;
pub use why::{WhyAlive, WhyPath};

use super::error::HeapError;
use super::heap_graph::HeapGraph;
use super::summary::SnapshotSummary;
use super::task::{Phase, Task};

/// The whole answer about one snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotAnalysis {
    /// The application's folder: where its `node_modules` are; null when nothing tells.
    pub folder: Option<String>,
    /// Totals and classes.
    #[serde(flatten)]
    pub summary: SnapshotSummary,
    /// What keeps much of the heap alive, greatest first.
    pub suspects: Vec<LeakSuspect>,
    /// Strings that are there more than once.
    pub duplicate_strings: DuplicateStrings,
    /// Collections with the greatest retained size.
    pub collections: Vec<CollectionRow>,
    /// Emitters and events with the most listeners.
    pub listeners: Vec<ListenerRow>,
    /// Pending promises that are waited for.
    pub promises: PendingPromises,
    /// Async functions and generators that have not come to their end, most numerous first.
    pub suspended: Vec<SuspendedRow>,
    /// Timers that are set, by the line of their callbacks, most numerous first.
    pub timers: Vec<TimerRow>,
    /// Functions by the line that made them, most numerous first.
    pub closures: Vec<ClosureRow>,
    /// Modules (files) by what their functions, objects, variables and exports retain.
    pub modules: Vec<ModuleRow>,
    /// npm packages by what their modules retain; `(app)` is code outside `node_modules`.
    pub packages: Vec<PackageRow>,
    /// Memory by Express route, where the graph tells.
    pub routes: Vec<RouteMemory>,
    /// V8 contexts besides the program's own: a detached one is among them.
    pub contexts: Contexts,
    /// Memory of buffers, outside V8's heap.
    pub buffers: Buffers,
}

impl SnapshotAnalysis {
    /// Analyses a snapshot; every list has at most `top` rows (classes have all).
    ///
    /// # Errors
    /// When the task is called off.
    pub fn of(graph: &HeapGraph, top: usize, task: &Task) -> Result<Self, HeapError> {
        task.enter(Phase::Answering, LISTS)?;
        let (closures, modules, packages) = done(task, origins::origins(graph, top))?;
        Ok(Self {
            folder: app_folder(graph),
            summary: done(task, SnapshotSummary::of(graph))?,
            suspects: done(task, suspects::suspects(graph, top))?,
            duplicate_strings: done(task, strings::duplicates(graph, top))?,
            collections: done(task, collections::biggest(graph, top))?,
            listeners: done(task, listeners::most(graph, top))?,
            promises: done(task, promises::pending(graph, top))?,
            suspended: done(task, suspended::most(graph, top))?,
            timers: done(task, timers::most(graph, top))?,
            closures,
            modules,
            packages,
            routes: done(task, routes::routes(graph, top))?,
            contexts: done(task, contexts::contexts(graph, top))?,
            buffers: done(task, buffers::buffers(graph, top))?,
        })
    }
}

/// Lists that take some time.
const LISTS: usize = 12;

/// Passes a list on, unless nobody wants it any more.
fn done<T>(task: &Task, list: T) -> Result<T, HeapError> {
    task.advance(1)?;
    Ok(list)
}

/// The first `top` rows when sorted by `key`, greatest first; rows of equal key keep their order.
fn greatest<T, K: Ord>(mut rows: Vec<T>, top: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
    rows.truncate(top);
    rows
}
