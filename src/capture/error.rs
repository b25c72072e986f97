//! Why a capture failed.

use std::fmt;
use std::io;
use std::path::Path;

/// A failed capture: a stable code and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureError {
    /// `ERR_LEAKWATCH_…`; what programs look at.
    pub code: &'static str,
    /// What was wrong, what was expected, what to do.
    pub message: String,
}

impl CaptureError {
    /// An error with `code` and a message for people.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The caller changed its mind.
    pub fn cancelled() -> Self {
        Self::new("ERR_LEAKWATCH_ABORTED", "The capture was called off. Nothing was written.")
    }

    /// A panic in a thread of leakwatch's own.
    pub fn bug() -> Self {
        Self::new(
            "ERR_LEAKWATCH_INTERNAL",
            "The capture failed because of a bug in leakwatch; please report it. Nothing was written.",
        )
    }

    /// The file or folder `path` cannot be written: the system's reason and what would help.
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::new(
                "ERR_LEAKWATCH_DISK_FULL",
                format!(
                    "The disk is full: the snapshot {path} was not written ({error}). Free some space or choose another directory."
                ),
            ),
            _ => Self::new(
                "ERR_LEAKWATCH_PATH",
                format!(
                    "Cannot write {path}: {error}. Choose a path or directory that this process may write to."
                ),
            ),
        }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for CaptureError {}
