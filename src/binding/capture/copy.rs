//! Copies of snapshots that exist.

use std::fs::File;
use std::path::PathBuf;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result, Task};
use napi_derive::napi;

use super::objects::{CaptureResult, CaptureSettings};
use super::to_js;
use crate::binding::guard::guarded;
use crate::capture::drain::copy;
use crate::capture::error::CaptureError;
use crate::capture::file::UnfinishedFile;
use crate::capture::{Settings, Summary};

/// Copies a snapshot into another file, in a background thread.
pub struct CopySnapshot {
    source: PathBuf,
    settings: Settings,
}

impl Task for CopySnapshot {
    type Output = Summary;
    type JsValue = CaptureResult;

    fn compute(&mut self) -> Result<Summary> {
        guarded(|| {
            let unreadable = |error| {
                CaptureError::new(
                    "ERR_LEAKWATCH_PATH",
                    format!("Cannot read {}: {error}.", self.source.display()),
                )
            };
            let source = File::open(&self.source).map_err(unreadable).map_err(to_js)?;
            let file = UnfinishedFile::create(&self.settings.target).map_err(to_js)?;
            copy(source, file, &self.settings, None).map_err(to_js)
        })
    }

    fn resolve(&mut self, _env: Env, summary: Summary) -> Result<CaptureResult> {
        Ok(summary.into())
    }
}

/// Copies the snapshot in the file `source`, redacted or compressed as `settings` say.
#[napi(ts_return_type = "Promise<CaptureResult>", catch_unwind)]
pub fn copy_snapshot(source: String, settings: CaptureSettings) -> AsyncTask<CopySnapshot> {
    AsyncTask::new(CopySnapshot { source: source.into(), settings: settings.into() })
}
