//! Heap snapshots: analysed on worker threads, answered as JSON.
//!
//! Each function rejects with `ERR_LEAKWATCH_SNAPSHOT_…: sentence` when a file is not a usable snapshot.

use std::path::Path;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use serde::Serialize;

use super::guard::guarded;
use crate::heap::analysis::{SnapshotAnalysis, WhyAlive};
use crate::heap::compare::SnapshotComparison;
use crate::heap::{HeapError, HeapGraph};

/// Rows of a list when the caller does not say.
const TOP: u32 = 20;
/// Retainer paths when the caller does not say.
const PATHS: u32 = 5;

/// A question about snapshot files, answered off the event loop.
pub enum HeapQuestion {
    Analyze { path: String, top: usize },
    Compare { paths: Vec<String>, top: usize },
    Why { path: String, id: Option<u32>, class_name: Option<String>, limit: usize },
}

impl Task for HeapQuestion {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        guarded(|| match self {
            Self::Analyze { path, top } => json(&SnapshotAnalysis::of(&open(path)?, *top)),
            Self::Compare { paths, top } => compare(paths, *top),
            Self::Why { path, id, class_name, limit } => why(path, *id, class_name.as_deref(), *limit),
        })
    }

    fn resolve(&mut self, _env: Env, json: String) -> Result<String> {
        Ok(json)
    }
}

/// Totals, classes, leak suspects and more of a `.heapsnapshot` file, as JSON (`SnapshotAnalysis` in
/// src/heap/analysis). Lists other than the classes have at most `top` rows (20).
#[napi(ts_return_type = "Promise<string>", catch_unwind)]
pub fn analyze_snapshot(path: String, top: Option<u32>) -> AsyncTask<HeapQuestion> {
    AsyncTask::new(HeapQuestion::Analyze { path, top: top.unwrap_or(TOP) as usize })
}

/// What grew between two or more snapshots, in the order they were taken, as JSON (`SnapshotComparison` in
/// src/heap/compare). Lists have at most `top` rows (20).
#[napi(ts_return_type = "Promise<string>", catch_unwind)]
pub fn compare_snapshots(paths: Vec<String>, top: Option<u32>) -> AsyncTask<HeapQuestion> {
    AsyncTask::new(HeapQuestion::Compare { paths, top: top.unwrap_or(TOP) as usize })
}

/// Why an object is alive, as JSON (`WhyAlive` in src/heap/analysis/why.rs): the object with the given id, or the one
/// of the given class that retains most. At most `limit` paths (5). `null` when there is no such object.
#[napi(ts_return_type = "Promise<string>", catch_unwind)]
pub fn explain_object(
    path: String,
    id: Option<u32>,
    class_name: Option<String>,
    limit: Option<u32>,
) -> AsyncTask<HeapQuestion> {
    AsyncTask::new(HeapQuestion::Why { path, id, class_name, limit: limit.unwrap_or(PATHS) as usize })
}

fn compare(paths: &[String], top: usize) -> Result<String> {
    if paths.len() < 2 {
        let message =
            format!("ERR_LEAKWATCH_SNAPSHOT_COUNT: {} snapshots, expected two or more", paths.len());
        return Err(Error::new(Status::InvalidArg, message));
    }
    let graphs = paths.iter().map(open).collect::<Result<Vec<_>>>()?;
    json(&SnapshotComparison::of(&graphs.iter().collect::<Vec<_>>(), top))
}

fn why(path: &str, id: Option<u32>, class_name: Option<&str>, limit: usize) -> Result<String> {
    let graph = open(path)?;
    let by_class = || WhyAlive::greatest_of_class(&graph, class_name?);
    let node = id.map_or_else(by_class, |id| graph.node_by_id(id));
    json(&node.map(|node| WhyAlive::of(&graph, node, limit)))
}

fn open(path: impl AsRef<Path>) -> Result<HeapGraph> {
    HeapGraph::open(path)
        .map_err(|error: HeapError| Error::new(Status::GenericFailure, format!("{}: {error}", error.code())))
}

fn json(answer: &impl Serialize) -> Result<String> {
    serde_json::to_string(answer).map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
}
