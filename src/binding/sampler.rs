//! What the operating system knows about this process.

use std::cell::RefCell;
use std::time::Duration;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;

use super::guard::guarded;
use crate::sampler::{FileKind, OpenFiles, Reading, Sampler, probe};

/// One moment's readings. Sizes are in bytes; `null` is what the system does not tell.
#[napi(object, use_nullable = true)]
pub struct ProcessReading {
    /// Milliseconds since 1970.
    pub at_ms: f64,
    /// Resident set.
    pub rss: Option<f64>,
    /// Resident anonymous memory: heap, stacks, JIT code.
    pub anonymous: Option<f64>,
    /// Anonymous memory that was swapped out.
    pub swap: Option<f64>,
    /// Memory charged to the control group that is nearest to its limit, page cache included.
    pub cgroup_usage: Option<f64>,
    /// That group's limit; `null` without one.
    pub cgroup_limit: Option<f64>,
    /// Open file descriptors.
    pub fds: Option<f64>,
    /// Threads.
    pub threads: Option<f64>,
    /// Why readings are missing; `null` when none is.
    pub reason: Option<String>,
}

/// How to sample.
#[napi(object)]
pub struct SamplerOptions {
    /// Milliseconds between readings; at least 10.
    pub interval_ms: f64,
    /// How many readings are kept, the newest.
    pub capacity: u32,
}

/// Descriptors that look alike.
#[napi(object, use_nullable = true)]
pub struct OpenFileGroup {
    /// `file`, `socket`, `pipe` or `anonymous` (epoll, eventfd, inotify …).
    pub kind: String,
    /// The path, with `*` where the group's paths differ; a socket's endpoint; else the kernel's name.
    pub name: String,
    /// A TCP socket's state (`ESTABLISHED`, `CLOSE_WAIT` …); `null` for anything else.
    pub state: Option<String>,
    /// How many.
    pub count: f64,
}

thread_local! {
    /// This JavaScript thread's share in the sampling thread; it ends with the thread.
    static SAMPLER: RefCell<Option<Sampler>> = const { RefCell::new(None) };
}

/// One reading, now.
#[napi(catch_unwind)]
pub fn read_process() -> ProcessReading {
    reading_of(&probe().read())
}

/// Starts sampling in a thread of its own, which never keeps the process alive. JavaScript threads share
/// it: the first one's options count.
#[napi(catch_unwind)]
pub fn sampler_start(options: SamplerOptions) -> Result<()> {
    let interval = Duration::from_millis(options.interval_ms.max(10.0) as u64);
    let sampler = Sampler::start(interval, options.capacity as usize).map_err(|error| {
        Error::new(
            Status::GenericFailure,
            format!("ERR_LEAKWATCH_SYSTEM: Cannot start the sampling thread: {error}."),
        )
    })?;
    SAMPLER.set(Some(sampler));
    Ok(())
}

/// The readings so far, oldest first; none before `samplerStart` and after `samplerStop`.
#[napi(catch_unwind)]
pub fn sampler_samples() -> Vec<ProcessReading> {
    SAMPLER.with_borrow(|sampler| {
        let readings = sampler.as_ref().map(Sampler::readings).unwrap_or_default();
        readings.iter().map(reading_of).collect()
    })
}

/// The last of these readings alone; `null` when there is none.
#[napi(catch_unwind)]
pub fn sampler_newest() -> Option<ProcessReading> {
    SAMPLER.with_borrow(|sampler| sampler.as_ref().and_then(Sampler::newest).as_ref().map(reading_of))
}

/// Gives up this JavaScript thread's share; sampling ends with the last one.
#[napi(catch_unwind)]
pub fn sampler_stop() {
    SAMPLER.set(None);
}

/// The open descriptors in groups, the largest first. Takes as long as the system's socket tables.
#[napi(catch_unwind)]
pub fn open_files() -> Vec<OpenFileGroup> {
    probe().open_files().into_iter().map(group_of).collect()
}

/// The same, read on a thread of libuv's pool.
#[napi(catch_unwind, ts_return_type = "Promise<Array<OpenFileGroup>>")]
pub fn read_open_files() -> AsyncTask<OpenFilesTask> {
    AsyncTask::new(OpenFilesTask)
}

/// Reads the system's tables.
pub struct OpenFilesTask;

impl Task for OpenFilesTask {
    type Output = Vec<OpenFileGroup>;
    type JsValue = Vec<OpenFileGroup>;

    fn compute(&mut self) -> Result<Self::Output> {
        guarded(|| Ok(open_files()))
    }

    fn resolve(&mut self, _env: Env, groups: Self::Output) -> Result<Self::JsValue> {
        Ok(groups)
    }
}

fn reading_of(reading: &Reading) -> ProcessReading {
    let number = |value: Option<u64>| value.map(|value| value as f64);
    ProcessReading {
        at_ms: reading.at_ms,
        rss: number(reading.rss),
        anonymous: number(reading.anonymous),
        swap: number(reading.swap),
        cgroup_usage: number(reading.cgroup.map(|cgroup| cgroup.usage)),
        cgroup_limit: number(reading.cgroup.and_then(|cgroup| cgroup.limit)),
        fds: number(reading.fds),
        threads: number(reading.threads),
        reason: reading.reason.clone(),
    }
}

fn group_of(group: OpenFiles) -> OpenFileGroup {
    let kind = match group.kind {
        FileKind::File => "file",
        FileKind::Socket => "socket",
        FileKind::Pipe => "pipe",
        FileKind::Anonymous => "anonymous",
    };
    OpenFileGroup {
        kind: kind.into(),
        name: group.name,
        state: group.state.map(Into::into),
        count: group.count as f64,
    }
}
