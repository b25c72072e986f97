//! Threads of leakwatch's own.

use std::io;
use std::thread::Builder;

/// A named thread that takes no signals: those belong to the app's own threads.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    with_signals_blocked(|| Builder::new().name(name.into()).spawn(work)).map(drop)
}

/// Runs `work` with every signal blocked in this thread; a thread or a fork started by it inherits that.
#[cfg(unix)]
pub(crate) fn with_signals_blocked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: both sets are plain data, initialised by the calls that are given them.
    unsafe {
        let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let result = work();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        result
    }
}

#[cfg(not(unix))]
pub(crate) fn with_signals_blocked<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Lets the app go first when it wants the same core as this thread, and those that this thread starts.
#[cfg(target_os = "linux")]
pub(crate) fn yield_to_the_app() {
    const LESS_URGENT: libc::c_int = 5;
    // SAFETY: only changes the calling thread's own priority.
    unsafe { libc::nice(LESS_URGENT) };
}
