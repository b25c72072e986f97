//! What the kernel says of this process's memory.

use std::fs::{self, File};
use std::io::{self, Read};

use super::advice::Region;

/// Private regions without a file or a name, ascending. `text` is what /proc/self/maps is read into; see
/// proc_pid_maps(5).
pub fn private_regions(text: &mut Vec<u8>) -> io::Result<Vec<Region>> {
    text.clear();
    File::open("/proc/self/maps")?.read_to_end(text)?;
    Ok(lines(text).filter_map(private_region).map(|(region, _)| region).collect())
}

/// Private, writable regions without a file or a name that are excluded from forks and more than half resident,
/// ascending: V8's. Takes long, for the kernel walks all page tables; see proc_pid_smaps(5).
pub fn excluded_regions() -> io::Result<Vec<Region>> {
    Ok(excluded(&fs::read("/proc/self/smaps")?))
}

/// Bytes of a page.
pub fn page_size() -> usize {
    // SAFETY: only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

fn excluded(smaps: &[u8]) -> Vec<Region> {
    let mut found = Vec::new();
    let mut region: Option<Region> = None;
    let mut resident = 0;
    for line in lines(smaps) {
        let mut fields = line.split_ascii_whitespace();
        match fields.next() {
            Some("Rss:") => {
                resident = fields.next().and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0)
            }
            Some("VmFlags:") => {
                let is_excluded = fields.any(|flag| flag == "dc");
                found
                    .extend(region.take().filter(|region| is_excluded && resident * 1024 * 2 > region.len()));
            }
            // A new entry begins with what is a line of maps.
            Some(first) if !first.ends_with(':') => {
                let writable = private_region(line).filter(|(_, permissions)| permissions.starts_with("rw-"));
                region = writable.map(|(region, _)| region);
            }
            _ => {}
        }
    }
    found
}

fn lines(text: &[u8]) -> impl Iterator<Item = &str> {
    text.split(|&byte| byte == b'\n').filter_map(|line| str::from_utf8(line).ok())
}

/// A line of maps, with the permissions, if the region is private and has neither a file nor a name.
fn private_region(line: &str) -> Option<(Region, &str)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let no_file = fields.nth(2)? == "0" && fields.next().is_none();
    let address = |text| usize::from_str_radix(text, 16).ok();
    let region = Region { start: address(start)?, end: address(end)? };
    (permissions.ends_with('p') && no_file).then_some((region, permissions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_memory_maps() {
        let map = "00400000-00500000 r-xp 00000000 fe:00 247584   /usr/bin/node\n0f505000-0feda000 rw-p 00000000 00:00 0   [heap]\n\
            62ec00000-62ec40000 rw-p 00000000 00:00 0 \n62ec40000-62ec80000 ---p 00000000 00:00 0 \n7f0000000000-7f0000001000 rw-s 00000000 00:01 99 /dev/zero (deleted)\n";
        let found: Vec<_> = lines(map.as_bytes()).filter_map(private_region).collect();
        assert_eq!(
            found,
            [
                (Region { start: 0x62ec00000, end: 0x62ec40000 }, "rw-p"),
                (Region { start: 0x62ec40000, end: 0x62ec80000 }, "---p")
            ]
        );
    }

    #[test]
    fn tells_v8s_regions_from_others() {
        let entry = |at: &str, permissions: &str, resident: usize, flags: &str| {
            format!(
                "{at} {permissions} 00000000 00:00 0 \nSize: 256 kB\nRss: {resident} kB\nTHPeligible: 0\nVmFlags: {flags}\n"
            )
        };
        let smaps = [
            entry("1000000-1040000", "rw-p", 200, "rd wr mr mw me dc ac sd"),
            entry("2000000-2040000", "rw-p", 200, "rd wr mr mw me ac sd"),
            entry("3000000-3040000", "r-xp", 200, "rd ex mr mw me dc ac sd"),
            entry("4000000-4040000", "rw-p", 100, "rd wr mr mw me dc ac sd"),
            entry("5000000-5040000", "rw-p", 256, "rd wr mr mw me dc ac sd"),
        ];
        assert_eq!(
            excluded(smaps.concat().as_bytes()),
            [0x1000000, 0x5000000].map(|start| Region { start, end: start + 0x40000 })
        );
    }
}
