//! Open descriptors: the links in /proc/self/fd.

use std::fs;
use std::sync::LazyLock;

use super::sockets::SocketTable;
use crate::sampler::open_files::Grouping;
use crate::sampler::{FileKind, OpenFiles};

const FOLDER: &str = "/proc/self/fd";

/// Does the system tell how many there are? Linux does since 6.2, as the folder's size; before, and where something
/// else calls itself Linux, the entries have to be counted, which of thousands takes milliseconds.
static IS_TOLD: LazyLock<bool> = LazyLock::new(|| told().is_some_and(|told| listed() == Some(told)));

/// How many descriptors are open.
pub fn count() -> Option<u64> {
    if *IS_TOLD { told() } else { listed() }
}

fn told() -> Option<u64> {
    Some(fs::metadata(FOLDER).ok()?.len())
}

/// The one for counting them is left out.
fn listed() -> Option<u64> {
    let entries = fs::read_dir(FOLDER).ok()?;
    Some(entries.count().saturating_sub(1) as u64)
}

/// The open descriptors in groups; empty without /proc.
pub fn list() -> Vec<OpenFiles> {
    let Ok(entries) = fs::read_dir(FOLDER) else { return Vec::new() };
    let links: Vec<String> = entries
        .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.to_string_lossy().into_owned()))
        .filter(|link| !is_own_listing(link))
        .collect();
    let inodes: Vec<u64> = links.iter().filter_map(|link| socket_inode(link)).collect();
    let sockets = if inodes.is_empty() { SocketTable::default() } else { SocketTable::read(&inodes) };
    let mut groups = Grouping::default();
    for link in links {
        match socket_inode(&link) {
            Some(inode) => {
                let socket = sockets.describe(inode);
                groups.add(FileKind::Socket, socket.name, socket.state);
            }
            None => {
                let (kind, name) = classify(&link);
                groups.add(kind, name.to_string(), None);
            }
        }
    }
    groups.finish()
}

/// The folder being listed is open too.
fn is_own_listing(link: &str) -> bool {
    link.strip_prefix("/proc/").and_then(|rest| rest.strip_suffix("/fd"))
        == Some(&std::process::id().to_string())
}

fn socket_inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn classify(link: &str) -> (FileKind, &str) {
    if link.starts_with("pipe:[") {
        return (FileKind::Pipe, "pipe");
    }
    if let Some(name) = link.strip_prefix("anon_inode:") {
        return (FileKind::Anonymous, name.trim_matches(['[', ']']));
    }
    if link.starts_with("/memfd:") {
        return (FileKind::Anonymous, "memfd");
    }
    (FileKind::File, link.strip_suffix(" (deleted)").unwrap_or(link))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn tells_files_pipes_and_the_kernels_own_apart() {
        assert_eq!(classify("pipe:[8123]"), (FileKind::Pipe, "pipe"));
        assert_eq!(classify("anon_inode:[eventpoll]"), (FileKind::Anonymous, "eventpoll"));
        assert_eq!(classify("anon_inode:inotify"), (FileKind::Anonymous, "inotify"));
        assert_eq!(classify("/memfd:x (deleted)"), (FileKind::Anonymous, "memfd"));
        assert_eq!(classify("/tmp/a (deleted)"), (FileKind::File, "/tmp/a"));
        assert_eq!(socket_inode("socket:[77]"), Some(77));
    }

    #[test]
    fn what_is_told_is_what_is_listed() {
        // Other tests open and close files meanwhile.
        let agree = || (0..1_000).any(|_| told() == listed());
        assert!(!*IS_TOLD || agree());
        let files: Vec<_> = (0..100).map(|_| fs::File::open(FOLDER).unwrap()).collect();
        assert!(!*IS_TOLD || agree());
        assert!(count().unwrap() >= files.len() as u64);
    }

    #[test]
    fn finds_what_this_process_opened() {
        let path = std::env::temp_dir().join(format!("leakwatch-fd-{}", std::process::id()));
        let files: Vec<_> = (0..3).map(|_| fs::File::create(&path).unwrap()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let outgoing = TcpStream::connect(address).unwrap();
        let (incoming, _) = listener.accept().unwrap();
        let found = list();
        let count = |kind, name: &str, state| {
            found
                .iter()
                .find(|group| group.kind == kind && group.name == name && group.state == state)
                .map(|group| group.count)
        };
        assert_eq!(count(FileKind::File, path.to_str().unwrap(), None), Some(3));
        let port = address.port();
        assert_eq!(count(FileKind::Socket, &format!("127.0.0.1:{port}"), Some("LISTEN")), Some(1));
        assert_eq!(count(FileKind::Socket, &format!("127.0.0.1:{port}"), Some("ESTABLISHED")), Some(1));
        assert_eq!(count(FileKind::Socket, &format!(":{port} (incoming)"), Some("ESTABLISHED")), Some(1));
        drop((files, outgoing, incoming));
        fs::remove_file(path).unwrap();
    }
}
