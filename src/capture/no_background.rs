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

/// How an attempt to fork went: never, here.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Attempt {
    Started(Arc<Session>),
    Busy(usize),
}

/// Why this process cannot fork a snapshot.
pub fn supported() -> Result<(), String> {
    Err(format!(
        "they need Linux with glibc on x86-64 or aarch64, and this is {} on {}",
        if cfg!(target_env = "musl") { "Linux with musl" } else { std::env::consts::OS },
        std::env::consts::ARCH,
    ))
}

/// Says that this is not supported.
pub fn attempt(
    _limits: Limits,
    _write: impl FnOnce(String) -> Option<String>,
    _consume: impl FnOnce(PipeReader, &mut dyn Writer, &Session) -> Result<Product, CaptureError> + Send + 'static,
) -> Result<Attempt, CaptureError> {
    let reason = supported().err().unwrap_or_default();
    Err(CaptureError::new(
        "ERR_LEAKWATCH_UNSUPPORTED",
        format!("Captures in the background are not supported here: {reason}."),
    ))
}
