//! From a test run to a report: what grew, what the snapshots prove, and the verdict.

use std::path::Path;
use std::thread;

use super::advice;
use super::clusters::clusters;
use super::counted::counted;
use super::from_heap::{HeapEvidence, HeapSuspect, doubts, heap_suspects};
use super::from_resources::resource_suspects;
use super::growers::growers;
use super::input::TestRun;
use super::intervals::Interval3;
use super::isolation::isolate;
use super::losses::queues;
use super::merge::{merge, part_doubtful};
use super::profile::AllocationProfile;
use super::resources::{LONG_TIMEOUT_MS, piling, waiting_to_fire};
use super::verdict::Findings;
use super::worker_threads::{place, seen_by};
use super::written::as_written;
use crate::heap::compare::is_of_one_process;
use crate::heap::{HeapError, HeapGraph};
use crate::report::{Report, Suspect, SuspectKind};
use crate::source::{SourceCache, SourceMaps};

/// Judges a run.
///
/// # Errors
/// [`HeapError`] when a snapshot cannot be read.
pub fn judge(run: &TestRun) -> Result<Report, HeapError> {
    let mut sources = SourceCache::default();
    let (graphs, mut renewed) = open_comparable(run)?;
    let (passing, from_resources): (Vec<_>, Vec<_>) =
        resource_suspects(&piling(run), Path::new(&run.cwd), &mut sources)
            .into_iter()
            .partition(|suspect| passes(suspect, run, graphs.as_ref()));
    let mut from_heap = suspects_in_heap(run, graphs.as_ref(), &mut sources)?;
    for worker in &run.workers {
        let seen = seen_by(worker, run);
        let (graphs, renewed_there) = open_comparable(&seen)?;
        renewed |= renewed_there;
        let found = suspects_in_heap(&seen, graphs.as_ref(), &mut sources)?;
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
    let findings = Findings { run, suspects: merge(from_resources, proven), doubts, renewed };
    Ok(as_written(findings.report(), &run.cwd, &SourceMaps::default()))
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
    let waiting = waiting_to_fire(run, LONG_TIMEOUT_MS);
    let evidence =
        HeapEvidence { run, series: &series, profile: &profile, isolated: &isolated, waiting, sources };
    Ok(heap_suspects(&clusters, evidence))
}

/// The snapshots, unless they do not share object ids; and whether that is so.
fn open_comparable(run: &TestRun) -> Result<(Option<[HeapGraph; 3]>, bool), HeapError> {
    let opened = open_snapshots(run)?;
    let renewed =
        opened.as_ref().is_some_and(|[a, b, c]| !(is_of_one_process(a, b) && is_of_one_process(b, c)));
    Ok((opened.filter(|_| !renewed), renewed))
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
