//! What stays in memory between key points of the user's own choosing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A moment that the application named.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The name it was given.
    pub name: String,
    /// Milliseconds since 1970.
    pub at_ms: f64,
    /// Requests seen until then.
    pub requests: u64,
    /// Resident set, in bytes.
    pub rss: f64,
    /// Live bytes after the first major collection that followed; `None` until there was one.
    pub floor_bytes: Option<f64>,
    /// Number of that collection.
    pub collection: Option<u64>,
}

/// What the way from one named moment to the next keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// How often it was passed.
    pub passes: u64,
    /// How often a major collection fell inside, so that what it keeps could be measured.
    pub measured: u64,
    /// Live bytes that those passes added together; negative when they released more than they kept.
    pub heap_bytes: f64,
    /// How much the resident set grew in all passes.
    pub rss_bytes: f64,
    /// Requests in all passes.
    pub requests: u64,
    /// Mean length.
    pub mean_ms: f64,
}

/// The stretches between neighbouring checkpoints, those that keep most first.
pub fn stretches(checkpoints: &[Checkpoint]) -> Vec<Stretch> {
    let mut rows: BTreeMap<(&str, &str), Stretch> = BTreeMap::new();
    for pair in checkpoints.windows(2) {
        let [from, to] = pair else { continue };
        let row = rows.entry((&from.name, &to.name)).or_insert_with(|| Stretch {
            from: from.name.clone(),
            to: to.name.clone(),
            passes: 0,
            measured: 0,
            heap_bytes: 0.0,
            rss_bytes: 0.0,
            requests: 0,
            mean_ms: 0.0,
        });
        row.passes += 1;
        row.requests += to.requests.saturating_sub(from.requests);
        row.rss_bytes += to.rss - from.rss;
        row.mean_ms += (to.at_ms - from.at_ms - row.mean_ms) / row.passes as f64;
        if let Some(kept) = kept_between(from, to) {
            row.measured += 1;
            row.heap_bytes += kept;
        }
    }
    let mut stretches: Vec<_> = rows.into_values().collect();
    stretches.sort_by(|a, b| b.heap_bytes.total_cmp(&a.heap_bytes));
    stretches
}

/// Nothing is known when both ends saw the same collection: no garbage was removed in between.
fn kept_between(from: &Checkpoint, to: &Checkpoint) -> Option<f64> {
    if from.collection? == to.collection? {
        return None;
    }
    Some(to.floor_bytes? - from.floor_bytes?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(name: &str, at_ms: f64, floor: Option<(u64, f64)>) -> Checkpoint {
        Checkpoint {
            name: name.into(),
            at_ms,
            requests: at_ms as u64,
            rss: 2.0 * at_ms,
            floor_bytes: floor.map(|(_, bytes)| bytes),
            collection: floor.map(|(number, _)| number),
        }
    }

    #[test]
    fn each_way_between_names_is_one_row() {
        let rows = stretches(&[
            checkpoint("start", 0.0, Some((1, 100.0))),
            checkpoint("import", 10.0, Some((2, 900.0))),
            checkpoint("start", 20.0, Some((3, 890.0))),
            checkpoint("import", 50.0, Some((4, 1690.0))),
        ]);
        assert_eq!(rows.len(), 2);
        let import = &rows[0];
        assert_eq!((import.from.as_str(), import.to.as_str()), ("start", "import"));
        assert_eq!((import.passes, import.measured, import.heap_bytes, import.mean_ms), (2, 2, 1600.0, 20.0));
        assert_eq!((import.requests, import.rss_bytes), (40, 80.0));
        assert_eq!(rows[1].heap_bytes, -10.0);
    }

    #[test]
    fn without_a_collection_in_between_nothing_is_measured() {
        let rows = stretches(&[
            checkpoint("a", 0.0, Some((1, 5.0))),
            checkpoint("b", 1.0, Some((1, 5.0))),
            checkpoint("c", 2.0, None),
        ]);
        assert!(rows.iter().all(|row| row.measured == 0 && row.passes == 1));
    }
}
