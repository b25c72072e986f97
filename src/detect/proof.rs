//! Proof for a running process: what grew between heap snapshots that share no ids, because each was taken in a
//! forked child. Holders are recognised by signature (`heap::compare`); what is below one in the last snapshot tells
//! what accumulates there.

use std::path::Path;

use serde::Serialize;

use super::bounds::Bound;
use super::cluster::{ClassTally, Cluster, Recurring, Tally, class_of, is_storage};
use super::from_heap::{HeapEvidence, HeapSuspect, doubts, heap_suspects};
use super::input::{Frame, Point, RouteHandlers, SnapshotAt, TestRun};
use super::intervals::Interval3;
use super::load::comes_with_visitors;
use super::merge::part_doubtful;
use super::observations::Observations;
use super::piles::waiting;
use super::profile::AllocationProfile;
use crate::heap::compare::{Growth, SnapshotComparison};
use crate::heap::{HeapError, HeapGraph, NodeIndex, RouteHandler, Task};
use crate::source::{SourceCache, path_of_script};

/// Growing holders looked at.
const MAX_HOLDERS: usize = 10;
/// How alike the two intervals' rates must be. Live traffic is less even than a test's.
const MIN_STEADINESS: f64 = 0.4;
/// Fewer objects in one interval prove nothing.
const MIN_COUNT: u64 = 20;
/// Less growth in one interval proves nothing when no objects accumulate.
const MIN_BYTES: u64 = 128 * 1024;
/// What still grows in a process of this age, a day, does not stop by itself: caches are full, and sessions have expired.
/// Visitors and what fires come and go every day.
const LONG_ENOUGH_MS: f64 = 86_400_000.0;
/// Objects below one holder that are looked at.
const MAX_SURVEYED: usize = 200_000;

/// What three snapshots of a running process say.
#[derive(Debug, Default, Serialize)]
pub struct Proof {
    /// What leaks: clusters, of which some may be sides of one leak.
    pub suspects: Vec<HeapSuspect>,
    /// Sentences on what grows and may stop by itself.
    pub doubts: Vec<String>,
}

/// Compares three snapshots of a running process; `profile` tells where what is alive was allocated.
///
/// # Errors
/// [`HeapError`] when a snapshot cannot be read.
pub fn prove(
    seen: &Observations,
    snapshots: &[SnapshotAt],
    profile: &AllocationProfile,
) -> Result<Proof, HeapError> {
    let graphs =
        snapshots.iter().map(|at| HeapGraph::open(Path::new(&at.path))).collect::<Result<Vec<_>, _>>()?;
    let [a, b, c] = graphs.as_slice() else { return Ok(Proof::default()) };
    let requests =
        [snapshots[1].requests - snapshots[0].requests, snapshots[2].requests - snapshots[1].requests];
    let series = Interval3 { graphs: [a, b, c], requests, before: None, shares_ids: false };
    let growth = SnapshotComparison::of(&[a, b, c], MAX_HOLDERS, &Task::default())?.growth;
    let clusters: Vec<Cluster> = growth.iter().filter_map(|growth| cluster(&series, growth)).collect();
    let visitors = snapshots[2].connections - snapshots[0].connections;
    Ok(proof(seen, &series, (&clusters, visitors), profile))
}

fn proof(
    seen: &Observations,
    series: &Interval3,
    (clusters, visitors): (&[Cluster], f64),
    profile: &AllocationProfile,
) -> Proof {
    let run = TestRun {
        cwd: seen.cwd.clone(),
        entry: seen.entry.clone(),
        own_folder: seen.own_folder.clone(),
        handlers: handlers_in(series.graphs[2]),
        points: vec![Point::default(), Point { routes: seen.routes.clone(), ..Point::default() }],
        ..TestRun::default()
    };
    let evidence = HeapEvidence {
        run: &run,
        series,
        profile,
        isolated: &vec![Vec::new(); clusters.len()],
        waiting: waiting(seen),
        sources: &mut SourceCache::default(),
    };
    let mut found = heap_suspects(clusters, evidence);
    for HeapSuspect { suspect, bound, .. } in &mut found {
        if comes_with_visitors(suspect.growth.count as f64, visitors) {
            *bound = Some(Bound::Visitors(visitors));
        }
    }
    let (mut proven, doubtful) = part_doubtful(found);
    let comes_and_goes = |bound: &Bound| matches!(bound, Bound::Visitors(_) | Bound::Fires);
    let is_old = seen.uptime_ms >= LONG_ENOUGH_MS;
    let (lasting, doubtful): (Vec<_>, Vec<_>) =
        doubtful.into_iter().partition(|found| is_old && !found.bound.as_ref().is_some_and(comes_and_goes));
    proven.extend(lasting);
    let doubts = doubts(&doubtful, Path::new(&seen.cwd));
    Proof { suspects: proven, doubts }
}

/// Where the functions stand that serve each route.
fn handlers_in(graph: &HeapGraph) -> Vec<RouteHandlers> {
    let placed = graph.route_handlers().into_iter().filter_map(|RouteHandler { route, function }| {
        let at = graph.location_of(function)?;
        let file = path_of_script(&at.file)?.to_string_lossy().into_owned();
        let frame = Frame { file, line: at.line, column: at.column, function: at.function };
        Some(RouteHandlers { route, functions: vec![frame] })
    });
    placed.collect()
}

/// A holder that keeps growing as a cluster; `None` when its growth is too little or too uneven.
fn cluster(series: &Interval3, growth: &Growth) -> Option<Cluster> {
    let graph = series.graphs[2];
    let owner = graph.node_by_id(growth.object_id)?;
    let [a, b, c] = growth.bytes.as_slice() else { return None };
    let bytes = [b.checked_sub(*a)?, c.checked_sub(*b)?];
    let contents = growth.contents.first();
    let counts = match contents.map(|contents| contents.counts.as_slice()) {
        Some([a, b, c]) => [b.checked_sub(*a)?, c.checked_sub(*b)?],
        _ => [0; 2],
    };
    let proves = if counts == [0; 2] {
        bytes.iter().all(|&b| b >= MIN_BYTES)
    } else {
        counts.iter().all(|&n| n >= MIN_COUNT)
    };
    let measured = if counts == [0; 2] { bytes } else { counts };
    if !proves || !steady(measured, series.requests) {
        return None;
    }
    if contents.is_some_and(|contents| contents.class_name == growth.class_name) {
        return Some(several_holders(graph, owner, counts, bytes));
    }
    let present = contents.and_then(|contents| contents.counts.last()).copied().unwrap_or(1);
    let classes = classes_below(graph, owner, counts, present);
    let lead = classes.first()?.clone();
    let retained = Some([*a, *b, *c]);
    Some(Cluster {
        owner,
        rootlike: false,
        lead,
        classes,
        bytes,
        chain: false,
        sharing: None,
        retained,
        entries: None,
    })
}

/// Objects that grow in number and are held from several sides: `sample` is one of them.
fn several_holders(graph: &HeapGraph, sample: NodeIndex, counts: [u64; 2], bytes: [u64; 2]) -> Cluster {
    let node_type = graph.node_type(sample);
    let lead = Recurring {
        class: class_of(graph, sample),
        node_type,
        counts,
        tops: counts,
        depth: 0,
        bytes: 0,
        sample,
    };
    let classes = vec![lead.clone()];
    Cluster {
        owner: graph.root(),
        rootlike: true,
        lead,
        classes,
        bytes,
        chain: false,
        sharing: None,
        retained: None,
        entries: None,
    }
}

fn steady(amounts: [u64; 2], requests: [f64; 2]) -> bool {
    let rates = [0, 1].map(|i| amounts[i] as f64 / requests[i].max(1.0));
    rates[0].min(rates[1]) >= rates[0].max(rates[1]) * MIN_STEADINESS
}

/// Classes of the objects below `owner`, outermost first, with their share of what was gained in each interval.
fn classes_below(graph: &HeapGraph, owner: NodeIndex, gained: [u64; 2], present: u64) -> Vec<Recurring> {
    let mut tally = ClassTally::default();
    let mut pending: Vec<(NodeIndex, u32)> = graph.dominated(owner).map(|node| (node, 0)).collect();
    let mut surveyed = 0;
    while let Some((node, depth)) = pending.pop() {
        surveyed += 1;
        let storage = is_storage(graph, node);
        if surveyed < MAX_SURVEYED {
            pending.extend(graph.dominated(node).map(|inner| (inner, depth + u32::from(!storage))));
        }
        if !storage {
            tally.add(graph, node, Tally { interval: 0, depth, is_top: depth == 0 });
        }
    }
    let share = |count: u64| gained.map(|gained| count * gained / present.max(1));
    let mut found = tally.sorted(|class| share(class.counts[0])[1] * 2 >= gained[1]);
    for class in &mut found {
        (class.counts, class.tops) = (share(class.counts[0]), share(class.tops[0]));
    }
    found
}
