//! Shallow sizes as DevTools shows them: backing stores count for the object that alone uses them.

use super::error::HeapError;
use super::memory::with_room;
use super::sizes::Sizes;
use super::snapshot::Snapshot;
use super::task::Task;
use super::types::{EdgeKind, NodeType};

/// Not reached from any owner.
const UNVISITED: u32 = u32::MAX;
/// Reached from several owners.
const SHARED: u32 = u32::MAX - 1;

/// Turns the sizes in the file into shallow sizes, with the size of every hidden node, array and external string given to its only owner.
///
/// Left as they are: snapshots with V8's internals exposed (no global object below the root), and sizes whose owner
/// would be a synthetic node or the root.
pub(super) fn shallow_sizes(snapshot: &Snapshot, mut sizes: Sizes, task: &Task) -> Result<Sizes, HeapError> {
    let nodes = &snapshot.nodes;
    if !has_user_roots(snapshot) {
        return Ok(sizes);
    }
    for (node, &owner) in owners(snapshot, task)?.iter().enumerate() {
        if owner as usize == node || matches!(owner, UNVISITED | SHARED | 0) {
            continue;
        }
        let size = sizes.get(node);
        if size != 0 && nodes.kind(owner as usize) != NodeType::Synthetic {
            sizes.add(node, owner as usize);
            sizes.set(node, 0);
        }
    }
    Ok(sizes)
}

/// True when the root leads to a node that is not synthetic (a global object), or to Chrome's documents.
pub(super) fn has_user_roots(snapshot: &Snapshot) -> bool {
    snapshot.nodes.edges(0).any(|edge| is_user_root(snapshot, snapshot.edges.targets[edge] as usize))
}

/// True for global objects and Chrome's documents, among what the root points to.
pub(super) fn is_user_root(snapshot: &Snapshot, node: usize) -> bool {
    snapshot.nodes.kind(node) != NodeType::Synthetic || super::essential::is_document_root(snapshot, node)
}

/// The one owner of each node, [`SHARED`] or [`UNVISITED`]. A node's owner only ever moves from unvisited to one
/// owner to shared, so the order of visits changes nothing.
fn owners(snapshot: &Snapshot, task: &Task) -> Result<Vec<u32>, HeapError> {
    let (nodes, edges) = (&snapshot.nodes, &snapshot.edges);
    let count = nodes.len();
    let mut owners: Vec<u32> = with_room(count);
    owners.extend(0..count as u32);
    for (node, owner) in owners.iter_mut().enumerate() {
        if can_be_owned(snapshot, node) {
            *owner = UNVISITED;
        }
    }
    let mut stack = Vec::new();
    for start in 0..count as u32 {
        task.check_at(start as usize)?;
        if owners[start as usize] != start {
            continue;
        }
        stack.push(start);
        while let Some(node) = stack.pop() {
            let owner = owners[node as usize];
            for edge in nodes.edges(node as usize) {
                let target = edges.targets[edge];
                let current = &mut owners[target as usize];
                if *current == target
                    || *current == owner
                    || *current == SHARED
                    || edges.kind(edge) == EdgeKind::Weak
                {
                    continue;
                }
                *current = if *current == UNVISITED { owner } else { SHARED };
                stack.push(target);
            }
        }
    }
    Ok(owners)
}

fn can_be_owned(snapshot: &Snapshot, node: usize) -> bool {
    match snapshot.nodes.kind(node) {
        NodeType::Hidden | NodeType::Array => true,
        NodeType::Native => snapshot.raw_string(snapshot.nodes.names[node]) == b"system / ExternalStringData",
        _ => false,
    }
}
