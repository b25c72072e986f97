//! V8's memory, copied before the fork, so that the fork need not.
//!
//! What takes long in a fork is copying page tables: in proportion to the heap, while the app stands still. So a thread
//! copies the pages beforehand and copies again what was written to meanwhile, until little is left for the moment in
//! which nothing runs: pre-copy, as in the live migration of virtual machines (Clark et al., NSDI 2005). The fork
//! leaves those regions out, as V8 wants it, and the child maps the copies in their place.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::advice::Region;
use super::dirty::{DirtyPages, Stretch};
use super::maps::{excluded_regions, page_size};
use super::memfd::memory_file;

/// A fork copies less than this in a few milliseconds.
const WORTHWHILE: usize = 64 << 20;
/// How often at most what was written to meanwhile is copied again at first.
const ROUNDS: usize = 4;
/// When so few pages were written to since the last round, another one would not find fewer.
const FEW_PAGES: usize = 512;
/// Copying more pages of a region than these takes longer than having it forked.
const MOST_PAGES: usize = 8;

/// Copies of regions, in a file without a name. Dropping it takes a tenth of a second.
#[derive(Debug)]
pub struct Precopy {
    dirty: DirtyPages,
    memory: File,
    /// Ascending.
    copies: Vec<Copy>,
}

impl Precopy {
    /// Whether the system can tell what is written to.
    pub fn is_possible() -> bool {
        !file_size_is_limited() && DirtyPages::open().is_ok()
    }

    /// Copies V8's memory as far as `room` bytes allow; the app may go on. `None` where that is not worthwhile, or the
    /// system cannot tell what is written to.
    pub fn take(room: u64) -> Option<Self> {
        if file_size_is_limited() {
            return None;
        }
        let regions = excluded_regions().ok()?;
        let mut precopy = Self {
            dirty: DirtyPages::open().ok()?,
            memory: memory_file(c"leakwatch-heap").ok()?,
            copies: vec![],
        };
        let mut bytes = 0;
        for region in regions {
            if (bytes + region.len()) as u64 <= room && precopy.dirty.start(region).is_ok() {
                precopy.copies.push(Copy { region, offset: bytes });
                bytes += region.len();
            }
        }
        if bytes < WORTHWHILE {
            return None;
        }
        precopy.memory.set_len(bytes as u64).ok()?;
        for _ in 0..=ROUNDS {
            if precopy.refresh() <= FEW_PAGES {
                break;
            }
        }
        Some(precopy)
    }

    /// Copies again what was written to since; the app may go on. Returns the number of pages.
    pub fn refresh(&mut self) -> usize {
        let Self { dirty, memory, copies } = self;
        let mut bytes = 0;
        copies.retain(|copy| {
            let copied = dirty.take_written(copy.region, |written| {
                bytes += written.len();
                copy.update(memory, written)
            });
            // Fails where memory has gone meanwhile.
            copied.inspect_err(|_| dirty.stop(copy.region)).is_ok()
        });
        bytes / page_size()
    }

    /// Brings copies up to date while nothing runs, and returns those that are, ascending. The other regions have to be
    /// forked.
    pub fn settle(&mut self) -> io::Result<Vec<Copy>> {
        let (Some(first), Some(last)) = (self.copies.first(), self.copies.last()) else { return Ok(vec![]) };
        let stretches = self.dirty.stretches(Region { start: first.region.start, end: last.region.end })?;
        let mut settled = Vec::with_capacity(self.copies.len());
        for copy in &self.copies {
            let changes = changes(&stretches, copy.region);
            // Where nothing is left, another kind of memory may have come to be.
            let is_gone = changes == [Change::Gone(copy.region)];
            if is_gone || changes.iter().map(Change::cost).sum::<usize>() > MOST_PAGES {
                continue;
            }
            for change in changes {
                match change {
                    Change::Written(part) => copy.update(&self.memory, part)?,
                    Change::Gone(part) => copy.clear(&self.memory, part)?,
                }
            }
            settled.push(*copy);
        }
        Ok(settled)
    }

    /// In the child: puts `copies` where the fork has left nothing.
    pub fn map(&self, copies: &[Copy]) -> io::Result<()> {
        copies.iter().try_for_each(|copy| copy.map(&self.memory))
    }
}

impl Drop for Precopy {
    fn drop(&mut self) {
        // One by one: closing the descriptor would keep the app from mapping memory until all is done.
        self.copies.iter().for_each(|copy| self.dirty.stop(copy.region));
    }
}

/// A region and its copy.
#[derive(Debug, Clone, Copy)]
pub struct Copy {
    pub region: Region,
    /// Where in the file.
    offset: usize,
}

impl Copy {
    fn offset_of(&self, part: Region) -> libc::off_t {
        (self.offset + part.start - self.region.start) as libc::off_t
    }

    fn update(&self, memory: &File, part: Region) -> io::Result<()> {
        let mut rest = part;
        while rest.len() > 0 {
            // SAFETY: the kernel reads from wherever that is, and says so if nothing is there.
            let written = unsafe {
                libc::pwrite(
                    memory.as_raw_fd(),
                    rest.start as *const libc::c_void,
                    rest.len(),
                    self.offset_of(rest),
                )
            };
            match usize::try_from(written) {
                Ok(written) if written > 0 => rest.start += written,
                _ => return Err(io::Error::last_os_error()),
            }
        }
        Ok(())
    }

    /// What is there no more reads as zeros.
    fn clear(&self, memory: &File, part: Region) -> io::Result<()> {
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: only changes the file.
        match unsafe {
            libc::fallocate(memory.as_raw_fd(), mode, self.offset_of(part), part.len() as libc::off_t)
        } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn map(&self, memory: &File) -> io::Result<()> {
        let Region { start, end } = self.region;
        // SAFETY: the child has nothing there, for that was excluded from the fork, or the same.
        let mapped = unsafe {
            libc::mmap(
                start as *mut libc::c_void,
                end - start,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_FIXED,
                memory.as_raw_fd(),
                self.offset as libc::off_t,
            )
        };
        if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Whether a file that grows can end this process (SIGXFSZ).
fn file_size_is_limited() -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: only fills in the structure.
    let told = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    !told || limit.rlim_cur != libc::RLIM_INFINITY
}

/// How a part of a region differs from its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Written(Region),
    /// The pages are there no more, or have never been.
    Gone(Region),
}

impl Change {
    /// In copied pages.
    fn cost(&self) -> usize {
        match self {
            Self::Written(part) => part.len() / page_size(),
            Self::Gone(_) => 1,
        }
    }
}

/// What `stretches`, ascending, say of `region`.
fn changes(stretches: &[Stretch], region: Region) -> Vec<Change> {
    let first = stretches.partition_point(|stretch| stretch.region.end <= region.start);
    let inside = stretches[first..].iter().take_while(|stretch| stretch.region.start < region.end);
    let mut changes = Vec::new();
    let mut done = region.start;
    for stretch in inside {
        let part =
            Region { start: stretch.region.start.max(region.start), end: stretch.region.end.min(region.end) };
        if done < part.start {
            changes.push(Change::Gone(Region { start: done, end: part.start }));
        }
        if stretch.written {
            changes.push(Change::Written(part));
        }
        done = part.end;
    }
    if done < region.end {
        changes.push(Change::Gone(Region { start: done, end: region.end }));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::advice::Adviser;
    use super::super::regions::{ForkableHeap, Survey};
    use super::super::testing::{PAGE, is_alone, map, map_anew};
    use super::*;

    const PAGES: usize = 64;

    /// A page says the same from its first byte to its last.
    fn write(region: Region, page: usize, value: u8) {
        // SAFETY: within memory of the test's own.
        unsafe { std::ptr::write_bytes((region.start + page * PAGE) as *mut u8, value, PAGE) };
    }

    fn contents(region: Region) -> Vec<u8> {
        // SAFETY: memory of the test's own that nobody changes meanwhile.
        unsafe { std::slice::from_raw_parts(region.start as *const u8, region.len()) }.to_vec()
    }

    /// What the child of a fork with this heap reads in the regions.
    fn in_child(heap: &ForkableHeap<'_>, regions: &[Region]) -> Vec<Vec<u8>> {
        let file = memory_file(c"seen").unwrap();
        // SAFETY: no other thread is at work.
        match unsafe { libc::fork() } {
            0 => {
                let done = heap.complete().and_then(|()| {
                    use std::io::Write;
                    regions.iter().try_for_each(|&region| (&file).write_all(&contents(region)))
                });
                // SAFETY: leaves without exit handlers.
                unsafe { libc::_exit(i32::from(done.is_err())) }
            }
            child => {
                let mut status = 0;
                // SAFETY: this process's own child.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                assert_eq!(status, 0);
                let seen = std::fs::read(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
                seen.chunks(PAGES * PAGE).map(<[u8]>::to_vec).collect()
            }
        }
    }

    #[test]
    fn the_child_reads_what_the_parent_held_when_it_forked() {
        if !is_alone(concat!(module_path!(), "::the_child_reads_what_the_parent_held_when_it_forked")) {
            return;
        }
        if !Precopy::is_possible() {
            eprintln!("the system does not tell what is written to: nothing to test");
            return;
        }
        // Regions with room between them: neighbours with the same advice would be one.
        let regions: Vec<Region> = (0..WORTHWHILE / (PAGES * PAGE) + 8)
            .map(|_| {
                let region = map(PAGES + 1);
                Region { end: region.end - PAGE, ..region }
            })
            .collect();
        Adviser::new().advise(&regions, libc::MADV_DONTFORK).unwrap();
        for (index, &region) in regions.iter().enumerate() {
            (0..PAGES).for_each(|page| write(region, page, (index + page) as u8));
        }
        assert!(Precopy::take(WORTHWHILE as u64 - 1).is_none(), "there is room for less than is worthwhile");
        let survey = Survey::take(u64::MAX).unwrap();
        let of = |region: Region, pages: std::ops::Range<usize>| Region {
            start: region.start + pages.start * PAGE,
            end: region.start + pages.end * PAGE,
        };
        let [few, many, discarded, anew, anew_excluded, gone, split, again, ..] = regions[..] else {
            unreachable!()
        };
        write(again, 5, 201);
        survey.refresh();
        write(again, 5, 202);
        write(few, 63, 203);
        (0..PAGES).for_each(|page| write(many, page, 204));
        // SAFETY: memory of the test's own.
        unsafe {
            let part = of(discarded, 10..20);
            assert_eq!(libc::madvise(part.start as *mut libc::c_void, part.len(), libc::MADV_DONTNEED), 0);
            assert_eq!(libc::munmap(gone.start as *mut libc::c_void, gone.len()), 0);
            let part = of(split, 0..8);
            assert_eq!(libc::mprotect(part.start as *mut libc::c_void, part.len(), libc::PROT_READ), 0);
        }
        map_anew(anew);
        write(anew, 1, 205);
        map_anew(anew_excluded);
        write(anew_excluded, 1, 206);
        Adviser::new().advise(&[anew_excluded], libc::MADV_DONTFORK).unwrap();

        let heap = ForkableHeap::open(&survey, survey.copies().unwrap()).unwrap();
        let copied = |region: Region| heap.copies.iter().any(|copy| copy.region == region);
        assert!([few, discarded, again].into_iter().all(copied) && regions[8..].iter().copied().all(copied));
        assert!(![many, anew, anew_excluded, gone, split].into_iter().any(copied));
        assert_eq!(heap.copies.len(), regions.len() - 5);
        let there: Vec<Region> = regions.iter().copied().filter(|&region| region != gone).collect();
        let seen = in_child(&heap, &there);
        for (region, seen) in there.iter().zip(seen) {
            assert!(seen == contents(*region), "{region:x?}");
        }
        drop(heap);
        survey.discard_copies();
        // Nothing is left of it.
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(!smaps.contains(" uw") && !smaps.contains("leakwatch-heap"));
    }
}
