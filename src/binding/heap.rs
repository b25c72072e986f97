//! Heap snapshots: questions answered on threads of their own, as JSON and, when wanted, as text.
//!
//! `lib/analysis.js` starts a question and asks from time to time how it is getting on, so that nothing native has to
//! call back into JavaScript. A file that is not a usable snapshot fails with `ERR_LEAKWATCH_SNAPSHOT_…: sentence`.

use std::sync::Arc;

use napi::{Error, Result};
use napi_derive::napi;
use parking_lot::Mutex;
use serde::Serialize;

use super::guard::guarded;
use super::judge::RenderOptions;
use crate::heap::analysis::{SnapshotAnalysis, WhyAlive};
use crate::heap::compare::SnapshotComparison;
use crate::heap::{HeapError, HeapErrorKind, HeapGraph, Phase, Task};
use crate::report::{render_analysis, render_comparison, render_why};
use crate::source::SourceMaps;

/// An answer.
#[napi(object)]
#[derive(Clone)]
pub struct HeapAnswer {
    /// As JSON: `null` when there is no such object.
    pub json: String,
    /// As a person reads it; absent unless it was asked for.
    pub text: Option<String>,
}

/// Where a question stands.
#[napi(object)]
pub struct HeapProgress {
    /// `opening`, `scanning`, `parsing`, `graph` or `answering`.
    pub phase: String,
    /// The share of the work that is over, 0 to 1, about.
    pub fraction: f64,
    /// Only when it has ended well.
    pub answer: Option<HeapAnswer>,
    /// Only when it failed: `ERR_LEAKWATCH_…: sentence`.
    pub error: Option<String>,
}

/// A question about heap snapshots that is being answered.
#[napi]
pub struct HeapQuestion {
    shared: Arc<Shared>,
}

struct Shared {
    task: Task,
    answer: Mutex<Option<Result<HeapAnswer>>>,
}

type Outcome = std::result::Result<HeapAnswer, HeapError>;

#[napi]
impl HeapQuestion {
    /// What is in a snapshot: `SnapshotAnalysis` in src/heap/analysis. Lists other than the classes have at most `top`
    /// rows.
    #[napi(factory, catch_unwind)]
    pub fn analyze(path: String, top: u32, text: Option<RenderOptions>) -> Result<Self> {
        Self::start(1, move |task| {
            let graph = open(&path, task)?;
            let analysis = SnapshotAnalysis::of(&graph, top as usize, task)?;
            answer(&analysis, text.map(|format| render_analysis(&analysis, &path, (&format).into())))
        })
    }

    /// What grew between two or more snapshots, in the order they were taken: `SnapshotComparison` in
    /// src/heap/compare. Lists have at most `top` rows.
    #[napi(factory, catch_unwind)]
    pub fn compare(paths: Vec<String>, top: u32, text: Option<RenderOptions>) -> Result<Self> {
        Self::start(paths.len(), move |task| {
            let graphs = open_all(&paths, task)?;
            let graphs: Vec<&HeapGraph> = graphs.iter().collect();
            let comparison = SnapshotComparison::of(&graphs, top as usize, task)?;
            answer(&comparison, text.map(|format| render_comparison(&comparison, (&format).into())))
        })
    }

    /// Why an object is alive: the object with the given id, or the one of the given class that retains most
    /// (`WhyAlive` in src/heap/analysis/why.rs). At most `limit` paths.
    #[napi(factory, catch_unwind)]
    pub fn explain(
        path: String,
        id: Option<u32>,
        class_name: Option<String>,
        limit: u32,
        text: Option<RenderOptions>,
    ) -> Result<Self> {
        Self::start(1, move |task| {
            let graph = open(&path, task)?;
            task.enter(Phase::Answering, 0)?;
            let by_class = || WhyAlive::greatest_of_class(&graph, class_name.as_deref()?);
            let node = id.map_or_else(by_class, |id| graph.node_by_id(id));
            let why = node.map(|node| WhyAlive::of(&graph, node, limit as usize));
            let text = why.as_ref().zip(text);
            answer(&why, text.map(|(why, format)| render_why(why, (&format).into())))
        })
    }

    /// How it is getting on.
    #[napi(catch_unwind)]
    pub fn progress(&self) -> HeapProgress {
        let (answer, error) = match &*self.shared.answer.lock() {
            Some(Ok(answer)) => (Some(answer.clone()), None),
            Some(Err(error)) => (None, Some(error.reason.to_string())),
            None => (None, None),
        };
        let task = &self.shared.task;
        HeapProgress { phase: task.phase().as_str().into(), fraction: task.fraction(), answer, error }
    }

    /// Asks it to end soon with `ERR_LEAKWATCH_ABORTED`.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.shared.task.cancel();
    }

    fn start(files: usize, work: impl FnOnce(&Task) -> Outcome + Send + 'static) -> Result<Self> {
        let shared = Arc::new(Shared { task: Task::new(files), answer: Mutex::new(None) });
        let inside = Arc::clone(&shared);
        let run = move || {
            let outcome = guarded(|| work(&inside.task).map_err(to_js));
            *inside.answer.lock() = Some(outcome);
        };
        crate::thread::spawn("leakwatch-heap", run)
            .map_err(|error| Error::from_reason(format!("ERR_LEAKWATCH_SYSTEM: no thread: {error}")))?;
        Ok(Self { shared })
    }
}

/// Nobody waits for the answer of a question that JavaScript has let go.
impl Drop for HeapQuestion {
    fn drop(&mut self) {
        self.shared.task.cancel();
    }
}

/// The graph of a file, which names places as they were written.
fn open(path: &str, task: &Task) -> std::result::Result<HeapGraph, HeapError> {
    let graph = HeapGraph::open_as(path, task)?;
    graph.tell_originals(Arc::new(SourceMaps::default()));
    Ok(graph)
}

fn open_all(paths: &[String], task: &Task) -> std::result::Result<Vec<HeapGraph>, HeapError> {
    if paths.len() < 2 {
        let message = format!("{} snapshots, expected two or more", paths.len());
        return Err(HeapError::new(HeapErrorKind::Count, message));
    }
    let mut graphs = Vec::with_capacity(paths.len());
    for (at, path) in paths.iter().enumerate() {
        graphs.push(open(path, task)?);
        if at + 1 < paths.len() {
            task.next_file();
        }
    }
    Ok(graphs)
}

fn answer(value: &impl Serialize, text: Option<String>) -> Outcome {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| HeapError::new(HeapErrorKind::TooLarge, error.to_string()))?;
    Ok(HeapAnswer { json, text })
}

fn to_js(error: HeapError) -> Error {
    Error::from_reason(format!("{}: {error}", error.code()))
}
