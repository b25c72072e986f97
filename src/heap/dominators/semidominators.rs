//! Semidominators, by path compression in the search tree.

use super::search::{Link, Search};
use crate::heap::error::HeapError;
use crate::heap::memory::prefetch;
use crate::heap::task::Task;

/// How many retainers ahead memory is asked for.
const AHEAD: usize = 16;

/// What is left of a [`Search`], by number.
pub(super) struct Semidominators {
    /// Node of each number.
    pub order: Vec<u32>,
    /// The parent in the search tree; the root's is 0.
    pub parents: Vec<u32>,
    pub semidominators: Vec<u32>,
}

/// Finds the semidominator of each number.
pub(super) fn semidominators(search: Search, task: &Task) -> Result<Semidominators, HeapError> {
    let Search { order, links, lowest: mut semi, higher, spare: mut parents } = search;
    let mut forest = Forest { links, path: Vec::new() };
    for w in (1..order.len()).rev() {
        task.advance_at(w)?;
        let mut lowest = semi[w];
        let Link { ancestor, label: mut chunk } = forest.links[w];
        // Those found last first: they are likely below another child of the root, which ends the search.
        while chunk != 0 && lowest != 0 {
            let (sources, before) = higher.chunk(chunk);
            for (at, &source) in sources.iter().enumerate().rev() {
                if let Some(&soon) = sources.get(at.wrapping_sub(AHEAD)) {
                    prefetch(&forest.links, soon as usize);
                }
                lowest = lowest.min(forest.evaluate(source, w as u32));
            }
            chunk = before;
        }
        semi[w] = lowest;
        parents[w] = ancestor;
        forest.links[w].label = lowest;
    }
    parents[0] = 0;
    Ok(Semidominators { order, parents, semidominators: semi })
}

/// The linked part of the search tree: numbers above the current one.
struct Forest {
    links: Vec<Link>,
    path: Vec<u32>,
}

impl Forest {
    /// The lowest semidominator on the path from `v` up to the linked tree's root. `current` is being processed: what
    /// is numbered at or below it is not linked yet, and `v` is above it.
    fn evaluate(&mut self, v: u32, current: u32) -> u32 {
        let mut node = v;
        let mut link = self.links[node as usize];
        while link.ancestor > current {
            self.path.push(node);
            node = link.ancestor;
            link = self.links[node as usize];
        }
        // Path compression: all below are summed up to the same ancestor.
        while let Some(below) = self.path.pop() {
            link.label = link.label.min(self.links[below as usize].label);
            self.links[below as usize] = link;
        }
        link.label
    }
}
