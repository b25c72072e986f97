//! The `snapshot` object at the front of the file: field positions, type names and counts.
//!
//! Positions are read from `meta`, never assumed: Node 20 and 22 write `trace_node_id`, Node 24 and 26 do not.

use serde::Deserialize;

use super::error::{HeapError, HeapErrorKind};
use super::types::{EdgeKind, NodeType};

/// More fields per row than any V8 writes means that the file is something else.
pub(super) const MAX_FIELDS: usize = 16;

/// Where each field of a node row stands, and what its type numbers mean.
#[derive(Clone, Debug)]
pub(super) struct NodeLayout {
    pub fields: usize,
    pub kind: usize,
    pub name: usize,
    pub id: usize,
    pub self_size: usize,
    pub edge_count: usize,
    /// Absent in snapshots older than Node 20's.
    pub detachedness: Option<usize>,
    pub types: Vec<NodeType>,
}

/// Where each field of an edge row stands, and what its type numbers mean.
#[derive(Clone, Debug)]
pub(super) struct EdgeLayout {
    pub fields: usize,
    pub kind: usize,
    pub name: usize,
    pub to_node: usize,
    pub types: Vec<EdgeKind>,
}

/// Where each field of a location row stands.
#[derive(Clone, Debug)]
pub(super) struct LocationLayout {
    pub fields: usize,
    pub object: usize,
    pub script_id: usize,
    pub line: usize,
    pub column: usize,
}

/// The header, checked.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub node: NodeLayout,
    pub edge: EdgeLayout,
    pub location: Option<LocationLayout>,
    pub node_count: u64,
    pub edge_count: u64,
    /// Bytes V8 counts outside the graph (Node 24 and later; 0 when not written).
    pub extra_native_bytes: u64,
}

#[derive(Deserialize)]
struct RawHeader {
    meta: RawMeta,
    node_count: u64,
    edge_count: u64,
    #[serde(default)]
    root_index: u64,
    #[serde(default)]
    extra_native_bytes: u64,
}

#[derive(Deserialize)]
struct RawMeta {
    node_fields: Vec<String>,
    node_types: Vec<TypeColumn>,
    edge_fields: Vec<String>,
    edge_types: Vec<TypeColumn>,
    #[serde(default)]
    location_fields: Vec<String>,
}

/// In `node_types` and `edge_types` a column is either a list of names or the name of a basic type.
#[derive(Deserialize)]
#[serde(untagged)]
enum TypeColumn {
    Enumeration(Vec<String>),
    Basic(#[allow(dead_code, reason = "only tells that this column is no enumeration")] String),
}

impl Header {
    /// Reads the header from its JSON text, which starts at byte `position` of the file.
    pub fn parse(json: &[u8], position: usize) -> Result<Self, HeapError> {
        let meta = |message: String| HeapError::at(HeapErrorKind::Meta, position, message);
        let raw: RawHeader = serde_json::from_slice(json)
            .map_err(|error| meta(format!("the \"snapshot\" object is not as expected: {error}")))?;
        if raw.root_index != 0 {
            return Err(meta(format!("root_index is {}, expected 0", raw.root_index)));
        }
        let node = node_layout(&raw.meta).map_err(meta)?;
        let edge = edge_layout(&raw.meta).map_err(meta)?;
        let location = location_layout(&raw.meta.location_fields).map_err(meta)?;
        let RawHeader { node_count, edge_count, extra_native_bytes, .. } = raw;
        Ok(Self { node, edge, location, node_count, edge_count, extra_native_bytes })
    }
}

fn node_layout(meta: &RawMeta) -> Result<NodeLayout, String> {
    let fields = &meta.node_fields;
    let kind = required(fields, "node_fields", "type")?;
    Ok(NodeLayout {
        fields: field_count(fields, "node_fields")?,
        kind,
        name: required(fields, "node_fields", "name")?,
        id: required(fields, "node_fields", "id")?,
        self_size: required(fields, "node_fields", "self_size")?,
        edge_count: required(fields, "node_fields", "edge_count")?,
        detachedness: position_of(fields, "detachedness"),
        types: type_names(&meta.node_types, kind, "node_types")?
            .iter()
            .map(|n| NodeType::from_name(n))
            .collect(),
    })
}

fn edge_layout(meta: &RawMeta) -> Result<EdgeLayout, String> {
    let fields = &meta.edge_fields;
    let kind = required(fields, "edge_fields", "type")?;
    Ok(EdgeLayout {
        fields: field_count(fields, "edge_fields")?,
        kind,
        name: required(fields, "edge_fields", "name_or_index")?,
        to_node: required(fields, "edge_fields", "to_node")?,
        types: type_names(&meta.edge_types, kind, "edge_types")?
            .iter()
            .map(|n| EdgeKind::from_name(n))
            .collect(),
    })
}

fn location_layout(fields: &[String]) -> Result<Option<LocationLayout>, String> {
    if fields.is_empty() {
        return Ok(None);
    }
    Ok(Some(LocationLayout {
        fields: field_count(fields, "location_fields")?,
        object: required(fields, "location_fields", "object_index")?,
        script_id: required(fields, "location_fields", "script_id")?,
        line: required(fields, "location_fields", "line")?,
        column: required(fields, "location_fields", "column")?,
    }))
}

fn field_count(fields: &[String], list: &str) -> Result<usize, String> {
    if fields.len() > MAX_FIELDS {
        return Err(format!("meta.{list} has {} fields, expected at most {MAX_FIELDS}", fields.len()));
    }
    Ok(fields.len())
}

fn position_of(fields: &[String], name: &str) -> Option<usize> {
    fields.iter().position(|field| field == name)
}

fn required(fields: &[String], list: &str, name: &str) -> Result<usize, String> {
    position_of(fields, name).ok_or_else(|| format!("meta.{list} lacks the field \"{name}\""))
}

fn type_names<'a>(columns: &'a [TypeColumn], column: usize, list: &str) -> Result<&'a [String], String> {
    match columns.get(column) {
        Some(TypeColumn::Enumeration(names)) if names.len() <= usize::from(u8::MAX) => Ok(names),
        _ => Err(format!("meta.{list}[{column}] is expected to be a list of type names")),
    }
}
