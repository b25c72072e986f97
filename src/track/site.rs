//! Where something was created.

use serde::Serialize;

/// One stack frame of the application or a dependency.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Location {
    /// Absolute path of the script.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1.
    pub column: u32,
    /// The function's name; `None` at module level and in anonymous functions.
    pub function: Option<String>,
}

/// Number of an interned creation stack; the default is the unknown site, which has no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SiteId(pub u32);
