//! The names of variables that stand nowhere but in values.
//!
//! V8 names a function's variables on the edges of its contexts. A block's (`{ const cache = … }`) it numbers there, and
//! only the scope's description, a node called `system / ScopeInfo`, points at strings that are their names. Which string
//! says `system / ScopeInfo` is known when the strings come, last; so for every name that a code node has, the strings
//! that such nodes point at are remembered until then. What does not fit stays a value.

use std::collections::HashSet;

/// The type of scope infos, and of the edges to the names in them: no other of their edges leads to a string.
const OWNER_TYPE: &str = "code";
const EDGE_TYPE: &str = "hidden";
const STRING_TYPE: &str = "string";

/// Of this many nodes the string is remembered: 32 MB. V8 lists old objects first, among them those of the
/// program's code.
const MAX_STRING_NODES: usize = 1 << 22;
/// Code nodes: 16 MB.
const MAX_OWNERS: usize = 1 << 20;
/// Pairs of names: 10 MB.
const MAX_PAIRS: usize = 1 << 19;

/// What is known of nodes and edges so far. Numbers of types are `None` where the snapshot has no such type.
#[derive(Debug, Default)]
pub(super) struct Variables {
    owner_type: Option<u64>,
    string_type: Option<u64>,
    edge_type: Option<u64>,
    /// An edge's target is the node's number times this.
    node_fields: u64,
    nodes: u64,
    /// The string that each string node is, by the node's number, ascending.
    strings: Vec<(u32, u32)>,
    owners: Vec<Owner>,
    /// How many edges the nodes have.
    edges: u64,
    /// How many edges there were so far.
    edges_seen: u64,
    /// The first owner that may have edges to come.
    current: usize,
    /// The owner's name, the string.
    pairs: HashSet<(u32, u32)>,
}

/// A code node, and which of all edges are its own.
#[derive(Debug)]
struct Owner {
    name: u32,
    edge_count: u32,
    first_edge: u64,
}

impl Variables {
    pub fn new(node_types: &[&str], edge_types: &[&str], node_fields: usize) -> Self {
        let number = |types: &[&str], wanted: &str| {
            types.iter().position(|&kind| kind == wanted).map(|place| place as u64)
        };
        Self {
            owner_type: number(node_types, OWNER_TYPE),
            string_type: number(node_types, STRING_TYPE),
            edge_type: number(edge_types, EDGE_TYPE),
            node_fields: node_fields as u64,
            ..Self::default()
        }
    }

    /// The next node.
    pub fn node(&mut self, kind: u64, name: u32, edge_count: u64) {
        if Some(kind) == self.string_type {
            if let Ok(node) = u32::try_from(self.nodes)
                && self.strings.len() < MAX_STRING_NODES
            {
                self.strings.push((node, name));
            }
        } else if Some(kind) == self.owner_type
            && let Ok(edge_count @ 1..) = u32::try_from(edge_count)
            && self.owners.len() < MAX_OWNERS
        {
            self.owners.push(Owner { name, edge_count, first_edge: self.edges });
        }
        self.nodes += 1;
        self.edges = self.edges.saturating_add(edge_count);
    }

    /// The next edge. Edges come in the order of the nodes that they start from.
    pub fn edge(&mut self, kind: u64, target: u64) {
        let edge = self.edges_seen;
        self.edges_seen += 1;
        let Some(owner) = self.owners.get(self.current).filter(|owner| owner.first_edge <= edge) else {
            return;
        };
        if edge + 1 == owner.first_edge.saturating_add(u64::from(owner.edge_count)) {
            self.current += 1;
        }
        if Some(kind) == self.edge_type
            && self.pairs.len() < MAX_PAIRS
            && let Some(string) = self.string_of(target)
        {
            self.pairs.insert((owner.name, string));
        }
    }

    /// The strings that nodes with this name point at.
    pub fn of_nodes_called(&self, name: u32) -> impl Iterator<Item = u32> {
        self.pairs.iter().filter(move |&&(owner, _)| owner == name).map(|&(_, string)| string)
    }

    fn string_of(&self, target: u64) -> Option<u32> {
        let node = u32::try_from(target / self.node_fields).ok()?;
        let place = self.strings.binary_search_by_key(&node, |&(node, _)| node).ok()?;
        Some(self.strings[place].1)
    }
}
