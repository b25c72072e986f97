//! Where snapshots are taken in this process only: macOS, Windows, musl, other processors.

use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use super::Product;
use super::admission::Budget;
use super::drain::Writer;
use super::error::CaptureError;
use super::session::Session;

/// What a child could take.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Limits {
    pub budget: Budget,
    pub timeout: Duration,
}

/// How an attempt to fork went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Attempt {
    Done,
    NotReady,
    Busy,
}

/// A capture that lacks only its child: there is none here.
#[derive(Debug)]
pub enum Start {}

impl Start {
    /// Never called.
    pub fn attempt(&self, _write: impl FnOnce(String) -> Option<String>) -> Result<Attempt, CaptureError> {
        match *self {}
    }
}

/// Why this process cannot fork a snapshot.
pub fn supported() -> Result<(), String> {
    Err(format!(
        "they need Linux with glibc on x86-64 or aarch64, and this is {} on {}",
        if cfg!(target_env = "musl") { "Linux with musl" } else { std::env::consts::OS },
        std::env::consts::ARCH,
    ))
}

/// Nothing is copied before a fork where there is none.
pub fn copies_beforehand() -> bool {
    false
}

/// Says that this is not supported.
pub fn begin<Consume>(
    _prepare: impl FnOnce() -> Result<(Limits, Consume), CaptureError> + Send + 'static,
) -> Result<(Arc<Session>, Start), CaptureError>
where
    Consume: FnOnce(PipeReader, &mut dyn Writer, &Session) -> Result<Product, CaptureError>,
{
    let reason = supported().err().unwrap_or_default();
    Err(CaptureError::new(
        "ERR_LEAKWATCH_UNSUPPORTED",
        format!("Captures in the background are not supported here: {reason}."),
    ))
}
