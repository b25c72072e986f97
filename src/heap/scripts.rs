//! Where functions and constructors stand: file, line and column.
//!
//! The file's `locations` give a script's number, not its name. The name hangs on the script object:
//! closure → `shared` → `script` (Node 24 and 26) or `script_or_debug_info` (Node 20 and 22), whose own name is the
//! path or URL. One living closure per script tells.

use std::collections::HashMap;

use super::graph::Graph;
use super::locations::ScriptPosition;
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
    pub fn of(graph: &Graph) -> Self {
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

    /// Where a function stands, or the constructor of an object; `None` for built-in ones and for other nodes.
    pub fn location_of(&self, graph: &Graph, node: NodeIndex) -> Option<Location> {
        let place = graph.script_position(node).or_else(|| position_by_prototype(graph, node))?;
        self.location(place, Some(graph.name(node).into_owned()).filter(|name| !name.is_empty()))
    }

    /// The place as people count, with the script's file; `None` when no function tells that.
    pub fn location(&self, place: ScriptPosition, function: Option<String>) -> Option<Location> {
        let file = self.file(place.script_id)?.to_owned();
        Some(Location { file, line: place.line + 1, column: place.column + 1, function })
    }
}

/// Where the constructor stands that an object's prototype names: `Reflect.construct` and some of Node's own classes
/// leave none with the object's shape, from which V8 writes locations.
fn position_by_prototype(graph: &Graph, object: NodeIndex) -> Option<ScriptPosition> {
    let prototype = graph.property_target(object, b"__proto__")?;
    graph.script_position(graph.property_target(prototype, b"constructor")?)
}

/// The file of a shared function info; `None` for built-in functions.
pub(super) fn script_file(graph: &Graph, shared: NodeIndex) -> Option<String> {
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
