//! Semidominators, by path compression in the search tree.

use super::retainers::Retainers;
use crate::heap::error::HeapError;
use crate::heap::memory::{prefetch, with_room};
use crate::heap::task::Task;

/// How many retainers ahead memory is asked for.
const AHEAD: usize = 16;

/// The semidominator of each number.
pub(super) fn semidominators(
    parents: &[u32],
    retainers: Retainers,
    task: &Task,
) -> Result<Vec<u32>, HeapError> {
    let Retainers { lowest: mut semi, higher } = retainers;
    let mut forest = Forest::new(parents);
    for w in (1..parents.len()).rev() {
        task.advance_at(w)?;
        let mut lowest = semi[w];
        let mut chunk = higher.last_chunk(w);
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
        forest.links[w].lowest = lowest;
    }
    Ok(semi)
}

/// The linked part of the search tree: numbers above the current one.
struct Forest {
    links: Vec<Link>,
    path: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Link {
    /// The parent, or a higher node up to which the path is summed up.
    ancestor: u32,
    /// The lowest semidominator from here up to the ancestor, which is not included.
    lowest: u32,
}

impl Forest {
    fn new(parents: &[u32]) -> Self {
        let mut links = with_room(parents.len());
        links.extend(parents.iter().map(|&ancestor| Link { ancestor, lowest: 0 }));
        Self { links, path: Vec::new() }
    }

    /// The lowest semidominator on the path from `v` up to the linked tree's root. `current` is being processed: what
    /// is numbered at or below it is not linked yet.
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
            link.lowest = link.lowest.min(self.links[below as usize].lowest);
            self.links[below as usize] = link;
        }
        link.lowest
    }
}
