//! Captures in this process: the event loop stands still while V8 writes.

use std::io::{PipeReader, PipeWriter};
use std::sync::{Arc, mpsc};

use super::drain::{Cost, Writer, drain};
use super::error::CaptureError;
use super::file::UnfinishedFile;
use super::session::{Claim, Session};
use super::tap::Tap;
use super::{Product, Settings};

/// A capture whose pipe waits for V8. Dropped without [`written`](Self::written), it fails.
#[derive(Debug)]
pub struct InlineCapture {
    pipe: Option<PipeWriter>,
    told: mpsc::Sender<Result<(), CaptureError>>,
    session: Arc<Session>,
}

impl InlineCapture {
    /// Opens the pipe and starts the thread between it and `file`.
    pub fn begin(
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
        Ok(Self { pipe: Some(writer), told, session })
    }

    /// The path under which V8 can open the pipe's writing end.
    pub fn pipe_path(&self) -> String {
        let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
        #[cfg(unix)]
        let descriptor = self.pipe.as_ref().map_or(-1, std::os::fd::AsRawFd::as_raw_fd);
        // A pipe has no path on Windows: V8 will say that it cannot open this one.
        #[cfg(not(unix))]
        let descriptor = -1;
        format!("{folder}/{descriptor}")
    }

    /// V8 has written everything, or could not. The session ends soon after.
    pub fn written(mut self, outcome: Result<(), CaptureError>) -> Arc<Session> {
        // First the outcome, then the pipe's end: the draining thread asks for them in the other order.
        let _ = self.told.send(outcome);
        self.pipe = None;
        Arc::clone(&self.session)
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
