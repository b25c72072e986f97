//! How the text of a heap snapshot begins.

use std::fmt;

use serde::Deserialize;

/// What the beginning of a snapshot says about the rest.
#[derive(Debug, Deserialize)]
pub struct Header {
    /// Field names and type names.
    pub meta: Meta,
    /// Number of nodes.
    pub node_count: u64,
    /// Number of edges.
    pub edge_count: u64,
}

/// `snapshot.meta`: the fields of a record in each array, and the names of the types.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Meta {
    pub node_fields: Vec<String>,
    /// The first entry lists the node types.
    pub node_types: Vec<serde_json::Value>,
    pub edge_fields: Vec<String>,
    /// The first entry lists the edge types.
    pub edge_types: Vec<serde_json::Value>,
    #[serde(default)]
    pub trace_function_info_fields: Vec<String>,
}

/// The text is not a heap snapshot, or not a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}
