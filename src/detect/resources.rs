//! Resources that pile up: timers, listeners, handles, files of one creation site, counted after every round.

use std::collections::BTreeMap;

use super::input::{Frame, ResourceGroup, TestRun};
use super::series::{Fit, Trend, fit};

/// A group of resources whose number grows with the requests.
#[derive(Clone, Debug)]
pub struct ResourceGrowth<'a> {
    /// The group as last measured; the biggest of those that the same line makes on different ways.
    pub group: &'a ResourceGroup,
    /// How many of all ways were alive after warm-up, and at the end.
    pub alive: (u64, u64),
    /// Its count over the requests.
    pub fit: Fit,
}

/// Fewer more than at the start are a pool being filled.
const MIN_GROWTH: f64 = 7.0;
/// Fewer per request are not what the requests of a test leave behind.
const MIN_PER_REQUEST: f64 = 0.015;
/// In a test, a one-shot timer that fires sooner than this lets go by itself …
pub const LONG_TIMEOUT_MS: f64 = 10.0 * 60.0 * 1000.0;
/// … but after so many delays those of the first requests have long fired; if there are still ever more, each sets
/// the next.
const DELAYS_TO_WAIT: f64 = 3.0;

/// Groups that requests of a test leave behind, fastest first.
pub fn piling(run: &TestRun) -> Vec<ResourceGrowth<'_>> {
    let mut found = growing(run, |group| !lets_go_by_itself(group, watched_ms(run), LONG_TIMEOUT_MS));
    found.retain(|growth| growth.fit.slope >= MIN_PER_REQUEST);
    found
}

/// Groups that keep growing, fastest first.
pub fn growing(run: &TestRun, counts: impl Fn(&ResourceGroup) -> bool) -> Vec<ResourceGrowth<'_>> {
    let Some(last) = run.points.last() else { return Vec::new() };
    let mut series: BTreeMap<Key, Vec<(f64, f64)>> = BTreeMap::new();
    for (index, point) in run.points.iter().enumerate() {
        for group in &point.resources {
            let counts = series
                .entry(key(group))
                .or_insert_with(|| run.points.iter().map(|p| (p.requests, 0.0)).collect());
            counts[index].1 += group.count as f64;
        }
    }
    let mut found: Vec<ResourceGrowth> = Vec::new();
    for group in last.resources.iter().filter(|group| counts(group)) {
        let counts = &series[&key(group)];
        let fit = fit(counts, MIN_GROWTH - 1.0);
        if fit.trend == Trend::Growing {
            let alive = (counts[0].1 as u64, counts[counts.len() - 1].1 as u64);
            found.push(ResourceGrowth { group, alive, fit });
        }
    }
    found.sort_by(|a, b| b.fit.slope.total_cmp(&a.fit.slope).then_with(|| key(a.group).cmp(&key(b.group))));
    found.dedup_by(|a, b| key(a.group) == key(b.group));
    found
}

type Key<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a Frame>);

fn key(group: &ResourceGroup) -> Key<'_> {
    (&group.kind, &group.name, group.holder.as_deref(), group.site.first())
}

/// How many timers of less than `long_ms` are alive that fire once and had no time to.
pub fn waiting_to_fire(run: &TestRun, long_ms: f64) -> u64 {
    let Some(last) = run.points.last() else { return 0 };
    let timers = last.resources.iter().filter(|group| group.kind == "timer");
    timers.filter(|group| lets_go_by_itself(group, watched_ms(run), long_ms)).map(|group| group.count).sum()
}

/// From the first point to the last.
pub fn watched_ms(run: &TestRun) -> f64 {
    run.points.last().map_or(0.0, |last| last.at_ms - run.points[0].at_ms)
}

/// Whether those alive may all go without anybody's doing, a timer of less than `long_ms` among them. A context lives
/// as long as what keeps it, such a timer for example: it tells of a route, and proves nothing.
pub fn lets_go_by_itself(group: &ResourceGroup, watched_ms: f64, long_ms: f64) -> bool {
    if group.kind == "context" {
        return true;
    }
    let delay = group.delay_ms.unwrap_or(0.0);
    let fired_long_ago = watched_ms >= delay.max(1.0) * DELAYS_TO_WAIT;
    group.kind == "timer" && group.name != "setInterval" && delay < long_ms && !fired_long_ago
}

#[cfg(test)]
mod tests {
    use super::super::input::Point;
    use super::*;

    fn run(counts: &[u64], name: &str, delay_ms: f64) -> TestRun {
        let point = |(index, &count): (usize, &u64)| Point {
            requests: index as f64 * 50.0,
            at_ms: index as f64 * 1_000.0,
            resources: vec![ResourceGroup {
                kind: "timer".into(),
                name: name.into(),
                count,
                delay_ms: Some(delay_ms),
                ..Default::default()
            }],
            ..Default::default()
        };
        TestRun { points: counts.iter().enumerate().map(point).collect(), ..Default::default() }
    }

    #[test]
    fn an_interval_per_request_grows_and_a_filled_pool_does_not() {
        let leak = run(&[10, 60, 110, 160], "setInterval", 1000.0);
        assert_eq!(piling(&leak)[0].fit.slope, 1.0);
        assert_eq!(piling(&leak)[0].alive, (10, 160));
        assert!(piling(&run(&[4, 10, 10, 10], "setInterval", 1000.0)).is_empty());
    }

    #[test]
    fn a_timeout_that_will_fire_is_no_leak_unless_that_takes_long() {
        assert!(piling(&run(&[10, 60, 110, 160], "setTimeout", 30_000.0)).is_empty());
        assert_eq!(piling(&run(&[10, 60, 110, 160], "setTimeout", 86_400_000.0)).len(), 1);
    }

    #[test]
    fn timeouts_that_set_the_next_one_pile_up_and_those_that_fire_do_not() {
        assert_eq!(piling(&run(&[10, 60, 110, 160], "setTimeout", 500.0)).len(), 1);
        assert!(piling(&run(&[10, 60, 62, 58, 61], "setTimeout", 500.0)).is_empty());
    }
}
