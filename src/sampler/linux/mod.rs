//! Linux: everything comes from /proc and the control group file systems.

mod cgroup;
mod descriptors;
mod sockets;
mod status;

use std::fs;

use self::cgroup::CgroupFiles;
use super::{OpenFiles, Probe, Reading, now_ms};

/// Reads /proc of this process.
#[derive(Debug)]
pub struct LinuxProbe {
    /// Found once: control groups and mounts of a running process hardly ever change.
    cgroup: Option<CgroupFiles>,
}

impl LinuxProbe {
    /// Finds this process's control group.
    pub fn new() -> Self {
        Self { cgroup: CgroupFiles::of_this_process() }
    }
}

impl Default for LinuxProbe {
    fn default() -> Self {
        Self::new()
    }
}

impl Probe for LinuxProbe {
    fn read(&mut self) -> Reading {
        let status = match fs::read_to_string("/proc/self/status") {
            Ok(text) => status::parse(&text),
            Err(error) => {
                let reason = format!("/proc/self/status cannot be read: {error}");
                return Reading { at_ms: now_ms(), reason: Some(reason), ..Reading::default() };
            }
        };
        let cgroup = self.cgroup.as_ref().and_then(CgroupFiles::read);
        if cgroup.is_none() && self.cgroup.is_some() {
            self.cgroup = CgroupFiles::of_this_process();
        }
        let reason = (status.rss.is_none() || status.anonymous.is_none())
            .then(|| "/proc/self/status does not tell resident memory by kind here".to_string());
        Reading {
            at_ms: now_ms(),
            rss: status.rss,
            anonymous: status.anonymous,
            swap: status.swap,
            threads: status.threads,
            fds: descriptors::count(),
            cgroup,
            reason,
        }
    }

    fn open_files(&mut self) -> Vec<OpenFiles> {
        descriptors::list()
    }
}

/// Bytes of memory that the machine could hand out without swapping; `None` without /proc/meminfo.
pub fn machine_available() -> Option<u64> {
    status::kilobytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// Bytes that the process `pid` has in memory of its own, neither a file's nor shared memory; `None` when it is gone.
pub fn anonymous_of(pid: u32) -> Option<u64> {
    status::parse(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?).anonymous
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_kernels_other_files() {
        let ballast = std::hint::black_box(vec![1u8; 64 << 20]);
        let reading = LinuxProbe::new().read();
        assert_eq!(reading.reason, None);
        // SAFETY: sysconf only returns a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: Vec<u64> = statm.split_whitespace().map(|field| field.parse().unwrap()).collect();
        let close = |a: u64, b: u64| a.abs_diff(b) < 8 << 20;
        assert!(close(reading.rss.unwrap(), pages[1] * page));
        assert!(close(reading.anonymous.unwrap(), (pages[1] - pages[2]) * page));
        assert!(reading.anonymous.unwrap() >= ballast.len() as u64);
        assert!(reading.threads.unwrap() >= 1 && reading.fds.unwrap() >= 3);
        if let Some(cgroup) = reading.cgroup {
            assert!(cgroup.usage > 0 && cgroup.reclaimable <= cgroup.usage);
        }
        drop(ballast);
    }

    #[test]
    fn knows_other_processes_and_the_machine() {
        let ballast = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(anonymous_of(std::process::id()).unwrap() >= ballast.len() as u64);
        assert_eq!(anonymous_of(u32::MAX), None);
        assert!(machine_available().unwrap() > 1 << 20);
    }
}
