//! Open descriptors, grouped so that a leak shows as one growing line.

use std::collections::{BTreeMap, HashSet};

/// What a descriptor refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A file, folder or device with a path.
    File,
    /// A TCP, UDP or Unix socket.
    Socket,
    /// One end of a pipe.
    Pipe,
    /// What the kernel made without a path: epoll, eventfd, inotify, memfd …
    Anonymous,
}

/// Descriptors that look alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFiles {
    /// What they refer to.
    pub kind: FileKind,
    /// The path, with `*` where the paths of a group differ by numbers or generated names; a socket's
    /// endpoint (`10.0.0.5:5432` outgoing, `:3000 (incoming)`, a Unix socket's path); else the kernel's name.
    pub name: String,
    /// A TCP socket's state as `ss` names it (`ESTABLISHED`, `CLOSE_WAIT`, …); `None` for anything else.
    pub state: Option<&'static str>,
    /// How many.
    pub count: u64,
}

/// Collects descriptors into groups.
#[derive(Debug, Default)]
pub struct Grouping(BTreeMap<(FileKind, String, Option<&'static str>), Members>);

#[derive(Debug, Default)]
struct Members {
    count: u64,
    /// The names as they are; two are enough to know that they differ.
    names: HashSet<String>,
}

impl Grouping {
    /// Adds one descriptor by its full name.
    pub fn add(&mut self, kind: FileKind, name: String, state: Option<&'static str>) {
        let group = if kind == FileKind::File { path_pattern(&name) } else { name.clone() };
        let members = self.0.entry((kind, group, state)).or_default();
        members.count += 1;
        if members.names.len() < 2 {
            members.names.insert(name);
        }
    }

    /// The groups, the largest first. A group of one name is called by that name.
    pub fn finish(self) -> Vec<OpenFiles> {
        let mut groups: Vec<OpenFiles> = self
            .0
            .into_iter()
            .map(|((kind, pattern, state), members)| {
                let name = if members.names.len() == 1 { members.names.into_iter().next() } else { None };
                OpenFiles { kind, name: name.unwrap_or(pattern), state, count: members.count }
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

/// A generated name is at least this long, such as a shortened hash; in hexadecimal alone, such as the
/// parts of a UUID, a shorter one counts too.
const GENERATED_LENGTH: usize = 6;
const HEXADECIMAL_LENGTH: usize = 4;

/// The path with `*` for every run of digits and every long word that mixes letters and digits.
fn path_pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let mut rest = path;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        push_word(&mut pattern, &rest[..word]);
        rest = &rest[word..];
        let gap = rest.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        pattern.push_str(&rest[..gap]);
        rest = &rest[gap..];
    }
    // `*-*-*-*-*` (a UUID) says no more than `*`.
    while pattern.contains("*-*") {
        pattern = pattern.replace("*-*", "*");
    }
    pattern
}

fn push_word(pattern: &mut String, word: &str) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = word.len() >= HEXADECIMAL_LENGTH && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits == 0 {
        pattern.push_str(word);
    } else if hexadecimal || (word.len() >= GENERATED_LENGTH && digits >= 2) {
        pattern.push('*');
    } else {
        let mut after_digit = false;
        for c in word.chars() {
            match (c.is_ascii_digit(), after_digit) {
                (true, false) => pattern.push('*'),
                (true, true) => {}
                (false, _) => pattern.push(c),
            }
            after_digit = c.is_ascii_digit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_parts_of_a_path_become_stars() {
        for (path, pattern) in [
            ("/tmp/upload-17-a8f3c9d2.tmp", "/tmp/upload-*.tmp"),
            ("/tmp/3f2504e0-4f89-41d3-9a0c-0305e82c3301/part", "/tmp/*/part"),
            ("/var/log/app.2.log", "/var/log/app.*.log"),
            ("/srv/v2/readme.txt", "/srv/v*/readme.txt"),
            ("/données/été.db", "/données/été.db"),
        ] {
            assert_eq!(path_pattern(path), pattern);
        }
    }

    #[test]
    fn a_group_of_one_path_keeps_its_name() {
        let mut files = Grouping::default();
        (0..3).for_each(|index| files.add(FileKind::File, format!("/tmp/u{index}"), None));
        (0..2).for_each(|_| files.add(FileKind::File, "/srv/db7".into(), None));
        files.add(FileKind::Socket, ":3000 (incoming)".into(), Some("CLOSE_WAIT"));
        let named: Vec<_> = files.finish().into_iter().map(|group| (group.name, group.count)).collect();
        assert_eq!(
            named,
            [("/tmp/u*".into(), 3), ("/srv/db7".into(), 2), (":3000 (incoming)".to_string(), 1)]
        );
    }
}
