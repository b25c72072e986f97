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
use crate::sampler::linux::resident_of;

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
    /// Its resident set right after the fork, which it shares with the parent, and copies of the parent's.
    inherited_bytes: u64,
    peak_bytes: u64,
    activity: Activity,
    collected: bool,
}

/// The last sign of life.
#[derive(Debug, PartialEq, Eq)]
struct Activity {
    cpu_ticks: u64,
    bytes: u64,
    seen: Instant,
}

impl Child {
    /// The child that was just forked, and that maps `copied_bytes` of its parent's memory, which count for it once it has
    /// read them.
    pub fn new(
        pid: libc::pid_t,
        copied_bytes: u64,
        limits: Limits,
        messages: Messages,
        session: Arc<Session>,
    ) -> Self {
        let now = Instant::now();
        let inherited_bytes = resident_of(pid).unwrap_or(0) + copied_bytes;
        Self {
            pid,
            limits,
            messages,
            session,
            began: now,
            checked: now,
            inherited_bytes,
            peak_bytes: inherited_bytes,
            activity: Activity { cpu_ticks: 0, bytes: 0, seen: now },
            collected: false,
        }
    }

    /// Why the child must not go on; `Ok` while it may.
    fn check(&mut self) -> Result<(), CaptureError> {
        let resident = resident_of(self.pid).unwrap_or(0);
        self.peak_bytes = self.peak_bytes.max(resident);
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
        self.limits.budget.check(resident.saturating_sub(self.inherited_bytes))?;
        self.check_activity()
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
    fn collect(&mut self) -> libc::c_int {
        let mut status = 0;
        loop {
            // SAFETY: waits for this process's own child, whose pid stays reserved until then.
            let ended = unsafe { libc::waitpid(self.pid, &mut status, libc::WNOHANG) };
            let interrupted =
                ended == -1 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
            if ended != 0 && !interrupted {
                self.collected = true;
                return if ended == self.pid { status } else { -1 };
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
                self.checked = Instant::now();
                self.check().inspect_err(|_| self.kill())?;
            }
            let mut ready = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one valid entry; the descriptor is open.
            if unsafe { libc::poll(&mut ready, 1, CHECK_EVERY.as_millis() as libc::c_int) } > 0 {
                return Ok(());
            }
        }
    }

    fn give_up(&mut self) {
        self.kill();
    }

    fn finish(&mut self) -> Result<Cost, CaptureError> {
        let status = self.collect();
        if status != 0 {
            return Err(self.failure(status));
        }
        let peak = self.peak_bytes;
        Ok(Cost {
            peak_child_bytes: Some(peak),
            grown_bytes: Some(peak.saturating_sub(self.inherited_bytes)),
        })
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
