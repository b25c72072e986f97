//! The thread that takes what V8 writes out of the pipe and puts it into the file.
//!
//! V8 waits for the pipe, so it is read to its end whatever happens: after a failure the rest is
//! thrown away.

use std::io::{PipeReader, Read, Write};
use std::path::PathBuf;

use super::encoder::Encoder;
use super::error::CaptureError;
use super::file::{UnfinishedFile, folder_of};
use super::header::Malformed;
use super::session::Session;
use super::stream::SnapshotStream;
use super::tap::{Reading, Tap};
use super::{Product, Settings, Summary};

/// Bytes taken out of the pipe at once.
const CHUNK: usize = 1 << 20;
/// More than this is not expected of a child that only has something to say.
const MAX_TEXT: usize = 16 << 20;

/// Whoever writes into the pipe, seen from the draining thread.
pub trait Writer: Send {
    /// Waits until there is something to read, or the end. An error when the writer must not go on; the pipe
    /// is about to reach its end then.
    fn wait(&mut self, pipe: &PipeReader) -> Result<(), CaptureError>;

    /// What it still writes is of no use any more.
    fn give_up(&mut self);

    /// After the pipe's end: whether everything was written, and what it cost.
    fn finish(&mut self) -> Result<Cost, CaptureError>;
}

/// What writing took from the process that writes.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cost {
    /// The largest resident set of a forked child, in bytes; `None` when there was none.
    pub peak_child_bytes: Option<u64>,
    /// By how much its own memory was seen to grow at most; `None` when that was never seen.
    pub grown_bytes: Option<u64>,
}

/// Drains `pipe` into `file`, `tap` reading along, until its end, then decides with `writer` whether the file is whole.
pub fn drain(
    pipe: PipeReader,
    file: UnfinishedFile,
    settings: &Settings,
    tap: Option<Box<dyn Tap>>,
    writer: &mut dyn Writer,
    session: &Session,
) -> Result<Summary, CaptureError> {
    let mut sink = Sink(OpenSink::new(file, settings, tap));
    let cost = pump(pipe, writer, session, |chunk| sink.take(chunk), CHUNK);
    // The writer's reason comes before the sink's if that is only that the text is cut.
    match (sink.0, cost) {
        (Err(reason), _) if reason.code != MALFORMED => Err(reason),
        (_, Err(reason)) => Err(reason),
        (sink, Ok(cost)) => sink?.commit(settings, cost),
    }
}

/// Drains `pipe` into memory.
pub fn drain_text(
    pipe: PipeReader,
    writer: &mut dyn Writer,
    session: &Session,
) -> Result<Product, CaptureError> {
    let mut text = Vec::new();
    let take = |chunk: &[u8]| {
        text.extend_from_slice(chunk);
        text.len() <= MAX_TEXT
    };
    let cost = pump(pipe, writer, session, take, CHUNK / 16)?;
    Ok(Product::Text(String::from_utf8_lossy(&text).into_owned(), cost))
}

/// Copies a snapshot that exists, redacted or compressed as `settings` say, `tap` reading along.
pub fn copy(
    mut source: impl Read,
    file: UnfinishedFile,
    settings: &Settings,
    tap: Option<Box<dyn Tap>>,
) -> Result<Summary, CaptureError> {
    let mut sink = OpenSink::new(file, settings, tap)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return sink.commit(settings, Cost::default()),
            Ok(length) => sink.take(&chunk[..length])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(CaptureError::new(
                    "ERR_LEAKWATCH_PATH",
                    format!("Cannot read the snapshot: {error}."),
                ));
            }
        }
    }
}

/// Hands on what comes out of the pipe until its end, as long as `take` says that it is wanted, and asks the
/// writer in the end.
fn pump(
    mut pipe: PipeReader,
    writer: &mut dyn Writer,
    session: &Session,
    mut take: impl FnMut(&[u8]) -> bool,
    size: usize,
) -> Result<Cost, CaptureError> {
    let mut chunk = vec![0; size];
    let (mut stopped, mut wanted) = (None, true);
    loop {
        if let Err(reason) = writer.wait(&pipe) {
            stopped.get_or_insert(reason);
        }
        match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                session.add_bytes(length as u64);
                wanted = wanted && stopped.is_none();
                if wanted && !take(&chunk[..length]) {
                    wanted = false;
                    writer.give_up();
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                let message = format!("Reading the snapshot's pipe failed: {error}.");
                stopped.get_or_insert(CaptureError::new("ERR_LEAKWATCH_SYSTEM", message));
                break;
            }
        }
    }
    drop(pipe);
    // The writer is asked even after a failure: it may have a child to collect.
    let cost = writer.finish();
    match stopped {
        Some(reason) => Err(reason),
        None if session.is_cancelled() => Err(CaptureError::cancelled()),
        None => cost,
    }
}

const MALFORMED: &str = "ERR_LEAKWATCH_MALFORMED";

fn malformed(reason: &Malformed) -> CaptureError {
    CaptureError::new(
        MALFORMED,
        format!("This is not a whole heap snapshot as V8 writes it ({reason}). Take another one."),
    )
}

/// Where the chunks go, or why they no longer go anywhere: what was written so far is gone then.
struct Sink(Result<OpenSink, CaptureError>);

struct OpenSink {
    stream: SnapshotStream,
    encoder: Encoder<UnfinishedFile>,
    reading: Reading,
    target: PathBuf,
}

impl Sink {
    /// Whether more is wanted.
    fn take(&mut self, chunk: &[u8]) -> bool {
        if let Ok(open) = &mut self.0
            && let Err(reason) = open.take(chunk)
        {
            self.0 = Err(reason);
        }
        self.0.is_ok()
    }
}

impl OpenSink {
    fn new(
        file: UnfinishedFile,
        settings: &Settings,
        tap: Option<Box<dyn Tap>>,
    ) -> Result<Self, CaptureError> {
        let target = settings.target.clone();
        let encoder = Encoder::new(settings.compression, file)
            .map_err(|error| CaptureError::unwritable(&target, &error))?;
        let reading = tap.map_or(Reading::Unwanted, Reading::Open);
        Ok(Self { stream: SnapshotStream::new(settings.redact), encoder, reading, target })
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), CaptureError> {
        let text = self.stream.push(chunk).map_err(|reason| malformed(&reason))?;
        self.encoder.write_all(text).map_err(|error| CaptureError::unwritable(&self.target, &error))?;
        self.reading.push(text);
        Ok(())
    }

    fn commit(self, settings: &Settings, cost: Cost) -> Result<Summary, CaptureError> {
        let header = self.stream.finish().map_err(|reason| malformed(&reason))?;
        let file = self.encoder.finish().and_then(UnfinishedFile::commit);
        let bytes = file.map_err(|error| CaptureError::unwritable(&self.target, &error))?;
        let removed = settings.keep.enforce(folder_of(&self.target), &self.target);
        Ok(Summary {
            path: self.target,
            bytes,
            nodes: header.node_count,
            edges: header.edge_count,
            redacted: settings.redact,
            peak_child_bytes: cost.peak_child_bytes,
            grown_bytes: cost.grown_bytes,
            removed,
            reading: self.reading.finish(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::encoder::Compression;
    use crate::capture::folder::Keep;
    use crate::capture::inline::open_pipe;
    use crate::capture::stream::tests::SMALL;

    struct Done;

    impl Writer for Done {
        fn wait(&mut self, _pipe: &PipeReader) -> Result<(), CaptureError> {
            Ok(())
        }

        fn give_up(&mut self) {}

        fn finish(&mut self) -> Result<Cost, CaptureError> {
            Ok(Cost::default())
        }
    }

    struct Breaks;

    impl Tap for Breaks {
        fn push(&mut self, _text: &[u8]) -> Result<(), CaptureError> {
            panic!("a bug of the reader's")
        }

        fn finish(self: Box<Self>) -> Result<String, CaptureError> {
            Ok(String::new())
        }
    }

    #[test]
    fn a_reader_that_breaks_does_not_cost_the_snapshot() {
        let target = std::env::temp_dir().join(format!("leakwatch-drain-{}", std::process::id()));
        let settings = Settings {
            target: target.clone(),
            redact: false,
            compression: Compression::None,
            keep: Keep::default(),
        };
        let (reader, mut pipe) = open_pipe().unwrap();
        pipe.write_all(SMALL.as_bytes()).unwrap();
        drop(pipe);
        let file = UnfinishedFile::create(&target).unwrap();
        let summary =
            drain(reader, file, &settings, Some(Box::new(Breaks)), &mut Done, &Session::default()).unwrap();
        assert_eq!(summary.reading.unwrap().unwrap_err().code, "ERR_LEAKWATCH_INTERNAL");
        assert_eq!(std::fs::read(&target).unwrap(), SMALL.as_bytes());
        std::fs::remove_file(target).unwrap();
    }
}
