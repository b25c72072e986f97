//! The verdict on a running process, from what the monitor measured: floors after major collections, resources
//! while they were followed, readings of the operating system.
//!
//! Resources that pile up are proven by their counts. A rising floor alone is not: it says that something grows
//! and until when the memory lasts, and the verdict stays undecided.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::from_resources::resource_suspects;
use super::input::{Memory, Point, ResourceGroup, TestRun};
use super::rows::{resource_rows, route_rows};
use super::series::{Fit, Trend, fit};
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, Verdict, units};
use crate::source::SourceCache;
use crate::track::Stretch;

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
    /// What is alive now.
    pub resources: Vec<ResourceGroup>,
    /// What was alive while it was followed, oldest first.
    pub history: Vec<Moment>,
    /// What stretches between checkpoints keep.
    pub stretches: Vec<Stretch>,
    /// Milliseconds between the operating system's readings.
    pub interval_ms: f64,
    /// Suspects that heap snapshots have proven.
    pub proven: Vec<Suspect>,
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
    pub resources: Vec<ResourceGroup>,
}

/// Fewer floors say nothing: young processes grow.
const MIN_FLOORS: usize = 8;
/// Floors of a process younger than so many readings are its warm-up: a minute, by default.
const WARM_UP_READINGS: f64 = 12.0;
/// Fewer moments do not prove a pile.
const MIN_MOMENTS: usize = 6;
/// Less growth than this between the first and the last floor is noise.
const FLOOR_NOISE_BYTES: f64 = 4.0 * 1024.0 * 1024.0;

/// Judges a running process.
pub fn judge_monitor(seen: &Observations) -> Report {
    let growth = floor_growth(seen);
    let suspects: Vec<Suspect> = seen.proven.iter().cloned().chain(piles(seen)).collect();
    let verdict = verdict(seen, &suspects, growth.as_ref());
    Report {
        version: REPORT_VERSION,
        verdict,
        summary: summary(seen, verdict, &suspects, growth.as_ref()),
        process: Process {
            node_version: seen.node_version.clone(),
            entry: seen.entry.clone(),
            pid: seen.pid,
            requests: seen.requests,
        },
        memory: memory(seen, growth.as_ref()),
        suspects,
        routes: route_rows(&seen.routes),
        resources: resource_rows(&seen.resources, Path::new(&seen.cwd)),
        checkpoints: seen.stretches.clone(),
        evidence: growth.iter().map(|fit| floor_sentence(seen, fit)).collect(),
        cost: None,
    }
}

/// Resources that piled up while they were followed.
fn piles(seen: &Observations) -> Vec<Suspect> {
    if seen.history.len() < MIN_MOMENTS {
        return Vec::new();
    }
    let run = TestRun {
        cwd: seen.cwd.clone(),
        points: seen.history.iter().map(point_of).collect(),
        ..TestRun::default()
    };
    resource_suspects(&run, &mut SourceCache::default())
}

fn point_of(moment: &Moment) -> Point {
    Point {
        requests: moment.requests,
        at_ms: moment.at_ms,
        resources: moment.resources.clone(),
        memory: Memory::default(),
        ..Point::default()
    }
}

/// Live bytes over time in milliseconds, once the process is warm.
fn floor_growth(seen: &Observations) -> Option<Fit> {
    let born = seen.floors.last()?.at_ms - seen.uptime_ms;
    let warm = seen.floors.iter().filter(|floor| floor.at_ms - born >= seen.interval_ms * WARM_UP_READINGS);
    let points: Vec<(f64, f64)> = warm.map(|floor| (floor.at_ms, floor.heap_used + floor.external)).collect();
    (points.len() >= MIN_FLOORS).then(|| fit(&points, FLOOR_NOISE_BYTES))
}

fn verdict(seen: &Observations, suspects: &[Suspect], growth: Option<&Fit>) -> Verdict {
    match growth.map(|fit| fit.trend) {
        _ if !suspects.is_empty() => Verdict::Leaking,
        Some(Trend::Stable | Trend::Plateaued) if seen.requests > 0 => Verdict::Healthy,
        _ => Verdict::Undecided,
    }
}

fn summary(seen: &Observations, verdict: Verdict, suspects: &[Suspect], growth: Option<&Fit>) -> String {
    let span =
        format!("{} requests in {}", units::count(seen.requests), units::duration(seen.uptime_ms / 1000.0));
    match (verdict, growth) {
        (Verdict::Leaking, _) => format!("{}, after {span}", super::advice::title(&suspects[0])),
        (Verdict::Healthy, _) => format!("live memory after collections does not grow, {span}"),
        (_, Some(fit)) if fit.trend == Trend::Growing => {
            let last =
                time_to_limit(seen, fit).map(|s| format!(" and reaches its limit in {}", units::duration(s)));
            format!(
                "live memory grows by {} an hour{}; nobody has proved what keeps it, {span}",
                units::bytes(fit.slope * 3_600_000.0),
                last.unwrap_or_default()
            )
        }
        _ => format!("not enough to tell yet: {span}, {} major collections", seen.floors.len()),
    }
}

fn floor_sentence(seen: &Observations, fit: &Fit) -> String {
    let trend = match fit.trend {
        Trend::Stable => "is stable",
        Trend::Growing => "keeps growing",
        Trend::Plateaued => "grew and has stopped",
        Trend::Undecided => "moves unevenly",
    };
    format!(
        "live memory after {} major collections {trend} ({} in all)",
        seen.floors.len(),
        units::bytes(fit.growth)
    )
}

fn time_to_limit(seen: &Observations, fit: &Fit) -> Option<f64> {
    let last = seen.floors.last()?;
    let room = last.heap_limit - last.heap_used;
    (fit.trend == Trend::Growing && room > 0.0).then(|| room / fit.slope / 1000.0)
}

fn memory(seen: &Observations, growth: Option<&Fit>) -> MemorySummary {
    let floor = seen.floors.last().cloned().unwrap_or_default();
    let sample = seen.samples.last().cloned().unwrap_or_default();
    let bytes = |value: f64| value.max(0.0) as u64;
    let rss = sample.rss.unwrap_or(0.0);
    let limits = sample.cgroup_limit.into_iter().chain([floor.heap_limit]).filter(|limit| *limit > 0.0);
    MemorySummary {
        heap: bytes(floor.heap_used),
        array_buffers: bytes(floor.array_buffers),
        external: bytes(floor.external - floor.array_buffers),
        native_other: bytes(rss - floor.heap_total - floor.external),
        fragmentation: bytes(floor.heap_total - floor.heap_used),
        rss: bytes(rss),
        limit: limits.reduce(f64::min).map(bytes),
        time_to_limit_seconds: growth.and_then(|fit| time_to_limit(seen, fit)),
    }
}
