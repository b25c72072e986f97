//! What a person asks of one snapshot: who keeps the most, what is there twice, which lines and packages it comes from.
//!
//! Everything is computed from a [`HeapGraph`] alone, in a fixed order: the same file gives the same JSON.

mod buffers;
mod collections;
mod listeners;
mod origins;
mod path_text;
mod strings;
mod suspects;
mod why;

use serde::Serialize;

pub use buffers::{BufferRow, Buffers};
pub use collections::CollectionRow;
pub use listeners::ListenerRow;
pub use origins::{ClosureRow, FileRow, PackageRow};
pub use path_text::{PathStep, describe_path, path_text};
pub use strings::{DuplicateString, DuplicateStrings};
pub use suspects::{LeakSuspect, SuspectContent};
pub use why::{WhyAlive, WhyPath};

use super::graph::HeapGraph;
use super::summary::SnapshotSummary;

/// The whole answer about one snapshot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotAnalysis {
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
    /// Functions by the line that made them, most numerous first.
    pub closures: Vec<ClosureRow>,
    /// Files by what their objects and functions retain.
    pub files: Vec<FileRow>,
    /// npm packages by what their objects and functions retain; `(app)` is code outside `node_modules`.
    pub packages: Vec<PackageRow>,
    /// Memory of buffers, outside V8's heap.
    pub buffers: Buffers,
}

impl SnapshotAnalysis {
    /// Analyses a snapshot; every list has at most `top` rows (classes have all).
    pub fn of(graph: &HeapGraph, top: usize) -> Self {
        let (closures, files, packages) = origins::origins(graph, top);
        Self {
            summary: SnapshotSummary::of(graph),
            suspects: suspects::suspects(graph, top),
            duplicate_strings: strings::duplicates(graph, top),
            collections: collections::biggest(graph, top),
            listeners: listeners::most(graph, top),
            closures,
            files,
            packages,
            buffers: buffers::buffers(graph, top),
        }
    }
}

/// The first `top` rows when sorted by `key`, greatest first; rows of equal key keep their order.
fn greatest<T, K: Ord>(mut rows: Vec<T>, top: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
    rows.truncate(top);
    rows
}
