//! What retains each number, as the search finds it.

use std::ops::Range;

use crate::heap::memory::{with_room, zeroed};

/// Pairs found lately are remembered by the low bits of their target.
const RECENT: usize = 1 << 10;

/// What retains each number: the lowest lower number, and all higher ones.
pub(super) struct Retainers {
    /// At most the parent. Lower numbers are their own best labels, so of them only the lowest matters.
    lowest: Vec<u32>,
    /// The others, as they are found.
    higher: Vec<Pair>,
    /// Many edges in a row lead from one number to the same few.
    recent: [Pair; RECENT],
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Pair {
    target: u32,
    source: u32,
}

impl Retainers {
    pub fn new(numbers: usize, edges: usize) -> Self {
        // Memory that is not written costs nothing.
        let (lowest, higher) = (with_room(numbers), with_room(edges));
        Self { lowest, higher, recent: [Pair { target: 0, source: 0 }; RECENT] }
    }

    /// Adds the next number.
    pub fn push(&mut self, parent: u32) {
        self.lowest.push(parent);
    }

    /// A lower number retains `target`.
    pub fn add_lower(&mut self, target: u32, source: u32) {
        let lowest = &mut self.lowest[target as usize];
        *lowest = source.min(*lowest);
    }

    /// A higher number retains `target`.
    pub fn add_higher(&mut self, target: u32, source: u32) {
        let pair = Pair { target, source };
        if std::mem::replace(&mut self.recent[target as usize % RECENT], pair) != pair {
            self.higher.push(pair);
        }
    }

    /// The lowest lower number of each number, and its higher ones.
    pub fn into_groups(self) -> (Vec<u32>, Higher) {
        let mut first: Vec<u32> = zeroed(self.lowest.len() + 1);
        for pair in &self.higher {
            first[pair.target as usize + 1] += 1;
        }
        for number in 0..self.lowest.len() {
            first[number + 1] += first[number];
        }
        let mut sources = zeroed(self.higher.len());
        // From the back, so that each group's begin moves to where it belongs: the next group's stays its end.
        for &Pair { target, source } in self.higher.iter().rev() {
            let end = &mut first[target as usize + 1];
            *end -= 1;
            sources[*end as usize] = source;
        }
        // Now each end stands at its own group's begin.
        first.rotate_left(1);
        if let Some(end) = first.last_mut() {
            *end = sources.len() as u32;
        }
        (self.lowest, Higher { first, sources })
    }
}

/// The higher numbers that retain each number, in the order in which they were found.
pub(super) struct Higher {
    first: Vec<u32>,
    pub sources: Vec<u32>,
}

impl Higher {
    /// Where the number's retainers stand in `sources`.
    pub fn group(&self, number: usize) -> Range<usize> {
        self.first[number] as usize..self.first[number + 1] as usize
    }
}
