//! The text of a snapshot file: mapped as it is, or unpacked when it is compressed.

use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;

use super::error::{HeapError, HeapErrorKind};
use super::task::{Phase, Task};

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
    pub fn open(path: &Path, task: &Task) -> Result<Self, HeapError> {
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
        let is_packed = [GZIP, ZSTD].iter().any(|mark| map.starts_with(mark));
        task.enter(Phase::Opening, if is_packed { map.len() } else { 0 })?;
        if !is_packed {
            return Ok(Self::Map(map));
        }
        let packed = Packed { rest: &map, task };
        if map.starts_with(GZIP) {
            unpack(flate2::bufread::MultiGzDecoder::new(packed), map.len(), task)
        } else {
            unpack(zstd::Decoder::with_buffer(packed).map_err(unreadable)?, map.len(), task)
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The compressed bytes, given out block by block.
struct Packed<'a> {
    rest: &'a [u8],
    task: &'a Task,
}

/// Compressed bytes in a block.
const BLOCK: usize = 1 << 18;

impl Read for Packed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Packed<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.task.check().map_err(std::io::Error::other)?;
        Ok(&self.rest[..self.rest.len().min(BLOCK)])
    }

    fn consume(&mut self, count: usize) {
        self.rest = &self.rest[count..];
        // Asked about when the next block is filled.
        let _ = self.task.advance(count);
    }
}

/// Reads all that `decoder` gives, but no more than a snapshot of `packed` bytes could hold.
fn unpack(decoder: impl Read, packed: usize, task: &Task) -> Result<Source, HeapError> {
    let limit = packed as u64 * MAX_RATIO;
    let mut bytes = Vec::new();
    let read = decoder.take(limit + 1).read_to_end(&mut bytes);
    task.check()?;
    read.map_err(|error| {
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
