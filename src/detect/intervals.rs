//! What growth is told from: three snapshots of one program and what it did between them.

use crate::heap::{HeapGraph, NodeIndex};

/// Three snapshots in time order and the requests between them.
pub struct Interval3<'a> {
    /// The snapshots.
    pub graphs: [&'a HeapGraph; 3],
    /// Requests between the first and second, and between the second and third.
    pub requests: [f64; 2],
    /// Requests before the first, since the program started; `None` when nobody counted those.
    pub before: Option<f64>,
    /// Whether an object has the same id in all of them: not when each was taken in a forked child.
    pub shares_ids: bool,
}

impl Interval3<'_> {
    /// What an object of the last snapshot retained in each; `None` when it was not there from the start.
    pub fn retained(&self, owner: NodeIndex) -> Option<[u64; 3]> {
        let id = self.graphs[2].id(owner);
        let size = |graph: &HeapGraph| graph.node_by_id(id).map(|node| graph.retained_size(node));
        let [a, b, c] = self.graphs.map(size);
        Some([a?, b?, c?])
    }
}
