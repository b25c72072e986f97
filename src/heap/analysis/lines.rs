//! Counts by line of source.

use std::collections::BTreeMap;

use crate::heap::scripts::Location;

/// How many things come from each line, and what they retain.
#[derive(Default)]
pub(super) struct Lines {
    lines: BTreeMap<Location, (u64, u64)>,
}

impl Lines {
    pub fn add(&mut self, location: Location, bytes: u64) {
        let (count, sum) = self.lines.entry(location).or_default();
        *count += 1;
        *sum += bytes;
    }

    /// Line, number and bytes, in the order of the lines.
    pub fn into_rows(self) -> impl Iterator<Item = (Location, u64, u64)> {
        self.lines.into_iter().map(|(location, (count, bytes))| (location, count, bytes))
    }
}
