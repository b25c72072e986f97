//! V8's pages, which it excludes from forks with `MADV_DONTFORK`.
//!
//! Which ones those are is a flag in /proc/self/smaps, but reading that walks all page tables (17 ms of processor
//! time for a heap of 500 MB). So a thread reads it beforehand ([`Survey`]), and while the server stands still its
//! answer is only checked. The memory map tells, in a twentieth of the time: a region whose first page is excluded
//! falls into two, unless all of it was excluded before.

use std::fs;
use std::io;

use super::memory_map::{
    MapQuery, Mapping, Region, exclude_from_forks, include_in_forks, mappings, page_size, parse, read_map,
};

/// The first pages of the regions that are excluded from forks, ascending, a moment ago.
#[derive(Debug, Default)]
pub struct Survey(Vec<Region>);

/// While this exists, forks include V8's pages. Dropping it excludes them again.
#[derive(Debug)]
pub struct ForkableHeap(Vec<Region>);

impl Survey {
    /// Looks at all of this process's memory. What it misses takes longer to find later, no more.
    pub fn take() -> Self {
        let smaps = fs::read("/proc/self/smaps").unwrap_or_default();
        let mut first_pages = Vec::new();
        let mut mapping = None;
        for line in smaps.split(|&byte| byte == b'\n') {
            match line.strip_prefix(b"VmFlags:") {
                Some(flags) if flags.split(|&byte| byte == b' ').any(|flag| flag == b"dc") => {
                    first_pages.extend(mapping.as_ref().and_then(first_page));
                }
                Some(_) => {}
                None => mapping = parse(line).or(mapping),
            }
        }
        Self(first_pages)
    }
}

impl ForkableHeap {
    /// Includes all memory that is excluded from forks now. No other thread may map memory or fork meanwhile.
    ///
    /// A region of a single page cannot fall into two, so that nothing tells what it was. It is included, as
    /// memory is by default, and stays so.
    pub fn open(survey: &Survey) -> io::Result<Self> {
        let (excluded, single) = excluded(&survey.0)?;
        let heap = Self(excluded);
        include_in_forks(&heap.0)?;
        include_in_forks(&single)?;
        Ok(heap)
    }
}

impl Drop for ForkableHeap {
    fn drop(&mut self) {
        // What cannot be excluded makes the app's own forks slower, no more.
        let _ = exclude_from_forks(&self.0);
    }
}

/// The regions, larger than a page, that are excluded from forks, and those of a single page. `expected` are first
/// pages that probably begin one of the former: what is among them is found by reading the memory map once.
fn excluded(expected: &[Region]) -> io::Result<(Vec<Region>, Vec<Region>)> {
    // Kept until the end: letting it go would unmap it, and something else could take its place.
    let text = marked(expected, read_map)?;
    let map = mappings(&text);
    let wrong = broken_off(expected, &map);
    if !wrong.is_empty() {
        // Something else lies there by now.
        include_in_forks(&wrong)?;
        let right: Vec<_> = expected.iter().filter(|page| !wrong.contains(page)).copied().collect();
        return excluded(&right);
    }
    let is_expected = |page: &Region| expected.binary_search(page).is_ok();
    let unknown: Vec<_> = map.iter().filter_map(first_page).filter(|page| !is_expected(page)).collect();
    let ordinary = marked(&unknown, || {
        ask_what_broke_off(&unknown).or_else(|_| Ok(broken_off(&unknown, &mappings(&read_map()?))))
    })?;
    include_in_forks(&ordinary)?;
    let is_excluded =
        |mapping: &&Mapping| first_page(mapping).is_some_and(|page| ordinary.binary_search(&page).is_err());
    let excluded = map.iter().filter(is_excluded).map(|mapping| mapping.region).collect();
    let single = map.iter().filter(|mapping| mapping.anonymous && mapping.region.len() == page_size());
    Ok((excluded, single.map(|mapping| mapping.region).collect()))
}

/// Excludes the pages, and looks what that did to the memory map.
fn marked<T>(pages: &[Region], look: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    exclude_from_forks(pages).and_then(|()| look()).inspect_err(|_| {
        // Nothing tells them apart now, and memory is included by default.
        let _ = include_in_forks(pages);
    })
}

/// Those of the pages that end a mapping.
fn broken_off(pages: &[Region], map: &[Mapping]) -> Vec<Region> {
    let ends: Vec<usize> = map.iter().map(|mapping| mapping.region.end).collect();
    pages.iter().filter(|page| ends.binary_search(&page.end).is_ok()).copied().collect()
}

/// As [`broken_off`], from the kernel's own lips: for a few pages this is quicker than reading the map.
fn ask_what_broke_off(pages: &[Region]) -> io::Result<Vec<Region>> {
    let query = MapQuery::open()?;
    let mut broken_off = Vec::new();
    for page in pages {
        if query.region_at(page.start)?.end == page.end {
            broken_off.push(*page);
        }
    }
    Ok(broken_off)
}

/// The first page of an anonymous region that is larger than a page.
fn first_page(mapping: &Mapping) -> Option<Region> {
    let Mapping { region, anonymous } = *mapping;
    (anonymous && region.len() > page_size())
        .then(|| Region { start: region.start, end: region.start + page_size() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::background::memory_map::tests::{PAGE, map, unmap};

    impl Region {
        fn halves(self) -> (Self, Self) {
            let middle = self.start + self.len() / 2;
            (Self { end: middle, ..self }, Self { start: middle, ..self })
        }
    }

    fn flags(region: Region) -> String {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        let entry = smaps
            .split_once(&format!("{:x}-{:x} ", region.start, region.end))
            .expect("a region of its own")
            .1;
        entry.lines().find(|line| line.starts_with("VmFlags:")).unwrap().to_string()
    }

    fn starts(regions: &[Region]) -> Vec<usize> {
        regions.iter().map(|region| region.start).collect()
    }

    /// Runs the test that it is called by in a process of its own, because threads must not map memory meanwhile.
    /// Returns whether this is that process.
    fn alone(test: &str) -> bool {
        if std::env::var_os("LEAKWATCH_ALONE").is_some() {
            return true;
        }
        let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
        let alone = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--test-threads=1", &name])
            .env("LEAKWATCH_ALONE", "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&alone.stdout);
        assert!(alone.status.success() && output.contains("1 passed"), "{output}");
        false
    }

    /// What is found is compared with smaps.
    #[test]
    fn finds_exactly_what_is_excluded_and_restores_it() {
        if !alone("finds_exactly_what_is_excluded_and_restores_it") {
            return;
        }
        let (lower, upper) = map(14).halves();
        let single = map(1);
        exclude_from_forks(&[lower]).unwrap();
        let before = flags(upper);
        let (stale, gone) = (map(20), map(6));
        for (surveyed, survey) in [
            ("nothing", Survey::default()),
            ("what is", Survey::take()),
            // The middle of something else, and what is not mapped any more.
            ("what is not", Survey(vec![page(stale.start + 3 * PAGE), page(gone.start)])),
        ] {
            if surveyed == "what is not" {
                unmap(gone);
            }
            let heap = ForkableHeap::open(&survey).unwrap();
            assert!(heap.0.contains(&lower), "{surveyed}");
            assert!(
                starts(&heap.0).iter().all(|start| ![upper.start, single.start, stale.start].contains(start))
            );
            assert!(Survey::take().0.is_empty(), "all is included");
            drop(heap);
            assert!(flags(lower).contains(" dc"), "{surveyed}");
            assert_eq!(flags(upper), before);
            assert_eq!(starts(&Survey::take().0), [lower.start], "{surveyed}");
        }
        include_in_forks(&[lower]).unwrap();
        assert!(!starts(&ForkableHeap::open(&Survey::default()).unwrap().0).contains(&lower.start));
    }

    fn page(start: usize) -> Region {
        Region { start, end: start + PAGE }
    }

    /// Where the kernel cannot be asked, the memory map says the same.
    #[test]
    fn asking_and_reading_agree() {
        if !alone("asking_and_reading_agree") {
            return;
        }
        let (lower, upper) = map(8).halves();
        let other = map(8);
        exclude_from_forks(&[lower, page(other.start)]).unwrap();
        let pages = [page(lower.start), page(upper.start), page(other.start)];
        let read = broken_off(&pages, &mappings(&read_map().unwrap()));
        assert_eq!(read, [page(other.start)]);
        match ask_what_broke_off(&pages) {
            Ok(asked) => assert_eq!(asked, read),
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ENOTTY), "Linux before 6.11"),
        }
    }
}
