//! Worker threads: each has a heap of its own, which is measured and judged like the main thread's. Those that run the
//! same file share the work, so their heaps are added up: a crew.

use std::collections::BTreeMap;
use std::path::Path;

use super::input::{Point, TestRun, WorkerPoint, WorkerRun};
use super::steps::shown;

/// Younger ones have warmed up for too short a time.
const MIN_POINTS: usize = 3;

/// Threads that run the same file.
pub struct Crew<'a> {
    /// Those there at the end, oldest first.
    pub workers: Vec<&'a WorkerPoint>,
    /// How many of the last points all of them were there.
    points: usize,
}

/// The crews of a run. Threads that come and go have no series; their number is counted with the resources.
pub fn crews(run: &TestRun) -> Vec<Crew<'_>> {
    let Some(last) = run.points.last() else { return Vec::new() };
    let mut crews: BTreeMap<Option<&str>, Crew> = BTreeMap::new();
    for worker in &last.workers {
        let points = run.points.iter().rev().take_while(|point| find(point, worker.id).is_some()).count();
        if points < MIN_POINTS {
            continue;
        }
        let crew =
            crews.entry(worker.file.as_deref()).or_insert_with(|| Crew { workers: Vec::new(), points });
        crew.workers.push(worker);
        crew.points = crew.points.min(points);
    }
    crews.into_values().collect()
}

impl Crew<'_> {
    /// A measurement of all of them, over the requests.
    pub fn series(&self, run: &TestRun, value: impl Fn(&WorkerPoint) -> f64) -> Vec<(f64, f64)> {
        let points = &run.points[run.points.len() - self.points..];
        let sum = |point: &Point| {
            self.workers.iter().filter_map(|worker| find(point, worker.id)).map(&value).sum::<f64>()
        };
        points.iter().map(|point| (point.requests, sum(point))).collect()
    }

    /// The one that grew most.
    pub fn foremost(&self, run: &TestRun) -> u32 {
        let first = &run.points[run.points.len() - self.points];
        let gained = |worker: &WorkerPoint| {
            worker.memory.live() - find(first, worker.id).map_or(0.0, |then| then.memory.live())
        };
        let foremost = self.workers.iter().max_by(|a, b| gained(a).total_cmp(&gained(b)));
        foremost.expect("a crew has members").id
    }

    /// `worker threads renderer-0, renderer-1 (lib/render.js)`, and where they were created when all were in one place.
    pub fn title(&self, run: &TestRun) -> String {
        let names: Vec<String> = self.workers.iter().map(|worker| worker.title()).collect();
        let file = self.workers[0].file.as_deref();
        let file =
            file.map_or("evaluated code".to_owned(), |file| shown(Path::new(file), Path::new(&run.cwd)));
        let threads = if names.len() == 1 { "worker thread" } else { "worker threads" };
        format!("{threads} {} ({file})", names.join(", "))
    }
}

impl WorkerPoint {
    /// Its name, or its number when nobody gave it one.
    fn title(&self) -> String {
        if self.name.is_empty() { format!("{}", self.id) } else { format!("'{}'", self.name) }
    }
}

fn find(point: &Point, id: u32) -> Option<&WorkerPoint> {
    point.workers.iter().find(|worker| worker.id == id)
}

/// The run as one of its worker threads saw it.
pub fn seen_by(worker: &WorkerRun, run: &TestRun) -> TestRun {
    let file = run.points.last().and_then(|point| find(point, worker.id)?.file.clone());
    TestRun {
        entry: file.unwrap_or_else(|| run.entry.clone()),
        snapshots: worker.snapshots.clone(),
        allocation_profile: worker.allocation_profile.clone(),
        isolated: worker.isolated.clone(),
        workers: Vec::new(),
        ..run.clone()
    }
}

/// `in worker thread 'renderer-0', one of 2 that share the work`.
pub fn place(worker: &WorkerRun, run: &TestRun) -> Option<String> {
    let crews = crews(run);
    let crew = crews.iter().find(|crew| crew.workers.iter().any(|member| member.id == worker.id))?;
    let title = crew.workers.iter().find(|member| member.id == worker.id)?.title();
    let others = match crew.workers.len() {
        1 => String::new(),
        n => format!(", one of {n} that run the same file and share the requests"),
    };
    Some(format!("in the heap of worker thread {title}{others}"))
}
