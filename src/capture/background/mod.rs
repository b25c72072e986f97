//! Captures in a forked child: the server goes on while the child writes.
//!
//! What makes this work with V8, and what each step is for:
//!
//! 1. A thread of the parent gets everything ready ([`begin`]), so that the server stands still for the fork alone, and
//!    copies most of the heap ([`precopy`]), so that the fork takes little.
//! 2. [`threads`]: fork only while every other thread waits in a system call. Only this thread is copied;
//!    a thread in the middle of collecting or compiling would leave its work half done for ever.
//! 3. [`regions`]: V8 excludes its pages from forks (to make `child_process.spawn` fast); include what was not copied.
//! 4. `fork`, then exclude them again in the parent.
//! 5. [`child`]: cut every tie to the outside, leave the parent's fate to the kernel, and
//!    [`relocations`]: nobody is left to wake or to wait for, so condition variables must do nothing.
//! 6. The child writes the snapshot into the pipe and leaves without running any exit handler.
//! 7. [`watch`]: the thread drains the pipe, watches time and memory, and collects the child.

mod advice;
mod child;
mod dirty;
mod maps;
mod memfd;
mod precopy;
mod regions;
mod relocations;
#[cfg(test)]
mod testing;
mod threads;
mod watch;

use std::io::PipeReader;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::child::Messages;
use self::precopy::Precopy;
use self::regions::{ForkableHeap, Survey};
use self::watch::Child;
use super::Product;
use super::admission::Budget;
use super::drain::Writer;
use super::error::CaptureError;
use super::inline::open_pipe;
use super::session::Session;
use crate::thread::{with_signals_blocked, yield_to_the_app};

/// What a child may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory.
    pub budget: Budget,
    /// Time from the fork to the end.
    pub timeout: Duration,
}

/// How an attempt to fork went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A child is at work, or the session has ended with an error.
    Done,
    /// The thread is not ready yet: try again in a few milliseconds.
    NotReady,
    /// Other threads were at work: try again in a few milliseconds.
    Busy,
}

/// A capture that lacks only its child. Dropped, the capture is called off.
#[derive(Debug)]
pub struct Start {
    session: Arc<Session>,
    /// There once the thread is ready.
    survey: Arc<OnceLock<Survey>>,
    forked: mpsc::Sender<Forked>,
}

#[derive(Debug)]
struct Forked {
    pid: libc::pid_t,
    output: PipeReader,
    messages: Messages,
}

/// How often copies are refreshed while a moment to fork is awaited.
const REFRESH_EVERY: Duration = Duration::from_millis(50);

/// Why this process cannot fork a snapshot; `Ok` when it can.
pub fn supported() -> Result<(), String> {
    static SUPPORTED: OnceLock<Result<(), String>> = OnceLock::new();
    let find_out = || {
        threads::busy().map_err(|error| {
            format!(
                "the kernel does not tell whether a thread is at work (/proc/self/task/*/syscall: {error})"
            )
        })?;
        relocations::check()
    };
    SUPPORTED.get_or_init(find_out).clone()
}

/// Whether a fork leaves most of the heap out, because it was copied beforehand: the server stands still for a time that hardly
/// grows with the heap then.
pub fn copies_beforehand() -> bool {
    supported().is_ok() && Precopy::is_possible()
}

/// Starts the thread of a capture: it runs `prepare`, waits for the child that [`Start::attempt`] forks, and hands
/// what the child writes to what `prepare` returned.
pub fn begin<Consume>(
    prepare: impl FnOnce() -> Result<(Limits, Consume), CaptureError> + Send + 'static,
) -> Result<(Arc<Session>, Start), CaptureError>
where
    Consume: FnOnce(PipeReader, &mut dyn Writer, &Session) -> Result<Product, CaptureError>,
{
    let session = Arc::new(Session::default());
    let (forked, from_start) = mpsc::channel::<Forked>();
    let survey = Arc::new(OnceLock::new());
    let surveyed = Arc::clone(&survey);
    session.run(move |session| {
        yield_to_the_app();
        let (limits, consume) = prepare()?;
        let survey = Survey::take(limits.budget.spare).map_err(unprepared)?;
        let survey = surveyed.get_or_init(|| survey);
        let forked = await_fork(&from_start, survey);
        survey.discard_copies();
        let Forked { pid, output, messages } = forked?;
        let mut child = Child::new(pid, limits, messages, Arc::clone(session));
        consume(output, &mut child, session)
    })?;
    Ok((Arc::clone(&session), Start { session, survey, forked }))
}

fn await_fork(from_start: &mpsc::Receiver<Forked>, survey: &Survey) -> Result<Forked, CaptureError> {
    loop {
        match from_start.recv_timeout(REFRESH_EVERY) {
            Ok(forked) => return Ok(forked),
            Err(RecvTimeoutError::Timeout) => survey.refresh(),
            Err(RecvTimeoutError::Disconnected) => return Err(CaptureError::cancelled()),
        }
    }
}

impl Start {
    /// Tries once to fork a child that runs `write` with the path of a pipe; it returns why it failed, if it did.
    /// After [`Attempt::Done`] nothing is left to do here.
    pub fn attempt(&self, write: impl FnOnce(String) -> Option<String>) -> Result<Attempt, CaptureError> {
        if self.session.has_ended() {
            return Ok(Attempt::Done);
        }
        let Some(survey) = self.survey.get() else { return Ok(Attempt::NotReady) };
        let Some(copies) = survey.copies() else { return Ok(Attempt::NotReady) };
        if threads::busy().map_err(unprepared)? > 0 {
            return Ok(Attempt::Busy);
        }
        let (output, input) = open_pipe()?;
        let messages = Messages::open().map_err(unprepared)?;
        let heap = ForkableHeap::open(survey, copies).map_err(unprepared)?;
        // Finding V8's pages took a moment: look again.
        if threads::busy().map_err(unprepared)? > 0 {
            return Ok(Attempt::Busy);
        }
        let parent = std::process::id();
        // The child must not run the app's signal handlers: they would write into what both still share.
        let pid = with_signals_blocked(|| {
            // SAFETY: the other threads wait in system calls, so no lock of V8's is held; the child calls nothing
            // that needs them and leaves through `_exit`.
            match unsafe { libc::fork() } {
                -1 => Err(unprepared(std::io::Error::last_os_error())),
                0 => child::run(parent, &heap, &input, &messages, write),
                pid => Ok(pid),
            }
        })?;
        drop(heap);
        drop(input);
        if let Err(lost) = self.forked.send(Forked { pid, output, messages }) {
            lost.0.discard();
        }
        Ok(Attempt::Done)
    }
}

fn unprepared(error: std::io::Error) -> CaptureError {
    CaptureError::new("ERR_LEAKWATCH_SYSTEM", format!("Cannot prepare a fork for the capture: {error}."))
}

impl Forked {
    /// Ends a child that nobody waits for, because the thread has gone.
    fn discard(self) {
        // SAFETY: this process's own child, which nobody has collected.
        unsafe {
            libc::kill(self.pid, libc::SIGKILL);
            libc::waitpid(self.pid, std::ptr::null_mut(), 0);
        }
    }
}
