//! Live memory after major collections, of a running process: does it rise?

use super::observations::{Floor, Observations};
use super::series::{Fit, Trend, fit};
use crate::report::units;

/// Fewer floors say nothing: young processes grow.
const MIN_FLOORS: usize = 8;
/// So many are a reason to look closer, when they rise.
const MIN_RISING_FLOORS: usize = 5;
/// Two are when what lives has grown by so much, and by such a share: V8 collects a heap that grows fast ever more rarely.
const STEEP_BYTES: f64 = 32.0 * 1024.0 * 1024.0;
const STEEP_SHARE: f64 = 0.5;
/// A collection leaves some garbage floating. Of so many stretches of time the lowest floor counts.
const STRETCHES: usize = 8;
/// Floors of a process younger than so many readings are its warm-up: a minute, by default.
const WARM_UP_READINGS: f64 = 12.0;
/// Less growth than this between the first and the last floor is noise: heap snapshots will tell the rest …
const FLOOR_NOISE_BYTES: f64 = 512.0 * 1024.0;
/// … and when they have found nothing, less than this.
const ACQUITTED_NOISE_BYTES: f64 = 1024.0 * 1024.0;
/// The same, as a share of the live memory.
const FLOOR_NOISE_SHARE: f64 = 0.01;

/// Does live memory rise enough, for long enough, to make heap snapshots worth their cost? With time, or with the
/// requests: a leak of a server that is asked less for a while seems to have stopped.
pub fn worth_proving(seen: &Observations) -> bool {
    let rises = |over: fn(&Floor) -> f64| {
        let fit = floor_fit(seen, MIN_RISING_FLOORS, over);
        fit.is_some_and(|fit| matches!(fit.trend, Trend::Growing | Trend::Undecided))
    };
    rises(|floor| floor.at_ms) || rises(|floor| floor.requests) || rises_steeply(seen)
}

/// Does each collection leave more than the one before, and much more in all?
fn rises_steeply(seen: &Observations) -> bool {
    let live: Vec<f64> = warm(seen).map(live_bytes).collect();
    let [first, .., last] = live.as_slice() else { return false };
    last - first >= (first * STEEP_SHARE).max(STEEP_BYTES) && live.windows(2).all(|pair| pair[1] > pair[0])
}

/// Live bytes over time in milliseconds, once the process is warm.
pub fn floor_growth(seen: &Observations) -> Option<Fit> {
    floor_fit(seen, MIN_FLOORS, |floor| floor.at_ms)
}

fn floor_fit(seen: &Observations, fewest: usize, over: fn(&Floor) -> f64) -> Option<Fit> {
    let points: Vec<(f64, f64)> = warm(seen).map(|floor| (over(floor), live_bytes(floor))).collect();
    if points.len() < fewest {
        return None;
    }
    let noise = if seen.acquitted { ACQUITTED_NOISE_BYTES } else { FLOOR_NOISE_BYTES };
    Some(fit(&lows(&points), noise.max(points[0].1 * FLOOR_NOISE_SHARE)))
}

/// The floors since the process is warm.
fn warm(seen: &Observations) -> impl Iterator<Item = &Floor> {
    let born = seen.floors.last().map_or(0.0, |last| last.at_ms) - seen.uptime_ms;
    let from = born + seen.interval_ms * WARM_UP_READINGS;
    seen.floors.iter().filter(move |floor| floor.at_ms >= from)
}

fn live_bytes(floor: &Floor) -> f64 {
    floor.heap_used + floor.external
}

/// The lowest point of each of some stretches.
fn lows(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stretches = points.chunks((points.len() / STRETCHES).max(1));
    stretches.filter_map(|stretch| stretch.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))).collect()
}

/// What the floors say, as evidence.
pub fn floor_sentence(seen: &Observations, fit: &Fit) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::monitor::judge_monitor;
    use super::*;
    use crate::report::Verdict;

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
    fn a_leak_so_fast_that_collections_are_rare_is_worth_a_proof_after_two() {
        let seen = |live: &[f64]| {
            let floor = |(index, &heap_used): (usize, &f64)| Floor {
                at_ms: 1e6 + index as f64 * 60_000.0,
                heap_used,
                ..Floor::default()
            };
            Observations::with_floors(live.iter().enumerate().map(floor).collect())
        };
        assert!(worth_proving(&seen(&[70e6, 120e6])));
        assert!(!worth_proving(&seen(&[70e6])));
        assert!(!worth_proving(&seen(&[70e6, 100e6])), "a cache that fills");
        assert!(!worth_proving(&seen(&[70e6, 60e6, 120e6])), "more than before, for once");
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
            Observations::with_floors(floors)
        };
        assert_eq!(judge_monitor(&seen(300.0)).verdict, Verdict::Undecided);
        assert!(worth_proving(&seen(300.0)));
        assert_eq!(judge_monitor(&seen(10.0)).verdict, Verdict::Healthy);
    }
}
