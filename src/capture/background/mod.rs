//! Captures in a forked child: the server goes on while the child writes.
//!
//! What makes this work with V8, and what each step is for:
//!
//! 1. [`threads`]: fork only while every other thread waits in a system call. Only this thread is copied;
//!    a thread in the middle of collecting or compiling would leave its work half done for ever.
//! 2. [`regions`]: V8 excludes its pages from forks (to make `child_process.spawn` fast); include them.
//! 3. `fork`, then exclude them again in the parent.
//! 4. [`child`]: cut every tie to the outside, leave the parent's fate to the kernel, and
//!    [`relocations`]: nobody is left to wake or to wait for, so condition variables must do nothing.
//! 5. The child writes the snapshot into the pipe and leaves without running any exit handler.
//! 6. [`watch`]: a thread of the parent drains the pipe, watches time and memory, and collects the child.

mod child;
mod regions;
mod relocations;
mod threads;
mod watch;

use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use self::child::Messages;
use self::regions::ForkableHeap;
use self::watch::Child;
use super::Product;
use super::admission::Budget;
use super::drain::Writer;
use super::error::CaptureError;
use super::inline::open_pipe;
use super::session::Session;
use crate::thread::with_signals_blocked;

/// What a child may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory.
    pub budget: Budget,
    /// Time from the fork to the end.
    pub timeout: Duration,
}

/// How an attempt to fork went.
#[derive(Debug)]
pub enum Attempt {
    /// A child is writing.
    Started(Arc<Session>),
    /// This many threads were at work: try again in a few milliseconds.
    Busy(usize),
}

/// Why this process cannot fork a snapshot; `Ok` when it can.
pub fn supported() -> Result<(), String> {
    threads::busy().map_err(|error| {
        format!("the kernel does not tell whether a thread is at work (/proc/self/task/*/syscall: {error})")
    })?;
    relocations::check()
}

/// Tries once to fork a child that runs `write` with the path of a pipe; it returns why it failed, if it did.
/// What comes out of the pipe goes to `consume`, in a thread of this process.
pub fn attempt(
    limits: Limits,
    write: impl FnOnce(String) -> Option<String>,
    consume: impl FnOnce(PipeReader, &mut dyn Writer, &Session) -> Result<Product, CaptureError> + Send + 'static,
) -> Result<Attempt, CaptureError> {
    let system = |error| {
        CaptureError::new("ERR_LEAKWATCH_SYSTEM", format!("Cannot prepare a fork for the capture: {error}."))
    };
    let busy = threads::busy().map_err(system)?;
    if busy > 0 {
        return Ok(Attempt::Busy(busy));
    }
    let (reader, writer) = open_pipe()?;
    let messages = Messages::open().map_err(system)?;
    let heap = ForkableHeap::open().map_err(system)?;
    // Finding V8's pages took a moment: look again.
    let busy = threads::busy().map_err(system)?;
    if busy > 0 {
        return Ok(Attempt::Busy(busy));
    }
    let parent = std::process::id();
    // The child must not run the app's signal handlers: they would write into what both still share.
    let pid = with_signals_blocked(|| {
        // SAFETY: the other threads wait in system calls, so no lock of V8's is held; the child calls nothing
        // that needs them and leaves through `_exit`.
        match unsafe { libc::fork() } {
            -1 => Err(system(std::io::Error::last_os_error())),
            0 => child::run(parent, &writer, &messages, write),
            pid => Ok(pid),
        }
    })?;
    drop(heap);
    drop(writer);
    let session = Arc::new(Session::default());
    let mut child = Child::new(pid, limits, messages, Arc::clone(&session));
    session.run(move |session| consume(reader, &mut child, session))?;
    Ok(Attempt::Started(session))
}
