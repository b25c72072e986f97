//! V8's pages, which it excludes from forks with `MADV_DONTFORK`.
//!
//! Which ones those are is a flag in /proc/self/smaps, but reading that walks all page tables (17 ms of processor
//! time for a heap of 500 MB) while the server stands still. The memory map tells too, in a ninth of that: a region
//! whose first page is excluded falls into two, unless all of it was excluded before.

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
    /// Includes all memory that is excluded from forks now. No other thread may map memory or fork meanwhile.
    ///
    /// A region of a single page cannot fall into two, so that nothing tells what it was. It is included, as
    /// memory is by default, and stays so.
    pub fn open() -> io::Result<Self> {
        let page = page_size();
        // Kept until the end: letting it go would unmap it.
        let map = memory_map()?;
        let (larger, single): (Vec<_>, Vec<_>) =
            regions(&map).partition(|region| region.end - region.start > page);
        let mut included = Self(Vec::with_capacity(larger.len()));
        for region in excluded(&larger, page)? {
            region.advise(libc::MADV_DOFORK)?;
            included.0.push(region);
        }
        single.iter().try_for_each(|region| region.advise(libc::MADV_DOFORK))?;
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

/// Those of `regions`, each larger than a page, that were excluded from forks. The others are as before.
fn excluded(candidates: &[Region], page: usize) -> io::Result<Vec<Region>> {
    let first_page = |region: &Region| Region { start: region.start, end: region.start + page };
    let include = |region: &Region| first_page(region).advise(libc::MADV_DOFORK);
    let marked = candidates.iter().try_for_each(|region| first_page(region).advise(libc::MADV_DONTFORK));
    let map = match marked.and_then(|()| memory_map()) {
        Ok(map) => map,
        Err(error) => {
            // Nothing tells them apart now: memory is included by default.
            let _ = candidates.iter().try_for_each(include);
            return Err(error);
        }
    };
    let ends: Vec<usize> = regions(&map).map(|region| region.end).collect();
    let (ordinary, excluded): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|region| ends.binary_search(&(region.start + page)).is_ok());
    ordinary.iter().try_for_each(include)?;
    Ok(excluded)
}

fn memory_map() -> io::Result<Vec<u8>> {
    // A line takes at most 100 bytes, and a heap of 1 GB has about 4000.
    let mut map = Vec::with_capacity(1 << 20);
    File::open("/proc/self/maps")?.read_to_end(&mut map)?;
    Ok(map)
}

/// Private regions without a file or a name, from the text of a maps file, ascending. See proc_pid_maps(5).
fn regions(map: &[u8]) -> impl Iterator<Item = Region> + '_ {
    map.split(|&byte| byte == b'\n').filter_map(|line| {
        let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let private = fields.next()?.ends_with('p');
        let no_file = fields.nth(2)? == "0" && fields.next().is_none();
        let address = |text| usize::from_str_radix(text, 16).ok();
        (private && no_file).then_some(Region { start: address(start)?, end: address(end)? })
    })
}

fn page_size() -> usize {
    // SAFETY: only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
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

    impl Region {
        fn halves(self) -> (Self, Self) {
            let middle = self.start + (self.end - self.start) / 2;
            (Self { end: middle, ..self }, Self { start: middle, ..self })
        }
    }

    fn flags(region: Region) -> String {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let entry = smaps
            .split_once(&format!("{:x}-{:x} ", region.start, region.end))
            .expect("a region of its own")
            .1;
        entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap().to_string()
    }

    /// What is found is compared with smaps. In a process of its own, because threads must not map memory meanwhile.
    #[test]
    fn finds_exactly_what_is_excluded_and_restores_it() {
        if std::env::var_os("LEAKWATCH_ALONE").is_none() {
            let name = concat!(module_path!(), "::finds_exactly_what_is_excluded_and_restores_it");
            let alone = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--test-threads=1", name.split_once("::").unwrap().1])
                .env("LEAKWATCH_ALONE", "1")
                .output()
                .unwrap();
            let output = String::from_utf8_lossy(&alone.stdout);
            assert!(alone.status.success() && output.contains("1 passed"), "{output}");
            return;
        }
        let (lower, upper) = map(14).halves();
        let single = map(1);
        lower.advise(libc::MADV_DONTFORK).unwrap();
        let before = flags(upper);
        let heap = ForkableHeap::open().unwrap();
        assert!(heap.0.contains(&lower) && !flags_quietly(lower).contains(" dc"));
        assert!(!heap.0.iter().any(|region| region.start == upper.start || region.start == single.start));
        drop(heap);
        assert!(flags(lower).contains(" dc"));
        assert_eq!(flags(upper), before);
        lower.advise(libc::MADV_DOFORK).unwrap();
        assert!(!ForkableHeap::open().unwrap().0.iter().any(|region| region.start == lower.start));
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
    fn reads_memory_maps() {
        let map = b"00400000-00500000 r-xp 00000000 fe:00 247584   /usr/bin/node\n0f505000-0feda000 rw-p 00000000 00:00 0   [heap]\n\
            62ec00000-62ec40000 rw-p 00000000 00:00 0 \n62ec40000-62ec80000 ---p 00000000 00:00 0 \n7f0000000000-7f0000001000 rw-s 00000000 00:01 99 /dev/zero (deleted)\n";
        assert_eq!(
            regions(map).collect::<Vec<_>>(),
            [
                Region { start: 0x62ec00000, end: 0x62ec40000 },
                Region { start: 0x62ec40000, end: 0x62ec80000 }
            ]
        );
    }
}
