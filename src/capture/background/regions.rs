//! V8's pages, which it excludes from forks with `MADV_DONTFORK`.
//!
//! Which ones those are is a flag in /proc/self/smaps, but reading that walks all page tables (17 ms of processor
//! time for a heap of 500 MB) while the server stands still. The memory map tells too, in a fraction of that: a region
//! whose first page is excluded falls into two, unless all of it was excluded before. Where regions begin is
//! found out beforehand ([`Survey`]), so that the map is read only once while the server stands still; should there be
//! others by then, it is read again.

use std::fs::File;
use std::io::{self, Read};

use parking_lot::Mutex;

use super::advice::{Adviser, Region};

/// Where the regions of more than a page began a moment ago.
#[derive(Debug)]
pub struct Survey {
    /// Ascending.
    starts: Vec<usize>,
    /// What the map is read into. Memory of its own, so that reading the map does not change it.
    text: Mutex<Vec<u8>>,
    adviser: Adviser,
}

/// While this exists, forks include V8's pages. Dropping it excludes them again.
#[derive(Debug)]
pub struct ForkableHeap<'a> {
    excluded: Vec<Region>,
    adviser: &'a Adviser,
}

impl Survey {
    /// Looks at the memory map; other threads may go on.
    pub fn take() -> io::Result<Self> {
        let page = page_size();
        // A line takes at most 100 bytes, and a heap of 1 GB has about 4000.
        let mut text = Vec::with_capacity(1 << 20);
        let larger = memory_map(&mut text)?.into_iter().filter(|region| region.len() > page);
        let starts = larger.map(|region| region.start).collect();
        Ok(Self { starts, text: Mutex::new(text), adviser: Adviser::new() })
    }
}

impl<'a> ForkableHeap<'a> {
    /// Includes all memory that is excluded from forks now. No other thread may map memory or fork meanwhile.
    ///
    /// A region of a single page cannot fall into two, so that nothing tells what it was. It is included, as
    /// memory is by default, and stays so.
    pub fn open(survey: &'a Survey) -> io::Result<Self> {
        let Survey { starts, text, adviser } = survey;
        let mut text = text.lock();
        let mut marks = Marks::new(adviser);
        let mut map = marks.add(starts, &mut text)?;
        let unknown = marks.unknown(&map);
        if !unknown.is_empty() {
            map = marks.add(&unknown, &mut text)?;
        }
        let (mut whole, mut excluded) = (Vec::with_capacity(map.len()), Vec::with_capacity(map.len()));
        for &region in map.iter().filter(|&&region| marks.is_excluded(region)) {
            whole.push(region);
            excluded.extend(marks.excluded_before(region));
        }
        let heap = Self { excluded, adviser };
        adviser.advise(&whole, libc::MADV_DOFORK)?;
        let mut others = marks.ordinary(&map);
        others.extend(map.iter().filter(|region| region.len() == marks.page));
        // Only fails for memory that is gone.
        let _ = adviser.advise(&others, libc::MADV_DOFORK);
        Ok(heap)
    }
}

impl Drop for ForkableHeap<'_> {
    fn drop(&mut self) {
        // Only fails for a region that is gone, and then there is nothing to exclude.
        let _ = self.adviser.advise(&self.excluded, libc::MADV_DONTFORK);
    }
}

/// Pages excluded to find out whether what is around them was excluded before, and what the memory map says then.
#[derive(Debug)]
struct Marks<'a> {
    adviser: &'a Adviser,
    page: usize,
    /// Where the pages begin, ascending.
    starts: Vec<usize>,
    /// Where regions end now, ascending.
    ends: Vec<usize>,
}

impl<'a> Marks<'a> {
    fn new(adviser: &'a Adviser) -> Self {
        Self { adviser, page: page_size(), starts: Vec::new(), ends: Vec::new() }
    }

    /// Excludes the pages at `starts` too; returns the map.
    fn add(&mut self, starts: &[usize], text: &mut Vec<u8>) -> io::Result<Vec<Region>> {
        // Fails where memory is gone.
        let _ = self.advise(starts, libc::MADV_DONTFORK);
        self.starts.extend(starts);
        self.starts.sort_unstable();
        let map = memory_map(text).inspect_err(|_| {
            // Nothing tells them apart now: memory is included by default.
            let _ = self.advise(&self.starts, libc::MADV_DOFORK);
        })?;
        self.ends = map.iter().map(|region| region.end).collect();
        Ok(map)
    }

    fn advise(&self, starts: &[usize], advice: libc::c_int) -> io::Result<()> {
        let pages: Vec<Region> = starts.iter().map(|&start| self.at(start)).collect();
        self.adviser.advise(&pages, advice)
    }

    fn at(&self, start: usize) -> Region {
        Region { start, end: start + self.page }
    }

    /// Whether a marked page has fallen from its region, which was included before then.
    fn has_fallen(&self, start: usize) -> bool {
        self.ends.binary_search(&(start + self.page)).is_ok()
    }

    /// The marked pages to include again: those that were included before, and those where another kind of memory, or
    /// none, has come to be since the survey.
    fn ordinary(&self, map: &[Region]) -> Vec<Region> {
        let is_known = |start: usize| {
            let region = map.get(map.partition_point(|region| region.end <= start));
            region.is_some_and(|region| region.start <= start)
        };
        let starts = self.starts.iter().copied();
        starts
            .filter(|&start| self.has_fallen(start) || !is_known(start))
            .map(|start| self.at(start))
            .collect()
    }

    fn inside(&self, region: Region) -> &[usize] {
        let before = |address| self.starts.partition_point(|&start| start < address);
        &self.starts[before(region.start)..before(region.end)]
    }

    /// Whether the region was excluded before: it holds a marked page that did not fall from it.
    fn is_excluded(&self, region: Region) -> bool {
        self.inside(region).iter().any(|&start| !self.has_fallen(start))
    }

    /// What of an excluded region was excluded before: not the marked page of the next one, should it have joined.
    fn excluded_before(&self, region: Region) -> impl Iterator<Item = Region> {
        let fallen = self.inside(region).iter().copied().filter(|&start| self.has_fallen(start));
        let ends = fallen.clone().chain([region.end]);
        let starts = [region.start].into_iter().chain(fallen.map(|start| start + self.page));
        starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| Region { start, end })
    }

    /// Where regions begin of which no mark tells anything.
    fn unknown(&self, map: &[Region]) -> Vec<usize> {
        let is_marked = |start: usize| self.starts.binary_search(&start).is_ok();
        let is_rest = |start: usize| {
            is_marked(start.wrapping_sub(self.page)) && self.ends.binary_search(&start).is_ok()
        };
        let larger = map.iter().filter(|region| region.len() > self.page);
        let starts = larger.map(|region| region.start);
        starts.filter(|&start| !is_marked(start) && !is_rest(start)).collect()
    }
}

fn memory_map(text: &mut Vec<u8>) -> io::Result<Vec<Region>> {
    text.clear();
    File::open("/proc/self/maps")?.read_to_end(text)?;
    Ok(regions(text))
}

/// Private regions without a file or a name, from the text of a maps file, ascending. See proc_pid_maps(5).
fn regions(map: &[u8]) -> Vec<Region> {
    let lines = map.split(|&byte| byte == b'\n');
    let region = |line| {
        let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let private = fields.next()?.ends_with('p');
        let no_file = fields.nth(2)? == "0" && fields.next().is_none();
        let address = |text| usize::from_str_radix(text, 16).ok();
        (private && no_file).then_some(Region { start: address(start)?, end: address(end)? })
    };
    lines.filter_map(region).collect()
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
        let gone = map(4);
        let adviser = Adviser::new();
        adviser.advise(&[lower, gone], libc::MADV_DONTFORK).unwrap();
        let survey = Survey::take().unwrap();
        // What is no longer there, and what is there since.
        // SAFETY: nobody uses it.
        assert_eq!(unsafe { libc::munmap(gone.start as *mut libc::c_void, gone.len()) }, 0);
        // SAFETY: nobody uses what it replaces.
        let shared = unsafe {
            libc::mmap(
                upper.start as *mut libc::c_void,
                upper.len(),
                libc::PROT_READ,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        assert_eq!(shared as usize, upper.start);
        let before = flags(upper);
        let late = map(16);
        adviser.advise(&[late], libc::MADV_DONTFORK).unwrap();
        let heap = ForkableHeap::open(&survey).unwrap();
        for region in [lower, late] {
            assert!(heap.excluded.contains(&region) && !flags_quietly(region).contains(" dc"), "{region:x?}");
        }
        assert!(
            !heap.excluded.iter().any(|region| region.start == upper.start || region.start == single.start)
        );
        drop(heap);
        assert!(flags(lower).contains(" dc") && flags(late).contains(" dc"));
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        assert_eq!(smaps.matches(" dc").count(), 2, "{smaps}");
        assert_eq!(flags(upper), before);
        adviser.advise(&[lower], libc::MADV_DOFORK).unwrap();
        assert!(
            !ForkableHeap::open(&survey).unwrap().excluded.iter().any(|region| region.start == lower.start)
        );
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
            regions(map),
            [
                Region { start: 0x62ec00000, end: 0x62ec40000 },
                Region { start: 0x62ec40000, end: 0x62ec80000 }
            ]
        );
    }
}
