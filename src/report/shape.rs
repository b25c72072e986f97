//! The report's JSON, version 1. Field names are camelCase in JSON; sizes are bytes unless a name says otherwise.

use serde::{Deserialize, Serialize};

use crate::source::Position;
use crate::track::{Dropped, Stretch};

/// The version every report carries; it changes when a field's meaning changes or a field goes away.
pub const REPORT_VERSION: u32 = 1;

/// Is the process leaking?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proven: the same thing grew with every stretch of traffic and was never let go.
    Leaking,
    /// Nothing grows, or what grew has stopped.
    Healthy,
    /// Something grows and nobody proved what or why.
    Undecided,
}

/// What a process keeps, who holds it, and what to do about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Always [`REPORT_VERSION`].
    pub version: u32,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in one sentence.
    pub summary: String,
    /// The process looked at.
    pub process: Process,
    /// Where its memory is.
    pub memory: MemorySummary,
    /// What leaks, worst first. Empty unless the verdict is leaking.
    pub suspects: Vec<Suspect>,
    /// Traffic per route, most requests first.
    pub routes: Vec<RouteRow>,
    /// Timers, listeners, handles and files alive at the end, most first.
    pub resources: Vec<ResourceRow>,
    /// What each stretch between two checkpoints kept.
    pub checkpoints: Vec<Stretch>,
    /// What supports the verdict as a whole.
    pub evidence: Vec<String>,
    /// What had no place in the tables of what is followed; `null` when nothing was followed.
    pub dropped: Option<Dropped>,
    /// What watching cost; `null` when it was not measured.
    pub cost: Option<Cost>,
}

/// The process a report is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Process {
    /// Node's version, as `process.version` says it.
    pub node_version: String,
    /// The application's entry file.
    pub entry: String,
    /// Process id; 0 when unknown.
    pub pid: u32,
    /// Requests seen.
    pub requests: u64,
}

/// Where a process's memory is, in bytes, at the end of the measurement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemorySummary {
    /// V8 heap in use after collection.
    pub heap: u64,
    /// Backing stores of ArrayBuffers and Buffers.
    pub array_buffers: u64,
    /// Other memory that V8 knows to hang on JavaScript objects.
    pub external: u64,
    /// Resident memory that neither the heap nor external memory explains.
    pub native_other: u64,
    /// Committed heap that is not in use.
    pub fragmentation: u64,
    /// Resident set size.
    pub rss: u64,
    /// The nearest limit: cgroup or V8's heap limit; `null` when there is none.
    pub limit: Option<u64>,
    /// Seconds until the growth reaches the limit; `null` when nothing grows.
    pub time_to_limit_seconds: Option<f64>,
}

/// What kind of thing leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum SuspectKind {
    Collection,
    Object,
    Closure,
    String,
    Buffer,
    Listener,
    Timer,
    Promise,
    Request,
    Handle,
    Socket,
    File,
    Worker,
    Checkout,
    Context,
    Native,
}

/// One leak.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspect {
    /// Stable across runs and processes: a hash of the kind and the shape of the retainer path.
    pub id: String,
    /// What kind of thing it is.
    pub kind: SuspectKind,
    /// Constructor, event, endpoint or file pattern.
    pub name: String,
    /// How fast.
    pub growth: Growth,
    /// From the root side down to what leaks.
    pub retainer_path: Vec<Step>,
    /// Where the leaked things are created or added, most likely first.
    pub created_at: Vec<Location>,
    /// The variable or property that holds it, as the source calls it; `null` when none is known.
    pub holder: Option<String>,
    /// Where the holder is defined.
    pub held_at: Option<Location>,
    /// The dependency whose code holds it; `null` for the application's own code.
    pub package: Option<Package>,
    /// Express patterns of the routes that do it, such as `POST /login`.
    pub routes: Vec<String>,
    /// How sure the name and place are; that it leaks is proven.
    pub confidence: Confidence,
    /// What was seen, a sentence each.
    pub evidence: Vec<String>,
    /// What to change, in one sentence.
    pub advice: String,
}

/// How sure a suspect's name and place are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Two independent kinds of evidence agree.
    High,
    /// One kind of evidence.
    Medium,
    /// Growth is proven, its holder only inferred.
    Low,
}

/// How fast a suspect grows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Growth {
    /// Things kept during the measurement.
    pub count: u64,
    /// Bytes they keep alive; 0 when unknown.
    pub bytes: u64,
    /// Things per request, over all requests that the application saw.
    pub count_per_request: f64,
    /// Bytes per request, over all requests that the application saw.
    pub bytes_per_request: f64,
    /// Bytes per minute; `null` in a driven test, where time means nothing.
    pub bytes_per_minute: Option<f64>,
}

/// What a step of a retainer path goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// A source file.
    Module,
    /// A variable that a closure keeps.
    Variable,
    /// A named property.
    Property,
    /// An element of an array or a computed key.
    Element,
    /// A key or value of a Map or Set.
    Entry,
    /// Something inside V8 or Node.
    Internal,
}

/// One step of a retainer path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it goes through.
    pub kind: StepKind,
    /// File, variable or property name.
    pub name: String,
    /// Constructor of what it leads to; `null` when that says nothing.
    pub constructor: Option<String>,
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Path, relative to the application's folder when inside it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The function around it; `null` at module level or when unknown.
    pub function: Option<String>,
}

impl Location {
    /// The place in a source file.
    pub fn position(&self) -> Position {
        Position { line: self.line, column: self.column }
    }
}

/// A dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Traffic of one route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteRow {
    /// Method and Express pattern.
    pub route: String,
    /// Requests seen.
    pub requests: u64,
}

/// Resources of one kind, name and creation site.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRow {
    /// `timer`, `listener`, `handle`, `file`, `stream`, `socket`, `worker`, `request` or `context`.
    pub kind: String,
    /// Timer function, event, handle type, path pattern or endpoint.
    pub name: String,
    /// For listeners: the emitter's constructor.
    pub holder: Option<String>,
    /// Alive now.
    pub count: u64,
    /// Where they are created; `null` when unknown.
    pub site: Option<Location>,
}

/// What watching cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Share of one core, in per cent.
    pub cpu_percent: f64,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
}
