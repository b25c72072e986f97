//! The memory control group, version 1 or 2, nested or not, seen from inside a container or outside.
//!
//! /proc/self/cgroup says which group, /proc/self/mountinfo where groups are mounted, and as seen from
//! which group (a container often has only its own part of the tree). See cgroups(7).

use std::fs;
use std::path::{Path, PathBuf};

use crate::sampler::CgroupMemory;

/// The folders of this process's group and of the groups around it, innermost first.
#[derive(Debug, PartialEq, Eq)]
pub struct CgroupFiles {
    version: Version,
    folders: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Version 1 writes the largest multiple of the page size for "no limit".
const NO_LIMIT: u64 = 1 << 62;

impl CgroupFiles {
    /// Finds the memory group; `None` when there is none, or /proc does not tell.
    pub fn of_this_process() -> Option<Self> {
        let read = |name| fs::read_to_string(Path::new("/proc/self").join(name)).ok();
        Self::find(&read("cgroup")?, &read("mountinfo")?)
    }

    fn find(groups: &str, mounts: &str) -> Option<Self> {
        let (version, group) = memory_group(groups)?;
        let (root, mount_point) = mounts.lines().find_map(|line| memory_mount(line, version))?;
        // From inside a namespace or a container the group is named relative to `root`; a group that
        // lies outside of what is mounted is seen through the mount point.
        let inside = Path::new(group).strip_prefix(root).unwrap_or(Path::new(""));
        let inside = if inside.starts_with("..") { Path::new("") } else { inside };
        let innermost: PathBuf = Path::new(mount_point).components().chain(inside.components()).collect();
        let folders = innermost
            .ancestors()
            .take_while(|folder| folder.starts_with(mount_point))
            .map(Path::to_path_buf)
            .collect();
        Some(Self { version, folders })
    }

    /// The group nearest to its limit; without any limit, the innermost one.
    pub fn read(&self) -> Option<CgroupMemory> {
        let groups: Vec<CgroupMemory> =
            self.folders.iter().filter_map(|folder| self.read_one(folder)).collect();
        let tightest =
            groups.iter().filter(|group| group.limit.is_some()).min_by_key(|group| group.headroom());
        tightest.or(groups.first()).copied()
    }

    fn read_one(&self, folder: &Path) -> Option<CgroupMemory> {
        let (usage, limit, reclaimable) = match self.version {
            Version::One => ("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file "),
            Version::Two => ("memory.current", "memory.max", "inactive_file "),
        };
        let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let usage = number(&text(usage)?)?;
        let stat = text("memory.stat").unwrap_or_default();
        let reclaimable = stat.lines().find_map(|line| number(line.strip_prefix(reclaimable)?)).unwrap_or(0);
        Some(CgroupMemory {
            usage,
            reclaimable: reclaimable.min(usage),
            // Version 2 says `max` for none.
            limit: text(limit).and_then(|text| number(&text)).filter(|&limit| limit < NO_LIMIT),
        })
    }
}

/// Lines are `id:controllers:path`; version 2 is `0::path`.
fn memory_group(groups: &str) -> Option<(Version, &str)> {
    let fields = || groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let version_1 = fields().find(|(controllers, _)| controllers.split(',').any(|name| name == "memory"));
    let version_2 = fields().find(|(controllers, _)| controllers.is_empty());
    version_1.map(|(_, path)| (Version::One, path)).or(version_2.map(|(_, path)| (Version::Two, path)))
}

/// The root and the mount point, when this line of mountinfo mounts memory groups of that version.
fn memory_mount(line: &str, version: Version) -> Option<(&str, &str)> {
    let (mount, system) = line.split_once(" - ")?;
    let mut system = system.split(' ');
    let kind = system.next()?;
    let options = system.nth(1)?;
    let fits = match version {
        Version::One => kind == "cgroup" && options.split(',').any(|option| option == "memory"),
        Version::Two => kind == "cgroup2",
    };
    let mut mount = mount.split(' ').skip(3);
    fits.then_some((mount.next()?, mount.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_MOUNT: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
    const V1_IN_DOCKER: &str =
        "610 600 0:32 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:16 - cgroup cgroup rw,memory";
    const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

    fn folders(groups: &str, mounts: &str) -> Vec<String> {
        let found = CgroupFiles::find(groups, mounts).unwrap();
        found.folders.iter().map(|folder| folder.display().to_string()).collect()
    }

    #[test]
    fn finds_the_group_and_those_around_it() {
        let both = format!("{V2_MOUNT}\n{V1_MOUNT}");
        assert_eq!(
            folders("9:name=systemd:/\n4:cpu,memory:/a/b\n0::/x", &both),
            ["/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory"]
        );
        assert_eq!(
            folders("0::/user.slice/app", V2_MOUNT),
            ["/sys/fs/cgroup/user.slice/app", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"]
        );
    }

    #[test]
    fn finds_it_in_containers() {
        assert_eq!(
            folders("4:memory:/docker/abc/inner", V1_IN_DOCKER),
            ["/sys/fs/cgroup/memory/inner", "/sys/fs/cgroup/memory"]
        );
        assert_eq!(folders("0::/", V2_MOUNT), ["/sys/fs/cgroup"]);
        assert_eq!(folders("0::/../other", V2_MOUNT), ["/sys/fs/cgroup"]);
        assert_eq!(folders("4:memory:/elsewhere", V1_IN_DOCKER), ["/sys/fs/cgroup/memory"]);
        assert_eq!(CgroupFiles::find("0::/", "22 1 8:1 / / rw - ext4 /dev/sda rw"), None);
        assert_eq!(CgroupFiles::find("", V2_MOUNT), None);
    }

    #[test]
    fn the_tightest_of_nested_groups_counts() {
        let root = std::env::temp_dir().join(format!("leakwatch-cgroup-{}", std::process::id()));
        let inner = root.join("inner");
        fs::create_dir_all(&inner).unwrap();
        let write = |folder: &Path, usage: &str, limit: &str| {
            fs::write(folder.join("memory.current"), usage).unwrap();
            fs::write(folder.join("memory.max"), limit).unwrap();
            fs::write(folder.join("memory.stat"), "anon 5\nfile 100\ninactive_file 40\n").unwrap();
        };
        let files = CgroupFiles { version: Version::Two, folders: vec![inner.clone(), root.clone()] };
        write(&inner, "300\n", "max\n");
        write(&root, "900\n", "1000\n");
        assert_eq!(files.read(), Some(CgroupMemory { usage: 900, reclaimable: 40, limit: Some(1000) }));
        assert_eq!(files.read().unwrap().headroom(), Some(140));
        write(&inner, "300\n", "310\n");
        assert_eq!(files.read().unwrap().headroom(), Some(50));
        write(&root, "900\n", "max\n");
        write(&inner, "300\n", "max\n");
        assert_eq!(files.read(), Some(CgroupMemory { usage: 300, reclaimable: 40, limit: None }));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn version_1_without_a_limit_has_none() {
        let folder = std::env::temp_dir().join(format!("leakwatch-cgroup1-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("usage_in_bytes", "500"),
            ("limit_in_bytes", "9223372036854771712"),
            ("stat", "inactive_file 1\ntotal_inactive_file 70"),
        ] {
            fs::write(folder.join(format!("memory.{name}")), text).unwrap();
        }
        let files = CgroupFiles { version: Version::One, folders: vec![folder.clone()] };
        assert_eq!(files.read(), Some(CgroupMemory { usage: 500, reclaimable: 70, limit: None }));
        fs::remove_dir_all(folder).unwrap();
    }
}
