//! Snapshots: `lib/capture.js` starts one here and asks from time to time how it is getting on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::PipeReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Function};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;

use super::guard::guarded;
use crate::capture::admission::{Budget, HeapSize, Room};
use crate::capture::background::{self, Attempt, Limits};
use crate::capture::drain::{Writer, copy, drain, drain_text};
use crate::capture::encoder::Compression;
use crate::capture::error::CaptureError;
use crate::capture::file::{UnfinishedFile, folder_of};
use crate::capture::folder::{self, Keep};
use crate::capture::inline::InlineCapture;
use crate::capture::session::{Claim, Session};
use crate::capture::{Product, Settings, Summary};

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
}

/// What a forked child had to say.
#[napi(object)]
pub struct CapturedText {
    /// It.
    pub text: String,
    /// The child's largest resident set, in bytes.
    pub peak_child_bytes: Option<f64>,
}

thread_local! {
    /// The captures that this JavaScript thread has started and not yet heard the end of.
    static SESSIONS: RefCell<HashMap<u32, Arc<Session>>> = RefCell::default();
}

/// Takes a snapshot in this process. `write` gets a path, lets V8 write there, and returns nothing, or why
/// that failed. Returns the number to ask `captureState` for.
#[napi(catch_unwind)]
pub fn capture_inline(
    settings: CaptureSettings,
    limits: CaptureLimits,
    write: Function<'_, String, Option<String>>,
) -> Result<u32> {
    let settings = settings_of(settings);
    let heap = heap_of(&limits);
    limits_of(&limits, heap.expected_growth()).map_err(to_js)?;
    let capture = InlineCapture::begin(settings.clone(), open(&settings, heap)?).map_err(to_js)?;
    let outcome = match write.call(capture.pipe_path()) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(CaptureError::new("ERR_LEAKWATCH_V8", reason)),
        Err(error) => Err(CaptureError::new("ERR_LEAKWATCH_V8", error.reason.clone())),
    };
    Ok(remember(capture.written(outcome)))
}

/// Opens the file before anything is written, so that an unusable place costs nothing.
fn open(settings: &Settings, heap: HeapSize) -> Result<UnfinishedFile> {
    let file = UnfinishedFile::create(&settings.target).map_err(to_js)?;
    let expected = settings.compression.expected(heap.expected_file());
    folder::check_room(folder_of(&settings.target), expected).map_err(to_js)?;
    Ok(file)
}

/// Whether snapshots can be taken in the background.
#[napi(object, use_nullable = true)]
pub struct BackgroundSupport {
    /// Whether they can.
    pub supported: bool,
    /// Why not; `null` when they can.
    pub reason: Option<String>,
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

/// Whether snapshots can be taken in the background here, and why not.
#[napi(catch_unwind)]
pub fn background_support() -> BackgroundSupport {
    let reason = background::supported().err();
    BackgroundSupport { supported: reason.is_none(), reason }
}

/// Tries once to take a snapshot in a forked child; `write` as for `captureInline`, but called in the child
/// only. Returns the number to ask `captureState` for, or `null` when threads were at work: try again in a
/// few milliseconds.
#[napi(catch_unwind)]
pub fn capture_background(
    settings: CaptureSettings,
    limits: CaptureLimits,
    write: Function<'_, String, Option<String>>,
) -> Result<Option<u32>> {
    let claim = Claim::take().map_err(to_js)?;
    let settings = settings_of(settings);
    let heap = heap_of(&limits);
    let limits = limits_of(&limits, heap.expected_growth()).map_err(to_js)?;
    let file = open(&settings, heap)?;
    fork(limits, write, move |pipe, child, session| {
        let summary = drain(pipe, file, &settings, child, session)?;
        if let Some(grown) = summary.grown_bytes {
            heap.remember(grown);
        }
        drop(claim);
        Ok(Product::Snapshot(summary))
    })
}

/// Tries once to run `write` in a forked child, which writes a text into the path it is given; `captureState`
/// has it in the end. Returns as `captureBackground` does.
#[napi(catch_unwind)]
pub fn count_background(
    limits: CaptureLimits,
    write: Function<'_, String, Option<String>>,
) -> Result<Option<u32>> {
    let claim = Claim::take().map_err(to_js)?;
    let limits = limits_of(&limits, heap_of(&limits).expected_counting_growth()).map_err(to_js)?;
    fork(limits, write, move |pipe, child, session| {
        let text = drain_text(pipe, child, session);
        drop(claim);
        text
    })
}

fn fork(
    limits: Limits,
    write: Function<'_, String, Option<String>>,
    consume: impl FnOnce(PipeReader, &mut dyn Writer, &Session) -> std::result::Result<Product, CaptureError>
    + Send
    + 'static,
) -> Result<Option<u32>> {
    let write = |path| match write.call(path) {
        Ok(reason) => reason,
        Err(error) => Some(error.reason.clone()),
    };
    match background::attempt(limits, write, consume).map_err(to_js)? {
        Attempt::Started(session) => Ok(Some(remember(session))),
        Attempt::Busy(_) => Ok(None),
    }
}

fn heap_of(limits: &CaptureLimits) -> HeapSize {
    HeapSize { small_bytes: limits.small_bytes as u64, large_bytes: limits.large_bytes as u64 }
}

fn limits_of(limits: &CaptureLimits, growth: u64) -> std::result::Result<Limits, CaptureError> {
    let max_bytes = limits.max_memory_bytes.map(|bytes| bytes as u64);
    let budget = Budget::admit(heap_of(limits), growth, max_bytes, Room::now())?;
    Ok(Limits { budget, timeout: Duration::from_millis(limits.timeout_ms as u64) })
}

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
            copy(source, file, &self.settings).map_err(to_js)
        })
    }

    fn resolve(&mut self, _env: Env, summary: Summary) -> Result<CaptureResult> {
        Ok(result_of(&summary))
    }
}

/// Copies the snapshot in the file `source`, redacted or compressed as `settings` say.
#[napi(ts_return_type = "Promise<CaptureResult>", catch_unwind)]
pub fn copy_snapshot(source: String, settings: CaptureSettings) -> AsyncTask<CopySnapshot> {
    AsyncTask::new(CopySnapshot { source: source.into(), settings: settings_of(settings) })
}

/// How a capture is getting on. Once it has told the end, its number means nothing any more.
#[napi(catch_unwind)]
pub fn capture_state(id: u32) -> Result<CaptureState> {
    SESSIONS.with_borrow_mut(|sessions| {
        let session =
            sessions.get(&id).ok_or_else(|| Error::new(Status::InvalidArg, format!("no capture {id}")))?;
        let bytes_read = session.bytes() as f64;
        let outcome = session.take_outcome();
        if outcome.is_some() {
            sessions.remove(&id);
        }
        let mut state = CaptureState { bytes_read, result: None, text: None, error: None };
        match outcome {
            None => {}
            Some(Ok(Product::Snapshot(summary))) => state.result = Some(result_of(&summary)),
            Some(Ok(Product::Text(text, cost))) => {
                let peak_child_bytes = cost.peak_child_bytes.map(|bytes| bytes as f64);
                state.text = Some(CapturedText { text, peak_child_bytes });
            }
            Some(Err(error)) => state.error = Some(describe(&error)),
        }
        Ok(state)
    })
}

/// Calls a capture off; it ends soon, with an error.
#[napi(catch_unwind)]
pub fn capture_cancel(id: u32) {
    SESSIONS.with_borrow(|sessions| {
        if let Some(session) = sessions.get(&id) {
            session.cancel();
        }
    });
}

fn remember(session: Arc<Session>) -> u32 {
    thread_local!(static NEXT: RefCell<u32> = const { RefCell::new(0) });
    let id = NEXT.with_borrow_mut(|next| {
        *next = next.wrapping_add(1);
        *next
    });
    SESSIONS.with_borrow_mut(|sessions| sessions.insert(id, session));
    id
}

fn settings_of(settings: CaptureSettings) -> Settings {
    let compression = match settings.compression.as_str() {
        "gzip" => Compression::Gzip,
        "zstd" => Compression::Zstd,
        _ => Compression::None,
    };
    let number = |value: Option<f64>| value.map(|value| value as u64);
    let keep = Keep { files: number(settings.keep_files), bytes: number(settings.keep_bytes) };
    Settings { target: settings.target.into(), redact: settings.redact, compression, keep }
}

fn result_of(summary: &Summary) -> CaptureResult {
    CaptureResult {
        path: summary.path.to_string_lossy().into_owned(),
        bytes: summary.bytes as f64,
        nodes: summary.nodes as f64,
        edges: summary.edges as f64,
        redacted: summary.redacted,
        peak_child_bytes: summary.peak_child_bytes.map(|bytes| bytes as f64),
        removed: summary.removed.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
    }
}

fn describe(error: &CaptureError) -> String {
    format!("{}: {}", error.code, error.message)
}

fn to_js(error: CaptureError) -> Error {
    Error::new(Status::GenericFailure, describe(&error))
}
