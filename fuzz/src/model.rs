//! Snapshots that are well formed whatever the fuzzer makes up.

use std::fmt::Write;

use arbitrary::Arbitrary;

/// Names that rules of the analysis look at, and some that they do not.
const NAMES: [&str; 28] = [
    "",
    "Object",
    "Map",
    "Array",
    "Thing",
    "a",
    "b",
    "next",
    "table",
    "elements",
    "context",
    "__proto__",
    "constructor",
    "system / NativeContext",
    "system / ExternalStringData",
    "(map descriptors)",
    "sloppy_function_map",
    "(Document DOM trees)",
    "<div id=\\\"a\\\">",
    "1",
    "2",
    "_events",
    "_idleNext",
    "value",
    "\\ud83d",
    "1 / part of key (Thing @3) -> value (Object @5) pair in WeakMap (table @7)",
    "2 / part of key (Thing @3) -> value (Object @5) pair in WeakMap (table @7)",
    "1 / part of key (Object @1) -> value (Thing @3) pair in WeakMap (table @9)",
];
const NODE_TYPES: [&str; 16] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
    "wasm object",
];
const EDGE_KINDS: [&str; 7] = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

/// A snapshot's contents; every number is taken modulo what is allowed.
#[derive(Arbitrary, Debug)]
pub struct Model {
    trace_node_id: bool,
    detachedness: bool,
    nodes: Vec<Node>,
}

#[derive(Arbitrary, Debug)]
struct Node {
    kind: u8,
    name: u8,
    size: u16,
    detached: u8,
    place: Option<(u8, u8)>,
    edges: Vec<(u8, u8, u8)>,
}

impl Model {
    /// The snapshot as V8 would write it.
    pub fn text(&self) -> String {
        let nodes = &self.nodes[..self.nodes.len().min(48)];
        let fields = 5 + usize::from(self.trace_node_id) + usize::from(self.detachedness);
        let count = nodes.len() + 1;
        let (mut node_rows, mut edge_rows, mut places) = (Vec::new(), Vec::new(), Vec::new());
        // The root comes first, with a shortcut to the first node.
        let globals = usize::from(count > 1);
        node_rows.push(self.row([9, 0, 1, 0, globals, 0]));
        edge_rows.extend((count > 1).then(|| format!("5,5,{fields}")));
        for (index, node) in nodes.iter().enumerate() {
            let (kind, name) =
                (usize::from(node.kind) % NODE_TYPES.len(), usize::from(node.name) % NAMES.len());
            let id = 2 * index + 3;
            let detached = usize::from(node.detached % 3);
            node_rows.push(self.row([kind, name, id, node.size.into(), node.edges.len(), detached]));
            places.extend(
                node.place.map(|(line, column)| format!("{},1,{line},{column}", (index + 1) * fields)),
            );
            for &(kind, name, target) in &node.edges {
                let kind = usize::from(kind) % EDGE_KINDS.len();
                let name = if matches!(kind, 1 | 4) { name.into() } else { usize::from(name) % NAMES.len() };
                edge_rows.push(format!("{kind},{name},{}", usize::from(target) % count * fields));
            }
        }
        self.document(&node_rows, &edge_rows, &places)
    }

    fn row(&self, [kind, name, id, size, edges, detached]: [usize; 6]) -> String {
        let trace = if self.trace_node_id { ",0" } else { "" };
        let detached = if self.detachedness { format!(",{detached}") } else { String::new() };
        format!("{kind},{name},{id},{size},{edges}{trace}{detached}")
    }

    fn document(&self, nodes: &[String], edges: &[String], places: &[String]) -> String {
        let trace = if self.trace_node_id { r#","trace_node_id""# } else { "" };
        let detachedness = if self.detachedness { r#","detachedness""# } else { "" };
        let strings: Vec<String> = NAMES.iter().map(|name| format!("\"{name}\"")).collect();
        let mut text = String::new();
        write!(
            text,
            r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count"{trace}{detachedness}],"node_types":[{NODE_TYPES:?}],"edge_fields":["type","name_or_index","to_node"],"edge_types":[{EDGE_KINDS:?}],"location_fields":["object_index","script_id","line","column"]}},"node_count":{},"edge_count":{}}},
"nodes":[{}],
"edges":[{}],
"locations":[{}],
"strings":[{}]}}"#,
            nodes.len(),
            edges.len(),
            nodes.join("\n,"),
            edges.join("\n,"),
            places.join("\n,"),
            strings.join(",\n"),
        )
        .expect("a String can be written to");
        text
    }
}
