//! The verdict on a test run, the words for it, and what was measured.

use std::path::Path;

use super::advice;
use super::growth::{Growth, growth_of};
use super::input::TestRun;
use super::rows::{resource_rows, route_rows};
use crate::report::{MemorySummary, Process, REPORT_VERSION, Report, Suspect, Verdict, units};

/// What was found in a test run.
pub struct Findings<'a> {
    /// The run.
    pub run: &'a TestRun,
    /// What leaks.
    pub suspects: Vec<Suspect>,
    /// Sentences on what grows and may stop by itself.
    pub doubts: Vec<String>,
    /// Whether V8 gave out object ids anew between snapshots, so that nothing could be told from them.
    pub renewed: bool,
}

impl Findings<'_> {
    /// All of it as people read it.
    pub fn report(self) -> Report {
        let run = self.run;
        let growth = growth_of(run);
        let last = run.points.last();
        let verdict = self.verdict(&growth);
        Report {
            version: REPORT_VERSION,
            verdict,
            summary: self.summary(verdict, &growth),
            process: Process {
                node_version: run.node_version.clone(),
                entry: run.entry.clone(),
                pid: run.pid,
                requests: last.map_or(0, |point| point.requests as u64),
            },
            memory: memory(run),
            evidence: self.evidence(&growth),
            suspects: self.suspects,
            routes: last.map(|point| route_rows(&point.routes)).unwrap_or_default(),
            resources: last
                .map(|point| resource_rows(&point.resources, Path::new(&run.cwd)))
                .unwrap_or_default(),
            checkpoints: Vec::new(),
            dropped: None,
            cost: None,
        }
    }

    fn verdict(&self, growth: &[Growth]) -> Verdict {
        if !self.suspects.is_empty() {
            return Verdict::Leaking;
        }
        let unexplained = growth.iter().any(Growth::is_unexplained);
        let too_little = self.run.points.len() < 3;
        if unexplained || too_little || self.renewed || !self.doubts.is_empty() || self.run.refused {
            Verdict::Undecided
        } else {
            Verdict::Healthy
        }
    }

    fn summary(&self, verdict: Verdict, growth: &[Growth]) -> String {
        let requests = self.run.points.last().map_or(0, |point| point.requests as u64);
        let after = format!("after {} requests", units::count(requests));
        match verdict {
            Verdict::Leaking => {
                let first = &self.suspects[0];
                let others = match self.suspects.len() - 1 {
                    0 => String::new(),
                    1 => ", and one more thing does,".to_owned(),
                    n => format!(", and {n} more things do,"),
                };
                format!("{}{others} {after}", advice::title(first))
            }
            Verdict::Healthy => {
                let which =
                    only_asked(self.run).map(|route| format!(", all of them {route}")).unwrap_or_default();
                format!("nothing keeps growing with the requests, {after}{which}")
            }
            Verdict::Undecided if self.renewed => {
                format!("memory may grow, but the heap snapshots cannot be compared, {after}")
            }
            Verdict::Undecided if !self.doubts.is_empty() => {
                format!("what grows may stop by itself, {after}; more requests will tell")
            }
            Verdict::Undecided if self.run.refused => {
                format!(
                    "the app refused every request, {after}: what it keeps when it serves them was not seen"
                )
            }
            Verdict::Undecided if only_native(growth) => {
                format!(
                    "memory grows outside of V8's heaps and buffers, and nothing tells what native code keeps it, {after}"
                )
            }
            Verdict::Undecided => {
                format!("memory grows, and nothing proves what keeps it, {after}; more requests may tell")
            }
        }
    }

    /// What was measured and, where snapshots were taken and accuse nobody, that too: a heap may rise for a while.
    fn evidence(&self, growth: &[Growth]) -> Vec<String> {
        let compared = self.run.snapshots.len();
        let acquits = compared > 0 && !self.renewed && self.suspects.is_empty() && self.doubts.is_empty();
        let acquitted = acquits
            .then(|| format!("{compared} heap snapshots compared: nothing new stays after every round"));
        let unseen = only_asked(self.run)
            .filter(|_| self.suspects.is_empty() && !self.run.refused)
            .map(|route| format!("only {route} was asked: --request and --traffic ask other routes"));
        let renewed = self.renewed.then(|| RENEWED.to_owned());
        let measured = growth.iter().map(Growth::sentence);
        let doubts = self.doubts.iter().cloned();
        renewed.into_iter().chain(doubts).chain(measured).chain(acquitted).chain(unseen).collect()
    }
}

const RENEWED: &str = "V8 gave out object ids anew between the heap snapshots, as it does when a heap profiler's \
    session in the app ends (HeapProfiler.disable): test without that profiler";

/// The route that all requests asked for: nobody saw what others keep.
fn only_asked(run: &TestRun) -> Option<&str> {
    match run.points.last()?.routes.keys().collect::<Vec<_>>()[..] {
        [route] => Some(route),
        _ => None,
    }
}

/// Is it what native code keeps that grows, and nothing else?
fn only_native(growth: &[Growth]) -> bool {
    let mut unexplained = growth.iter().filter(|growth| growth.is_unexplained()).peekable();
    unexplained.peek().is_some() && unexplained.all(Growth::is_native)
}

fn memory(run: &TestRun) -> MemorySummary {
    let Some(memory) = run.points.last().map(|point| &point.memory) else { return MemorySummary::default() };
    let known = memory.heap_total + memory.external;
    let bytes = |value: f64| value.max(0.0) as u64;
    MemorySummary {
        heap: bytes(memory.heap_used),
        array_buffers: bytes(memory.array_buffers),
        external: bytes(memory.external - memory.array_buffers),
        native_other: bytes(memory.rss - known),
        fragmentation: bytes(memory.heap_total - memory.heap_used),
        rss: bytes(memory.rss),
        limit: memory
            .cgroup_limit
            .into_iter()
            .chain([memory.heap_limit])
            .filter(|limit| *limit > 0.0)
            .reduce(f64::min)
            .map(bytes),
        time_to_limit_seconds: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::Point;
    use super::super::judge::judge;
    use super::*;

    /// A run of three rounds after which nothing had grown.
    fn steady(routes: &[&str]) -> Report {
        let point = |round: u64| Point {
            requests: (100 * round) as f64,
            routes: routes.iter().map(|route| ((*route).to_owned(), 100 * round)).collect(),
            ..Point::default()
        };
        judge(&TestRun { points: (1..4).map(point).collect(), ..TestRun::default() }).unwrap()
    }

    #[test]
    fn an_app_of_which_one_route_was_asked_is_healthy_as_far_as_that_goes() {
        let report = steady(&["GET /items/:id"]);
        assert_eq!(report.verdict, Verdict::Healthy);
        assert_eq!(
            report.summary,
            "nothing keeps growing with the requests, after 300 requests, all of them GET /items/:id"
        );
        let unseen = "only GET /items/:id was asked: --request and --traffic ask other routes";
        assert!(report.evidence.iter().any(|told| told == unseen), "{:?}", report.evidence);
    }

    #[test]
    fn of_several_routes_none_is_told() {
        let report = steady(&["GET /a", "GET /b"]);
        assert_eq!(report.summary, "nothing keeps growing with the requests, after 300 requests");
        assert!(!report.evidence.iter().any(|told| told.contains("GET /a")), "{:?}", report.evidence);
    }
}
