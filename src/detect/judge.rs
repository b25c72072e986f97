//! From a test run to a report: what grew, what the snapshots prove, and the verdict.

use std::path::Path;
use std::thread;

use super::advice;
use super::clusters::{Interval3, clusters};
use super::counted::counted;
use super::from_heap::{HeapEvidence, doubts, heap_suspects};
use super::from_resources::resource_suspects;
use super::growers::growers;
use super::input::{Point, TestRun};
use super::isolation::isolate;
use super::merge::{merge, part_doubtful};
use super::profile::AllocationProfile;
use super::resources;
use super::rows::{resource_rows, route_rows};
use super::series::{Fit, Trend, fit};
use super::written::as_written;
use crate::heap::{HeapError, HeapGraph};
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, Verdict, units};
use crate::source::{SourceCache, SourceMaps};

/// A measured series worth looking at, and the growth below which it is noise.
struct Watched {
    name: &'static str,
    value: fn(&Point) -> f64,
    floor: f64,
}

const KB: f64 = 1024.0;
/// A fresh process gains some hundred kilobytes by itself. Snapshots tell that from a leak, so the floors are low; but
/// snapshots of a large heap take long, and its noise is larger, too.
const HEAP_NOISE_SHARE: f64 = 0.0005;
const WATCHED: [Watched; 5] = [
    Watched { name: "heap", value: |point| point.memory.heap_used, floor: 8.0 * KB },
    Watched { name: "array buffers", value: |point| point.memory.array_buffers, floor: 128.0 * KB },
    Watched { name: "external memory", value: |point| point.memory.external, floor: 128.0 * KB },
    Watched { name: "file descriptors", value: |point| point.memory.fds.unwrap_or(0.0), floor: 6.0 },
    Watched { name: "threads", value: |point| point.memory.threads.unwrap_or(0.0), floor: 6.0 },
];
/// Heap that grows faster than this, per request and unexplained, keeps a process from being called healthy.
const UNEXPLAINED_BYTES_PER_REQUEST: f64 = 1024.0;

/// A series and its fit.
pub struct Growth {
    /// What was measured.
    pub name: String,
    /// How it went.
    pub fit: Fit,
    /// Growth below this is noise.
    pub floor: f64,
}

/// The fits of all watched series.
pub fn growth_of(run: &TestRun) -> Vec<Growth> {
    let heap_noise = run.points.first().map_or(0.0, |point| point.memory.heap_used * HEAP_NOISE_SHARE);
    let growth = |watched: &Watched| {
        let series: Vec<_> = run.points.iter().map(|p| (p.requests, (watched.value)(p))).collect();
        let floor = watched.floor + if watched.name == "heap" { heap_noise } else { 0.0 };
        Growth { name: watched.name.to_owned(), fit: fit(&series, floor), floor }
    };
    WATCHED.iter().map(growth).collect()
}

/// Is there enough growth to make heap snapshots worth their time?
pub fn worth_proving(run: &TestRun) -> bool {
    let rises = |growth: &Growth| growth.fit.trend != Trend::Stable || growth.fit.late_growth > growth.floor;
    growth_of(run).iter().any(rises) || !resources::growing(run).is_empty()
}

/// Judges a run.
///
/// # Errors
/// [`HeapError`] when a snapshot cannot be read.
pub fn judge(run: &TestRun) -> Result<Report, HeapError> {
    let profile = run
        .allocation_profile
        .as_ref()
        .map(|path| AllocationProfile::read(Path::new(path)))
        .unwrap_or_default();
    let mut sources = SourceCache::default();
    let from_resources = resource_suspects(run, &mut sources);
    let from_heap = match open_snapshots(run)? {
        Some(graphs) => {
            let graphs = graphs.each_ref();
            let series = Interval3 { graphs, requests: intervals(run), shares_ids: true };
            let mut clusters = clusters(&series);
            clusters.extend(counted(&series, &run.snapshots, &clusters));
            clusters.extend(growers(&series, &clusters));
            let isolated = isolate(run, &clusters, graphs[2])?;
            let evidence = HeapEvidence {
                run,
                series: &series,
                profile: &profile,
                isolated: &isolated,
                sources: &mut sources,
            };
            heap_suspects(&clusters, evidence)
        }
        None => Vec::new(),
    };
    let (proven, doubtful) = part_doubtful(from_heap);
    let doubts = doubts(&doubtful, Path::new(&run.cwd));
    let report = report(run, merge(from_resources, proven), doubts);
    Ok(as_written(report, &run.cwd, &SourceMaps::default()))
}

fn open_snapshots(run: &TestRun) -> Result<Option<[HeapGraph; 3]>, HeapError> {
    let [a, b, c] = run.snapshots.as_slice() else { return Ok(None) };
    // One graph on each core at a time: the later snapshots are the larger ones.
    let (a, b) = thread::scope(|scope| {
        let first = scope.spawn(|| HeapGraph::open(&a.path));
        let second = HeapGraph::open(&b.path);
        (first.join().expect("the reader does not panic"), second)
    });
    Ok(Some([a?, b?, HeapGraph::open(&c.path)?]))
}

fn intervals(run: &TestRun) -> [f64; 2] {
    let at = |index: usize| run.snapshots[index].requests;
    [at(1) - at(0), at(2) - at(1)]
}

/// `doubts`: sentences on what grows and may stop by itself.
fn report(run: &TestRun, suspects: Vec<Suspect>, doubts: Vec<String>) -> Report {
    let growth = growth_of(run);
    let last = run.points.last();
    let verdict = verdict(run, &suspects, &doubts, &growth);
    let evidence = evidence(run, &suspects, &doubts, &growth);
    Report {
        version: REPORT_VERSION,
        verdict,
        summary: summary(run, verdict, &suspects, &doubts),
        process: Process {
            node_version: run.node_version.clone(),
            entry: run.entry.clone(),
            pid: run.pid,
            requests: last.map_or(0, |point| point.requests as u64),
        },
        memory: memory(run),
        suspects,
        routes: last.map(|point| route_rows(&point.routes)).unwrap_or_default(),
        resources: last.map(|point| resource_rows(&point.resources, Path::new(&run.cwd))).unwrap_or_default(),
        checkpoints: Vec::new(),
        evidence,
        dropped: None,
        cost: None,
    }
}

fn verdict(run: &TestRun, suspects: &[Suspect], doubts: &[String], growth: &[Growth]) -> Verdict {
    if !suspects.is_empty() {
        return Verdict::Leaking;
    }
    let heap = &growth[0].fit;
    let heap_unexplained = heap.trend == Trend::Growing && heap.slope > UNEXPLAINED_BYTES_PER_REQUEST;
    let others_grow = growth[1..].iter().any(|growth| growth.fit.trend == Trend::Growing);
    let too_little = run.points.len() < 3;
    if heap_unexplained || others_grow || too_little || !doubts.is_empty() || run.refused {
        Verdict::Undecided
    } else {
        Verdict::Healthy
    }
}

fn summary(run: &TestRun, verdict: Verdict, suspects: &[Suspect], doubts: &[String]) -> String {
    let requests = run.points.last().map_or(0, |point| point.requests as u64);
    let after = format!("after {} requests", units::count(requests));
    match verdict {
        Verdict::Leaking => {
            let first = &suspects[0];
            let others = match suspects.len() - 1 {
                0 => String::new(),
                1 => ", and one more thing does,".to_owned(),
                n => format!(", and {n} more things do,"),
            };
            format!("{}{others} {after}", advice::title(first))
        }
        Verdict::Healthy => format!("nothing keeps growing with the requests, {after}"),
        Verdict::Undecided if !doubts.is_empty() => {
            format!("what grows may stop by itself, {after}; more requests will tell")
        }
        Verdict::Undecided if run.refused => {
            format!("the app refused every request, {after}: what it keeps when it serves them was not seen")
        }
        Verdict::Undecided => {
            format!("memory grows, and nothing proves what keeps it, {after}; more requests may tell")
        }
    }
}

/// What was measured and, where snapshots were taken and accuse nobody, that too: a heap may rise for a while.
fn evidence(run: &TestRun, suspects: &[Suspect], doubts: &[String], growth: &[Growth]) -> Vec<String> {
    let compared = run.snapshots.len();
    let acquitted = (compared > 0 && suspects.is_empty() && doubts.is_empty())
        .then(|| format!("{compared} heap snapshots compared: nothing new stays after every round"));
    doubts.iter().cloned().chain(growth.iter().map(sentence)).chain(acquitted).collect()
}

fn sentence(growth: &Growth) -> String {
    let Growth { name, fit, .. } = growth;
    let amount = |value: f64| match name.as_str() {
        "file descriptors" | "threads" => format!("{value:.0}"),
        _ => units::bytes(value.abs()),
    };
    match fit.trend {
        Trend::Stable => format!("{name}: stable"),
        Trend::Plateaued => format!("{name}: rose by {} and has stopped", amount(fit.growth)),
        Trend::Growing => format!("{name}: +{} over the rounds, still rising", amount(fit.growth)),
        Trend::Undecided => format!("{name}: +{} over the rounds, unevenly", amount(fit.growth)),
    }
}

fn memory(run: &TestRun) -> MemorySummary {
    let Some(memory) = run.points.last().map(|point| &point.memory) else { return MemorySummary::default() };
    let known = memory.heap_total + memory.external;
    let bytes = |value: f64| value.max(0.0) as u64;
    MemorySummary {
        heap: bytes(memory.heap_used),
        array_buffers: bytes(memory.array_buffers),
        external: bytes(memory.external - memory.array_buffers),
        native_other: bytes(memory.rss - known),
        fragmentation: bytes(memory.heap_total - memory.heap_used),
        rss: bytes(memory.rss),
        limit: memory
            .cgroup_limit
            .into_iter()
            .chain([memory.heap_limit])
            .filter(|limit| *limit > 0.0)
            .reduce(f64::min)
            .map(bytes),
        time_to_limit_seconds: None,
    }
}
