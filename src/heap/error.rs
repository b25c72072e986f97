//! What can be wrong with a heap snapshot file, where, and what was expected instead.

use std::fmt;

/// The kinds of failure; each has a stable code (see [`HeapErrorKind::code`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeapErrorKind {
    /// The file could not be opened, mapped or read.
    Read,
    /// The text is not a JSON object of the shape V8 writes.
    Syntax,
    /// The text ends too early.
    Truncated,
    /// `snapshot.meta` lacks a field, or describes what no V8 of Node 20-26 writes.
    Meta,
    /// A section is missing, or present twice.
    Section,
    /// A number of entries differs from what the header or the nodes say.
    Count,
    /// A value that is not a whole number of a size that fits.
    Number,
    /// A string, node or type index that points outside its table.
    Range,
    /// JSON nested deeper than any snapshot.
    Nesting,
    /// More nodes, edges or text than the analysis can index.
    TooLarge,
    /// Nobody wants the answer any more.
    Cancelled,
}

impl HeapErrorKind {
    /// The code users and tests see; never changes once released.
    pub fn code(self) -> &'static str {
        match self {
            Self::Read => "ERR_LEAKWATCH_SNAPSHOT_READ",
            Self::Syntax => "ERR_LEAKWATCH_SNAPSHOT_SYNTAX",
            Self::Truncated => "ERR_LEAKWATCH_SNAPSHOT_TRUNCATED",
            Self::Meta => "ERR_LEAKWATCH_SNAPSHOT_META",
            Self::Section => "ERR_LEAKWATCH_SNAPSHOT_SECTION",
            Self::Count => "ERR_LEAKWATCH_SNAPSHOT_COUNT",
            Self::Number => "ERR_LEAKWATCH_SNAPSHOT_NUMBER",
            Self::Range => "ERR_LEAKWATCH_SNAPSHOT_RANGE",
            Self::Nesting => "ERR_LEAKWATCH_SNAPSHOT_NESTING",
            Self::TooLarge => "ERR_LEAKWATCH_SNAPSHOT_TOO_LARGE",
            Self::Cancelled => "ERR_LEAKWATCH_ABORTED",
        }
    }
}

/// Why a heap snapshot was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeapError {
    /// What kind of failure.
    pub kind: HeapErrorKind,
    /// Byte offset in the file where it was noticed; `None` when it has no place (a file that cannot be opened).
    pub position: Option<u64>,
    /// One sentence: what was found and what was expected.
    pub message: String,
}

impl HeapError {
    /// A failure at a byte of the file.
    pub fn at(kind: HeapErrorKind, position: usize, message: impl Into<String>) -> Self {
        Self { kind, position: Some(position as u64), message: message.into() }
    }

    /// A failure without a place in the file.
    pub fn new(kind: HeapErrorKind, message: impl Into<String>) -> Self {
        Self { kind, position: None, message: message.into() }
    }

    /// Same as `self.kind.code()`.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "not a usable heap snapshot: {} (at byte {position})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for HeapError {}
