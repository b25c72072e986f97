//! The file a snapshot goes to: invisible until it is whole.
//!
//! On Linux it has no name at all while it is written (`O_TMPFILE`), so that nothing is left behind even
//! when the process is killed. Where the file system cannot do that it has a hidden name ending in
//! `.partial`, which is removed unless the snapshot is committed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::CaptureError;

/// A snapshot's file before it has its name. Dropped without [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub struct UnfinishedFile {
    file: File,
    /// Where it is while it is written; `None` when it has no name.
    partial: Option<PathBuf>,
    target: PathBuf,
}

impl UnfinishedFile {
    /// Opens a file, for the owner's eyes only, that will be called `target`. Missing folders are made,
    /// for the owner only too.
    pub fn create(target: &Path) -> Result<Self, CaptureError> {
        let unwritable = |error| CaptureError::unwritable(target, &error);
        refuse_special(target)?;
        let folder = folder_of(target);
        make_private_folder(folder).map_err(unwritable)?;
        if let Some(file) = open_nameless(folder) {
            return Ok(Self { file, partial: None, target: target.into() });
        }
        remove_abandoned(folder);
        let partial = partial_name(target);
        let file = private_options().create_new(true).open(&partial).map_err(unwritable)?;
        Ok(Self { file, partial: Some(partial), target: target.into() })
    }

    /// Gives the file its name, replacing what had it, and returns its size in bytes.
    pub fn commit(mut self) -> io::Result<u64> {
        let bytes = self.file.metadata()?.len();
        if self.partial.is_none() {
            if link_nameless(&self.file, &self.target).is_ok() {
                return Ok(bytes);
            }
            // The name is taken: take another one first, because only a rename replaces.
            let partial = partial_name(&self.target);
            link_nameless(&self.file, &partial)?;
            self.partial = Some(partial);
        }
        if let Some(partial) = &self.partial {
            fs::rename(partial, &self.target)?;
            self.partial = None;
        }
        Ok(bytes)
    }
}

impl Write for UnfinishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            let _ = fs::remove_file(partial);
        }
    }
}

/// The folder `target` lies in; the current one for a bare name.
pub fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn refuse_special(target: &Path) -> Result<(), CaptureError> {
    match fs::metadata(target) {
        Ok(existing) if !existing.is_file() => Err(CaptureError::new(
            "ERR_LEAKWATCH_PATH",
            format!(
                "Cannot write {}: it exists and is not a regular file. Give the path of a file, or `directory`.",
                target.display()
            ),
        )),
        _ => Ok(()),
    }
}

fn partial_name(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

/// Nobody writes for this long into a file without changing it.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Removes what killed processes have left behind in `folder`.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_partial =
            name.to_str().is_some_and(|name| name.starts_with(".leakwatch-") && name.ends_with(".partial"));
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        if is_partial && is_old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true);
    options
}

#[cfg(target_os = "linux")]
fn open_nameless(folder: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Naming it later goes through /proc.
    fs::metadata("/proc/self/fd").ok()?;
    private_options().custom_flags(libc::O_TMPFILE).open(folder).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_nameless(_folder: &Path) -> Option<File> {
    None
}

#[cfg(target_os = "linux")]
fn link_nameless(file: &File, target: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    let source = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    let target = CString::new(target.as_os_str().as_bytes())?;
    // SAFETY: both strings are valid and NUL-terminated for the whole call.
    let linked = unsafe {
        libc::linkat(
            libc::AT_FDCWD,
            source.as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::AT_SYMLINK_FOLLOW,
        )
    };
    if linked == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn link_nameless(_file: &File, _target: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("leakwatch-file-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn nothing_is_visible_before_commit_and_everything_after() {
        let folder = scratch("commit");
        let mut file = UnfinishedFile::create(&folder.join("deep/a.heapsnapshot")).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!folder.join("deep/a.heapsnapshot").exists());
        assert_eq!(file.commit().unwrap(), 5);
        assert_eq!(names(&folder.join("deep")), ["a.heapsnapshot"]);
        assert_eq!(fs::read(folder.join("deep/a.heapsnapshot")).unwrap(), b"whole");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = scratch("mode");
        UnfinishedFile::create(&folder.join("a")).unwrap().commit().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("a"))), (0o700, 0o600));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_dropped_file_leaves_nothing_and_an_old_one_is_replaced() {
        let folder = scratch("drop");
        let target = folder.join("a");
        drop(UnfinishedFile::create(&target).unwrap());
        assert!(names(&folder).is_empty());
        fs::write(&target, "old").unwrap();
        let mut file = UnfinishedFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!((fs::read(&target).unwrap(), names(&folder)), (b"new".to_vec(), vec!["a".to_string()]));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_killed_process_left_is_removed_once_it_is_old() {
        let folder = scratch("abandoned");
        fs::create_dir_all(&folder).unwrap();
        let old = std::time::SystemTime::now() - 2 * ABANDONED_AFTER;
        for (name, modified) in [
            (".leakwatch-1-T-1.heapsnapshot.1.partial", old),
            (".leakwatch-2.2.partial", std::time::SystemTime::now()),
            (".mine.partial", old),
        ] {
            fs::File::create(folder.join(name)).unwrap().set_modified(modified).unwrap();
        }
        remove_abandoned(&folder);
        let mut left = names(&folder);
        left.sort();
        assert_eq!(left, [".leakwatch-2.2.partial", ".mine.partial"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_or_a_device_is_refused() {
        for path in ["/", "/dev/null"] {
            assert_eq!(UnfinishedFile::create(Path::new(path)).unwrap_err().code, "ERR_LEAKWATCH_PATH");
        }
    }
}
