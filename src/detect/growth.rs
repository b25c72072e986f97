//! What a test run's measurements do: the series that are watched, which of them are worth heap snapshots, and which no
//! suspect has to explain.

use super::input::{Memory, Point, TestRun};
use super::resources::piling;
use super::series::{Fit, Trend, fit};
use super::worker_threads::{Crew, crews};
use crate::report::units;

/// A measured series worth looking at, and the growth below which it is noise.
struct Watched {
    name: &'static str,
    value: fn(&Point) -> f64,
    floor: f64,
}

const KB: f64 = 1024.0;
const MB: f64 = 1024.0 * KB;
/// A fresh process gains some hundred kilobytes by itself. Snapshots tell that from a leak, so the floors are low; but
/// snapshots of a large heap take long, and its noise is larger, too.
const HEAP_NOISE_BYTES: f64 = 8.0 * KB;
const HEAP_NOISE_SHARE: f64 = 0.0005;
const WATCHED: [Watched; 4] = [
    Watched { name: "array buffers", value: |point| point.memory.array_buffers, floor: 128.0 * KB },
    Watched { name: "external memory", value: |point| point.memory.external, floor: 128.0 * KB },
    Watched { name: "file descriptors", value: |point| point.memory.fds.unwrap_or(0.0), floor: 6.0 },
    Watched { name: "threads", value: |point| point.memory.threads.unwrap_or(0.0), floor: 6.0 },
];
/// What native code keeps, and what malloc has not given back: pages that neither a heap nor a buffer accounts for. Malloc's
/// share moves by some megabytes in a process that keeps nothing.
const NATIVE: Watched = Watched { name: "native memory", value: native_memory, floor: 4.0 * MB };
/// Memory that grows faster than this, per request and unexplained, keeps a process from being called healthy.
const UNEXPLAINED_BYTES_PER_REQUEST: f64 = 1024.0;
/// Worker threads whose snapshots are compared, besides the main thread's.
const MAX_WORKERS: usize = 2;

/// A series and its fit.
pub struct Growth {
    /// What was measured.
    pub name: String,
    /// How it went.
    pub fit: Fit,
    /// Growth below this is noise.
    pub floor: f64,
    /// What it may gain per request without an explanation.
    pub tolerated: f64,
    /// The worker thread to look at, when it is about some.
    pub worker: Option<u32>,
}

impl Growth {
    fn of_heap(name: String, series: &[(f64, f64)]) -> Self {
        let floor = HEAP_NOISE_BYTES + series.first().map_or(0.0, |first| first.1 * HEAP_NOISE_SHARE);
        let fit = fit(series, floor);
        Growth { name, fit, floor, tolerated: UNEXPLAINED_BYTES_PER_REQUEST, worker: None }
    }

    fn of_crew(crew: &Crew, run: &TestRun) -> Self {
        let series = crew.series(run, |worker| worker.memory.live());
        let name = format!("heap of {}", crew.title(run));
        Growth { worker: Some(crew.foremost(run)), ..Growth::of_heap(name, &series) }
    }

    fn of_native(run: &TestRun) -> Self {
        let Watched { name, floor, .. } = NATIVE;
        let fit = fit(&series(run, native_memory), floor);
        Growth { name: name.to_owned(), fit, floor, tolerated: UNEXPLAINED_BYTES_PER_REQUEST, worker: None }
    }

    /// Is it about what no heap snapshot shows?
    pub fn is_native(&self) -> bool {
        self.name == NATIVE.name
    }

    /// Does it rise enough to make heap snapshots worth their time?
    fn is_worth_proving(&self) -> bool {
        !self.is_native() && (self.fit.trend != Trend::Stable || self.fit.late_growth > self.floor)
    }

    /// Does it keep a process from being called healthy?
    pub fn is_unexplained(&self) -> bool {
        self.fit.trend == Trend::Growing && self.fit.slope > self.tolerated
    }

    /// What it did, in a sentence.
    pub fn sentence(&self) -> String {
        let Growth { name, fit, .. } = self;
        let amount = |value: f64| match name.as_str() {
            "file descriptors" | "threads" => format!("{value:.0}"),
            _ => units::bytes(value.abs()),
        };
        match fit.trend {
            Trend::Stable => format!("{name}: stable"),
            Trend::Plateaued => format!("{name}: rose by {} and has stopped", amount(fit.growth)),
            Trend::Growing => format!("{name}: +{} over the rounds, still rising", amount(fit.growth)),
            Trend::Undecided => format!("{name}: +{} over the rounds, unevenly", amount(fit.growth)),
        }
    }
}

/// The fits of all watched series.
pub fn growth_of(run: &TestRun) -> Vec<Growth> {
    let heap = Growth::of_heap("heap".to_owned(), &series(run, |point| point.memory.heap_used));
    let watched = WATCHED.iter().map(|&Watched { name, value, floor }| {
        let fit = fit(&series(run, value), floor);
        Growth { name: name.to_owned(), fit, floor, tolerated: 0.0, worker: None }
    });
    let crews = crews(run);
    let of_workers = crews.iter().map(|crew| Growth::of_crew(crew, run));
    std::iter::once(heap).chain(watched).chain([Growth::of_native(run)]).chain(of_workers).collect()
}

fn series(run: &TestRun, value: fn(&Point) -> f64) -> Vec<(f64, f64)> {
    run.points.iter().map(|point| (point.requests, value(point))).collect()
}

fn native_memory(point: &Point) -> f64 {
    let memory = &point.memory;
    let resident = memory.anonymous.map_or(memory.rss, |bytes| bytes + memory.swap.unwrap_or(0.0));
    let accounted = |memory: &Memory| memory.heap_total + memory.external;
    let by_workers: f64 = point.workers.iter().map(|worker| accounted(&worker.memory)).sum();
    resident - accounted(memory) - by_workers
}

/// Is there enough growth to make heap snapshots worth their time?
pub fn worth_proving(run: &TestRun) -> bool {
    growth_of(run).iter().any(Growth::is_worth_proving) || !piling(run).is_empty()
}

/// The worker threads whose heaps are worth snapshots: of those that run the same file, the one that grows most.
pub fn workers_worth_proving(run: &TestRun) -> Vec<u32> {
    let mut growth = growth_of(run);
    growth.retain(Growth::is_worth_proving);
    growth.sort_by(|a, b| b.fit.slope.total_cmp(&a.fit.slope));
    growth.iter().filter_map(|growth| growth.worker).take(MAX_WORKERS).collect()
}

#[cfg(test)]
mod tests {
    use super::super::input::WorkerPoint;
    use super::*;

    const REQUESTS: f64 = 1000.0;

    fn run(point: impl Fn(f64) -> Point) -> TestRun {
        let points =
            (0..7).map(|index| Point { requests: f64::from(index) * REQUESTS, ..point(f64::from(index)) });
        TestRun { points: points.collect(), cwd: "/app".into(), ..TestRun::default() }
    }

    fn worker(id: u32, heap_used: f64) -> WorkerPoint {
        let memory = Memory { heap_used, ..Memory::default() };
        WorkerPoint { id, name: format!("w{id}"), file: Some("/app/render.js".into()), memory }
    }

    fn unexplained(run: &TestRun) -> Vec<String> {
        growth_of(run).iter().filter(|growth| growth.is_unexplained()).map(Growth::sentence).collect()
    }

    #[test]
    fn workers_of_one_file_are_one_series_and_the_one_that_grows_most_is_looked_at() {
        let pool = run(|index| Point {
            workers: vec![worker(1, 5.0 * MB + index * 200.0 * KB), worker(2, 5.0 * MB + index * MB)],
            ..Point::default()
        });
        let told = "heap of worker threads 'w1', 'w2' (render.js): +7.5 MB over the rounds, still rising";
        assert_eq!(unexplained(&pool), [told]);
        assert!(worth_proving(&pool));
        assert_eq!(workers_worth_proving(&pool), [2]);
    }

    #[test]
    fn workers_that_come_and_go_and_workers_whose_heap_stays_are_no_growth() {
        let per_request =
            run(|index| Point { workers: vec![worker(index as u32, 5.0 * MB)], ..Point::default() });
        let steady = run(|_| Point { workers: vec![worker(1, 5.0 * MB)], ..Point::default() });
        for run in [per_request, steady] {
            assert!(
                unexplained(&run).is_empty()
                    && !worth_proving(&run)
                    && workers_worth_proving(&run).is_empty()
            );
        }
    }

    #[test]
    fn pages_that_no_heap_and_no_buffer_accounts_for_are_native_memory() {
        let process = |native: f64, heap: f64, of_worker: f64| {
            run(move |index| {
                let memory = Memory {
                    anonymous: Some(60.0 * MB + index * (native + heap + of_worker)),
                    heap_total: 20.0 * MB + index * heap,
                    ..Memory::default()
                };
                let in_worker = Memory { external: index * of_worker, heap_used: 1.0, ..Memory::default() };
                let workers = vec![WorkerPoint { memory: in_worker, ..worker(1, 0.0) }];
                Point { memory, workers, ..Point::default() }
            })
        };
        assert_eq!(
            unexplained(&process(2.0 * MB, 0.0, 0.0)),
            ["native memory: +12.6 MB over the rounds, still rising"]
        );
        assert!(!worth_proving(&process(2.0 * MB, 0.0, 0.0)), "no snapshot shows it");
        assert!(unexplained(&process(0.5 * MB, 0.0, 0.0)).is_empty(), "malloc's own");
        assert!(unexplained(&process(0.0, 2.0 * MB, 0.0)).is_empty());
        let in_worker = unexplained(&process(0.0, 0.0, 2.0 * MB));
        assert!(
            in_worker.len() == 1 && in_worker[0].starts_with("heap of worker thread 'w1'"),
            "{in_worker:?}"
        );
    }
}
