//! Where generated code was written: what source maps tell about a snapshot's scripts. Reading them is not this
//! module's business; who has them tells the graph.

use super::scripts::Location;

/// Source maps.
pub trait Originals: Send + Sync {
    /// The place in the source; `None` when the script has no map, or the map says nothing of the place.
    fn place(&self, generated: &Location) -> Option<Location>;

    /// The source of a script that was made from a single one; `None` otherwise.
    fn file(&self, generated: &str) -> Option<String>;
}
