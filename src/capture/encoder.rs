//! Optional compression on the way to the file.

use std::io::{self, Write};

use flate2::write::GzEncoder;

/// How the file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all: what Chrome DevTools opens.
    #[default]
    None,
    /// `.gz`, level 1: V8 waits while a snapshot is written, so speed comes first.
    Gzip,
    /// `.zst`, level 1.
    Zstd,
}

impl Compression {
    /// Bytes of a compressed snapshot, at most, that has `bytes` uncompressed. Measured a half to a quarter.
    pub fn expected(self, bytes: u64) -> u64 {
        if self == Self::None { bytes } else { bytes / 2 }
    }
}

/// A writer that compresses what goes through it.
pub enum Encoder<W: Write> {
    /// Passes everything on.
    Plain(W),
    /// See [`Compression::Gzip`].
    Gzip(GzEncoder<W>),
    /// See [`Compression::Zstd`].
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Wraps `output`.
    pub fn new(compression: Compression, output: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(output),
            Compression::Gzip => Self::Gzip(GzEncoder::new(output, flate2::Compression::fast())),
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(output, 1)?),
        })
    }

    /// Writes what is still buffered and gives the output back.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(output) => Ok(output),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn encode(compression: Compression, text: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(compression, Vec::new()).unwrap();
        text.chunks(7).for_each(|chunk| encoder.write_all(chunk).unwrap());
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_compressed_reads_back_the_same() {
        let text = "{\"snapshot\":[1,2,3]}".repeat(1000).into_bytes();
        assert_eq!(encode(Compression::None, &text), text);
        let mut gzip = Vec::new();
        flate2::read::GzDecoder::new(&encode(Compression::Gzip, &text)[..]).read_to_end(&mut gzip).unwrap();
        assert_eq!(gzip, text);
        let packed = encode(Compression::Zstd, &text);
        assert!(packed.len() * 10 < text.len());
        assert_eq!(zstd::stream::decode_all(&packed[..]).unwrap(), text);
    }
}
