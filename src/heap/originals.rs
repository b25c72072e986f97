//! Where generated code was written: what source maps tell about a snapshot's scripts. Reading them is not this
//! module's business; who has them tells the graph.

use std::sync::Arc;

use super::graph::HeapGraph;
use super::scripts::Location;
use super::types::NodeIndex;

/// Source maps.
pub trait Originals: Send + Sync {
    /// The place in the source; `None` when the script has no map, or the map says nothing of the place.
    fn place(&self, generated: &Location) -> Option<Location>;

    /// The source of a script that was made from a single one; `None` otherwise.
    fn file(&self, generated: &str) -> Option<String>;
}

impl HeapGraph {
    /// Lets answers name the files that people wrote. Only the first call counts.
    pub fn tell_originals(&self, originals: Arc<dyn Originals>) {
        let _ = self.originals.set(originals);
    }

    /// Where a function, or the constructor of an object, was written; see [`HeapGraph::location_of`].
    pub fn written_at(&self, node: NodeIndex) -> Option<Location> {
        self.location_of(node).map(|location| self.original(location))
    }

    /// The place in the source; the given one when nothing tells.
    pub fn original(&self, generated: Location) -> Location {
        self.originals.get().and_then(|originals| originals.place(&generated)).unwrap_or(generated)
    }

    /// The source file of a script; the script itself when nothing tells.
    pub fn original_file(&self, generated: String) -> String {
        self.originals.get().and_then(|originals| originals.file(&generated)).unwrap_or(generated)
    }
}
