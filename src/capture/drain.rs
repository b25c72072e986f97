//! The thread that takes what V8 writes out of the pipe and puts it into the file.
//!
//! V8 waits for the pipe, so it is read to its end whatever happens: after a failure the rest is
//! thrown away.

use std::io::{PipeReader, Read, Write};

use super::encoder::Encoder;
use super::error::CaptureError;
use super::file::UnfinishedFile;
use super::session::Session;
use super::stream::{Malformed, SnapshotStream};
use super::{Settings, Summary};

/// Bytes taken out of the pipe at once.
const CHUNK: usize = 1 << 20;

/// Whoever writes into the pipe, seen from the draining thread.
pub trait Writer: Send {
    /// Waits until there is something to read, or the end. An error when the writer must not go on; the pipe
    /// is about to reach its end then.
    fn wait(&mut self, pipe: &PipeReader) -> Result<(), CaptureError>;

    /// After the pipe's end: whether everything was written, and what it cost.
    fn finish(self: Box<Self>) -> Result<Cost, CaptureError>;
}

/// What writing took from the process that writes.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cost {
    /// The largest resident set of a forked child, in bytes; `None` when there was none.
    pub peak_child_bytes: Option<u64>,
    /// By how much that set had grown since the fork.
    pub grown_bytes: Option<u64>,
}

/// Drains `pipe` into `file` until its end, then decides with `writer` whether the file is whole.
pub fn drain(
    mut pipe: PipeReader,
    file: UnfinishedFile,
    settings: &Settings,
    mut writer: Box<dyn Writer>,
    session: &Session,
) -> Result<Summary, CaptureError> {
    let mut sink = Sink::open(file, settings);
    let mut chunk = vec![0; CHUNK];
    loop {
        if let Err(error) = writer.wait(&pipe) {
            sink.fail(error);
        }
        match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => sink.take(&mut chunk[..length], session),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                sink.fail(CaptureError::new(
                    "ERR_LEAKWATCH_INTERNAL",
                    format!("Reading the snapshot's pipe failed: {error}."),
                ));
                break;
            }
        }
        if session.is_cancelled() {
            sink.fail(CaptureError::cancelled());
        }
    }
    drop(pipe);
    // The writer is asked even after a failure: it may have a child to collect. Its reason comes first,
    // because a half file is only its consequence.
    let cost = writer.finish();
    let file = sink.0;
    if session.is_cancelled() {
        return Err(CaptureError::cancelled());
    }
    let cost = match (&file, cost) {
        (Err(reason), _) if reason.code != MALFORMED => return Err(reason.clone()),
        (_, cost) => cost?,
    };
    file?.commit(settings, cost)
}

const MALFORMED: &str = "ERR_LEAKWATCH_MALFORMED";

fn malformed(reason: &Malformed) -> CaptureError {
    CaptureError::new(
        MALFORMED,
        format!("What V8 wrote is not a whole heap snapshot ({reason}). Take another one."),
    )
}

/// Where the chunks go, or why they no longer go anywhere.
struct Sink(Result<OpenSink, CaptureError>);

struct OpenSink {
    stream: SnapshotStream,
    encoder: Encoder<UnfinishedFile>,
    target: std::path::PathBuf,
}

impl Sink {
    fn open(file: UnfinishedFile, settings: &Settings) -> Self {
        let target = settings.target.clone();
        let encoder = Encoder::new(settings.compression, file)
            .map_err(|error| CaptureError::unwritable(&target, &error));
        Self(encoder.map(|encoder| OpenSink {
            stream: SnapshotStream::new(settings.redact),
            encoder,
            target,
        }))
    }

    /// Keeps the first reason; what was written so far is gone with the sink.
    fn fail(&mut self, reason: CaptureError) {
        if self.0.is_ok() {
            self.0 = Err(reason);
        }
    }

    fn take(&mut self, chunk: &mut [u8], session: &Session) {
        session.add_bytes(chunk.len() as u64);
        if let Ok(open) = &mut self.0
            && let Err(reason) = open.take(chunk)
        {
            self.0 = Err(reason);
        }
    }
}

impl OpenSink {
    fn take(&mut self, chunk: &mut [u8]) -> Result<(), CaptureError> {
        let length = self.stream.push(chunk).map_err(|reason| malformed(&reason))?;
        self.encoder
            .write_all(&chunk[..length])
            .map_err(|error| CaptureError::unwritable(&self.target, &error))
    }

    fn commit(self, settings: &Settings, cost: Cost) -> Result<Summary, CaptureError> {
        let header = self.stream.finish().map_err(|reason| malformed(&reason))?;
        let file = self.encoder.finish().and_then(UnfinishedFile::commit);
        let bytes = file.map_err(|error| CaptureError::unwritable(&self.target, &error))?;
        Ok(Summary {
            path: self.target,
            bytes,
            nodes: header.node_count,
            edges: header.edge_count,
            redacted: settings.redact,
            peak_child_bytes: cost.peak_child_bytes,
            grown_bytes: cost.grown_bytes,
        })
    }
}
