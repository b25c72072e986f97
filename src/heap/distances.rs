//! Distances from the global objects, as DevTools counts them.

use super::bits::BitVec;
use super::ephemeron::Ephemerons;
use super::error::HeapError;
use super::memory::{with_room, zeroed};
use super::shallow::is_user_root;
use super::snapshot::Snapshot;
use super::task::Task;
use super::types::{EdgeKind, NodeType};

/// Added to the distance of what only the runtime reaches (DevTools' `baseSystemDistance`).
pub const SYSTEM_DISTANCE: u32 = 100_000_000;

/// Not reached at all.
pub(super) const UNREACHED: u32 = u32::MAX;

/// Breadth-first distances: 1 for global objects and so on; for the rest of the graph counted from the root, plus
/// [`SYSTEM_DISTANCE`]; [`UNREACHED`] otherwise.
pub(super) fn distances(
    snapshot: &Snapshot,
    ephemerons: &Ephemerons,
    task: &Task,
) -> Result<Vec<u32>, HeapError> {
    let mut search = Search::new(snapshot, ephemerons);
    for edge in snapshot.nodes.edges(0) {
        let target = snapshot.edges.targets[edge];
        if is_user_root(snapshot, target as usize) {
            search.reach(target, 1);
        }
    }
    let has_user_roots = !search.queue.is_empty();
    search.run(task)?;
    search.queue.clear();
    search.reach(0, if has_user_roots { SYSTEM_DISTANCE } else { 0 });
    search.run(task)?;
    Ok(search.finish())
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    ephemerons: &'a Ephemerons,
    distances: Vec<u32>,
    /// Small enough for the processor's caches, which `distances` is not.
    reached: BitVec,
    queue: Vec<u32>,
    /// WeakMap entries of which one edge was passed: the second one counts, so that the value is as far away as
    /// the farther of table and key.
    half_open: BitVec,
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, ephemerons: &'a Ephemerons) -> Self {
        Self {
            snapshot,
            ephemerons,
            distances: zeroed(snapshot.nodes.len()),
            reached: BitVec::new(snapshot.nodes.len()),
            queue: with_room(snapshot.nodes.len()),
            half_open: BitVec::new(ephemerons.pairs),
        }
    }

    fn reach(&mut self, node: u32, distance: u32) {
        self.reached.set(node as usize);
        self.distances[node as usize] = distance;
        self.queue.push(node);
    }

    fn finish(mut self) -> Vec<u32> {
        for node in self.reached.clear_bits(self.distances.len()) {
            self.distances[node] = UNREACHED;
        }
        self.distances
    }

    fn run(&mut self, task: &Task) -> Result<(), HeapError> {
        let (nodes, edges) = (&self.snapshot.nodes, &self.snapshot.edges);
        let mut next = 0;
        while let Some(&node) = self.queue.get(next) {
            next += 1;
            task.check_at(next)?;
            let node = node as usize;
            let distance = self.distances[node] + 1;
            let source = self.source_kind(node);
            for edge in nodes.edges(node) {
                let target = edges.targets[edge] as usize;
                if !self.reached.get(target) && self.counts(edge, source) {
                    self.reach(target as u32, distance);
                }
            }
        }
        Ok(())
    }

    fn source_kind(&self, node: usize) -> Source {
        let name = |expected: &[u8]| self.snapshot.raw_string(self.snapshot.nodes.names[node]) == expected;
        match self.snapshot.nodes.kind(node) {
            NodeType::Hidden if name(b"system / NativeContext") => Source::NativeContext,
            NodeType::Array if name(b"(map descriptors)") => Source::MapDescriptors,
            _ => Source::Other,
        }
    }

    /// DevTools' filter: false for edges that would make an object look nearer than it is.
    fn counts(&mut self, edge: usize, source: Source) -> bool {
        let edges = &self.snapshot.edges;
        let kind = edges.kind(edge);
        let name = edges.names[edge];
        if kind == EdgeKind::Weak {
            return false;
        }
        match source {
            Source::NativeContext
                if !kind.is_indexed() && self.snapshot.raw_string(name) == b"sloppy_function_map" =>
            {
                return false;
            }
            // Descriptors are shared between maps; links into them mislead (crbug.com/413608).
            Source::MapDescriptors => {
                let index = match kind {
                    kind if kind.is_indexed() => Some(u64::from(name)),
                    _ => leading_number(self.snapshot.raw_string(name)),
                };
                return index.is_none_or(|index| index < 2 || index % 3 != 1);
            }
            _ => {}
        }
        if kind != EdgeKind::Internal {
            return true;
        }
        match self.ephemerons.get(name) {
            Some(entry) => {
                if self.half_open.get(entry.pair as usize) {
                    self.half_open.clear(entry.pair as usize);
                    return true;
                }
                self.half_open.set(entry.pair as usize);
                false
            }
            None => true,
        }
    }
}

/// A few nodes whose edges follow rules of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    NativeContext,
    MapDescriptors,
    Other,
}

/// JavaScript's `parseInt`, as far as edge names go.
fn leading_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}
