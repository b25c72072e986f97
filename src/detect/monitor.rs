//! The verdict on a running process, from what the monitor measured: floors after major collections, resources
//! while they were followed, readings of the operating system.
//!
//! Resources that pile up are proven by their counts. A rising floor alone is not: it says that something grows
//! and until when the memory lasts, and the verdict stays undecided.

use std::path::Path;

use super::floors::{floor_growth, floor_sentence, worth_proving};
use super::merge::merge;
use super::observations::Observations;
use super::piles::{Piles, piles};
use super::rows::{resource_rows, route_rows};
use super::series::{Fit, Trend};
use super::written::as_written;
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, Verdict, units};
use crate::source::SourceMaps;

/// A slow leak hides in the jitter of a short while: ten minutes, by default, before a flat floor means health.
const HEALTHY_READINGS: f64 = 120.0;

/// Judges a running process.
pub fn judge_monitor(seen: &Observations) -> Report {
    let growth = floor_growth(seen);
    let Piles { suspects: piles, doubts } = piles(seen);
    let suspects = merge(piles, seen.proven.clone());
    let doubts = [&seen.doubts[..], &doubts].concat();
    let verdict = verdict(seen, &suspects, &doubts, growth.as_ref());
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
        evidence: evidence(seen, doubts, growth.as_ref()),
        dropped: Some(seen.dropped),
        cost: None,
    };
    as_written(report, &seen.cwd, SourceMaps::shared())
}

fn verdict(seen: &Observations, suspects: &[Suspect], doubts: &[String], growth: Option<&Fit>) -> Verdict {
    let long_enough = seen.acquitted || seen.uptime_ms >= seen.interval_ms * HEALTHY_READINGS;
    match growth.map(|fit| fit.trend) {
        _ if !suspects.is_empty() => Verdict::Leaking,
        Some(Trend::Stable | Trend::Plateaued)
            if seen.requests > 0 && long_enough && doubts.is_empty() && !worth_proving(seen) =>
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

fn evidence(seen: &Observations, doubts: Vec<String>, growth: Option<&Fit>) -> Vec<String> {
    let floors = growth.map(|fit| floor_sentence(seen, fit));
    let acquittal = "3 heap snapshots compared: nothing in them keeps growing";
    let acquitted = seen.acquitted.then(|| acquittal.to_owned());
    doubts.into_iter().chain(floors).chain(acquitted).collect()
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
    use super::super::from_heap::HeapSuspect;
    use super::super::observations::Floor;
    use super::super::piles::tests::seen_with;
    use super::*;
    use crate::report::SuspectKind;

    /// A process in which intervals pile up, and connections by so many a moment.
    fn seen(connections: f64) -> Observations {
        seen_with("timer", "setInterval", 3, connections)
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
    fn timers_that_are_counted_and_found_in_snapshots_are_one_leak() {
        let mut both = seen(0.0);
        let mut suspect = judge_monitor(&both).suspects[0].clone();
        suspect.growth.bytes = 9_000;
        let proven = |suspect, class: &str| {
            vec![HeapSuspect { suspect, classes: vec![class.to_owned()], rootlike: false, bound: None }]
        };
        both.proven = proven(suspect.clone(), "Timeout");
        let told = judge_monitor(&both).suspects;
        assert_eq!((told.len(), told[0].growth.bytes, told[0].growth.count), (1, 9_000, 117));
        suspect.kind = SuspectKind::Collection;
        suspect.created_at[0].line = 8;
        both.proven = proven(suspect, "Session");
        assert_eq!(judge_monitor(&both).suspects.len(), 2);
    }

    #[test]
    fn what_visitors_explain_is_neither_leaking_nor_healthy() {
        let flat = Observations::with_floors(
            (0..20)
                .map(|index| Floor {
                    at_ms: 1e6 + f64::from(index) * 30_000.0,
                    heap_used: 50e6,
                    ..Floor::default()
                })
                .collect(),
        );
        let visited =
            |connections| judge_monitor(&Observations { history: seen(connections).history, ..flat.clone() });
        assert_eq!(judge_monitor(&flat).verdict, Verdict::Healthy);
        assert_eq!(visited(0.0).verdict, Verdict::Leaking);
        let told = visited(3.0);
        assert_eq!((told.verdict, told.suspects.len()), (Verdict::Undecided, 0));
        assert!(told.evidence[0].contains("117 more connections are open"), "{:?}", told.evidence);
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
            Observations::with_floors(floors)
        };
        let rising = judge_monitor(&floors(1e6));
        assert_eq!(rising.verdict, Verdict::Undecided);
        // 4 GB less 69 MB, at 1 MB in 30 s.
        assert_eq!(rising.memory.time_to_limit_seconds.map(f64::round), Some(117_930.0));
        assert_eq!(judge_monitor(&floors(0.0)).verdict, Verdict::Healthy);
    }
}
