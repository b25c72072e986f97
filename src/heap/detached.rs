//! Spreads V8's "detached" mark over native nodes, as DevTools does before it names classes.

use super::bits::BitVec;
use super::snapshot::Snapshot;
use super::types::{EdgeKind, NodeType};

const ATTACHED: u8 = 1;
pub(super) const DETACHED: u8 = 2;

/// What an attached native node reaches (through native nodes, without hidden and weak edges) is attached; what a
/// detached one reaches and no attached one, is detached.
pub(super) fn propagate_detachedness(snapshot: &mut Snapshot) {
    if snapshot.nodes.kinds.iter().all(|kind| kind >> 6 == 0) {
        return;
    }
    let mut state = Propagation {
        visited: BitVec::new(snapshot.nodes.len()),
        attached: Vec::new(),
        detached: Vec::new(),
    };
    for node in 0..snapshot.nodes.len() {
        let known = snapshot.nodes.detachedness(node);
        if known != 0 {
            state.mark(snapshot, node, known);
        }
    }
    while let Some(node) = state.attached.pop() {
        state.mark_children(snapshot, node as usize, ATTACHED);
    }
    while let Some(node) = state.detached.pop() {
        if snapshot.nodes.detachedness(node as usize) != ATTACHED {
            state.mark_children(snapshot, node as usize, DETACHED);
        }
    }
}

struct Propagation {
    visited: BitVec,
    attached: Vec<u32>,
    detached: Vec<u32>,
}

impl Propagation {
    fn mark(&mut self, snapshot: &mut Snapshot, node: usize, state: u8) {
        if !self.visited.insert(node) || snapshot.nodes.kind(node) != NodeType::Native {
            return;
        }
        snapshot.nodes.set_detachedness(node, state);
        match state {
            ATTACHED => self.attached.push(node as u32),
            _ => self.detached.push(node as u32),
        }
    }

    fn mark_children(&mut self, snapshot: &mut Snapshot, node: usize, state: u8) {
        for edge in snapshot.nodes.edges(node) {
            if !matches!(snapshot.edges.kind(edge), EdgeKind::Hidden | EdgeKind::Invisible | EdgeKind::Weak) {
                self.mark(snapshot, snapshot.edges.targets[edge] as usize, state);
            }
        }
    }
}
