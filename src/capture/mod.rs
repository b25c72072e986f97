//! Writing heap snapshots: V8 writes into a pipe, a thread drains it to disk.
//!
//! The thread checks, redacts and compresses on the way ([`stream`], [`redact`], [`encoder`]) and makes the
//! file visible only when it is whole ([`file`]). Who wants to read along is a [`tap`]. Nothing here names Node-API or
//! analyses a heap.

pub mod admission;
#[cfg_attr(
    not(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64"))),
    path = "no_background.rs"
)]
pub mod background;
pub mod drain;
pub mod encoder;
pub mod error;
pub mod file;
pub mod folder;
mod header;
pub mod inline;
pub mod redact;
pub mod session;
pub mod stream;
pub mod tap;

use std::path::PathBuf;

use self::encoder::Compression;
use self::error::CaptureError;
use self::folder::Keep;

/// What a capture writes, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file the snapshot becomes.
    pub target: PathBuf,
    /// Blank the values of strings.
    pub redact: bool,
    /// How the file is compressed.
    pub compression: Compression,
    /// How much its folder may hold then.
    pub keep: Keep,
}

/// What a capture ends with.
#[derive(Debug, Clone)]
pub enum Product {
    /// A snapshot in a file.
    Snapshot(Summary),
    /// What the child had to say, and what that cost.
    Text(String, drain::Cost),
}

/// A snapshot that was written.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Number of nodes in it.
    pub nodes: u64,
    /// Number of edges in it.
    pub edges: u64,
    /// Whether the values of strings were blanked.
    pub redacted: bool,
    /// The largest resident set of the forked child, in bytes; `None` when it was taken inline.
    pub peak_child_bytes: Option<u64>,
    /// By how many bytes its own memory was seen to grow at most; `None` when that was never seen.
    pub grown_bytes: Option<u64>,
    /// Older snapshots that had to give way.
    pub removed: Vec<PathBuf>,
    /// What the [`tap`] had to say; `None` when there was none.
    pub reading: Option<Result<String, CaptureError>>,
}
