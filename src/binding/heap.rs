//! Heap snapshots: analysed on a worker thread, answered as JSON.

use std::path::PathBuf;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;

use super::guard::guarded;
use crate::heap::{HeapError, HeapGraph, SnapshotSummary};

/// Reads and sums up one file.
pub struct AnalyzeSnapshot {
    path: PathBuf,
}

impl Task for AnalyzeSnapshot {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        guarded(|| {
            let graph = HeapGraph::open(&self.path).map_err(explain)?;
            serde_json::to_string(&SnapshotSummary::of(&graph))
                .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
        })
    }

    fn resolve(&mut self, _env: Env, json: String) -> Result<String> {
        Ok(json)
    }
}

/// Totals and classes of a `.heapsnapshot` file, as JSON (`SnapshotSummary` in src/heap/summary.rs). Runs on a worker
/// thread. Fails with `ERR_LEAKWATCH_SNAPSHOT_…: sentence` when the file is not a usable snapshot.
#[napi(ts_return_type = "Promise<string>", catch_unwind)]
pub fn analyze_snapshot(path: String) -> AsyncTask<AnalyzeSnapshot> {
    AsyncTask::new(AnalyzeSnapshot { path: path.into() })
}

fn explain(error: HeapError) -> Error {
    Error::new(Status::GenericFailure, format!("{}: {error}", error.code()))
}
