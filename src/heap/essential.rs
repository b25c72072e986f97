//! Which edges keep their target alive, by DevTools' rules.

use super::bits::{BitVec, FewCounts};
use super::ephemeron::Ephemerons;
use super::error::HeapError;
use super::snapshot::Snapshot;
use super::task::Task;
use super::types::{EdgeKind, NodeType};

/// Which edges count in the dominator tree, and how many of these lead to each node.
///
/// Not counted: weak edges; edges to the node itself; shortcuts, except from the root; the WeakMap table's edge to a
/// value (the key's edge counts); and edges from what only the runtime owns into what the program owns.
pub(super) fn essential_edges(
    snapshot: &Snapshot,
    ephemerons: &Ephemerons,
    task: &Task,
) -> Result<(BitVec, FewCounts), HeapError> {
    let (nodes, edges) = (&snapshot.nodes, &snapshot.edges);
    let owned = program_owned(snapshot, task)?;
    let counts = |node: usize, edge: usize| {
        let target = edges.targets[edge] as usize;
        let kind_counts = match edges.kind(edge) {
            EdgeKind::Weak => false,
            EdgeKind::Shortcut => node == 0,
            EdgeKind::Internal => {
                let entry = ephemerons.get(edges.names[edge]);
                entry.is_none_or(|entry| entry.table_id != u64::from(nodes.ids[node]))
            }
            _ => true,
        };
        kind_counts && target != node && (node == 0 || owned.get(node) || !owned.get(target))
    };
    // The node that an edge leaves is the last one that begins at or before it.
    let source_of = |edge: usize| nodes.first_edges.partition_point(|&first| first as usize <= edge) - 1;
    let start = |edge: usize| (source_of(edge), FewCounts::new(nodes.len()));
    let (essential, parts) = BitVec::filled_by(edges.targets.len(), start, |(node, retainers), edge| {
        while nodes.first_edges[*node + 1] as usize <= edge {
            *node += 1;
        }
        let is_essential = counts(*node, edge);
        if is_essential {
            retainers.add(edges.targets[edge] as usize);
        }
        is_essential
    });
    let mut parts = parts.into_iter().map(|(_, retainers)| retainers);
    let mut retainers = parts.next().unwrap_or_else(|| FewCounts::new(nodes.len()));
    parts.for_each(|part| retainers.merge(&part));
    task.check()?;
    Ok((essential, retainers))
}

/// What can be reached from the global objects (the root's shortcuts) without weak edges.
fn program_owned(snapshot: &Snapshot, task: &Task) -> Result<BitVec, HeapError> {
    let (nodes, edges) = (&snapshot.nodes, &snapshot.edges);
    let mut owned = BitVec::new(nodes.len());
    let mut stack = Vec::new();
    for edge in nodes.edges(0) {
        let target = edges.targets[edge] as usize;
        let entry = match edges.kind(edge) {
            EdgeKind::Element => is_document_root(snapshot, target),
            kind => kind == EdgeKind::Shortcut,
        };
        if entry && owned.insert(target) {
            stack.push(target as u32);
        }
    }
    let mut count = 0;
    while let Some(node) = stack.pop() {
        count += 1;
        task.check_at(count)?;
        for edge in nodes.edges(node as usize) {
            let target = edges.targets[edge] as usize;
            if edges.kind(edge) != EdgeKind::Weak && owned.insert(target) {
                stack.push(target as u32);
            }
        }
    }
    Ok(owned)
}

/// Chrome's node above all documents; absent in Node.js.
pub(super) fn is_document_root(snapshot: &Snapshot, node: usize) -> bool {
    snapshot.nodes.kind(node) == NodeType::Synthetic
        && snapshot.raw_string(snapshot.nodes.names[node]) == b"(Document DOM trees)"
}
