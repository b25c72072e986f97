//! Which route does it: allocation stacks, and the source around a line, lead to the handlers of routes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use super::input::{Frame, Point, RouteHandlers};
use super::profile::AllocationProfile;
use crate::source::{Position, SourceCache, is_of_application};

/// Where a function starts: file, line, column, as V8 reports it.
type FunctionStart = (String, u32, u32);

/// Routes by the functions that run for them.
pub struct RouteIndex {
    handlers: HashMap<FunctionStart, BTreeSet<String>>,
    /// The application's functions seen below a handler in some stack: after an `await` they run without it. What a
    /// dependency or Node runs for one route it runs for others as well, whatever the samples show.
    called_by: HashMap<FunctionStart, BTreeSet<String>>,
}

/// A function that more routes than this share (a wrapper, a middleware) tells no route.
const MAX_SHARED: usize = 3;
/// A route with so many of the requests is the only one there is, but for a health check.
const ONLY: f64 = 0.98;
/// What grew by less is too few samples of a running server's profile (one in 128 kB) to tell a route by.
const MIN_EXPLAINED: f64 = 768.0 * 1024.0;
/// A route with less than this share of the strongest route's weight is noise.
const MIN_SHARE: f64 = 0.2;

impl RouteIndex {
    /// Indexes the handlers and what the profile saw below them.
    pub fn new(handlers: &[RouteHandlers], profile: &AllocationProfile) -> Self {
        let mut index = RouteIndex { handlers: HashMap::new(), called_by: HashMap::new() };
        for handler in handlers {
            for function in &handler.functions {
                index.handlers.entry(start_of(function)).or_default().insert(handler.route.clone());
            }
        }
        for stack in &profile.stacks {
            let routes = index.handler_routes(&stack.frames);
            for frame in &stack.frames {
                if index.handlers.contains_key(&start_of(frame)) {
                    break;
                }
                if !is_of_application(Path::new(&frame.file)) {
                    continue;
                }
                index.called_by.entry(start_of(frame)).or_default().extend(routes.iter().cloned());
            }
        }
        index
    }

    /// The routes of a stack, innermost frame first: its innermost handler's, else those whose handlers are known to call
    /// its functions.
    pub fn routes_of(&self, frames: &[Rc<Frame>]) -> BTreeSet<String> {
        let direct = self.handler_routes(frames);
        if !direct.is_empty() {
            return direct;
        }
        let callers = frames.iter().rev().filter_map(|frame| self.called_by.get(&start_of(frame)));
        callers
            .filter(|routes| (1..=MAX_SHARED).contains(&routes.len()))
            .min_by_key(|routes| routes.len())
            .cloned()
            .unwrap_or_default()
    }

    /// The route that allocated what grew by `gained` bytes, whatever functions its stacks show: V8 leaves out those that
    /// the compiler has put into their callers. All that grew is alive, and what is alive of all others is too little.
    pub fn explaining(&self, profile: &AllocationProfile, gained: f64) -> Option<String> {
        let (route, bytes) = self.live(profile).strongest()?;
        let explains = bytes >= gained / 2.0 && profile.bytes - bytes <= gained / 4.0;
        (explains && gained >= MIN_EXPLAINED).then_some(route)
    }

    /// Is more alive of some other route than `seen` bytes? Then that one's part in what grows may be out of sight.
    pub fn hides(&self, profile: &AllocationProfile, routes: &[String], seen: f64) -> bool {
        let mut others = self.live(profile);
        others.0.retain(|route, _| !routes.contains(route));
        others.strongest().is_some_and(|(_, bytes)| bytes > seen)
    }

    fn live(&self, profile: &AllocationProfile) -> RouteVotes {
        let mut votes = RouteVotes::default();
        for stack in &profile.stacks {
            votes.add(&self.routes_of(&stack.frames), stack.bytes);
        }
        votes
    }

    /// The routes whose handler contains this place in the source.
    pub fn routes_around(&self, file: &str, at: Position, sources: &mut SourceCache) -> BTreeSet<String> {
        let Some(source) = sources.file(Path::new(file)) else { return BTreeSet::new() };
        let mut function = source.function_at(at);
        while let Some(id) = function {
            let Position { line, column } = source.function(id).reported_at;
            if let Some(routes) =
                self.handlers_starting(file, line, column).filter(|routes| routes.len() <= MAX_SHARED)
            {
                return routes.clone();
            }
            function = source.function(id).parent;
        }
        BTreeSet::new()
    }

    fn handler_routes(&self, frames: &[Rc<Frame>]) -> BTreeSet<String> {
        let handlers =
            frames.iter().filter_map(|frame| self.handlers_starting(&frame.file, frame.line, frame.column));
        handlers
            .filter(|routes| routes.len() <= MAX_SHARED)
            .min_by_key(|routes| routes.len())
            .cloned()
            .unwrap_or_default()
    }

    fn handlers_starting(&self, file: &str, line: u32, column: u32) -> Option<&BTreeSet<String>> {
        self.handlers.get(&(file.to_owned(), line, column))
    }
}

/// Weighs routes and names the strongest first; weak ones are left out.
#[derive(Default)]
pub struct RouteVotes(BTreeMap<String, f64>);

impl RouteVotes {
    /// Adds `weight`, shared among `routes`.
    pub fn add(&mut self, routes: &BTreeSet<String>, weight: f64) {
        for route in routes {
            *self.0.entry(route.clone()).or_default() += weight / routes.len() as f64;
        }
    }

    fn strongest(self) -> Option<(String, f64)> {
        self.0.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The routes that matter, strongest first.
    pub fn decided(self) -> Vec<String> {
        let strongest = self.0.values().copied().fold(0.0, f64::max);
        let mut routes: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, weight)| *weight >= strongest * MIN_SHARE && *weight > 0.0)
            .collect();
        routes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        routes.into_iter().map(|(route, _)| route).collect()
    }
}

/// The route of all requests, or nearly all, between the first point and the last.
pub fn only_route(points: &[Point]) -> Option<String> {
    let (route, share) = shares(points).into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (share >= ONLY).then_some(route)
}

/// The share of each route in the requests between the first point and the last.
pub fn shares(points: &[Point]) -> BTreeMap<String, f64> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return BTreeMap::new() };
    let asked = |route: &String, count: u64| count.saturating_sub(*first.routes.get(route).unwrap_or(&0));
    let total: u64 = last.routes.iter().map(|(route, &count)| asked(route, count)).sum();
    let share = |route, count| asked(route, count) as f64 / total.max(1) as f64;
    last.routes.iter().map(|(route, &count)| (route.clone(), share(route, count))).collect()
}

fn start_of(frame: &Frame) -> FunctionStart {
    (frame.file.clone(), frame.line, frame.column)
}

#[cfg(test)]
mod tests {
    use super::super::profile::AllocationStack;
    use super::*;

    fn frame(file: &str, line: u32) -> Frame {
        Frame { file: file.to_owned(), line, column: 1, function: None }
    }

    fn stack(bytes: f64, lines: &[u32]) -> AllocationStack {
        AllocationStack { bytes, frames: lines.iter().map(|&line| Rc::new(frame("/a.js", line))).collect() }
    }

    fn names(routes: &[&str]) -> BTreeSet<String> {
        routes.iter().map(|route| (*route).to_owned()).collect()
    }

    #[test]
    fn a_function_after_an_await_belongs_to_the_handler_that_called_it_before() {
        let handlers = [
            RouteHandlers { route: "GET /a".into(), functions: vec![frame("/a.js", 10)] },
            RouteHandlers { route: "GET /b".into(), functions: vec![frame("/a.js", 20)] },
        ];
        let profile = AllocationProfile {
            stacks: vec![stack(8.0, &[5, 10]), stack(8.0, &[7, 20])],
            bytes: 16.0,
            ..AllocationProfile::default()
        };
        let index = RouteIndex::new(&handlers, &profile);
        assert_eq!(index.routes_of(&stack(1.0, &[5]).frames), names(&["GET /a"]));
        assert_eq!(index.routes_of(&stack(1.0, &[6, 20]).frames), names(&["GET /b"]));
        assert_eq!(index.routes_of(&stack(1.0, &[99]).frames), names(&[]));
    }

    #[test]
    fn what_a_dependency_or_node_runs_below_a_handler_belongs_to_no_route() {
        let handlers = [RouteHandlers { route: "GET /a".into(), functions: vec![frame("/a.js", 10)] }];
        let send = |file: &str, callers: &[u32]| {
            let mut below = stack(8.0, callers);
            below.frames.insert(0, Rc::new(frame(file, 3)));
            below
        };
        for file in ["/app/node_modules/express/lib/response.js", "node:_http_outgoing", ""] {
            let profile = AllocationProfile {
                stacks: vec![send(file, &[10])],
                bytes: 8.0,
                ..AllocationProfile::default()
            };
            let index = RouteIndex::new(&handlers, &profile);
            assert_eq!(index.routes_of(&send(file, &[30]).frames), names(&[]), "{file}");
        }
    }

    #[test]
    fn a_route_explains_a_growth_that_nothing_else_can_have_made() {
        const MB: f64 = 1048576.0;
        let handlers = [
            RouteHandlers { route: "GET /a".into(), functions: vec![frame("/a.js", 10)] },
            RouteHandlers { route: "GET /b".into(), functions: vec![frame("/a.js", 20)] },
        ];
        let told = |a: f64, b: f64, nodes_own: f64, gained: f64| {
            let stacks = vec![stack(a, &[10]), stack(b, &[20])];
            let profile =
                AllocationProfile { stacks, bytes: a + b + nodes_own, ..AllocationProfile::default() };
            RouteIndex::new(&handlers, &profile).explaining(&profile, gained)
        };
        assert_eq!(told(MB, 0.1 * MB, 0.1 * MB, MB).as_deref(), Some("GET /a"));
        assert_eq!(told(MB, 0.3 * MB, 0.0, MB), None, "the other may have made much of it");
        assert_eq!(told(MB, 0.0, 0.3 * MB, MB), None, "so may what no route is known to have called");
        assert_eq!(told(0.4 * MB, 0.0, 0.0, MB), None, "most of it has not been seen");
        assert_eq!(told(0.5 * MB, 0.0, 0.0, 0.5 * MB), None, "too few samples");
    }

    #[test]
    fn a_route_with_more_alive_than_was_seen_may_hide_its_part() {
        let handlers = [RouteHandlers { route: "GET /b".into(), functions: vec![frame("/a.js", 20)] }];
        let profile =
            AllocationProfile { stacks: vec![stack(8.0, &[20])], bytes: 8.0, ..AllocationProfile::default() };
        let index = RouteIndex::new(&handlers, &profile);
        assert!(index.hides(&profile, &["GET /a".to_owned()], 4.0));
        assert!(!index.hides(&profile, &["GET /a".to_owned()], 9.0));
        assert!(!index.hides(&profile, &["GET /b".to_owned()], 4.0));
    }

    #[test]
    fn weak_routes_are_left_out() {
        let mut votes = RouteVotes::default();
        votes.add(&names(&["GET /a"]), 100.0);
        votes.add(&names(&["GET /b"]), 30.0);
        votes.add(&names(&["GET /c"]), 5.0);
        assert_eq!(votes.decided(), ["GET /a", "GET /b"]);
    }

    #[test]
    fn the_only_route_is_told_and_one_of_two_is_not() {
        let point = |counts: &[(&str, u64)]| Point {
            routes: counts.iter().map(|(route, count)| ((*route).to_owned(), *count)).collect(),
            ..Point::default()
        };
        let points = [point(&[("GET /warm", 500)]), point(&[("GET /warm", 501), ("POST /a", 400)])];
        assert_eq!(only_route(&points).as_deref(), Some("POST /a"));
        assert_eq!(only_route(&[point(&[]), point(&[("GET /a", 60), ("GET /b", 40)])]), None);
        assert_eq!(only_route(&[point(&[])]), None);
    }
}
