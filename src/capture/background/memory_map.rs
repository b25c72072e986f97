//! This process's memory map, and advice to the kernel about parts of it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;

/// A stretch of memory: from its first byte to just after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    pub start: usize,
    pub end: usize,
}

/// One line of the memory map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    pub region: Region,
    /// Private, without a file behind it and without a name.
    pub anonymous: bool,
}

impl Region {
    /// Gives an advice; for memory that is gone there is nothing to say.
    fn advise(self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: only for advices that say what a fork copies; the contents stay as they are.
        if unsafe { libc::madvise(self.start as *mut libc::c_void, self.len(), advice) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENOMEM) => Ok(()),
            error => Err(error),
        }
    }

    /// Its length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }
}

/// Lets forks copy the regions. Tries all of them, and returns the first error.
pub fn include_in_forks(regions: &[Region]) -> io::Result<()> {
    advise(regions, libc::MADV_DOFORK)
}

/// Keeps forks from copying the regions. Tries all of them, and returns the first error.
pub fn exclude_from_forks(regions: &[Region]) -> io::Result<()> {
    advise(regions, libc::MADV_DONTFORK)
}

fn advise(regions: &[Region], advice: libc::c_int) -> io::Result<()> {
    let mut result = Ok(());
    for region in &regions[advise_together(regions, advice)..] {
        result = result.and(region.advise(advice));
    }
    result
}

/// With one system call for a thousand regions, where process_madvise(2) takes this advice: Linux 6.14. Returns how
/// many regions, from the first on, need nothing more.
fn advise_together(regions: &[Region], advice: libc::c_int) -> usize {
    const PIDFD_SELF_THREAD_GROUP: libc::c_int = -10001;
    const AT_MOST: usize = libc::UIO_MAXIOV as usize;
    let mut done = 0;
    for some in regions.chunks(AT_MOST) {
        let vector: Vec<libc::iovec> = some
            .iter()
            .map(|region| libc::iovec { iov_base: region.start as *mut libc::c_void, iov_len: region.len() })
            .collect();
        // SAFETY: a valid vector; as for `Region::advise`.
        let bytes = unsafe {
            libc::syscall(
                libc::SYS_process_madvise,
                PIDFD_SELF_THREAD_GROUP,
                vector.as_ptr(),
                vector.len(),
                advice,
                0,
            )
        };
        if usize::try_from(bytes) != Ok(some.iter().map(|region| region.len()).sum()) {
            break;
        }
        done += some.len();
    }
    done
}

/// The text of the memory map, which includes the memory it is in.
pub fn read_map() -> io::Result<Vec<u8>> {
    // A line takes at most 100 bytes, and a heap of 1 GB has about 4000.
    let mut text = Vec::with_capacity(1 << 20);
    File::open("/proc/self/maps")?.read_to_end(&mut text)?;
    Ok(text)
}

/// What the text of a memory map says, ascending.
pub fn mappings(text: &[u8]) -> Vec<Mapping> {
    text.split(|&byte| byte == b'\n').filter_map(parse).collect()
}

/// Reads a line of a maps file, see proc_pid_maps(5); nothing of any other line.
pub fn parse(line: &[u8]) -> Option<Mapping> {
    let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let region = Region { start: address(start)?, end: address(end)? };
    let private = fields.next()?.ends_with('p');
    let no_file = fields.nth(2)? == "0" && fields.next().is_none();
    Some(Mapping { region, anonymous: private && no_file })
}

/// Asks for single mappings: quicker than the whole map, for a few. Linux 6.11.
#[derive(Debug)]
pub struct MapQuery(File);

/// `struct procmap_query`, see ioctl_procmap_query(2).
#[repr(C)]
#[derive(Default)]
struct ProcmapQuery {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    about_the_mapping: [u64; 4],
    about_names: [u32; 4],
    names: [u64; 2],
}

impl MapQuery {
    pub fn open() -> io::Result<Self> {
        File::open("/proc/self/maps").map(Self)
    }

    /// The mapping that an address is in.
    pub fn region_at(&self, address: usize) -> io::Result<Region> {
        const SIZE: usize = size_of::<ProcmapQuery>();
        /// `_IOWR('f', 17, struct procmap_query)`.
        const PROCMAP_QUERY: libc::c_ulong = (3 << 30) | ((SIZE as libc::c_ulong) << 16) | (0x66 << 8) | 17;
        let mut query = ProcmapQuery { size: SIZE as u64, address: address as u64, ..Default::default() };
        // SAFETY: the kernel fills in a structure of the size that it is told.
        match unsafe { libc::ioctl(self.0.as_raw_fd(), PROCMAP_QUERY, &mut query) } {
            0 => Ok(Region { start: query.start as usize, end: query.end as usize }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The size of a page in bytes.
pub fn page_size() -> usize {
    // SAFETY: only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const PAGE: usize = 4096;

    /// Fresh memory that the kernel cannot merge with its neighbours, because a page that nobody may touch follows.
    pub fn map(pages: usize) -> Region {
        let size = pages * PAGE;
        // SAFETY: a new anonymous mapping.
        unsafe {
            let (protection, flags) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let start = libc::mmap(std::ptr::null_mut(), size + PAGE, protection, flags, -1, 0);
            assert_eq!(libc::mprotect(start.byte_add(size), PAGE, libc::PROT_NONE), 0);
            Region { start: start as usize, end: start as usize + size }
        }
    }

    pub fn unmap(region: Region) {
        // SAFETY: a mapping of the test's own that nothing refers to.
        assert_eq!(unsafe { libc::munmap(region.start as *mut libc::c_void, region.len()) }, 0);
    }

    #[test]
    fn reads_memory_maps() {
        let map = b"00400000-00500000 r-xp 00000000 fe:00 247584   /usr/bin/node\n0f505000-0feda000 rw-p 00000000 00:00 0   [heap]\n\
            62ec00000-62ec40000 rw-p 00000000 00:00 0 \n62ec40000-62ec80000 ---p 00000000 00:00 0 \n7f0000000000-7f0000001000 rw-s 00000000 00:01 99 /dev/zero (deleted)\n";
        let mappings = mappings(map);
        assert_eq!(mappings.len(), 5);
        let anonymous = mappings.iter().filter(|mapping| mapping.anonymous).map(|mapping| mapping.region);
        assert_eq!(
            anonymous.collect::<Vec<_>>(),
            [
                Region { start: 0x62ec00000, end: 0x62ec40000 },
                Region { start: 0x62ec40000, end: 0x62ec80000 }
            ]
        );
    }

    #[test]
    fn advises_what_there_is() {
        let regions = [map(4), map(2), map(4)];
        unmap(regions[1]);
        exclude_from_forks(&regions).unwrap();
        let is_excluded = |region: Region| {
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let entry = smaps.split_once(&format!("{:x}-{:x} ", region.start, region.end));
            entry.is_some_and(|(_, entry)| {
                let flags = entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap();
                flags.contains(" dc")
            })
        };
        assert!(is_excluded(regions[0]) && is_excluded(regions[2]));
        let not_a_page = Region { start: 1, end: PAGE };
        assert!(include_in_forks(&[not_a_page, regions[2]]).is_err());
        assert!(is_excluded(regions[0]) && !is_excluded(regions[2]));
    }
}
