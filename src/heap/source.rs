//! The text of a snapshot file: mapped as it is, or unpacked when it is compressed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::{HeapError, HeapErrorKind};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A snapshot compresses to a tenth; what unpacks to more than this many times its size is no snapshot.
const MAX_RATIO: u64 = 200;

/// The text of a snapshot: mapped from a file, or owned.
pub(super) enum Source {
    Map(memmap2::Mmap),
    Bytes(Vec<u8>),
}

impl Source {
    /// Opens a file; gzip and zstd are told by their first bytes.
    pub fn open(path: &Path) -> Result<Self, HeapError> {
        let unreadable = |error: std::io::Error| {
            HeapError::new(HeapErrorKind::Read, format!("cannot read {}: {error}", path.display()))
        };
        let file = File::open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(HeapError::new(HeapErrorKind::Read, format!("{} is not a file", path.display())));
        }
        // SAFETY: the map is only read. Another process that truncates the file meanwhile would end this one with
        // SIGBUS, which every memory-mapped reader accepts; snapshots are written under a temporary name and renamed.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(unreadable)?;
        match &map[..] {
            packed if packed.starts_with(GZIP) => {
                unpack(flate2::read::MultiGzDecoder::new(packed), packed.len())
            }
            packed if packed.starts_with(ZSTD) => {
                unpack(zstd::Decoder::with_buffer(packed).map_err(unreadable)?, packed.len())
            }
            _ => Ok(Self::Map(map)),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Reads all that `decoder` gives, but no more than a snapshot of `packed` bytes could hold.
fn unpack(decoder: impl Read, packed: usize) -> Result<Source, HeapError> {
    let limit = packed as u64 * MAX_RATIO;
    let mut bytes = Vec::new();
    decoder.take(limit + 1).read_to_end(&mut bytes).map_err(|error| {
        let message =
            format!("the compressed file is damaged behind {} unpacked bytes: {error}", bytes.len());
        HeapError::new(HeapErrorKind::Truncated, message)
    })?;
    if bytes.len() as u64 > limit {
        let message = format!("the file unpacks to more than {MAX_RATIO} times its {packed} bytes");
        return Err(HeapError::new(HeapErrorKind::TooLarge, message));
    }
    Ok(Source::Bytes(bytes))
}
