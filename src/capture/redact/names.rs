//! Which strings are names.

use super::super::header::{Malformed, Meta};
use super::records::Record;
use super::variables::Variables;

/// Node types whose name is a value the program computed.
const VALUE_NODES: [&str; 4] = ["string", "concatenated string", "sliced string", "regexp"];
/// Edge types whose second field is a number, not a name.
const NUMBERED_EDGES: [&str; 2] = ["element", "hidden"];

/// The strings that the records seen so far use as a name.
#[derive(Debug)]
pub(super) struct Names {
    /// By type: whether a node's name is one.
    nodes: Vec<bool>,
    /// By type: whether an edge's second field is one.
    edges: Vec<bool>,
    found: Bits,
    variables: Variables,
}

impl Names {
    pub fn new(meta: &Meta) -> Result<Self, Malformed> {
        let nodes = types(&meta.node_types)?;
        let edges = types(&meta.edge_types)?;
        Ok(Self {
            variables: Variables::new(&nodes, &edges, meta.node_fields.len()),
            nodes: nodes.iter().map(|kind| !VALUE_NODES.contains(kind)).collect(),
            edges: edges.iter().map(|kind| !NUMBERED_EDGES.contains(kind)).collect(),
            found: Bits::default(),
        })
    }

    /// The next node: its name, and the number of its edges.
    pub fn node(&mut self, node: &Record) -> Result<(), Malformed> {
        let name = string(node.name)?;
        if is_set(&self.nodes, node.kind) {
            self.found.set(name);
        }
        self.variables.node(node.kind, name, node.link);
        Ok(())
    }

    /// The next edge: its name or number, and its target.
    pub fn edge(&mut self, edge: &Record) -> Result<(), Malformed> {
        if is_set(&self.edges, edge.kind) {
            self.found.set(string(edge.name)?);
        }
        self.variables.edge(edge.kind, edge.link);
        Ok(())
    }

    /// The next function of the allocation trace: its name, and its script's.
    pub fn trace_function(&mut self, function: &Record) -> Result<(), Malformed> {
        self.found.set(string(function.name)?);
        self.found.set(string(function.link)?);
        Ok(())
    }

    /// After the records: which string names V8's scope infos, `None` when nobody knows.
    pub fn settle(&mut self, scope_info: Option<u32>) {
        let variables = std::mem::take(&mut self.variables);
        if let Some(name) = scope_info {
            variables.of_nodes_called(name).for_each(|variable| self.found.set(variable));
        }
    }

    /// Whether the string is a name.
    pub fn contains(&self, string: u32) -> bool {
        self.found.get(string)
    }
}

/// The names of the types, which are what the first field's numbers stand for.
fn types(of_fields: &[serde_json::Value]) -> Result<Vec<&str>, Malformed> {
    let types = of_fields.first().and_then(|types| types.as_array()).ok_or(Malformed("it lists no types"))?;
    Ok(types.iter().map(|kind| kind.as_str().unwrap_or_default()).collect())
}

/// The string's index; V8 cannot hold more strings than 32 bits count.
fn string(index: u64) -> Result<u32, Malformed> {
    u32::try_from(index).map_err(|_| Malformed("a string's index is out of range"))
}

fn is_set(flags: &[bool], index: u64) -> bool {
    usize::try_from(index).is_ok_and(|index| flags.get(index) == Some(&true))
}

/// A set of small integers.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, index: u32) {
        let index = index as usize;
        if index / 64 >= self.0.len() {
            self.0.resize((index / 64 + 1).next_power_of_two(), 0);
        }
        self.0[index / 64] |= 1 << (index % 64);
    }

    fn get(&self, index: u32) -> bool {
        self.0.get(index as usize / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }
}
