//! Resources of a running process that pile up while they are followed: what their counts prove, and what they do not.

use std::path::Path;

use super::from_resources::resource_suspects;
use super::input::{Point, ResourceGroup, TestRun};
use super::load::{Excuse, Load};
use super::observations::{Moment, Observations};
use super::resources::{growing, lets_go_by_itself, waiting_to_fire, watched_ms};
use crate::report::Suspect;
use crate::source::SourceCache;

/// Fewer moments do not prove a pile: two minutes, by default.
const MIN_MOMENTS: usize = 24;
/// Fewer more than at the first moment may be a pool being filled.
const MIN_PILE: f64 = 24.0;
/// A server lives for long: what fires within a day goes by itself, such as a session's timer. What takes longer is kept.
const LONG_TIMEOUT_MS: f64 = 24.0 * 3_600_000.0;
/// The fastest say enough.
const MAX_DOUBTS: usize = 3;

/// What piled up.
#[derive(Debug, Default)]
pub struct Piles {
    /// What leaks, fastest first.
    pub suspects: Vec<Suspect>,
    /// Sentences on what piles up and need not stay.
    pub doubts: Vec<String>,
}

/// The piles of a running process.
pub fn piles(seen: &Observations) -> Piles {
    let mut piles = Piles::default();
    if seen.history.len() < MIN_MOMENTS {
        return piles;
    }
    let run = run_of(seen);
    let fires = |group: &ResourceGroup| lets_go_by_itself(group, watched_ms(&run), LONG_TIMEOUT_MS);
    let mut grown = growing(&run, |group| !is_visitor(group) && !fires(group));
    grown.extend(growing(&run, |group| group.kind == "timer" && fires(group)));
    grown.retain(|growth| growth.fit.growth >= MIN_PILE);
    let load = Load::over(&seen.history, &seen.ports);
    let suspects = resource_suspects(&grown, Path::new(&seen.cwd), &mut SourceCache::default());
    for (growth, suspect) in grown.iter().zip(suspects) {
        let delay_ms = growth.group.delay_ms.filter(|_| fires(growth.group));
        match delay_ms.map(Excuse::Fires).or_else(|| load.excuse(growth)) {
            None => piles.suspects.push(suspect),
            Some(excuse) => piles.doubts.push(format!("{}: {excuse}", suspect.evidence[0])),
        }
    }
    piles.doubts.truncate(MAX_DOUBTS);
    piles
}

/// A connection that nobody here has opened.
fn is_visitor(group: &ResourceGroup) -> bool {
    group.kind == "socket" && group.site.is_empty()
}

/// How many timers are alive that fire once and had no time to.
pub fn waiting(seen: &Observations) -> u64 {
    waiting_to_fire(&run_of(seen), LONG_TIMEOUT_MS)
}

fn run_of(seen: &Observations) -> TestRun {
    TestRun { points: seen.history.iter().map(point_of).collect(), ..TestRun::default() }
}

fn point_of(moment: &Moment) -> Point {
    Point {
        requests: moment.requests,
        at_ms: moment.at_ms,
        resources: moment.resources.clone(),
        ..Point::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::input::Frame;
    use super::*;

    /// A process in which a group of resources grows by `step` a moment, and connections by `connections`; 10 requests
    /// come in each.
    pub fn seen_with(kind: &str, name: &str, step: u64, connections: f64) -> Observations {
        let moment = |index: u64| Moment {
            at_ms: index as f64 * 5_000.0,
            requests: index as f64 * 10.0,
            connections: 20.0 + index as f64 * connections,
            resources: vec![ResourceGroup {
                kind: kind.into(),
                name: name.into(),
                count: 10 + index * step,
                site: vec![Frame { file: "/app/a.js".into(), line: 7, column: 1, function: None }],
                ..ResourceGroup::default()
            }],
        };
        let history = (0..40).map(moment).collect();
        Observations { history, interval_ms: 5_000.0, requests: 400, ..Observations::default() }
    }

    fn seen(kind: &str, name: &str, step: u64) -> Observations {
        seen_with(kind, name, step, 0.0)
    }

    /// Lines and counts of what leaks, and how many sentences are told of the rest.
    fn found(seen: &Observations) -> (Vec<(u32, u64)>, usize) {
        let Piles { suspects, doubts } = piles(seen);
        let of = |suspect: &Suspect| (suspect.created_at[0].line, suspect.growth.count);
        (suspects.iter().map(of).collect(), doubts.len())
    }

    #[test]
    fn what_a_seldom_asked_route_of_a_busy_server_leaves_behind_leaks() {
        let mut busy = seen("timer", "setInterval", 3);
        for (index, moment) in busy.history.iter_mut().enumerate() {
            moment.requests = index as f64 * 5_000.0;
        }
        assert_eq!(found(&busy), (vec![(7, 117)], 0));
    }

    #[test]
    fn a_short_while_and_a_few_prove_nothing() {
        let mut short = seen("timer", "setInterval", 3);
        short.history.truncate(MIN_MOMENTS - 1);
        assert_eq!(found(&short), (vec![], 0));
        let mut few = seen("timer", "setInterval", 1);
        few.history.truncate(MIN_PILE as usize);
        assert_eq!(found(&few), (vec![], 0));
    }

    #[test]
    fn timers_and_files_of_open_connections_are_not_accused_and_those_that_outlive_them_are() {
        for kind in ["timer", "file", "listener", "socket", "checkout"] {
            let grown = |connections| found(&seen_with(kind, "setInterval", 3, connections));
            assert_eq!(grown(0.0), (vec![(7, 117)], 0), "{kind}: nobody came");
            assert_eq!(grown(3.0), (vec![], 1), "{kind}: one for each who came");
            assert_eq!(grown(1.0), (vec![], 1), "{kind}: three for each who came");
            assert_eq!(grown(0.1), (vec![(7, 117)], 0), "{kind}: thirty for each who came");
            assert_eq!(grown(-3.0), (vec![(7, 117)], 0), "{kind}: they left");
        }
    }

    #[test]
    fn connections_that_nobody_here_has_opened_are_visitors_themselves() {
        let mut seen = seen("socket", ":3000 (incoming)", 3);
        for moment in &mut seen.history {
            moment.resources[0].site.clear();
        }
        assert_eq!(found(&seen), (vec![], 0));
    }

    #[test]
    fn a_process_that_connects_to_itself_is_no_visitor() {
        let mut seen = seen_with("socket", "127.0.0.1:3000", 3, 3.0);
        assert_eq!(found(&seen), (vec![], 1), "a connection to another process for each that came");
        seen.ports = vec![80, 3000];
        assert_eq!(found(&seen), (vec![(7, 117)], 0));
    }

    #[test]
    fn the_connections_of_one_moment_change_nothing() {
        let mut seen = seen_with("timer", "setInterval", 3, 3.0);
        seen.history[39].connections = 0.0;
        assert_eq!(found(&seen), (vec![], 1));
    }

    #[test]
    fn what_grows_as_the_requests_come_faster_is_not_accused() {
        // 200 are alive at first.
        let grown = |step: u64, faster: f64| {
            let mut seen = seen("timer", "setInterval", step);
            let mut requests = 0.0;
            for (index, moment) in seen.history.iter_mut().enumerate() {
                requests += 50.0 * (1.0 + faster * index as f64 / 40.0);
                moment.requests = requests;
                moment.resources[0].count += 190;
            }
            found(&seen)
        };
        assert_eq!(grown(5, 1.0), (vec![], 1), "twice as many, at twice the rate");
        assert_eq!(grown(5, 0.0), (vec![(7, 195)], 0), "twice as many, at the same rate");
        assert_eq!(grown(5, -0.5).0.len(), 1, "twice as many, at half the rate");
        assert_eq!(grown(50, 1.0).0.len(), 1, "eleven times as many, at twice the rate");
    }

    #[test]
    fn timers_that_fire_within_the_day_are_not_accused() {
        let grown = |delay_ms: f64, name: &str| {
            let mut seen = seen("timer", name, 3);
            for moment in &mut seen.history {
                moment.resources[0].delay_ms = Some(delay_ms);
            }
            found(&seen)
        };
        let half_an_hour = 1_800_000.0;
        assert_eq!(
            grown(half_an_hour, "setTimeout"),
            (vec![], 1),
            "sessions of a server that was started just now"
        );
        assert_eq!(grown(half_an_hour, "setInterval"), (vec![(7, 117)], 0));
        assert_eq!(grown(48.0 * half_an_hour, "setTimeout"), (vec![(7, 117)], 0));
        assert_eq!(grown(5_000.0, "setTimeout"), (vec![(7, 117)], 0), "each has set the next");
    }
}
