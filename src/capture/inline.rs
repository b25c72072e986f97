//! Captures in this process: the event loop stands still while V8 writes.

use std::fs::{self, File};
use std::io::{PipeReader, PipeWriter};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use super::drain::{Cost, Writer, copy, drain};
use super::error::CaptureError;
use super::file::UnfinishedFile;
use super::session::{Claim, Session};
use super::tap::Tap;
use super::{Product, Settings};

/// A capture that waits for V8. Dropped without [`written`](Self::written), it fails.
#[derive(Debug)]
pub struct InlineCapture {
    path: String,
    pipe: Option<PipeWriter>,
    told: mpsc::Sender<Result<(), CaptureError>>,
    session: Arc<Session>,
}

impl InlineCapture {
    /// Starts the thread between V8 and `file`; `tap` reads along.
    pub fn begin(
        settings: Settings,
        file: UnfinishedFile,
        tap: Option<Box<dyn Tap>>,
    ) -> Result<Self, CaptureError> {
        let through = if cfg!(unix) { Self::through_pipe } else { Self::through_file };
        through(settings, file, tap)
    }

    fn through_pipe(
        settings: Settings,
        file: UnfinishedFile,
        tap: Option<Box<dyn Tap>>,
    ) -> Result<Self, CaptureError> {
        let claim = Claim::take()?;
        let (reader, writer) = open_pipe()?;
        let (told, outcome) = mpsc::channel();
        let session = Arc::new(Session::default());
        session.run(move |session| {
            let summary = drain(reader, file, &settings, tap, &mut ThisProcess(outcome), session);
            drop(claim);
            summary.map(Product::Snapshot)
        })?;
        Ok(Self { path: path_of(&writer), pipe: Some(writer), told, session })
    }

    /// Where a pipe has no path (Windows), V8 writes into a file of the user's own temporary folder, for as long as it
    /// takes to copy it.
    fn through_file(
        settings: Settings,
        file: UnfinishedFile,
        tap: Option<Box<dyn Tap>>,
    ) -> Result<Self, CaptureError> {
        let claim = Claim::take()?;
        let (told, outcome) = mpsc::channel();
        let session = Arc::new(Session::default());
        let written = Temporary::new();
        let path = written.0.to_string_lossy().into_owned();
        session.run(move |session| {
            let summary = ThisProcess(outcome).finish().and_then(|_| {
                if session.is_cancelled() {
                    return Err(CaptureError::cancelled());
                }
                let source =
                    File::open(&written.0).map_err(|error| CaptureError::unwritable(&written.0, &error))?;
                copy(source, file, &settings, tap)
            });
            drop((written, claim));
            summary.map(Product::Snapshot)
        })?;
        Ok(Self { path, pipe: None, told, session })
    }

    /// The path that V8 can write to.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// V8 has written everything, or could not. The session ends soon after.
    pub fn written(mut self, outcome: Result<(), CaptureError>) -> Arc<Session> {
        // First the outcome, then the pipe's end: the draining thread asks for them in the other order.
        let _ = self.told.send(outcome);
        self.pipe = None;
        Arc::clone(&self.session)
    }
}

/// The path under which V8 can open the pipe's writing end.
#[cfg(unix)]
fn path_of(pipe: &PipeWriter) -> String {
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    format!("{folder}/{}", std::os::fd::AsRawFd::as_raw_fd(pipe))
}

#[cfg(not(unix))]
fn path_of(_pipe: &PipeWriter) -> String {
    String::new()
}

/// A file that is gone when this is dropped.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Temporary {
    /// One capture at a time: the process's number is a name.
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("leakwatch-{}.heapsnapshot", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The writer is the JavaScript thread of this process.
struct ThisProcess(mpsc::Receiver<Result<(), CaptureError>>);

impl Writer for ThisProcess {
    fn wait(&mut self, _pipe: &PipeReader) -> Result<(), CaptureError> {
        Ok(())
    }

    fn give_up(&mut self) {}

    fn finish(&mut self) -> Result<Cost, CaptureError> {
        match self.0.recv() {
            Ok(outcome) => outcome.map(|()| Cost::default()),
            Err(_) => Err(CaptureError::new("ERR_LEAKWATCH_INTERNAL", "The snapshot was given up halfway.")),
        }
    }
}

/// A pipe that holds as much as the system allows without asking.
pub fn open_pipe() -> Result<(PipeReader, PipeWriter), CaptureError> {
    let failed = |error| {
        CaptureError::new("ERR_LEAKWATCH_SYSTEM", format!("Cannot open a pipe for the snapshot: {error}."))
    };
    let (reader, writer) = std::io::pipe().map_err(failed)?;
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        const BYTES: libc::c_int = 1 << 20;
        // SAFETY: the descriptor is open; a refusal leaves the pipe as it was.
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, BYTES) };
    }
    Ok((reader, writer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::encoder::Compression;
    use crate::capture::folder::Keep;
    use crate::capture::stream::tests::SMALL;

    /// What Windows does.
    #[test]
    fn through_a_file_that_is_gone_afterwards() {
        let target = std::env::temp_dir().join(format!("leakwatch-through-{}", std::process::id()));
        for (outcome, expected) in [(Ok(()), Some(true)), (Err(CaptureError::new("ERR", "no")), None)] {
            let settings = Settings {
                target: target.clone(),
                redact: true,
                compression: Compression::None,
                keep: Keep::default(),
            };
            // Another test may hold the right to capture for a moment.
            let capture = loop {
                match InlineCapture::through_file(
                    settings.clone(),
                    UnfinishedFile::create(&target).unwrap(),
                    None,
                ) {
                    Ok(capture) => break capture,
                    Err(busy) => assert_eq!(busy.code, "ERR_LEAKWATCH_BUSY"),
                }
            };
            let written = PathBuf::from(capture.path());
            fs::write(&written, SMALL).unwrap();
            let session = capture.written(outcome);
            let outcome = loop {
                if let Some(outcome) = session.take_outcome() {
                    break outcome;
                }
                std::thread::yield_now();
            };
            assert_eq!(
                outcome.is_ok().then(|| fs::read_to_string(&target).unwrap().contains("Session")),
                expected
            );
            assert!(!written.exists());
            let _ = fs::remove_file(&target);
        }
    }
}
