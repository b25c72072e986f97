//! V8's pages, which it excludes from forks with `MADV_DONTFORK`.
//!
//! Which ones those are is a flag in /proc/self/smaps, but reading that walks all page tables (17 ms of processor
//! time for a heap of 500 MB) while the server stands still. The memory map tells too, in a fraction of that: a region
//! whose first page is excluded falls into two, unless all of it was excluded before. Where regions begin is
//! found out beforehand ([`Survey`]), so that the map is read only once while the server stands still; should there be
//! others by then, it is read again.

use std::io;

use parking_lot::{Mutex, MutexGuard};

use super::advice::{Adviser, Region};
use super::maps::{page_size, private_regions};
use super::precopy::{Copy, Precopy};

/// Where the regions of more than a page began a moment ago.
#[derive(Debug)]
pub struct Survey {
    /// Ascending.
    starts: Vec<usize>,
    /// What the map is read into. Memory of its own, so that reading the map does not change it.
    text: Mutex<Vec<u8>>,
    adviser: Adviser,
    /// What was copied, and need not be forked.
    precopy: Mutex<Option<Precopy>>,
}

/// What was copied, if anything was, for as long as this is held.
pub type Copies<'a> = MutexGuard<'a, Option<Precopy>>;

/// While this exists, forks include V8's pages, but for those that were copied. Dropping it excludes them again.
#[derive(Debug)]
pub struct ForkableHeap<'a> {
    excluded: Vec<Region>,
    adviser: &'a Adviser,
    precopy: Copies<'a>,
    /// What the child maps instead.
    pub(super) copies: Vec<Copy>,
}

impl Survey {
    /// Looks at the memory map, and copies what can be within `room` bytes; other threads may go on.
    pub fn take(room: u64) -> io::Result<Self> {
        let precopy = Mutex::new(Precopy::take(room));
        let page = page_size();
        // A line takes at most 100 bytes, and a heap of 1 GB has about 4000.
        let mut text = Vec::with_capacity(1 << 20);
        let larger = private_regions(&mut text)?.into_iter().filter(|region| region.len() > page);
        let starts = larger.map(|region| region.start).collect();
        Ok(Self { starts, text: Mutex::new(text), adviser: Adviser::new(), precopy })
    }

    /// What was copied; `None` while that is refreshed.
    pub fn copies(&self) -> Option<Copies<'_>> {
        self.precopy.try_lock()
    }

    /// Copies again what was written to since; other threads may go on.
    pub fn refresh(&self) {
        if let Some(precopy) = self.precopy.lock().as_mut() {
            precopy.refresh();
        }
    }

    /// Lets go of the copies.
    pub fn discard_copies(&self) {
        drop(self.precopy.lock().take());
    }
}

impl<'a> ForkableHeap<'a> {
    /// Includes all memory that is excluded from forks now. No other thread may map memory or fork meanwhile.
    ///
    /// A region of a single page cannot fall into two, so that nothing tells what it was. It is included, as
    /// memory is by default, and stays so.
    pub fn open(survey: &'a Survey, mut precopy: Copies<'a>) -> io::Result<Self> {
        let Survey { starts, text, adviser, .. } = survey;
        // Without copies everything is forked.
        let settled = precopy.as_mut().and_then(|precopy| precopy.settle().ok());
        let mut copies = settled.unwrap_or_default();
        let is_copied = |copies: &[Copy], start: usize| {
            copies.binary_search_by_key(&start, |copy| copy.region.start).is_ok()
        };
        let starts: Vec<usize> = starts.iter().copied().filter(|&start| !is_copied(&copies, start)).collect();
        let mut text = text.lock();
        let mut marks = Marks::new(adviser);
        let mut map = marks.add(&starts, &mut text)?;
        // What is not as it was has to be forked.
        copies.retain(|copy| {
            map.binary_search_by_key(&copy.region.start, |region| region.start)
                .is_ok_and(|at| map[at] == copy.region)
        });
        let mut unknown = marks.unknown(&map);
        unknown.retain(|&start| !is_copied(&copies, start));
        if !unknown.is_empty() {
            map = marks.add(&unknown, &mut text)?;
        }
        let (mut whole, mut excluded) = (Vec::with_capacity(map.len()), Vec::with_capacity(map.len()));
        for &region in map.iter().filter(|&&region| marks.is_excluded(region)) {
            whole.push(region);
            excluded.extend(marks.excluded_before(region));
        }
        let heap = Self { excluded, adviser, precopy, copies };
        adviser.advise(&whole, libc::MADV_DOFORK)?;
        let mut others = marks.ordinary(&map);
        others.extend(map.iter().filter(|region| region.len() == marks.page));
        // Only fails for memory that is gone.
        let _ = adviser.advise(&others, libc::MADV_DOFORK);
        Ok(heap)
    }

    /// In the child: puts the copies in the place of what the fork has left out.
    pub fn complete(&self) -> io::Result<()> {
        self.precopy.as_ref().map_or(Ok(()), |precopy| precopy.map(&self.copies))
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
        let map = private_regions(text).inspect_err(|_| {
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

#[cfg(test)]
mod tests {
    use super::super::testing::{is_alone, map};
    use super::*;

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
        if !is_alone(concat!(module_path!(), "::finds_exactly_what_is_excluded_and_restores_it")) {
            return;
        }
        let (lower, upper) = map(14).halves();
        let single = map(1);
        let gone = map(4);
        let adviser = Adviser::new();
        adviser.advise(&[lower, gone], libc::MADV_DONTFORK).unwrap();
        let survey = Survey::take(0).unwrap();
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
        let heap = ForkableHeap::open(&survey, survey.copies().unwrap()).unwrap();
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
            !ForkableHeap::open(&survey, survey.copies().unwrap())
                .unwrap()
                .excluded
                .iter()
                .any(|region| region.start == lower.start)
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
}
