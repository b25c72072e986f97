//! The routes of a growth cluster.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::cluster::Cluster;
use super::input::{Frame, TestRun};
use super::intervals::Interval3;
use super::isolation::{RouteRate, grows_by_itself, guilty};
use super::profile::{AllocationProfile, AllocationStack};
use super::routes::{RouteIndex, RouteVotes, only_route, shares};
use super::site::Site;
use crate::source::SourceCache;

/// What tells of routes in one run.
pub struct ClusterRoutes<'a> {
    /// The run.
    pub run: &'a TestRun,
    /// Its snapshots.
    pub series: &'a Interval3<'a>,
    /// Its allocation profile.
    pub profile: &'a AllocationProfile,
    /// Who serves which route.
    pub index: &'a RouteIndex,
    /// Sources, as far as read.
    pub sources: &'a mut SourceCache,
}

impl ClusterRoutes<'_> {
    /// None for what grows by itself. The routes that left something when they were alone; else those of the allocation
    /// stacks through a growing line's function; else those whose handlers surround such a line; else, in a running
    /// server, the one that must have allocated it; else the only one that was asked for.
    pub fn of(&mut self, cluster: &Cluster, grows_at: &[Site], rates: &[RouteRate]) -> Vec<String> {
        if self.grows_by_itself(cluster, rates) {
            return Vec::new();
        }
        let guilty = guilty(rates);
        if !guilty.is_empty() {
            return guilty;
        }
        let decided = self.allocating_routes(grows_at);
        let decided = if decided.is_empty() { self.surrounding_routes(grows_at) } else { decided };
        if !decided.is_empty() {
            return decided;
        }
        let explaining = if self.is_test_run() { None } else { self.explaining_route(cluster) };
        explaining.or_else(|| only_route(&self.run.points)).into_iter().collect()
    }

    fn grows_by_itself(&self, cluster: &Cluster, rates: &[RouteRate]) -> bool {
        let shares = shares(&self.run.points);
        let gained = |[first, _, last]: [u64; 3]| last.saturating_sub(first);
        // What a route's rate counts: see `isolate`.
        let together = match (cluster.entries, cluster.lead.counts) {
            (Some(entries), _) => gained(entries),
            (None, [0, 0]) => cluster.retained.map_or(0, gained),
            (None, counts) => counts.iter().sum(),
        };
        let requests: f64 = self.series.requests.iter().sum::<f64>().max(1.0);
        let share = |route: &str| shares.get(route).copied().unwrap_or(0.0);
        grows_by_itself(rates, share, together as f64 / requests)
    }

    /// In a test few functions become so hot that the compiler puts them into their callers.
    fn is_test_run(&self) -> bool {
        self.series.shares_ids
    }

    fn allocating_routes(&mut self, grows_at: &[Site]) -> Vec<String> {
        let mut votes = RouteVotes::default();
        let mut seen = 0.0;
        let functions = self.functions_of(grows_at);
        let profile = self.profile;
        for (stack, callers) in
            profile.stacks.iter().filter_map(|stack| Some((stack, up_from(stack, &functions)?)))
        {
            votes.add(&self.index.routes_of(callers), stack.bytes);
            seen += stack.bytes;
        }
        let decided = votes.decided();
        if !self.is_test_run() && self.index.hides(profile, &decided, seen) { Vec::new() } else { decided }
    }

    fn explaining_route(&self, cluster: &Cluster) -> Option<String> {
        let gained = cluster.bytes.iter().sum::<u64>() as f64;
        self.index.explaining(self.profile, gained)
    }

    fn surrounding_routes(&mut self, grows_at: &[Site]) -> Vec<String> {
        let mut votes = RouteVotes::default();
        for site in grows_at {
            let file = site.file.to_string_lossy();
            votes.add(&self.index.routes_around(&file, site.at, self.sources), 1.0);
        }
        votes.decided()
    }

    fn functions_of(&mut self, sites: &[Site]) -> BTreeSet<(String, u32, u32)> {
        let mut functions = BTreeSet::new();
        for site in sites {
            let Some(source) = self.sources.file(&site.file) else { continue };
            let Some(function) = source.function_at(site.at) else { continue };
            let start = source.function(function).reported_at;
            functions.insert((site.file.to_string_lossy().into_owned(), start.line, start.column));
        }
        functions
    }
}

/// The innermost of the functions in the stack and its callers: what it calls in turn says nothing of who called it.
fn up_from<'a>(
    stack: &'a AllocationStack,
    functions: &BTreeSet<(String, u32, u32)>,
) -> Option<&'a [Rc<Frame>]> {
    let is_one = |frame: &Rc<Frame>| functions.contains(&(frame.file.clone(), frame.line, frame.column));
    Some(&stack.frames[stack.frames.iter().position(is_one)?..])
}
