//! Which groups of the merged dominator trees grow, and who holds what grows.

use std::collections::BTreeMap;

use super::labels::{Level, is_compiled};
use super::rows::{GrownContent, Growth, MatchedBy, Trend, gained, joined};
use super::signature::{Group, Signatures};
use crate::heap::analysis::{describe_path, origin};
use crate::heap::error::HeapError;
use crate::heap::heap_graph::HeapGraph;
use crate::heap::task::Task;
use crate::heap::types::NodeType;

/// Less growth is noise: a share of the whole growth …
const MIN_SHARE: f64 = 0.01;
/// … and bytes.
const MIN_BYTES: u64 = 16 * 1024;
/// So many more objects than before are an accumulation.
const MIN_COUNT: u64 = 3;
/// A holder whose growth is at most so many times that of a holder inside it grows because of that one.
const SAME_GROWTH: u64 = 2;

pub(super) fn growth(
    graphs: &[&HeapGraph],
    by_id: bool,
    top: usize,
    task: &Task,
) -> Result<Vec<Growth>, HeapError> {
    let signatures = Signatures::of(graphs, by_id, task)?;
    let Some(last) = graphs.last() else { return Ok(Vec::new()) };
    let finder = Finder::new(&signatures);
    // What accumulates, by holder.
    let mut holders: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut stack = vec![0u32];
    while let Some(group) = stack.pop() {
        let growing: Vec<u32> = finder.growing_children(group).collect();
        let explained: u64 = growing.iter().map(|&child| finder.grown(child)).sum();
        let (accumulating, passing): (Vec<u32>, Vec<u32>) =
            growing.into_iter().partition(|&child| finder.accumulates(child));
        let holder = finder.visible(group);
        if finder.is_runtime(holder) {
            // Nobody's, or several holders': each kind of object speaks for itself.
            holders.extend(accumulating.into_iter().map(|content| (content, vec![content])));
        } else if !accumulating.is_empty()
            || finder.grown(group).saturating_sub(explained) >= finder.threshold
        {
            holders.entry(holder).or_default().extend(accumulating);
        }
        stack.extend(passing);
    }
    finder.merge(&mut holders);
    let rows = holders.into_iter().filter_map(|(holder, contents)| finder.row(last, holder, contents));
    let mut rows = joined(rows.collect());
    // What grows on before what has come to an end; otherwise by id.
    let rank = |row: &Growth| (row.trend == Trend::Slowing, std::cmp::Reverse(gained(&row.bytes)));
    rows.sort_by_key(rank);
    rows.truncate(top);
    Ok(rows)
}

struct Finder<'a> {
    signatures: &'a Signatures,
    /// Children of each group, first and next.
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    threshold: u64,
}

const NONE: u32 = u32::MAX;

impl<'a> Finder<'a> {
    fn new(signatures: &'a Signatures) -> Self {
        let count = signatures.groups.len();
        let (mut first_child, mut next_sibling) = (vec![NONE; count], vec![NONE; count]);
        for at in (1..count).rev() {
            let parent = signatures.groups[at].parent as usize;
            next_sibling[at] = first_child[parent];
            first_child[parent] = at as u32;
        }
        let mut finder = Self { signatures, first_child, next_sibling, threshold: MIN_BYTES };
        finder.threshold = MIN_BYTES.max((finder.grown(0) as f64 * MIN_SHARE) as u64);
        finder
    }

    fn group(&self, group: u32) -> &Group {
        &self.signatures.groups[group as usize]
    }

    fn children(&self, group: u32) -> impl Iterator<Item = u32> {
        let next = |&child: &u32| Some(self.next_sibling[child as usize]).filter(|&next| next != NONE);
        std::iter::successors(Some(self.first_child[group as usize]).filter(|&child| child != NONE), next)
    }

    /// Children that gain enough.
    fn growing_children(&self, group: u32) -> impl Iterator<Item = u32> {
        self.children(group)
            .filter(move |&child| self.grown(child) >= self.threshold && !is_compiled(self.kind(child)))
    }

    fn kind(&self, group: u32) -> NodeType {
        self.signatures.levels[self.group(group).level as usize].kind
    }

    /// One leak is one row: a holder that grows because of one inside it takes its contents over.
    fn merge(&self, holders: &mut BTreeMap<u32, Vec<u32>>) {
        // Parents have lower numbers, so that the innermost come first.
        for inner in holders.keys().copied().rev().collect::<Vec<_>>() {
            let is_holder = |group: &u32| holders.contains_key(group);
            let Some(outer) = self.ancestors(inner).find(is_holder) else { continue };
            if self.grown(outer) <= self.grown(inner).saturating_mul(SAME_GROWTH) {
                let contents = holders.remove(&inner).unwrap_or_default();
                let known = holders.entry(outer).or_default();
                known.extend(if contents.is_empty() { vec![inner] } else { contents });
            }
        }
    }

    fn ancestors(&self, group: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(group), |&group| {
            Some(self.group(group).parent).filter(|&parent| parent != group)
        })
        .skip(1)
    }

    /// Bytes gained from first to last; 0 unless every step gained.
    fn grown(&self, group: u32) -> u64 {
        gained(&self.group(group).bytes)
    }

    /// True when there are ever more of them.
    fn accumulates(&self, group: u32) -> bool {
        gained(&self.group(group).counts) >= MIN_COUNT
    }

    /// True for roots, global objects and V8's own: what every program has.
    fn is_runtime(&self, group: u32) -> bool {
        let Level { class, kind, .. } = &self.signatures.levels[self.group(group).level as usize];
        matches!(kind, NodeType::Synthetic | NodeType::Hidden) || class.starts_with("global")
    }

    fn row(&self, last: &HeapGraph, holder: u32, mut contents: Vec<u32>) -> Option<Growth> {
        let node = self.group(holder).greatest?;
        let signature = self.signature(holder);
        contents.sort_by_key(|&content| (std::cmp::Reverse(self.grown(content)), content));
        let accumulates = contents.iter().find(|&&content| self.accumulates(content));
        let series = accumulates.map_or(&self.group(holder).bytes, |&content| &self.group(content).counts);
        Some(Growth {
            trend: Trend::of(series),
            id: format!("{:016x}", hash(&signature)),
            class_name: last.class_name(node).to_owned(),
            object_id: last.id(node),
            path: describe_path(last, node),
            location: origin(last, node),
            bytes: self.group(holder).bytes.clone(),
            contents: contents.into_iter().map(|content| self.content(last, content)).collect(),
            matched_by: if self.group(holder).is_same { MatchedBy::Id } else { MatchedBy::Signature },
            signature,
        })
    }

    fn content(&self, last: &HeapGraph, group: u32) -> GrownContent {
        let found = self.group(group);
        let level = &self.signatures.levels[found.level as usize];
        let class_name = found.greatest.map_or(level.class.clone(), |node| last.class_name(node).to_owned());
        let location = found.greatest.and_then(|node| origin(last, node));
        GrownContent { class_name, counts: found.counts.clone(), bytes: found.bytes.clone(), location }
    }

    /// The group itself, or the owner of the backing store that it is.
    fn visible(&self, mut group: u32) -> u32 {
        while group != 0 {
            if !matches!(
                self.kind(group),
                NodeType::Array | NodeType::Hidden | NodeType::Code | NodeType::ObjectShape
            ) {
                break;
            }
            group = self.group(group).parent;
        }
        group
    }

    fn signature(&self, mut group: u32) -> Vec<String> {
        let mut levels = Vec::new();
        while group != 0 {
            let found = self.group(group);
            let level = &self.signatures.levels[found.level as usize];
            levels.push(format!("{} {}", level.edge, level.class).trim_start().to_owned());
            group = found.parent;
        }
        levels.reverse();
        levels
    }
}

/// FNV-1a.
fn hash(words: &[String]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
