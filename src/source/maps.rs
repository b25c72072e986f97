//! Source maps: from a place in a script that runs to the place in the file that somebody wrote.
//!
//! A script's last `sourceMappingURL` names its map: inline (a data URL) or a file beside it; without one, `script.map`
//! is tried. Nothing is fetched. Dependencies are told as they are installed, so that maps inside `node_modules` are not
//! read. What is too large, broken or not there is no map.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::files::{path_of_script, percent_decoded};
use crate::heap::{Location, Originals};

/// Larger scripts and maps are left alone.
const MAX_BYTES: u64 = 32 << 20;
/// Scripts remembered, with a map or without; more are told as they are.
const MAX_SCRIPTS: usize = 1024;
/// Mappings remembered, 20 bytes each.
const MAX_MAPPINGS: usize = 4 << 20;

/// A place in a source: file, line and column from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Path of the source, which need not exist.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// The maps of scripts, each read once.
#[derive(Default)]
pub struct SourceMaps {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    maps: HashMap<String, Option<Arc<ScriptMap>>>,
    mappings: usize,
}

impl SourceMaps {
    /// Those of this process: its scripts do not change while they run.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<SourceMaps> = LazyLock::new(SourceMaps::default);
        &SHARED
    }

    /// The place in the source of a place in a script, line and column from 1; `None` when no map tells.
    pub fn original(&self, script: &str, line: u32, column: u32) -> Option<Original> {
        self.map(script)?.original(line.checked_sub(1)?, column.checked_sub(1)?)
    }

    /// The only source of a script; `None` without a map, and for bundles of several.
    pub fn only_source(&self, script: &str) -> Option<String> {
        match &self.map(script)?.sources[..] {
            [source] => Some(source.clone()),
            _ => None,
        }
    }

    fn map(&self, script: &str) -> Option<Arc<ScriptMap>> {
        let mut known = self.known.lock();
        if let Some(map) = known.maps.get(script) {
            return map.clone();
        }
        if known.maps.len() >= MAX_SCRIPTS || known.mappings >= MAX_MAPPINGS {
            return None;
        }
        let map = ScriptMap::of(script).map(Arc::new);
        known.mappings += map.as_ref().map_or(0, |map| map.mappings.len());
        known.maps.insert(script.to_owned(), map.clone());
        map
    }
}

impl Originals for SourceMaps {
    fn place(&self, generated: &Location) -> Option<Location> {
        let Original { file, line, column } =
            self.original(&generated.file, generated.line, generated.column)?;
        Some(Location { file, line, column, function: generated.function.clone() })
    }

    fn file(&self, generated: &str) -> Option<String> {
        self.only_source(generated)
    }
}

/// A place in the script and the place in a source that it comes from, all from 0.
struct Mapping {
    at: (u32, u32),
    source: u32,
    to: (u32, u32),
}

/// One script's map.
struct ScriptMap {
    sources: Vec<String>,
    /// Sorted by place in the script.
    mappings: Vec<Mapping>,
}

impl ScriptMap {
    fn of(script: &str) -> Option<Self> {
        let path = path_of_script(script)?;
        if path.components().any(|part| part.as_os_str() == "node_modules") {
            return None;
        }
        let (json, folder) = map_text(&path)?;
        Self::parse(&json, &folder)
    }

    fn parse(json: &str, folder: &Path) -> Option<Self> {
        // Some tools put a guard against inclusion in front.
        let json =
            json.strip_prefix(")]}'").map_or(json, |rest| rest.split_once('\n').map_or("", |(_, json)| json));
        let map = oxc_sourcemap::SourceMap::from_json_string(json).ok()?;
        let root = map.get_source_root().unwrap_or_default().to_owned();
        let sources: Vec<String> = map.get_sources().map(|source| resolved(folder, &root, source)).collect();
        let mut mappings: Vec<Mapping> = map
            .get_tokens()
            .filter_map(|token| {
                let source = token.get_source_id().filter(|&id| (id as usize) < sources.len())?;
                let at = (token.get_dst_line(), token.get_dst_col());
                Some(Mapping { at, source, to: (token.get_src_line(), token.get_src_col()) })
            })
            .collect();
        mappings.sort_by_key(|mapping| mapping.at);
        Some(Self { sources, mappings })
    }

    fn original(&self, line: u32, column: u32) -> Option<Original> {
        let behind = self.mappings.partition_point(|mapping| mapping.at <= (line, column));
        let mapping = self.mappings[..behind].last().filter(|mapping| mapping.at.0 == line)?;
        let file = self.sources[mapping.source as usize].clone();
        Some(Original { file, line: mapping.to.0 + 1, column: mapping.to.1 + 1 })
    }
}

/// The text of a script's map, and the folder that its sources are relative to.
fn map_text(script: &Path) -> Option<(String, PathBuf)> {
    let text = read(script)?;
    let folder = script.parent()?.to_owned();
    let Some(url) = mapping_url(&text) else {
        let mut beside = script.as_os_str().to_owned();
        beside.push(".map");
        return Some((read(Path::new(&beside))?, folder));
    };
    if let Some(data) = url.strip_prefix("data:") {
        return Some((inline(data)?, folder));
    }
    // A scheme: it is not on this machine.
    if url.contains("://") && !url.starts_with("file://") {
        return None;
    }
    let file = path_of_script(url).unwrap_or_else(|| folder.join(percent_decoded(url)));
    let folder = file.parent()?.to_owned();
    Some((read(&file)?, folder))
}

/// What the last comment `//# sourceMappingURL=` says.
fn mapping_url(script: &str) -> Option<&str> {
    let (_, behind) = script.rsplit_once("sourceMappingURL=")?;
    behind.split(char::is_whitespace).next().filter(|url| !url.is_empty())
}

/// `application/json;charset=utf-8;base64,…`, or without base64.
fn inline(data: &str) -> Option<String> {
    let (kind, data) = data.split_once(',')?;
    if !kind.ends_with(";base64") {
        return Some(percent_decoded(data));
    }
    String::from_utf8(base64_simd::STANDARD.decode_to_vec(data).ok()?).ok()
}

fn read(file: &Path) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return None;
    }
    std::fs::read_to_string(file).ok()
}

/// A source's path: below the map's folder, unless it is absolute. Bundlers' own schemes (`webpack://app/./src/a.ts`)
/// begin at a root that nobody knows.
fn resolved(folder: &Path, root: &str, source: &str) -> String {
    if let Some((scheme, rest)) = source.split_once("://").filter(|(scheme, _)| *scheme != "file") {
        let inside =
            if scheme == "webpack" { rest.split_once('/').map_or(rest, |(_, inside)| inside) } else { rest };
        return normal(Path::new(inside));
    }
    let source = path_of_script(source).unwrap_or_else(|| {
        let root = path_of_script(root).unwrap_or_else(|| folder.join(root));
        root.join(source)
    });
    normal(&source)
}

/// Without `.` and `..`, by name alone: the file need not exist.
fn normal(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.file_name().is_some() => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line 1 to line 3, line 2 from column 4 on to line 10; as tsc writes it.
    const MAP: &str = r#"{"version":3,"file":"a.js","sourceRoot":"","sources":["../src/a.ts"],"names":[],"mappings":"AAEA;IAOI"}"#;

    fn original(line: u32, column: u32) -> Option<(String, u32, u32)> {
        let map = ScriptMap::parse(MAP, Path::new("/srv/app/dist"))?;
        map.original(line - 1, column - 1).map(|to| (to.file, to.line, to.column))
    }

    #[test]
    fn places_become_places_in_the_source() {
        let file = || "/srv/app/src/a.ts".to_owned();
        assert_eq!(original(1, 1), Some((file(), 3, 1)));
        assert_eq!(original(1, 40), Some((file(), 3, 1)), "the nearest mapping before it on the line");
        assert_eq!(original(2, 5), Some((file(), 10, 5)));
        assert_eq!(original(2, 1), None, "nothing before it on its line");
        assert_eq!(original(3, 1), None);
    }

    #[test]
    fn broken_maps_are_no_maps() {
        let parse = |json: &str| ScriptMap::parse(json, Path::new("/")).is_none();
        assert!(parse("") && parse("{}") && parse("[]") && parse(&MAP.replace("AAEA", "\u{1}")));
        assert!(parse(&MAP.replace("AAEA", "AEEA")), "a source that is not there");
        assert!(parse(&MAP.replace("3,\"file", "2,\"file")));
    }

    #[test]
    fn sources_are_found_by_name() {
        let at = |root, source| resolved(Path::new("/srv/dist"), root, source);
        assert_eq!(at("", "../src/./a.ts"), "/srv/src/a.ts");
        assert_eq!(at("/src", "lib/a.ts"), "/src/lib/a.ts");
        assert_eq!(at("", "file:///x/a%20b.ts"), "/x/a b.ts");
        assert_eq!(at("", "webpack://app/./src/a.ts"), "src/a.ts");
    }

    #[test]
    fn inline_maps_are_read() {
        assert_eq!(inline("application/json;base64,e30=").as_deref(), Some("{}"));
        assert_eq!(inline("application/json,%7B%7D").as_deref(), Some("{}"));
        assert_eq!(inline("application/json;base64,***"), None);
        assert_eq!(
            mapping_url("a\n//# sourceMappingURL=old\n//# sourceMappingURL=a.js.map\n"),
            Some("a.js.map")
        );
    }
}
