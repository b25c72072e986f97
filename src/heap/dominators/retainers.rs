//! What retains each number, grouped on every core.

use std::ops::Range;

use super::FlowGraph;
use crate::heap::groups::{GroupsPart, end_filling, parts_of_groups};
use crate::heap::memory::{with_room, zeroed};
use crate::heap::table::{on_threads, threads_for};

/// The number of an edge that does not count.
const NONE: u32 = u32::MAX;

/// What retains each number: the lowest lower number, and all higher ones.
pub(super) struct Retainers {
    /// At most the parent. Lower numbers are their own best labels, so of them only the lowest matters.
    pub lowest: Vec<u32>,
    /// Where each number's retainers begin in `sources`.
    first: Vec<u32>,
    pub sources: Vec<u32>,
}

impl Retainers {
    /// Numbers from `reached` on are out of reach and retain nothing.
    pub fn of(graph: &FlowGraph<'_>, numbers: &[u32], parents: &[u32], reached: u32) -> Self {
        let targets = numbered_targets(graph, numbers);
        let edges = NumberedEdges { graph, numbers, reached, targets: &targets };
        let mut lowest: Vec<u32> = with_room(numbers.len());
        lowest.extend_from_slice(parents);
        let mut first: Vec<u32> = zeroed(numbers.len() + 1);
        // Each thread takes the targets of a range, so that no two write to one place.
        let part = numbers.len().div_ceil(threads_for(size_of_val(&targets[..]))).max(1);
        let parts: Vec<_> =
            (0..).step_by(part).zip(first[1..].chunks_mut(part)).zip(lowest.chunks_mut(part)).collect();
        on_threads(parts.into_iter(), |((start, counts), lowest)| edges.count(start, counts, lowest));
        for number in 0..numbers.len() {
            first[number + 1] += first[number];
        }
        let mut sources = zeroed(first[numbers.len()] as usize);
        on_threads(parts_of_groups(&mut first, &mut sources, part).into_iter(), |part| edges.fill(part));
        end_filling(&mut first);
        Self { lowest, first, sources }
    }

    /// Where the number's higher retainers stand in `sources`.
    pub fn group(&self, number: usize) -> Range<usize> {
        self.first[number] as usize..self.first[number + 1] as usize
    }
}

/// The target's number of each edge that counts, [`NONE`] for the others.
fn numbered_targets(graph: &FlowGraph<'_>, numbers: &[u32]) -> Vec<u32> {
    let count = graph.targets.len();
    let mut numbered = zeroed(count);
    let part = count.div_ceil(threads_for(size_of_val(graph.targets))).max(1);
    let parts: Vec<_> = numbered.chunks_mut(part).enumerate().collect();
    on_threads(parts.into_iter(), |(at, numbered)| {
        for (edge, slot) in (at * part..).zip(numbered) {
            *slot = if graph.essential.get(edge) { numbers[graph.targets[edge] as usize] } else { NONE };
        }
    });
    numbered
}

struct NumberedEdges<'a> {
    graph: &'a FlowGraph<'a>,
    numbers: &'a [u32],
    reached: u32,
    targets: &'a [u32],
}

impl NumberedEdges<'_> {
    /// For the numbers from `start` on: counts the higher sources and finds the lowest source of each.
    fn count(&self, start: u32, counts: &mut [u32], lowest: &mut [u32]) {
        self.each(start, counts.len(), |source, target, slot| {
            if target < source {
                counts[slot] += 1;
            } else if lowest[slot] > source {
                lowest[slot] = source;
            }
        });
    }

    /// Writes the higher sources of some numbers.
    fn fill(&self, part: GroupsPart<'_>) {
        let GroupsPart { start, first, members } = part;
        let before = first.first().copied().unwrap_or(0);
        self.each(start, first.len(), |source, target, slot| {
            if target < source {
                members[(first[slot] - before) as usize] = source;
                first[slot] += 1;
            }
        });
    }

    /// Calls `visit` with source, target and target minus `start` of every edge to the `count` numbers from `start` on.
    #[inline(always)]
    fn each(&self, start: u32, count: usize, mut visit: impl FnMut(u32, u32, usize)) {
        let sources = self.numbers.iter().enumerate().filter(|&(_, &source)| source < self.reached);
        for (node, &source) in sources {
            for &target in &self.targets[self.graph.edges(node as u32)] {
                let slot = target.wrapping_sub(start) as usize;
                if slot < count {
                    visit(source, target, slot);
                }
            }
        }
    }
}
