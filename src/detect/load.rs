//! What the load of a running process explains: more visitors and more requests mean more of what serves them, and that
//! goes when they go. What grows no faster than they do is not accused; a leak outlasts them, and is told then.

use std::fmt;

use super::observations::Moment;
use super::resources::ResourceGrowth;
use super::series::fit;
use crate::report::units;

/// So many of a kind may serve one connection: timers and listeners that a loop makes, messages not yet read …
const MOST_PER_CONNECTION: f64 = 8.0;
/// So many connections more mean more visitors, when there is nothing to count for each.
const MORE_VISITORS: f64 = 20.0;
/// What waits for its time is as many as came in that time. So many times faster than the requests it may grow, since a
/// rate is only an estimate.
const MOST_OF_RATE: f64 = 2.0;

/// Why something piles up and need not stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Excuse {
    /// So many more connections are open.
    Visitors(f64),
    /// Requests come faster: so many a second at first, so many in the end.
    Rate([f64; 2]),
    /// They are timers that fire once, after so many milliseconds.
    Fires(f64),
}

impl fmt::Display for Excuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excuse::Visitors(connections) => {
                write!(f, "{connections:.0} more connections are open, and these may be what serves them")
            }
            Excuse::Rate([before, after]) => {
                write!(f, "requests come faster, {after:.1} a second after {before:.1}")
            }
            Excuse::Fires(delay_ms) => {
                write!(f, "each goes by itself after {}", units::duration(delay_ms / 1000.0))
            }
        }
    }
}

/// How the load went while something piled up.
#[derive(Debug)]
pub struct Load {
    /// Connections gained.
    connections: f64,
    /// Requests a second, in the first third of the time and in the last.
    rates: [f64; 2],
}

impl Load {
    /// Over these moments, oldest first. `ports`: of the process's own servers.
    pub fn over(moments: &[Moment], ports: &[u16]) -> Self {
        let visitors = |moment: &Moment| (moment.requests, moment.connections - to_itself(moment, ports));
        let third = moments.len() / 3;
        Load {
            connections: fit(&moments.iter().map(visitors).collect::<Vec<_>>(), 0.0).growth,
            rates: [&moments[..third], &moments[moments.len() - third..]].map(requests_a_second),
        }
    }

    /// What of it explains this growth.
    pub fn excuse(&self, growth: &ResourceGrowth) -> Option<Excuse> {
        let (gained, [before, after]) = (growth.fit.growth, self.rates);
        if comes_with_visitors(gained, self.connections) {
            return Some(Excuse::Visitors(self.connections));
        }
        let keeps_pace = gained * before <= growth.alive.0 as f64 * (after - before) * MOST_OF_RATE;
        keeps_pace.then_some(Excuse::Rate(self.rates))
    }
}

/// Are so many things more explained by so many connections more? `things`: 0 for what cannot be counted.
pub fn comes_with_visitors(things: f64, connections: f64) -> bool {
    if things == 0.0 { connections >= MORE_VISITORS } else { things <= connections * MOST_PER_CONNECTION }
}

/// Connections that the process has opened to its own servers, as far as they are followed.
fn to_itself(moment: &Moment, ports: &[u16]) -> f64 {
    let is_own = |endpoint: &str| {
        let Some((host, port)) = endpoint.rsplit_once(':') else { return false };
        let is_loopback = host.starts_with("127.") || host.contains("::1") || host == "localhost";
        is_loopback && port.parse().is_ok_and(|port| ports.contains(&port))
    };
    let own = moment.resources.iter().filter(|group| group.kind == "socket" && is_own(&group.name));
    own.map(|group| group.count as f64).sum()
}

fn requests_a_second(moments: &[Moment]) -> f64 {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return 0.0 };
    (last.requests - first.requests) * 1000.0 / (last.at_ms - first.at_ms).max(1.0)
}
