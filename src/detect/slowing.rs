//! Growth that slows down by itself, since requests bring things of which there are only so many: labels, users, templates.
//! What a leak keeps comes with the requests, and as often in the last of them as in the first.

use super::cluster::Cluster;
use super::intervals::Interval3;
use super::losses::held;

/// Things that came, and of how many requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Things.
    pub things: usize,
    /// Requests.
    pub requests: f64,
}

/// Growth that has slowed down to less than this share of what it was will stop. A holder that had some before the first
/// request seems to slow down, too, but not so much.
const MOST: f64 = 0.5;
/// So many standard deviations of a count are no chance.
const DEVIATIONS: f64 = 4.0;

/// What came until the first snapshot and what came since, when that is too much less for chance. Not of a function's
/// variables: they hold other objects of the class, too.
pub fn slowing(series: &Interval3, cluster: &Cluster) -> Option<[Rate; 2]> {
    let is_store = !cluster.rootlike && cluster.entries.is_none();
    let is_variables = series.graphs[2].scope_of(cluster.owner).is_some();
    let before = series.before.filter(|_| is_store && !is_variables)?;
    let [first, _, last] = held(series, cluster).map(|held| held.len());
    let came = Rate { things: first, requests: before };
    let since = Rate { things: last.saturating_sub(first), requests: series.requests.iter().sum() };
    slows([came, since]).then_some([came, since])
}

fn slows([before, since]: [Rate; 2]) -> bool {
    let expected = before.things as f64 / before.requests.max(1.0) * since.requests;
    let came = since.things as f64;
    came < expected * MOST && expected - came > DEVIATIONS * expected.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_slows_when_it_is_less_than_half_and_no_chance() {
        let slowed = |before, since| {
            slows([Rate { things: before, requests: 900.0 }, Rate { things: since, requests: 200.0 }])
        };
        assert!(slowed(700, 20), "156 were to be expected");
        assert!(!slowed(900, 200), "one for each request");
        assert!(!slowed(900, 120), "fewer, but more than half");
        assert!(!slowed(40, 3), "9 were to be expected");
    }
}
