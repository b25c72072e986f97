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
use super::written::as_written;
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, SuspectKind, Verdict, units};
use crate::source::{SourceCache, SourceMaps};
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
    /// What stretches between checkpoints keep.
    pub stretches: Vec<Stretch>,
    /// What the tables had no place for.
    pub dropped: Dropped,
    /// Milliseconds between the operating system's readings.
    pub interval_ms: f64,
    /// Suspects that heap snapshots have proven.
    pub proven: Vec<Suspect>,
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
    pub resources: Vec<ResourceGroup>,
}

/// Fewer floors say nothing: young processes grow.
const MIN_FLOORS: usize = 8;
/// A slow leak hides in the jitter of a short while: ten minutes, by default, before a flat floor means health.
const HEALTHY_READINGS: f64 = 120.0;
/// So many are a reason to look closer, when they rise.
const MIN_RISING_FLOORS: usize = 5;
/// A collection leaves some garbage floating. Of so many stretches of time the lowest floor counts.
const STRETCHES: usize = 8;
/// Floors of a process younger than so many readings are its warm-up: a minute, by default.
const WARM_UP_READINGS: f64 = 12.0;
/// Fewer moments do not prove a pile: two minutes, by default.
const MIN_MOMENTS: usize = 24;
/// Fewer more than at the first moment may be a pool being filled.
const MIN_PILE: u64 = 24;
/// What belongs to open connections comes and goes with the visitors: it must grow so many times faster than the
/// descriptors do to be a pile of its own.
const FASTER_THAN_DESCRIPTORS: f64 = 2.0;
/// Less growth than this between the first and the last floor is noise: heap snapshots will tell the rest …
const FLOOR_NOISE_BYTES: f64 = 512.0 * 1024.0;
/// … and when they have found nothing, less than this.
const ACQUITTED_NOISE_BYTES: f64 = 1024.0 * 1024.0;
/// The same, as a share of the live memory.
const FLOOR_NOISE_SHARE: f64 = 0.01;

/// Judges a running process.
pub fn judge_monitor(seen: &Observations) -> Report {
    let growth = floor_growth(seen);
    let suspects: Vec<Suspect> = seen.proven.iter().cloned().chain(piles(seen)).collect();
    let verdict = verdict(seen, &suspects, growth.as_ref());
    let report = Report {
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
        evidence: evidence(seen, growth.as_ref()),
        dropped: Some(seen.dropped),
        cost: None,
    };
    as_written(report, &seen.cwd, SourceMaps::shared())
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
    let mut suspects = resource_suspects(&run, &mut SourceCache::default());
    let descriptors = (descriptor_growth(seen) - known_descriptors(&suspects)).max(0.0);
    suspects.retain(|suspect| suspect.growth.count >= MIN_PILE && !comes_with_visitors(suspect, descriptors));
    suspects
}

/// More visitors mean more connections, and more of what serves them.
fn comes_with_visitors(suspect: &Suspect, descriptors: f64) -> bool {
    match suspect.kind {
        SuspectKind::File | SuspectKind::Worker => false,
        SuspectKind::Socket => suspect.created_at.is_empty(),
        _ => (suspect.growth.count as f64) < descriptors * FASTER_THAN_DESCRIPTORS,
    }
}

/// What piles up and is a descriptor itself is no visitor's.
fn known_descriptors(suspects: &[Suspect]) -> f64 {
    let is_known = |suspect: &&Suspect| match suspect.kind {
        SuspectKind::File => true,
        SuspectKind::Socket => !suspect.created_at.is_empty(),
        _ => false,
    };
    suspects.iter().filter(is_known).map(|suspect| suspect.growth.count as f64).sum()
}

/// Descriptors gained since the first remembered moment.
fn descriptor_growth(seen: &Observations) -> f64 {
    let since = seen.history.first().map_or(0.0, |moment| moment.at_ms);
    let mut counts =
        seen.samples.iter().filter(|sample| sample.at_ms >= since).filter_map(|sample| sample.fds);
    let first = counts.next().unwrap_or(0.0);
    (counts.next_back().unwrap_or(first) - first).max(0.0)
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

/// Does live memory rise enough, for long enough, to make heap snapshots worth their cost? With time, or with the
/// requests: a leak of a server that is asked less for a while seems to have stopped.
pub fn worth_proving(seen: &Observations) -> bool {
    let rises = |over: fn(&Floor) -> f64| {
        let fit = floor_fit(seen, MIN_RISING_FLOORS, over);
        fit.is_some_and(|fit| matches!(fit.trend, Trend::Growing | Trend::Undecided))
    };
    rises(|floor| floor.at_ms) || rises(|floor| floor.requests)
}

/// Live bytes over time in milliseconds, once the process is warm.
fn floor_growth(seen: &Observations) -> Option<Fit> {
    floor_fit(seen, MIN_FLOORS, |floor| floor.at_ms)
}

fn floor_fit(seen: &Observations, fewest: usize, over: fn(&Floor) -> f64) -> Option<Fit> {
    let born = seen.floors.last()?.at_ms - seen.uptime_ms;
    let warm = seen.floors.iter().filter(|floor| floor.at_ms - born >= seen.interval_ms * WARM_UP_READINGS);
    let points: Vec<(f64, f64)> = warm.map(|floor| (over(floor), floor.heap_used + floor.external)).collect();
    if points.len() < fewest {
        return None;
    }
    let noise = if seen.acquitted { ACQUITTED_NOISE_BYTES } else { FLOOR_NOISE_BYTES };
    Some(fit(&lows(&points), noise.max(points[0].1 * FLOOR_NOISE_SHARE)))
}

/// The lowest point of each of some stretches.
fn lows(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stretches = points.chunks((points.len() / STRETCHES).max(1));
    stretches.filter_map(|stretch| stretch.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))).collect()
}

fn verdict(seen: &Observations, suspects: &[Suspect], growth: Option<&Fit>) -> Verdict {
    let long_enough = seen.acquitted || seen.uptime_ms >= seen.interval_ms * HEALTHY_READINGS;
    match growth.map(|fit| fit.trend) {
        _ if !suspects.is_empty() => Verdict::Leaking,
        Some(Trend::Stable | Trend::Plateaued)
            if seen.requests > 0 && long_enough && seen.doubts.is_empty() && !worth_proving(seen) =>
        {
            Verdict::Healthy
        }
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

fn evidence(seen: &Observations, growth: Option<&Fit>) -> Vec<String> {
    let floors = growth.map(|fit| floor_sentence(seen, fit));
    let acquittal = "3 heap snapshots compared: nothing in them keeps growing";
    let acquitted = seen.acquitted.then(|| acquittal.to_owned());
    seen.doubts.iter().cloned().chain(floors).chain(acquitted).collect()
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
    let floor = seen.floors.last().unwrap_or(&seen.now);
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

#[cfg(test)]
mod tests {
    use super::super::input::Frame;
    use super::*;

    /// A process in which a group of resources grows by `step` a moment, and the descriptors by `descriptors`.
    fn seen(kind: &str, name: &str, step: u64, descriptors: f64) -> Observations {
        let site = vec![Frame { file: "/app/a.js".into(), line: 7, column: 1, function: None }];
        let moment = |index: u64| Moment {
            at_ms: index as f64 * 5_000.0,
            requests: index as f64 * 10.0,
            resources: vec![ResourceGroup {
                kind: kind.into(),
                name: name.into(),
                count: 10 + index * step,
                site: site.clone(),
                ..ResourceGroup::default()
            }],
        };
        let sample = |index: u64| Sample {
            at_ms: index as f64 * 5_000.0,
            fds: Some(20.0 + index as f64 * descriptors),
            ..Sample::default()
        };
        Observations {
            history: (0..40).map(moment).collect(),
            samples: (0..40).map(sample).collect(),
            interval_ms: 5_000.0,
            requests: 400,
            ..Observations::default()
        }
    }

    #[test]
    fn before_the_first_collection_memory_is_what_it_is_now() {
        let now = Floor { heap_used: 5e6, external: 3e6, array_buffers: 2e6, ..Floor::default() };
        let memory =
            |floors| judge_monitor(&Observations { now: now.clone(), floors, ..Default::default() }).memory;
        assert_eq!(
            [memory(vec![]).heap, memory(vec![]).array_buffers, memory(vec![]).external],
            [5_000_000, 2_000_000, 1_000_000]
        );
        assert_eq!(memory(vec![Floor { heap_used: 4e6, ..Floor::default() }]).heap, 4_000_000);
    }

    #[test]
    fn intervals_that_outlive_their_connections_leak_and_those_of_open_ones_do_not() {
        let leak = judge_monitor(&seen("timer", "setInterval", 3, 0.0));
        assert_eq!((leak.verdict, leak.suspects[0].created_at[0].line), (Verdict::Leaking, 7));
        let visitors = judge_monitor(&seen("timer", "setInterval", 3, 3.0));
        assert_eq!((visitors.verdict, visitors.suspects.len()), (Verdict::Undecided, 0));
        let mut files_too = seen("timer", "setInterval", 3, 3.0);
        for (moment, files) in files_too.history.iter_mut().zip(seen("file", "/tmp/*", 3, 3.0).history) {
            moment.resources.extend(files.resources);
        }
        assert_eq!(judge_monitor(&files_too).suspects.len(), 2);
    }

    #[test]
    fn files_that_stay_open_leak_with_their_descriptors() {
        assert_eq!(judge_monitor(&seen("file", "/tmp/*", 3, 3.0)).verdict, Verdict::Leaking);
    }

    #[test]
    fn a_floor_that_rises_is_undecided_until_it_is_proven_and_a_flat_one_is_healthy() {
        let floors = |step: f64| {
            let floor = |index: u32| Floor {
                at_ms: 1e6 + f64::from(index) * 30_000.0,
                heap_used: 50e6 + f64::from(index) * step,
                heap_limit: 4e9,
                ..Floor::default()
            };
            let floors = (0..20).map(floor).collect();
            Observations {
                floors,
                uptime_ms: 900_000.0,
                interval_ms: 5_000.0,
                requests: 9,
                ..Observations::default()
            }
        };
        let rising = judge_monitor(&floors(1e6));
        assert_eq!(rising.verdict, Verdict::Undecided);
        // 4 GB less 69 MB, at 1 MB in 30 s.
        assert_eq!(rising.memory.time_to_limit_seconds.map(f64::round), Some(117_930.0));
        assert_eq!(judge_monitor(&floors(0.0)).verdict, Verdict::Healthy);
    }

    #[test]
    fn a_rise_below_the_jitter_of_collections_is_worth_a_proof_and_jitter_alone_is_not() {
        let seen = |per_floor: f64, acquitted: bool| {
            let floor = |index: u32| Floor {
                at_ms: 1e6 + f64::from(index) * 10_000.0,
                // Every third collection leaves 300 kB floating.
                heap_used: 8e6 + f64::from(index) * per_floor + f64::from(index % 3) * 150e3,
                ..Floor::default()
            };
            Observations {
                floors: (0..24).map(floor).collect(),
                uptime_ms: 900_000.0,
                interval_ms: 5_000.0,
                acquitted,
                requests: 9,
                ..Observations::default()
            }
        };
        assert!(worth_proving(&seen(40e3, false)));
        assert!(!worth_proving(&seen(0.0, false)));
        assert!(!worth_proving(&seen(40e3, true)));
        assert_eq!(judge_monitor(&seen(40e3, false)).verdict, Verdict::Undecided);
        assert_eq!(judge_monitor(&seen(40e3, true)).verdict, Verdict::Healthy);
    }

    #[test]
    fn a_leak_of_a_server_that_is_asked_less_for_a_while_has_not_stopped() {
        let seen = |bytes_per_request: f64| {
            let floor = |index: u32| {
                let (busy, quiet) = (index.min(10), index.saturating_sub(10));
                let requests = f64::from(busy) * 500.0 + f64::from(quiet) * 50.0;
                let (at_ms, heap_used) =
                    (1e6 + f64::from(index) * 10_000.0, 8e6 + requests * bytes_per_request);
                Floor { at_ms, requests, heap_used, ..Floor::default() }
            };
            let floors = (0..24).map(floor).collect();
            Observations {
                floors,
                uptime_ms: 900_000.0,
                interval_ms: 5_000.0,
                requests: 9,
                ..Observations::default()
            }
        };
        assert_eq!(judge_monitor(&seen(300.0)).verdict, Verdict::Undecided);
        assert!(worth_proving(&seen(300.0)));
        assert_eq!(judge_monitor(&seen(10.0)).verdict, Verdict::Healthy);
    }
}
