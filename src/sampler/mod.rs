//! What the operating system knows about this process, read by a thread that never touches V8.
//!
//! Everything is optional: a reading that the system does not give is `None`, and [`Reading::reason`] says why.

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod open_files;
mod ring;
mod thread;

pub use open_files::{FileKind, OpenFiles};
pub use ring::Ring;
pub use thread::Sampler;

/// One moment's readings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Milliseconds since 1970.
    pub at_ms: f64,
    /// Resident set, in bytes.
    pub rss: Option<u64>,
    /// Resident anonymous memory (heap, stacks, JIT code), in bytes.
    pub anonymous: Option<u64>,
    /// Anonymous memory that was swapped out, in bytes.
    pub swap: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open file descriptors.
    pub fds: Option<u64>,
    /// The memory control group that is nearest to its limit; `None` outside of one.
    pub cgroup: Option<CgroupMemory>,
    /// Why readings are missing; `None` when none is.
    pub reason: Option<String>,
}

/// A control group's memory. With nested groups, that of the one with the least left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgroupMemory {
    /// Bytes charged to the group, page cache included.
    pub usage: u64,
    /// Of these, page cache the kernel can drop at once, in bytes.
    pub reclaimable: u64,
    /// Bytes at which the kernel starts to kill; `None` without a limit.
    pub limit: Option<u64>,
}

impl CgroupMemory {
    /// Bytes that can still be allocated before the limit; `None` without a limit.
    pub fn headroom(&self) -> Option<u64> {
        let held = self.usage.saturating_sub(self.reclaimable);
        self.limit.map(|limit| limit.saturating_sub(held))
    }
}

/// A source of readings: one per operating system.
pub trait Probe: Send {
    /// Reads everything once.
    fn read(&mut self) -> Reading;

    /// Lists open descriptors, grouped.
    fn open_files(&mut self) -> Vec<OpenFiles>;
}

/// The probe for this system.
pub fn probe() -> Box<dyn Probe> {
    #[cfg(target_os = "linux")]
    return Box::new(linux::LinuxProbe::new());
    #[cfg(not(target_os = "linux"))]
    return Box::new(NoProbe);
}

/// Milliseconds since 1970.
pub fn now_ms() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// Where the system's own figures are not read yet: JavaScript still knows the resident set.
#[cfg(not(target_os = "linux"))]
struct NoProbe;

#[cfg(not(target_os = "linux"))]
impl Probe for NoProbe {
    fn read(&mut self) -> Reading {
        let reason =
            format!("leakwatch reads the system's figures on Linux only, not on {}", std::env::consts::OS);
        Reading { at_ms: now_ms(), reason: Some(reason), ..Reading::default() }
    }

    fn open_files(&mut self) -> Vec<OpenFiles> {
        Vec::new()
    }
}
