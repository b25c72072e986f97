//! Timers belong to Node's lists, which say nothing of who set them: what they call does.

use std::collections::BTreeMap;

use super::site::Site;
use crate::heap::HeapGraph;
use crate::heap::analysis::timer_callback;
use crate::source::{Position, is_of_application, path_of_script};

/// The share of the timers that grew in number which have to call the same function.
const MIN_SHARE: f64 = 0.8;

/// The application's function that timers which grew in number by `gained` call, nearly all of them.
pub(super) fn common_callback(graph: &HeapGraph, gained: [u64; 2]) -> Option<Site> {
    let mut counts: BTreeMap<Site, u64> = BTreeMap::new();
    for callback in graph.nodes().filter_map(|node| timer_callback(graph, node)) {
        let Some(place) = graph.location_of(callback) else { continue };
        let Some(file) = path_of_script(&place.file).filter(|file| is_of_application(file)) else { continue };
        let at = Position { line: place.line, column: place.column };
        *counts.entry(Site { file, at, function: place.function }).or_default() += 1;
    }
    let (site, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let explains = count as f64 >= (gained[0] + gained[1]) as f64 * MIN_SHARE;
    explains.then_some(site)
}
