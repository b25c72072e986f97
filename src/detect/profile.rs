//! V8's sampling heap profile: live bytes per allocation stack.
//!
//! The profile holds only what is still alive, so the stacks with the most bytes are those whose objects
//! are being kept. Frames carry the function's start, not the line of the call.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;

use super::input::Frame;
use crate::source::path_of_script;

/// Stacks of application and dependency frames, and the bytes they allocated that are still alive.
#[derive(Debug, Default)]
pub struct AllocationProfile {
    /// Most bytes first.
    pub stacks: Vec<AllocationStack>,
    /// What Node's own functions allocated, by their callers.
    pub node_calls: Vec<NodeCall>,
    /// Live bytes of all stacks, also of those without such a frame.
    pub bytes: f64,
    /// What the smallest sample stands for: about as many bytes as lie between two samples.
    pub sample_bytes: f64,
}

/// One allocation stack.
#[derive(Debug)]
pub struct AllocationStack {
    /// Innermost first; `line` and `column` are where the function starts. Node's own frames are left out.
    pub frames: Vec<Rc<Frame>>,
    /// Live bytes.
    pub bytes: f64,
}

/// Live bytes that Node's own functions allocated for a caller.
#[derive(Debug)]
pub struct NodeCall {
    /// The scripts of Node on the way, outermost first.
    pub scripts: Vec<String>,
    /// The one of Node's functions that was called.
    pub called: String,
    /// The caller and its callers, as in [`AllocationStack::frames`].
    pub frames: Vec<Rc<Frame>>,
    /// Live bytes.
    pub bytes: f64,
}

/// Stacks of V8's profiler end after at most 128 frames; deeper JSON is not a profile.
const MAX_DEPTH: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileNode {
    call_frame: CallFrame,
    self_size: f64,
    #[serde(default)]
    children: Vec<ProfileNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame {
    function_name: String,
    url: String,
    line_number: i64,
    column_number: i64,
}

#[derive(Deserialize)]
struct ProfileFile {
    head: ProfileNode,
}

impl AllocationProfile {
    /// Reads a profile as `HeapProfiler.getSamplingProfile` gives it; empty when the file is missing or no profile.
    pub fn read(path: &Path) -> Self {
        fs::read(path).map(|bytes| Self::of_json(&bytes)).unwrap_or_default()
    }

    /// The same from its text.
    pub fn of_json(json: &[u8]) -> Self {
        Self::parse(json).unwrap_or_default()
    }

    fn parse(json: &[u8]) -> Option<Self> {
        if deepest_nesting(json) > MAX_DEPTH * 2 {
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        deserializer.disable_recursion_limit();
        let file = ProfileFile::deserialize(&mut deserializer).ok()?;
        let mut collected = Collected::default();
        collect(&file.head, &mut Outer::default(), &mut collected);
        let mut stacks: Vec<_> =
            collected.bytes_of.into_iter().map(|(frames, bytes)| AllocationStack { frames, bytes }).collect();
        stacks.sort_by(|a, b| b.bytes.total_cmp(&a.bytes).then_with(|| a.frames.cmp(&b.frames)));
        let sizes = collected.sizes.iter();
        Some(AllocationProfile {
            stacks,
            node_calls: collected.node_calls,
            bytes: sizes.clone().sum(),
            sample_bytes: sizes.copied().reduce(f64::min).unwrap_or_default(),
        })
    }
}

#[derive(Default)]
struct Collected {
    bytes_of: HashMap<Vec<Rc<Frame>>, f64>,
    node_calls: Vec<NodeCall>,
    /// Of all stacks.
    sizes: Vec<f64>,
}

/// What stands above a node of the profile.
#[derive(Default)]
struct Outer<'a> {
    frames: Vec<Rc<Frame>>,
    /// Node's own since the last of those.
    nodes: Vec<&'a CallFrame>,
}

fn collect<'a>(node: &'a ProfileNode, outer: &mut Outer<'a>, collected: &mut Collected) {
    let frame = application_frame(&node.call_frame).map(Rc::new);
    let is_nodes = node.call_frame.url.starts_with("node:");
    let nodes = if frame.is_some() { std::mem::take(&mut outer.nodes) } else { Vec::new() };
    outer.frames.extend(frame.clone());
    outer.nodes.extend(is_nodes.then_some(&node.call_frame));
    collected.sizes.extend((node.self_size > 0.0).then_some(node.self_size));
    if node.self_size > 0.0 && !outer.frames.is_empty() {
        let frames: Vec<Rc<Frame>> = outer.frames.iter().rev().cloned().collect();
        if let Some(called) = outer.nodes.first() {
            collected.node_calls.push(NodeCall {
                scripts: outer.nodes.iter().map(|call| call.url.clone()).collect(),
                called: called.function_name.clone(),
                frames: frames.clone(),
                bytes: node.self_size,
            });
        }
        *collected.bytes_of.entry(frames).or_default() += node.self_size;
    }
    for child in &node.children {
        collect(child, outer, collected);
    }
    if is_nodes {
        outer.nodes.pop();
    }
    if frame.is_some() {
        outer.frames.pop();
        outer.nodes = nodes;
    }
}

fn application_frame(call: &CallFrame) -> Option<Frame> {
    let path = path_of_script(&call.url)?;
    Some(Frame {
        file: path.to_string_lossy().into_owned(),
        line: u32::try_from(call.line_number + 1).ok()?,
        column: u32::try_from(call.column_number + 1).ok()?,
        function: (!call.function_name.is_empty()).then(|| call.function_name.clone()),
    })
}

fn deepest_nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in json {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, url: &str, line: i64, size: u32, children: &str) -> String {
        format!(
            r#"{{"callFrame":{{"functionName":"{name}","scriptId":"1","url":"{url}","lineNumber":{line},"columnNumber":4}},"selfSize":{size},"id":1,"children":[{children}]}}"#
        )
    }

    #[test]
    fn stacks_are_innermost_first_without_nodes_own_frames() {
        let leaf = node("add", "/app/store.js", 9, 64, "");
        let middle = node("emit", "node:events", 500, 8, &leaf);
        let head = node("(root)", "", -1, 0, &node("", "file:///app/a%20b.mjs", 3, 16, &middle));
        let profile = AllocationProfile::parse(format!(r#"{{"head":{head}}}"#).as_bytes()).unwrap();
        let seen: Vec<_> = profile
            .stacks
            .iter()
            .map(|stack| {
                (
                    stack.bytes,
                    stack.frames.iter().map(|f| format!("{}:{}", f.file, f.line)).collect::<Vec<_>>(),
                )
            })
            .collect();
        let expected = [
            (64.0, vec!["/app/store.js:10".to_owned(), "/app/a b.mjs:4".to_owned()]),
            (24.0, vec!["/app/a b.mjs:4".to_owned()]),
        ];
        assert_eq!(seen, expected);
        assert_eq!((profile.bytes, profile.sample_bytes), (88.0, 8.0));
    }

    #[test]
    fn what_is_no_profile_is_empty_and_deep_nesting_is_refused() {
        assert!(AllocationProfile::parse(b"[1,2").is_none());
        assert!(AllocationProfile::parse("[".repeat(100_000).as_bytes()).is_none());
        assert!(AllocationProfile::read(Path::new("/nonexistent")).stacks.is_empty());
    }
}
