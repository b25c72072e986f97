//! Writes small heap snapshots as V8 does.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fmt::Write;

pub const NODE_TYPES: [&str; 5] = ["hidden", "object", "synthetic", "closure", "string"];
pub const EDGE_KINDS: [&str; 7] =
    ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

pub const OBJECT: usize = 1;
pub const SYNTHETIC: usize = 2;
pub const STRING: usize = 4;
pub const ELEMENT: usize = 1;
pub const PROPERTY: usize = 2;
pub const INTERNAL: usize = 3;
pub const SHORTCUT: usize = 5;
pub const WEAK: usize = 6;

/// One node: type, name, shallow size, edges as (kind, name or index, target).
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub kind: usize,
    pub name: &'static str,
    pub size: u64,
    pub edges: Vec<(usize, String, usize)>,
}

/// The text of a snapshot with these nodes; ids are 1, 3, 5 …
pub fn snapshot(nodes: &[Node]) -> String {
    let ids: Vec<usize> = (0..nodes.len()).map(|index| index * 2 + 1).collect();
    snapshot_with_ids(nodes, &ids)
}

/// The text of a snapshot with these nodes and their ids.
pub fn snapshot_with_ids(nodes: &[Node], ids: &[usize]) -> String {
    let mut strings: Vec<String> = Vec::new();
    let mut intern = |text: &str| {
        strings.iter().position(|known| known == text).unwrap_or_else(|| {
            strings.push(text.to_owned());
            strings.len() - 1
        })
    };
    let (mut node_rows, mut edge_rows) = (Vec::new(), Vec::new());
    for (node, id) in nodes.iter().zip(ids) {
        let name = intern(node.name);
        node_rows.push(format!("{},{name},{id},{},{},0", node.kind, node.size, node.edges.len()));
        for (kind, name, target) in &node.edges {
            let indexed = matches!(EDGE_KINDS[*kind], "element" | "hidden");
            let name = if indexed { name.parse().unwrap() } else { intern(name) };
            edge_rows.push(format!("{kind},{name},{}", target * 6));
        }
    }
    let mut text = String::new();
    write!(
        text,
        r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"node_types":[{NODE_TYPES:?},"string","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[{EDGE_KINDS:?},"string_or_number","node"],"location_fields":["object_index","script_id","line","column"]}},"node_count":{},"edge_count":{}}},
"nodes":[{}],
"edges":[{}],
"locations":[],
"strings":{strings:?}}}"#,
        node_rows.len(),
        edge_rows.len(),
        node_rows.join("\n,"),
        edge_rows.join("\n,"),
    )
    .unwrap();
    text
}

/// A small generator of repeatable random numbers (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
