//! The folder snapshots go to: room on the disk, and a cap on what is kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::CaptureError;

/// How much a folder may hold after the next snapshot; `None`: as much as there is room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Snapshots.
    pub files: Option<u64>,
    /// Their total size in bytes.
    pub bytes: Option<u64>,
}

/// What every file begins with that leakwatch named itself. No other file is ever removed.
const OWN_PREFIX: &str = "leakwatch-";
const OWN_MIDDLE: &str = ".heapsnapshot";

/// A file of the folder that leakwatch named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Own {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

impl Keep {
    /// Removes the oldest snapshots in `folder` until the others fit, `newest` being the one that was just
    /// written and stays. Returns what was removed. A file that cannot be removed is left.
    pub fn enforce(&self, folder: &Path, newest: &Path) -> Vec<PathBuf> {
        let mut removed = Vec::new();
        for victim in self.victims(own_files(folder), newest) {
            if fs::remove_file(&victim).is_ok() {
                removed.push(victim);
            }
        }
        removed
    }

    fn victims(&self, mut files: Vec<Own>, newest: &Path) -> Vec<PathBuf> {
        files.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.path.cmp(&a.path)));
        let (kept, older): (Vec<Own>, Vec<Own>) = files.into_iter().partition(|file| file.path == newest);
        let mut count = kept.len() as u64;
        let mut bytes = kept.iter().map(|file| file.bytes).sum::<u64>();
        let mut victims = Vec::new();
        for file in older {
            (count, bytes) = (count + 1, bytes + file.bytes);
            let fits =
                self.files.is_none_or(|most| count <= most) && self.bytes.is_none_or(|most| bytes <= most);
            if !fits || !victims.is_empty() {
                victims.push(file.path);
            }
        }
        victims
    }
}

fn own_files(folder: &Path) -> Vec<Own> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let own = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let metadata = entry.metadata().ok()?;
        let is_own = name.starts_with(OWN_PREFIX) && name.contains(OWN_MIDDLE) && metadata.is_file();
        is_own.then_some(Own {
            path: entry.path(),
            bytes: metadata.len(),
            modified: metadata.modified().ok()?,
        })
    });
    own.collect()
}

/// Refuses a snapshot of about `expected` bytes when the disk of `folder` has less than that.
pub fn check_room(folder: &Path, expected: u64) -> Result<(), CaptureError> {
    match free_bytes(folder) {
        Some(free) if free < expected => Err(CaptureError::new(
            "ERR_LEAKWATCH_DISK_FULL",
            format!(
                "A snapshot of this heap is a file of about {} MB, and {} has room for {} MB. Free some space or choose another directory.",
                expected.div_ceil(1_000_000),
                folder.display(),
                free / 1_000_000,
            ),
        )),
        _ => Ok(()),
    }
}

/// Bytes that this process may still write to the disk of `folder`; `None` when the system does not tell.
#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: the path is a valid string; the structure is plain data that the call fills in.
    unsafe {
        let mut figures: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &mut figures) == 0).then(|| figures.f_bavail * figures.f_frsize)
    }
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(name: &str, bytes: u64, age: u64) -> Own {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
        Own { path: name.into(), bytes, modified }
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_stays() {
        let files = || {
            vec![file("b", 40, 2), file("new", 100, 0), file("d", 10, 4), file("a", 50, 1), file("c", 30, 3)]
        };
        let victims = |files_cap, bytes| {
            let victims = Keep { files: files_cap, bytes }.victims(files(), Path::new("new"));
            victims.iter().map(|path| path.to_str().unwrap().to_string()).collect::<String>()
        };
        assert_eq!(victims(None, None), "");
        assert_eq!(victims(Some(3), None), "cd");
        assert_eq!(victims(Some(1), None), "abcd");
        // What is older than the first that does not fit goes too, even if it would fit.
        assert_eq!(victims(None, Some(160)), "bcd");
        assert_eq!(victims(None, Some(1)), "abcd");
    }

    #[test]
    fn nothing_that_a_person_named_is_removed() {
        let folder = std::env::temp_dir().join(format!("leakwatch-folder-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in [
            "leakwatch-1-T-1.heapsnapshot",
            "leakwatch-1-T-2.heapsnapshot.gz",
            "before.heapsnapshot",
            "leakwatch-notes.txt",
        ] {
            fs::write(folder.join(name), "12345").unwrap();
        }
        let newest = folder.join("leakwatch-1-T-2.heapsnapshot.gz");
        let removed = Keep { files: Some(1), bytes: Some(1) }.enforce(&folder, &newest);
        assert_eq!(removed, [folder.join("leakwatch-1-T-1.heapsnapshot")]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_snapshot_larger_than_the_disk_is_refused() {
        let folder = std::env::temp_dir();
        assert!(check_room(&folder, 1).is_ok());
        let refused = check_room(&folder, u64::MAX).unwrap_err();
        assert_eq!(refused.code, "ERR_LEAKWATCH_DISK_FULL");
    }
}
