//! What is measured in a running process.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::from_heap::HeapSuspect;
use super::input::ResourceGroup;
use crate::track::{Dropped, Stretch};

/// What the monitor measured (JSON, camelCase).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Observations {
    /// Process id.
    pub pid: u32,
    /// Node's version.
    pub node_version: String,
    /// The entry file.
    pub entry: String,
    /// The working folder.
    pub cwd: String,
    /// Where leakwatch itself is installed.
    pub own_folder: Option<String>,
    /// How long the process has been up.
    pub uptime_ms: f64,
    /// Requests seen.
    pub requests: u64,
    /// The same by route.
    pub routes: BTreeMap<String, u64>,
    /// The operating system's readings, oldest first.
    pub samples: Vec<Sample>,
    /// V8's live bytes after major collections, oldest first.
    pub floors: Vec<Floor>,
    /// V8's bytes now, garbage included.
    pub now: Floor,
    /// What is alive now.
    pub resources: Vec<ResourceGroup>,
    /// What was alive while it was followed, oldest first.
    pub history: Vec<Moment>,
    /// The ports on which the process serves.
    pub ports: Vec<u16>,
    /// What stretches between checkpoints keep.
    pub stretches: Vec<Stretch>,
    /// What the tables had no place for.
    pub dropped: Dropped,
    /// Milliseconds between the operating system's readings.
    pub interval_ms: f64,
    /// What heap snapshots have proven.
    pub proven: Vec<HeapSuspect>,
    /// Sentences on what grows in heap snapshots and may stop by itself.
    pub doubts: Vec<String>,
    /// Whether the last heap snapshots compared found neither.
    pub acquitted: bool,
}

/// One reading of the operating system.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Sample {
    pub at_ms: f64,
    pub rss: Option<f64>,
    pub fds: Option<f64>,
    pub threads: Option<f64>,
    pub cgroup_limit: Option<f64>,
}

/// Live bytes after one major collection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Floor {
    pub at_ms: f64,
    pub requests: f64,
    pub heap_used: f64,
    pub heap_total: f64,
    pub heap_limit: f64,
    pub external: f64,
    pub array_buffers: f64,
}

/// Followed resources at one moment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Moment {
    pub at_ms: f64,
    pub requests: f64,
    pub connections: f64,
    pub resources: Vec<ResourceGroup>,
}

#[cfg(test)]
impl Observations {
    /// Of a server that is up for a quarter of an hour and has served some requests.
    pub(super) fn with_floors(floors: Vec<Floor>) -> Self {
        Self { floors, uptime_ms: 900_000.0, interval_ms: 5_000.0, requests: 9, ..Self::default() }
    }
}
