//! What the tests of this folder share.

use super::advice::Region;

pub const PAGE: usize = 4096;

/// Fresh anonymous memory.
pub fn map(pages: usize) -> Region {
    map_at(std::ptr::null_mut(), pages, 0)
}

/// The same in the place of `region`, which nobody may use.
pub fn map_anew(region: Region) {
    assert_eq!(map_at(region.start as *mut libc::c_void, region.len() / PAGE, libc::MAP_FIXED), region);
}

fn map_at(place: *mut libc::c_void, pages: usize, more: libc::c_int) -> Region {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | more;
    // SAFETY: fresh memory, in the place of something else only if a test wants it so.
    let start = unsafe { libc::mmap(place, pages * PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED);
    Region { start: start as usize, end: start as usize + pages * PAGE }
}

/// Runs the test `name` (as `concat!(module_path!(), "::name")` says it) in a process of its own, in which no other thread maps
/// memory. Returns whether this is that process.
pub fn is_alone(name: &str) -> bool {
    if std::env::var_os("LEAKWATCH_ALONE").is_some() {
        return true;
    }
    let alone = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--test-threads=1", name.split_once("::").unwrap().1])
        .env("LEAKWATCH_ALONE", "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success() && output.contains("1 passed"), "{output}");
    false
}
