//! Snapshots: `lib/capture.js` starts one here and asks from time to time how it is getting on.

mod analyst;
mod copy;
mod objects;
mod table;

use std::io::PipeReader;

use napi::bindgen_prelude::Function;
use napi::{Error, Result, Status};
use napi_derive::napi;

use self::analyst::Analyst;
use self::objects::{BackgroundSupport, CaptureLimits, CaptureSettings, CaptureState, CapturedText};
use self::table::Capture;
use crate::capture::admission::HeapSize;
use crate::capture::background::{self, Attempt};
use crate::capture::drain::{Writer, drain, drain_text};
use crate::capture::error::CaptureError;
use crate::capture::file::{UnfinishedFile, folder_of};
use crate::capture::folder;
use crate::capture::inline::InlineCapture;
use crate::capture::session::{Claim, Session};
use crate::capture::{Product, Settings};

/// Whether snapshots can be taken in the background here, and why not.
#[napi(catch_unwind)]
pub fn background_support() -> BackgroundSupport {
    let reason = background::supported().err();
    BackgroundSupport { supported: reason.is_none(), reason, precopy: background::copies_beforehand() }
}

/// Takes a snapshot in this process. `write` gets a path, lets V8 write there, and returns nothing, or why
/// that failed. Returns the number to ask `captureState` for.
#[napi(catch_unwind)]
pub fn capture_inline(
    settings: CaptureSettings,
    limits: CaptureLimits,
    write: Function<'_, String, Option<String>>,
) -> Result<u32> {
    let tap = Analyst::wanted(&settings);
    let settings = Settings::from(settings);
    let heap = limits.heap();
    limits.admit(heap.expected_growth()).map_err(to_js)?;
    let file = open(&settings, heap).map_err(to_js)?;
    let capture = InlineCapture::begin(settings, file, tap).map_err(to_js)?;
    let outcome = match call(&write, capture.path()) {
        None => Ok(()),
        Some(reason) => Err(CaptureError::new("ERR_LEAKWATCH_V8", reason)),
    };
    Ok(table::keep(Capture { session: capture.written(outcome), start: None }))
}

/// Gets a snapshot in a forked child ready, in a thread. Returns the number that `captureFork` takes next.
#[napi(catch_unwind)]
pub fn prepare_snapshot(settings: CaptureSettings, limits: CaptureLimits) -> Result<u32> {
    let claim = Claim::take().map_err(to_js)?;
    let tap = Analyst::wanted(&settings);
    let settings = Settings::from(settings);
    let heap = limits.heap();
    let begun = background::begin(move || {
        let limits = limits.admit(heap.expected_growth())?;
        let file = open(&settings, heap)?;
        let consume = move |pipe: PipeReader, child: &mut dyn Writer, session: &Session| {
            let _claim = claim;
            let summary = drain(pipe, file, &settings, tap, child, session)?;
            if let Some(grown) = summary.grown_bytes {
                heap.remember(grown);
            }
            Ok(Product::Snapshot(summary))
        };
        Ok((limits, consume))
    });
    keep(begun)
}

/// Gets a forked child ready whose `write` writes a text; `captureState` has it in the end. Returns as
/// `prepareSnapshot` does.
#[napi(catch_unwind)]
pub fn prepare_text(limits: CaptureLimits) -> Result<u32> {
    let claim = Claim::take().map_err(to_js)?;
    let begun = background::begin(move || {
        let limits = limits.admit(limits.heap().expected_counting_growth())?;
        let consume = move |pipe: PipeReader, child: &mut dyn Writer, session: &Session| {
            let _claim = claim;
            drain_text(pipe, child, session)
        };
        Ok((limits, consume))
    });
    keep(begun)
}

/// Runs `count`, which counts in this process, as the only capture of the process.
#[napi(catch_unwind)]
pub fn count_inline(count: Function<'_, (), ()>) -> Result<()> {
    let _claim = Claim::take().map_err(to_js)?;
    count.call(())
}

/// Tries once to fork the child of a capture that was prepared. The child calls `write`, as `captureInline` does.
/// Returns `done`: ask `captureState` from now on; or why to try again in a few milliseconds: it is still
/// `preparing`, or threads were `busy`.
#[napi(ts_return_type = "'done' | 'preparing' | 'busy'", catch_unwind)]
pub fn capture_fork(id: u32, write: Function<'_, String, Option<String>>) -> Result<&'static str> {
    // Taken out of the table, which the child must not find locked.
    let Some(start) = table::with(id, |capture| capture.start.take())? else { return Ok("done") };
    let attempt = start.attempt(|path| call(&write, path)).map_err(|error| {
        table::forget(id);
        to_js(error)
    })?;
    if attempt == Attempt::Done {
        return Ok("done");
    }
    table::with(id, |capture| capture.start = Some(start))?;
    Ok(if attempt == Attempt::Busy { "busy" } else { "preparing" })
}

/// How a capture is getting on. Once it has told the end, its number means nothing any more.
#[napi(catch_unwind)]
pub fn capture_state(id: u32) -> Result<CaptureState> {
    let (bytes, outcome) =
        table::with(id, |capture| (capture.session.bytes(), capture.session.take_outcome()))?;
    let mut state = CaptureState { bytes_read: bytes as f64, result: None, text: None, error: None };
    let Some(outcome) = outcome else { return Ok(state) };
    table::forget(id);
    match outcome {
        Ok(Product::Snapshot(summary)) => state.result = Some(summary.into()),
        Ok(Product::Text(text, cost)) => {
            let peak_child_bytes = cost.peak_child_bytes.map(|bytes| bytes as f64);
            state.text = Some(CapturedText { text, peak_child_bytes });
        }
        Err(error) => state.error = Some(describe(&error)),
    }
    Ok(state)
}

/// Calls a capture off. If its child was forked it ends soon, with an error; if not, that was all.
#[napi(catch_unwind)]
pub fn capture_cancel(id: u32) {
    let waits = table::with(id, |capture| {
        capture.session.cancel();
        capture.start.is_some()
    });
    if let Ok(true) = waits {
        table::forget(id);
    }
}

/// Opens the file before anything is written, so that an unusable place costs nothing.
fn open(settings: &Settings, heap: HeapSize) -> std::result::Result<UnfinishedFile, CaptureError> {
    let file = UnfinishedFile::create(&settings.target)?;
    let expected = settings.compression.expected(heap.expected_file());
    folder::check_room(folder_of(&settings.target), expected)?;
    Ok(file)
}

fn keep(
    begun: std::result::Result<(std::sync::Arc<Session>, background::Start), CaptureError>,
) -> Result<u32> {
    let (session, start) = begun.map_err(to_js)?;
    Ok(table::keep(Capture { session, start: Some(start) }))
}

/// Calls JavaScript that writes into the pipe at `path`; returns why it could not.
fn call(write: &Function<'_, String, Option<String>>, path: String) -> Option<String> {
    write.call(path).unwrap_or_else(|error| Some(error.reason.clone()))
}

fn describe(error: &CaptureError) -> String {
    format!("{}: {}", error.code, error.message)
}

fn to_js(error: CaptureError) -> Error {
    Error::new(Status::GenericFailure, describe(&error))
}
