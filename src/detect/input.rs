//! What a driven test run measured, as the command line hands it over (JSON, camelCase).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A whole run: measurements after each round, and, when something grew, snapshots and an allocation profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestRun {
    /// Node's version.
    pub node_version: String,
    /// Process id of the application.
    pub pid: u32,
    /// The application's working folder.
    pub cwd: String,
    /// The entry file, as given.
    pub entry: String,
    /// Where leakwatch itself is installed: what its own code holds is not the application's leak.
    pub own_folder: Option<String>,
    /// Measurements in time order, each after a round and a forced collection; the first one after warm-up.
    pub points: Vec<Point>,
    /// Heap snapshots of that process, taken inline, in time order.
    pub snapshots: Vec<SnapshotAt>,
    /// The worker threads whose heaps were looked at.
    pub workers: Vec<WorkerRun>,
    /// V8's sampling heap profile of the rounds: a path.
    pub allocation_profile: Option<String>,
    /// Where the handlers of each route are defined.
    pub handlers: Vec<RouteHandlers>,
    /// Whether the application refused every request that was sent.
    pub refused: bool,
    /// Rounds in which only one route was let through, after the last snapshot, in time order.
    pub isolated: Vec<Isolated>,
}

/// One measurement.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Point {
    /// Requests seen by the application so far.
    pub requests: f64,
    /// The same by route.
    pub routes: BTreeMap<String, u64>,
    /// Milliseconds on the process's own clock.
    pub at_ms: f64,
    /// Memory after the collection.
    pub memory: Memory,
    /// What was alive.
    pub resources: Vec<ResourceGroup>,
    /// The worker threads that answered.
    pub workers: Vec<WorkerPoint>,
}

/// One measurement of a worker thread.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkerPoint {
    /// Its `threadId`.
    pub id: u32,
    /// The name that it was given, or none.
    pub name: String,
    /// What it runs; `None` for evaluated code.
    pub file: Option<String>,
    /// Its heap after the collection; what is the process's is left out.
    pub memory: Memory,
}

/// What a worker thread's heap showed: as [`TestRun`] has it of the main thread.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct WorkerRun {
    pub id: u32,
    pub snapshots: Vec<SnapshotAt>,
    pub allocation_profile: Option<String>,
    pub isolated: Vec<Isolated>,
}

/// Memory in bytes, and counts of what the kernel keeps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Memory {
    pub rss: f64,
    pub anonymous: Option<f64>,
    pub swap: Option<f64>,
    pub cgroup_limit: Option<f64>,
    pub fds: Option<f64>,
    pub threads: Option<f64>,
    pub heap_used: f64,
    pub heap_total: f64,
    pub heap_limit: f64,
    pub external: f64,
    pub array_buffers: f64,
    pub malloced_memory: f64,
}

impl Memory {
    /// Bytes of one thread's heap and of the buffers that belong to it.
    pub fn live(&self) -> f64 {
        self.heap_used + self.external
    }
}

/// Timers, listeners, handles, files … of one kind, name and creation site.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct ResourceGroup {
    pub kind: String,
    pub name: String,
    pub holder: Option<String>,
    pub count: u64,
    pub created: u64,
    pub oldest_ms: f64,
    pub delay_ms: Option<f64>,
    pub site: Vec<Frame>,
    pub routes: Vec<RouteCount>,
}

/// A stack frame of application or dependency code.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Frame {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub function: Option<String>,
}

/// How many of something belong to a route.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct RouteCount {
    pub route: String,
    pub count: u64,
}

/// A heap snapshot and when it was taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SnapshotAt {
    /// Its file.
    pub path: String,
    /// Requests seen by the application before it.
    pub requests: f64,
    /// Connections that were open then, in a running process.
    pub connections: f64,
    /// Collections whose entries were counted right after it.
    pub counted: Vec<Counted>,
}

/// How many entries an array, map, set or object had.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counted {
    /// Its id in the snapshots.
    pub id: u32,
    /// Its entries.
    pub count: u64,
}

/// The functions that handle a route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct RouteHandlers {
    pub route: String,
    pub functions: Vec<Frame>,
}

/// A round in which the application got requests of one route only, and the snapshot after it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Isolated {
    /// The route.
    pub route: String,
    /// How many requests the application got.
    pub requests: f64,
    /// Milliseconds that the application ran since the snapshot before; 0 when nobody looked.
    pub elapsed_ms: f64,
    /// Path of the heap snapshot taken after them.
    pub snapshot: String,
    /// Collections whose entries were counted right after it.
    pub counted: Vec<Counted>,
}
