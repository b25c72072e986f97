//! Where functions and constructors stand: file, line and column.
//!
//! The file's `locations` give a script's number, not its name. The name hangs on the script object:
//! closure → `shared` → `script` (Node 24 and 26) or `script_or_debug_info` (Node 20 and 22), whose own name is the
//! path or URL. One living closure per script tells.

use std::collections::HashMap;

use super::graph::HeapGraph;
use super::types::{NodeIndex, NodeType};

/// A place in a script. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Location {
    /// Absolute path, `node:…` for Node's own code, or what else the script calls itself (`evalmachine.<anonymous>`).
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1: of a function's parameter list, or of a class's constructor.
    pub column: u32,
    /// Name of the function or class; `None` when it has none.
    pub function: Option<String>,
}

/// Script numbers to file names.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    files: HashMap<u32, String>,
}

impl Scripts {
    pub fn of(graph: &HeapGraph) -> Self {
        let mut files = HashMap::new();
        for &(node, place) in graph.script_positions() {
            let node = NodeIndex(node);
            if graph.node_type(node) == NodeType::Closure && !files.contains_key(&place.script_id) {
                let shared = graph.internal_target(node, b"shared");
                if let Some(file) = shared.and_then(|shared| script_file(graph, shared)) {
                    files.insert(place.script_id, file);
                }
            }
        }
        Self { files }
    }

    /// All files, each once, sorted.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.files.values().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    pub fn file(&self, script_id: u32) -> Option<&str> {
        self.files.get(&script_id).map(String::as_str)
    }
}

/// The file of a shared function info; `None` for built-in functions.
pub(super) fn script_file(graph: &HeapGraph, shared: NodeIndex) -> Option<String> {
    let mut script = graph
        .internal_target(shared, b"script")
        .or_else(|| graph.internal_target(shared, b"script_or_debug_info"))?;
    if graph.raw_name(script) == b"system / DebugInfo" {
        script = graph.internal_target(script, b"script")?;
    }
    let name = graph.name(script);
    (!name.is_empty() && !name.starts_with("system / ")).then(|| path_of_url(&name))
}

/// `file:///a%20b.mjs` (ES modules) to `/a b.mjs`; anything else as it is.
fn path_of_url(name: &str) -> String {
    let Some(path) = name.strip_prefix("file://") else { return name.to_owned() };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    // `/C:/app` on Windows.
    if bytes.len() > 2 && bytes[0] == b'/' && bytes[2] == b':' {
        bytes.remove(0);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::path_of_url;

    #[test]
    fn urls_of_modules_become_paths() {
        assert_eq!(path_of_url("file:///srv/my%20app/%C3%A9.mjs"), "/srv/my app/é.mjs");
        assert_eq!(path_of_url("file:///C:/app/a.mjs"), "C:/app/a.mjs");
        assert_eq!(path_of_url("file:///odd%zz"), "/odd%zz");
        assert_eq!(path_of_url("node:internal/timers"), "node:internal/timers");
    }
}
