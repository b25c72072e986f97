//! What the answer says of a holder that grows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use crate::heap::scripts::Location;

/// A last step below this share of the mean step before it says that growth comes to an end.
const STEADY: f64 = 0.4;

/// How a holder grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// Between two snapshots: whether it goes on, a third one would tell.
    Grew,
    /// At every step of three snapshots or more, at the last one as before.
    Growing,
    /// At every step, but at the last one hardly any more: a cache that has filled, a process that has warmed up.
    Slowing,
}

impl Trend {
    pub(super) fn of(series: &[u64]) -> Self {
        let steps: Vec<u64> = series.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let [before @ .., last] = &steps[..] else { return Self::Grew };
        if before.is_empty() {
            return Self::Grew;
        }
        let mean = before.iter().sum::<u64>() as f64 / before.len() as f64;
        if *last as f64 >= mean * STEADY { Self::Growing } else { Self::Slowing }
    }
}

/// How a holder was found again in the other snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// By object id: the same objects in every snapshot.
    Id,
    /// By signature: of another process, or each time another object at the same place.
    Signature,
}

/// A holder whose contents grow from each snapshot to the next; or, where several hold them together, the objects that
/// grow in number.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    /// Hash of the signature: the same leak has the same id in another process.
    pub id: String,
    /// Class of the holder, or of the objects.
    pub class_name: String,
    /// Its object id in the last snapshot (the greatest one's, when there are several).
    pub object_id: u32,
    /// Its dominators by edge name and class, from the root.
    pub signature: Vec<String>,
    /// How it was found again in the other snapshots.
    pub matched_by: MatchedBy,
    /// What holds it, for reading.
    pub path: String,
    /// Where the function or constructor stands; null when the snapshot does not tell.
    pub location: Option<Location>,
    /// Bytes retained, per snapshot, without what V8 compiles.
    pub bytes: Vec<u64>,
    /// How it grew, told from what accumulates, or else from the bytes.
    pub trend: Trend,
    /// What accumulates, greatest growth first; empty when the holder itself grows.
    pub contents: Vec<GrownContent>,
}

/// Objects that accumulate in a holder.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GrownContent {
    /// Their class.
    pub class_name: String,
    /// How many, per snapshot.
    pub counts: Vec<u64>,
    /// Bytes they retain, per snapshot.
    pub bytes: Vec<u64>,
    /// The line they come from: a function's own, a timer's callback, a constructor; null when nothing tells.
    pub location: Option<Location>,
}

/// Objects of one signature are one leak, be some of them told apart by id.
pub(super) fn joined(rows: Vec<Growth>) -> Vec<Growth> {
    let mut joined: BTreeMap<String, Growth> = BTreeMap::new();
    for row in rows {
        match joined.entry(row.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(row);
            }
            Entry::Occupied(mut place) => place.get_mut().add(row),
        }
    }
    joined.into_values().collect()
}

impl Growth {
    fn add(&mut self, mut other: Self) {
        if gained(&other.bytes) > gained(&self.bytes) {
            std::mem::swap(self, &mut other);
        }
        self.matched_by = MatchedBy::Signature;
        add(&mut self.bytes, &other.bytes);
        for content in other.contents {
            match self.contents.iter_mut().find(|known| known.class_name == content.class_name) {
                Some(known) => {
                    add(&mut known.counts, &content.counts);
                    add(&mut known.bytes, &content.bytes);
                }
                None => self.contents.push(content),
            }
        }
    }
}

fn add(sums: &mut [u64], series: &[u64]) {
    for (sum, amount) in sums.iter_mut().zip(series) {
        *sum += amount;
    }
}

/// Last minus first; 0 unless every step gained.
pub(super) fn gained(series: &[u64]) -> u64 {
    let monotone = series.windows(2).all(|pair| pair[0] < pair[1]);
    if monotone { series[series.len() - 1] - series[0] } else { 0 }
}
