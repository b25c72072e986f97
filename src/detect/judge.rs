//! From a test run to a report: what grew, what the snapshots prove, and the verdict.

use std::path::Path;
use std::thread;

use super::advice;
use super::clusters::clusters;
use super::counted::counted;
use super::from_heap::{HeapEvidence, HeapSuspect, doubts, heap_suspects};
use super::from_resources::resource_suspects;
use super::growers::growers;
use super::growth::{Growth, growth_of};
use super::input::TestRun;
use super::intervals::Interval3;
use super::isolation::isolate;
use super::losses::queues;
use super::merge::{merge, part_doubtful};
use super::profile::AllocationProfile;
use super::rows::{resource_rows, route_rows};
use super::worker_threads::{place, seen_by};
use super::written::as_written;
use crate::heap::{HeapError, HeapGraph};
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, SuspectKind, Verdict, units};
use crate::source::{SourceCache, SourceMaps};

/// Judges a run.
///
/// # Errors
/// [`HeapError`] when a snapshot cannot be read.
pub fn judge(run: &TestRun) -> Result<Report, HeapError> {
    let mut sources = SourceCache::default();
    let graphs = open_snapshots(run)?;
    let (passing, from_resources): (Vec<_>, Vec<_>) = resource_suspects(run, &mut sources)
        .into_iter()
        .partition(|suspect| passes(suspect, run, graphs.as_ref()));
    let mut from_heap = suspects_in_heap(run, graphs.as_ref(), &mut sources)?;
    for worker in &run.workers {
        let seen = seen_by(worker, run);
        let found = suspects_in_heap(&seen, open_snapshots(&seen)?.as_ref(), &mut sources)?;
        from_heap.extend(found.into_iter().map(|mut found| {
            found.suspect.evidence.splice(0..0, place(worker, run));
            found
        }));
    }
    let (proven, doubtful) = part_doubtful(from_heap);
    let waiting = passing.iter().map(|suspect| {
        let (name, on_route) = (&suspect.name, advice::on_route(suspect));
        format!("{name} pile up{on_route}, but go in the order in which they came: they wait for something slower, and none stays")
    });
    let doubts = doubts(&doubtful, Path::new(&run.cwd)).into_iter().chain(waiting).collect();
    let report = report(run, merge(from_resources, proven), doubts);
    Ok(as_written(report, &run.cwd, &SourceMaps::default()))
}

/// Are they requests that wait in a queue, and do they go in their turn?
fn passes(suspect: &Suspect, run: &TestRun, graphs: Option<&[HeapGraph; 3]>) -> bool {
    let Some(graphs) = graphs.filter(|_| suspect.kind == SuspectKind::Request) else { return false };
    queues(&series(run, graphs), &suspect.name)
}

fn series<'a>(run: &TestRun, graphs: &'a [HeapGraph; 3]) -> Interval3<'a> {
    let before = Some(run.snapshots[0].requests);
    Interval3 { graphs: graphs.each_ref(), requests: intervals(run), before, shares_ids: true }
}

/// What grows between the snapshots of one thread.
fn suspects_in_heap(
    run: &TestRun,
    graphs: Option<&[HeapGraph; 3]>,
    sources: &mut SourceCache,
) -> Result<Vec<HeapSuspect>, HeapError> {
    let Some(graphs) = graphs else { return Ok(Vec::new()) };
    let profile = run
        .allocation_profile
        .as_ref()
        .map(|path| AllocationProfile::read(Path::new(path)))
        .unwrap_or_default();
    let series = series(run, graphs);
    let mut clusters = clusters(&series);
    clusters.extend(counted(&series, &run.snapshots, &clusters));
    clusters.extend(growers(&series, &clusters));
    let isolated = isolate(run, &clusters, &graphs[2])?;
    let evidence = HeapEvidence { run, series: &series, profile: &profile, isolated: &isolated, sources };
    Ok(heap_suspects(&clusters, evidence))
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
        summary: summary(run, verdict, &suspects, &doubts, &growth),
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
    let unexplained = growth.iter().any(Growth::is_unexplained);
    let too_little = run.points.len() < 3;
    if unexplained || too_little || !doubts.is_empty() || run.refused {
        Verdict::Undecided
    } else {
        Verdict::Healthy
    }
}

fn summary(
    run: &TestRun,
    verdict: Verdict,
    suspects: &[Suspect],
    doubts: &[String],
    growth: &[Growth],
) -> String {
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
        Verdict::Healthy => {
            let which = only_asked(run).map(|route| format!(", all of them {route}")).unwrap_or_default();
            format!("nothing keeps growing with the requests, {after}{which}")
        }
        Verdict::Undecided if !doubts.is_empty() => {
            format!("what grows may stop by itself, {after}; more requests will tell")
        }
        Verdict::Undecided if run.refused => {
            format!("the app refused every request, {after}: what it keeps when it serves them was not seen")
        }
        Verdict::Undecided if only_native(growth) => {
            format!(
                "memory grows outside of V8's heaps and buffers, and nothing tells what native code keeps it, {after}"
            )
        }
        Verdict::Undecided => {
            format!("memory grows, and nothing proves what keeps it, {after}; more requests may tell")
        }
    }
}

/// The route that all requests asked for: nobody saw what others keep.
fn only_asked(run: &TestRun) -> Option<&str> {
    match run.points.last()?.routes.keys().collect::<Vec<_>>()[..] {
        [route] => Some(route),
        _ => None,
    }
}

/// Is it what native code keeps that grows, and nothing else?
fn only_native(growth: &[Growth]) -> bool {
    let mut unexplained = growth.iter().filter(|growth| growth.is_unexplained()).peekable();
    unexplained.peek().is_some() && unexplained.all(Growth::is_native)
}

/// What was measured and, where snapshots were taken and accuse nobody, that too: a heap may rise for a while.
fn evidence(run: &TestRun, suspects: &[Suspect], doubts: &[String], growth: &[Growth]) -> Vec<String> {
    let compared = run.snapshots.len();
    let acquitted = (compared > 0 && suspects.is_empty() && doubts.is_empty())
        .then(|| format!("{compared} heap snapshots compared: nothing new stays after every round"));
    let unseen = only_asked(run)
        .filter(|_| suspects.is_empty() && !run.refused)
        .map(|route| format!("only {route} was asked: --request and --traffic ask other routes"));
    let measured = growth.iter().map(Growth::sentence);
    doubts.iter().cloned().chain(measured).chain(acquitted).chain(unseen).collect()
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

#[cfg(test)]
mod tests {
    use super::super::input::Point;
    use super::*;

    /// A run of three rounds after which nothing had grown.
    fn steady(routes: &[&str]) -> Report {
        let point = |round: u64| Point {
            requests: (100 * round) as f64,
            routes: routes.iter().map(|route| ((*route).to_owned(), 100 * round)).collect(),
            ..Point::default()
        };
        judge(&TestRun { points: (1..4).map(point).collect(), ..TestRun::default() }).unwrap()
    }

    #[test]
    fn an_app_of_which_one_route_was_asked_is_healthy_as_far_as_that_goes() {
        let report = steady(&["GET /items/:id"]);
        assert_eq!(report.verdict, Verdict::Healthy);
        assert_eq!(
            report.summary,
            "nothing keeps growing with the requests, after 300 requests, all of them GET /items/:id"
        );
        let unseen = "only GET /items/:id was asked: --request and --traffic ask other routes";
        assert!(report.evidence.iter().any(|told| told == unseen), "{:?}", report.evidence);
    }

    #[test]
    fn of_several_routes_none_is_told() {
        let report = steady(&["GET /a", "GET /b"]);
        assert_eq!(report.summary, "nothing keeps growing with the requests, after 300 requests");
        assert!(!report.evidence.iter().any(|told| told.contains("GET /a")), "{:?}", report.evidence);
    }
}
