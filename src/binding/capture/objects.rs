//! What JavaScript and the captures tell each other.

use std::time::Duration;

use napi_derive::napi;

use super::describe;
use crate::capture::admission::{Budget, HeapSize, Room};
use crate::capture::background::Limits;
use crate::capture::encoder::Compression;
use crate::capture::error::CaptureError;
use crate::capture::folder::Keep;
use crate::capture::{Settings, Summary};

/// What to write and how.
#[napi(object)]
pub struct CaptureSettings {
    /// Absolute path of the file the snapshot becomes.
    pub target: String,
    /// Blank the values of strings.
    pub redact: bool,
    /// `gzip`, `zstd` or `none`.
    pub compression: String,
    /// How many snapshots that leakwatch named the folder may hold then; absent: any number.
    pub keep_files: Option<f64>,
    /// How many bytes they may have together; absent: any number.
    pub keep_bytes: Option<f64>,
    /// Analyse it while it is written.
    pub analyze: bool,
}

/// Where a capture stands.
#[napi(object)]
pub struct CaptureState {
    /// Bytes V8 has written so far.
    pub bytes_read: f64,
    /// Only when a snapshot has ended well.
    pub result: Option<CaptureResult>,
    /// Only when a count has ended well.
    pub text: Option<CapturedText>,
    /// Only when it failed: `ERR_LEAKWATCH_…: sentence`.
    pub error: Option<String>,
}

/// A snapshot that was written.
#[napi(object)]
pub struct CaptureResult {
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub bytes: f64,
    /// Number of nodes.
    pub nodes: f64,
    /// Number of edges.
    pub edges: f64,
    /// Whether the values of strings were blanked.
    pub redacted: bool,
    /// The largest resident set of the forked child, in bytes; absent when it was taken inline.
    pub peak_child_bytes: Option<f64>,
    /// Older snapshots that had to give way.
    pub removed: Vec<String>,
    /// `SnapshotAnalysis` in src/heap/analysis, as JSON; only when it was asked for and succeeded.
    pub analysis: Option<String>,
    /// Only when the analysis failed: `ERR_LEAKWATCH_…: sentence`.
    pub analysis_error: Option<String>,
}

/// What a forked child had to say.
#[napi(object)]
pub struct CapturedText {
    /// It.
    pub text: String,
    /// The child's largest resident set, in bytes.
    pub peak_child_bytes: Option<f64>,
}

/// Whether snapshots can be taken in the background.
#[napi(object, use_nullable = true)]
pub struct BackgroundSupport {
    /// Whether they can.
    pub supported: bool,
    /// Why not; `null` when they can.
    pub reason: Option<String>,
    /// Whether the heap is copied before the fork, so that the pause hardly grows with it.
    pub precopy: bool,
}

/// The heap's size, and what capturing it may take.
#[napi(object)]
pub struct CaptureLimits {
    /// Bytes in V8's ordinary spaces.
    pub small_bytes: f64,
    /// Bytes in V8's large-object spaces.
    pub large_bytes: f64,
    /// Bytes the child may add to what it starts with; absent: what the system has left.
    pub max_memory_bytes: Option<f64>,
    /// Milliseconds from the fork to the end.
    pub timeout_ms: f64,
}

impl CaptureLimits {
    pub fn heap(&self) -> HeapSize {
        HeapSize { small_bytes: self.small_bytes as u64, large_bytes: self.large_bytes as u64 }
    }

    /// Limits for a capture that takes about `growth` bytes, if there are so many.
    pub fn admit(&self, growth: u64) -> Result<Limits, CaptureError> {
        let max_bytes = self.max_memory_bytes.map(|bytes| bytes as u64);
        let budget = Budget::admit(self.heap(), growth, max_bytes, Room::now())?;
        Ok(Limits { budget, timeout: Duration::from_millis(self.timeout_ms as u64) })
    }
}

impl From<CaptureSettings> for Settings {
    fn from(settings: CaptureSettings) -> Self {
        let compression = match settings.compression.as_str() {
            "gzip" => Compression::Gzip,
            "zstd" => Compression::Zstd,
            _ => Compression::None,
        };
        let number = |value: Option<f64>| value.map(|value| value as u64);
        let keep = Keep { files: number(settings.keep_files), bytes: number(settings.keep_bytes) };
        Settings { target: settings.target.into(), redact: settings.redact, compression, keep }
    }
}

impl From<Summary> for CaptureResult {
    fn from(summary: Summary) -> Self {
        let (analysis, failure) = match summary.reading {
            Some(Ok(analysis)) => (Some(analysis), None),
            Some(Err(reason)) => (None, Some(describe(&reason))),
            None => (None, None),
        };
        Self {
            path: summary.path.to_string_lossy().into_owned(),
            bytes: summary.bytes as f64,
            nodes: summary.nodes as f64,
            edges: summary.edges as f64,
            redacted: summary.redacted,
            peak_child_bytes: summary.peak_child_bytes.map(|bytes| bytes as f64),
            removed: summary.removed.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            analysis,
            analysis_error: failure,
        }
    }
}
