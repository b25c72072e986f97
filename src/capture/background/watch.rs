//! The parent's side of a child: waits for its output, keeps it within its limits, and collects it.

use std::io::PipeReader;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Limits;
use super::child::{FAILED, Messages};
use super::relocations::WAITED;
use crate::capture::drain::{Cost, Writer};
use crate::capture::error::CaptureError;
use crate::capture::session::Session;
use crate::sampler::linux::anonymous_of;

/// How often time, memory and the caller's mind are looked at.
const CHECK_EVERY: Duration = Duration::from_millis(25);
/// A child that computes nothing and writes nothing for this long waits for a thread it does not have.
const STUCK_AFTER: Duration = Duration::from_secs(20);

/// A forked child that writes into the pipe.
#[derive(Debug)]
pub struct Child {
    pid: libc::pid_t,
    limits: Limits,
    messages: Messages,
    session: Arc<Session>,
    began: Instant,
    checked: Instant,
    /// By how many bytes it was seen to have grown at most; `None` while that is not known.
    grown: Option<u64>,
    activity: Activity,
    collected: bool,
}

/// How a child has ended.
#[derive(Debug)]
struct End {
    status: libc::c_int,
    /// Bytes of its largest resident set.
    peak: u64,
}

/// The last sign of life.
#[derive(Debug, PartialEq, Eq)]
struct Activity {
    cpu_ticks: u64,
    bytes: u64,
    seen: Instant,
}

impl Child {
    /// The child that was just forked.
    pub fn new(pid: libc::pid_t, limits: Limits, messages: Messages, session: Arc<Session>) -> Self {
        let now = Instant::now();
        Self {
            pid,
            limits,
            messages,
            session,
            began: now,
            checked: now,
            grown: None,
            activity: Activity { cpu_ticks: 0, bytes: 0, seen: now },
            collected: false,
        }
    }

    /// Why the child must not go on; `Ok` while it may.
    fn check(&mut self) -> Result<(), CaptureError> {
        self.measure();
        if self.session.is_cancelled() {
            return Err(CaptureError::cancelled());
        }
        if self.began.elapsed() > self.limits.timeout {
            return Err(CaptureError::new(
                "ERR_LEAKWATCH_TIMEOUT",
                format!(
                    "The snapshot was not finished after {} ms, so its process was ended. Raise `timeoutMs`, or take it while the heap is smaller.",
                    self.limits.timeout.as_millis()
                ),
            ));
        }
        self.limits.budget.check(self.grown.unwrap_or(0))?;
        self.check_activity()
    }

    fn check_or_kill(&mut self) -> Result<(), CaptureError> {
        self.checked = Instant::now();
        self.check().inspect_err(|_| self.kill())
    }

    /// What it reads of its parent's heap does not count, neither as it was forked nor as it was copied.
    fn measure(&mut self) {
        if let (Some(now), Some(inherited)) = (anonymous_of(self.pid as u32), self.messages.inherited()) {
            self.grown = self.grown.max(Some(now.saturating_sub(inherited)));
        }
    }

    fn check_activity(&mut self) -> Result<(), CaptureError> {
        let (cpu_ticks, bytes) = (cpu_ticks_of(self.pid), self.session.bytes());
        if (cpu_ticks, bytes) != (self.activity.cpu_ticks, self.activity.bytes) {
            self.activity = Activity { cpu_ticks, bytes, seen: Instant::now() };
        }
        if self.activity.seen.elapsed() < STUCK_AFTER {
            return Ok(());
        }
        Err(CaptureError::new(
            "ERR_LEAKWATCH_STUCK",
            "The snapshot's process stood still, so it was ended: it probably waited for a thread that does not exist in it. Try again.",
        ))
    }

    fn kill(&self) {
        if !self.collected {
            // SAFETY: the child has not been collected, so that the pid is still its own.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
        }
    }

    /// Waits for the child's end; kills it when that takes longer than it may.
    fn collect(&mut self) -> End {
        let mut status = 0;
        loop {
            // SAFETY: zeroes are a usage. Waits for this process's own child, whose pid stays reserved until then.
            let (ended, usage) = unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                (libc::wait4(self.pid, &mut status, libc::WNOHANG, &mut usage), usage)
            };
            let interrupted =
                ended == -1 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
            if ended != 0 && !interrupted {
                self.collected = true;
                return End {
                    status: if ended == self.pid { status } else { -1 },
                    peak: usage.ru_maxrss as u64 * 1024,
                };
            }
            if let Err(_reason) = self.check() {
                self.kill();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn failure(&mut self, status: libc::c_int) -> CaptureError {
        let said = self.messages.first_line();
        let because = said.map_or(String::new(), |line| format!(" It said: {line}"));
        let (code, message) = if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            (
                if is_crash(signal) { "ERR_LEAKWATCH_CRASHED" } else { "ERR_LEAKWATCH_KILLED" },
                format!(
                    "The snapshot's process was ended by signal {signal}{}.{because} Nothing was written.",
                    explain(signal)
                ),
            )
        } else {
            match libc::WEXITSTATUS(status) {
                FAILED => ("ERR_LEAKWATCH_V8", format!("V8 could not write a heap snapshot.{because}")),
                WAITED => ("ERR_LEAKWATCH_STUCK", "The snapshot's process would have waited for a thread that does not exist in it. Try again.".into()),
                code => ("ERR_LEAKWATCH_KILLED", format!("The snapshot's process ended with exit code {code}.{because} Nothing was written.")),
            }
        };
        CaptureError::new(code, message)
    }
}

impl Writer for Child {
    fn wait(&mut self, pipe: &PipeReader) -> Result<(), CaptureError> {
        loop {
            if self.checked.elapsed() >= CHECK_EVERY {
                self.check_or_kill()?;
            }
            if readable(pipe, CHECK_EVERY) {
                break;
            }
        }
        // What V8 builds is whole, and as large as it will be, when the first bytes come.
        if self.session.bytes() == 0 { self.check_or_kill() } else { Ok(()) }
    }

    fn give_up(&mut self) {
        self.kill();
    }

    fn finish(&mut self) -> Result<Cost, CaptureError> {
        let End { status, peak } = self.collect();
        if status != 0 {
            return Err(self.failure(status));
        }
        Ok(Cost { peak_child_bytes: Some(peak), grown_bytes: self.grown })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.collected {
            self.kill();
            self.collect();
        }
    }
}

/// Whether there is something to read, or the end, within `patience`.
fn readable(pipe: &PipeReader, patience: Duration) -> bool {
    let mut ready = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid entry; the descriptor is open.
    unsafe { libc::poll(&mut ready, 1, patience.as_millis() as libc::c_int) > 0 }
}

fn explain(signal: libc::c_int) -> &'static str {
    match signal {
        libc::SIGKILL => " (SIGKILL: by somebody, or by the kernel because memory ran out)",
        libc::SIGTERM => " (SIGTERM: the process group was asked to end)",
        _ if is_crash(signal) => " (a crash)",
        _ => "",
    }
}

fn is_crash(signal: libc::c_int) -> bool {
    matches!(signal, libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGTRAP | libc::SIGABRT)
}

/// Processor time of a process in clock ticks: fields 14 and 15 of /proc/PID/stat. 0 when it is gone.
fn cpu_ticks_of(pid: libc::pid_t) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field, a name in parentheses, can contain anything.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_ascii_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::testing::{PAGE, is_alone, map};
    use super::*;
    use crate::capture::admission::Budget;
    use crate::capture::inline::open_pipe;

    const GROWTH: u64 = 40 << 20;

    #[test]
    fn growth_is_counted_from_the_fork_however_late_the_thread_is() {
        if !is_alone(concat!(module_path!(), "::growth_is_counted_from_the_fork_however_late_the_thread_is"))
        {
            return;
        }
        let inherited = std::hint::black_box(vec![1u8; 64 << 20]);
        let (output, mut input) = open_pipe().unwrap();
        let messages = Messages::open().unwrap();
        // SAFETY: no other thread is at work.
        let pid = match unsafe { libc::fork() } {
            0 => {
                let told = messages.tell_inherited();
                let grown = map(GROWTH as usize / PAGE);
                // SAFETY: this test's own memory, all of which can be written to.
                unsafe { std::ptr::write_bytes(grown.start as *mut u8, 1, grown.len()) };
                // Waits until it is read.
                let written = told.and_then(|()| input.write_all(&vec![0; 4 << 20]));
                // SAFETY: leaves without exit handlers.
                unsafe { libc::_exit(i32::from(written.is_err())) }
            }
            pid => pid,
        };
        drop(input);
        std::thread::sleep(Duration::from_millis(200));
        let budget = Budget { max_growth: GROWTH * 2, spare: 0 };
        let limits = Limits { budget, timeout: Duration::from_secs(60) };
        let mut child = Child::new(pid, limits, messages, Arc::default());
        child.wait(&output).unwrap();
        std::io::copy(&mut &output, &mut std::io::sink()).unwrap();
        let cost = child.finish().unwrap();
        let (grown, peak) = (cost.grown_bytes.unwrap(), cost.peak_child_bytes.unwrap());
        assert!((GROWTH..GROWTH + (8 << 20)).contains(&grown), "{grown}");
        assert!(peak >= GROWTH + inherited.len() as u64 / 2, "{peak}");
    }
}
