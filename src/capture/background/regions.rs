//! V8's pages, which it excludes from forks with `MADV_DONTFORK`.
//!
//! Which ones those are is a flag in /proc/self/smaps, but reading that walks all page tables (12 ms for a
//! heap of 500 MB). A fork without them is quick, and what it lacks are exactly those regions: compare
//! its memory map with this process's.

use std::fs::File;
use std::io::{self, Read};

/// While this exists, forks include V8's pages. Dropping it excludes them again.
#[derive(Debug)]
pub struct ForkableHeap(Vec<Region>);

/// A stretch of private memory without a file behind it: from its first byte to just after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    start: usize,
    end: usize,
}

impl ForkableHeap {
    /// Includes all memory that is excluded from forks now. No other thread may map memory meanwhile.
    pub fn open() -> io::Result<Self> {
        let mut included = Self(Vec::new());
        for region in excluded_regions()? {
            region.advise(libc::MADV_DOFORK)?;
            included.0.push(region);
        }
        Ok(included)
    }
}

impl Drop for ForkableHeap {
    fn drop(&mut self) {
        for region in &self.0 {
            // Only fails for a region that is gone, and then there is nothing to exclude.
            let _ = region.advise(libc::MADV_DONTFORK);
        }
    }
}

impl Region {
    fn advise(self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: the advice only says whether forks copy the region; its contents stay as they are.
        match unsafe { libc::madvise(self.start as *mut libc::c_void, self.end - self.start, advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn excluded_regions() -> io::Result<Vec<Region>> {
    let mut size = 1 << 20;
    loop {
        // All memory first: nothing may be mapped between the two readings.
        let (mut own, mut copied) = (vec![0; size], vec![0; size]);
        let own = read(File::open("/proc/self/maps")?, &mut own)?;
        let probe = Probe::fork()?;
        let copied = read(probe.maps()?, &mut copied)?;
        drop(probe);
        if own.len() < size && copied.len() < size {
            return Ok(missing(anonymous(own), anonymous(copied)));
        }
        size *= 2;
    }
}

/// Fills `buffer` from the file; returns the part that was filled.
fn read(mut file: File, buffer: &mut [u8]) -> io::Result<&[u8]> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(&buffer[..length])
}

/// The regions of `own` of which `copied` has nothing. Both ascend.
fn missing(own: impl Iterator<Item = Region>, copied: impl Iterator<Item = Region>) -> Vec<Region> {
    let mut copied = copied.peekable();
    own.filter(|region| {
        while copied.next_if(|copy| copy.end <= region.start).is_some() {}
        copied.peek().is_none_or(|copy| copy.start >= region.end)
    })
    .collect()
}

/// Private regions without a file or a name, from the text of a maps file. See proc_pid_maps(5).
fn anonymous(maps: &[u8]) -> impl Iterator<Item = Region> + '_ {
    maps.split(|&byte| byte == b'\n').filter_map(|line| {
        let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let private = fields.next()?.ends_with('p');
        let no_file = fields.nth(2)? == "0" && fields.next().is_none();
        let address = |text| usize::from_str_radix(text, 16).ok();
        (private && no_file).then_some(Region { start: address(start)?, end: address(end)? })
    })
}

/// A copy of this process that does nothing, without the excluded regions. It ends when dropped.
struct Probe(libc::pid_t);

impl Probe {
    /// Copies this process by the bare system call: the copy never runs anything of the C library's, so
    /// that no lock needs to be in order.
    fn fork() -> io::Result<Self> {
        // SAFETY: all arguments 0 mean a plain fork without an exit signal. The copy only makes system calls.
        unsafe {
            match libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) {
                -1 => Err(io::Error::last_os_error()),
                0 => {
                    libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
                    loop {
                        libc::syscall(libc::SYS_ppoll, 0, 0, 0, 0, 0);
                    }
                }
                pid => Ok(Self(pid as libc::pid_t)),
            }
        }
    }

    fn maps(&self) -> io::Result<File> {
        File::open(format!("/proc/{}/maps", self.0))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // SAFETY: the copy is this process's child and nobody else collects it, so the pid is still its own.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), libc::__WALL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    fn map(pages: usize) -> Region {
        // SAFETY: a fresh anonymous mapping.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                pages * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        } as usize;
        Region { start, end: start + pages * PAGE }
    }

    fn flags(region: Region) -> String {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let entry = smaps
            .split_once(&format!("{:x}-{:x} ", region.start, region.end))
            .expect("a region of its own")
            .1;
        entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap().to_string()
    }

    /// One test, because threads must not map memory meanwhile: what is found is compared with smaps.
    #[test]
    fn finds_exactly_what_is_excluded_and_restores_it() {
        let region = map(7);
        region.advise(libc::MADV_DONTFORK).unwrap();
        assert!(flags(region).contains(" dc"));
        let heap = ForkableHeap::open().unwrap();
        assert!(heap.0.contains(&region) && !flags_quietly(region).contains(" dc"));
        drop(heap);
        assert!(flags(region).contains(" dc"));
        region.advise(libc::MADV_DOFORK).unwrap();
        assert!(!ForkableHeap::open().unwrap().0.contains(&region));
    }

    /// Like [`flags`], for a region that may have been merged with its neighbour.
    fn flags_quietly(region: Region) -> String {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let prefix = format!("{:x}-", region.start);
        smaps.split_once(&prefix).map_or(String::new(), |(_, entry)| {
            entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap().to_string()
        })
    }

    #[test]
    fn compares_memory_maps() {
        let own = b"00400000-00500000 r-xp 00000000 fe:00 247584   /usr/bin/node\n0f505000-0feda000 rw-p 00000000 00:00 0   [heap]\n\
            62ec00000-62ec40000 rw-p 00000000 00:00 0 \n62ec40000-62ec80000 ---p 00000000 00:00 0 \n7f0000000000-7f0000001000 rw-s 00000000 00:01 99 /dev/zero (deleted)\n\
            7f1000000000-7f1000002000 rw-p 00000000 00:00 0 \n";
        // The last one grew after the first map was read: it was copied.
        let copied = b"0f505000-0feda000 rw-p 00000000 00:00 0   [heap]\n62ec40000-62ec80000 ---p 00000000 00:00 0 \n7f1000000000-7f1000003000 rw-p 00000000 00:00 0 \n";
        assert_eq!(
            missing(anonymous(own), anonymous(copied)),
            [Region { start: 0x62ec00000, end: 0x62ec40000 }]
        );
    }
}
