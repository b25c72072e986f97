//! Advice to the kernel on memory of this process, for many regions at once where it takes that.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A stretch of memory: from its first byte to just after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub start: usize,
    pub end: usize,
}

/// Who gives advice. The kernel takes a vector of regions for one's own process since Linux 6.13 (process_madvise(2)),
/// which saves a call for each.
#[derive(Debug)]
pub struct Adviser {
    /// This process; `None` where the kernel has no such descriptors.
    process: Option<OwnedFd>,
}

/// Regions in one call: UIO_MAXIOV.
const MOST_AT_ONCE: usize = 1024;

impl Region {
    pub fn len(self) -> usize {
        self.end - self.start
    }

    fn advise(self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: the advice only says whether forks copy the region; its contents stay as they are.
        match unsafe { libc::madvise(self.start as *mut libc::c_void, self.len(), advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Adviser {
    pub fn new() -> Self {
        // SAFETY: makes a descriptor, which is closed on exec.
        let process = unsafe { libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0) };
        // SAFETY: just made, and nobody else's.
        let owned = |fd: libc::c_long| unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) };
        Self { process: (process >= 0).then_some(process).map(owned) }
    }

    /// Gives the same advice, `MADV_DOFORK` or `MADV_DONTFORK`, for all regions. One that is gone does not keep it from
    /// the others; the first error is returned.
    pub fn advise(&self, regions: &[Region], advice: libc::c_int) -> io::Result<()> {
        let mut result = Ok(());
        let mut process = self.process.as_ref();
        let mut rest = regions;
        while !rest.is_empty() {
            let at_once = &rest[..rest.len().min(MOST_AT_ONCE)];
            let advised = process.map_or(0, |process| advise_at_once(process, at_once, advice));
            rest = &rest[advised..];
            if advised < at_once.len() {
                // Either this region is gone, or the kernel takes no vectors of this advice.
                let alone = rest[0].advise(advice);
                if alone.is_ok() {
                    process = None;
                }
                result = result.and(alone);
                rest = &rest[1..];
            }
        }
        result
    }
}

/// How many of the regions, from the first on, have got the advice.
fn advise_at_once(process: &OwnedFd, regions: &[Region], advice: libc::c_int) -> usize {
    let vector: Vec<libc::iovec> = regions
        .iter()
        .map(|region| libc::iovec { iov_base: region.start as *mut libc::c_void, iov_len: region.len() })
        .collect();
    // SAFETY: the vector outlives the call; the advice only says whether forks copy the regions.
    let bytes = unsafe {
        libc::syscall(
            libc::SYS_process_madvise,
            process.as_raw_fd(),
            vector.as_ptr(),
            vector.len(),
            advice,
            0,
        )
    };
    let mut left = usize::try_from(bytes).unwrap_or(0);
    let got = |region: &&Region| {
        let whole = left >= region.len();
        left = left.saturating_sub(region.len());
        whole
    };
    regions.iter().take_while(got).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    fn map() -> Region {
        // SAFETY: a fresh anonymous mapping.
        let start = unsafe {
            let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
            libc::mmap(std::ptr::null_mut(), 4 * PAGE, libc::PROT_READ, flags, -1, 0)
        } as usize;
        Region { start, end: start + 4 * PAGE }
    }

    fn is_excluded(region: Region) -> bool {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let (_, entry) = smaps.split_once(&format!("{:x}-{:x} ", region.start, region.end)).unwrap();
        entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap().contains(" dc")
    }

    #[test]
    fn every_region_that_is_there_gets_the_advice_at_once_or_alone() {
        for adviser in [Adviser::new(), Adviser { process: None }] {
            let regions: Vec<Region> = (0..7).map(|_| map()).collect();
            // Every other one: neighbours with the same advice would become one.
            let mut advised: Vec<Region> = regions.iter().copied().step_by(2).collect();
            // Where the kernel maps nothing: a hole of our own might be filled by another test.
            advised[1] = Region { start: PAGE, end: 2 * PAGE };
            let error = adviser.advise(&advised, libc::MADV_DONTFORK).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
            assert_eq!([0, 2, 3].map(|at| is_excluded(advised[at])), [true; 3]);
            adviser.advise(&[advised[0], advised[2], advised[3]], libc::MADV_DOFORK).unwrap();
        }
    }
}
