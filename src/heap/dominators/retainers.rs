//! What retains each number, as the search finds it.

use crate::heap::memory::{with_room, zeroed};

/// What retains each number: the lowest lower number, and all higher ones.
pub(super) struct Retainers {
    /// At most the parent. Lower numbers are their own best labels, so of them only the lowest matters.
    pub lowest: Vec<u32>,
    pub higher: Higher,
}

impl Retainers {
    pub fn new(numbers: usize, edges: usize) -> Self {
        Self { lowest: with_room(numbers), higher: Higher::new(numbers, edges) }
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
}

/// A list of higher numbers for each number: chunks that grow, all in one vector. A few numbers have hundreds of thousands
/// of retainers, most have none.
///
/// A chunk has a power of two slots, at least [`UNIT`]: the chunk before it, how many slots it has and how many of them
/// are taken, and then numbers. Chunks are counted in units, so that 32 bits are enough for any snapshot.
pub(super) struct Higher {
    /// By number: the chunk filled last, 0 when there is none.
    last: Vec<u32>,
    slots: Vec<u32>,
}

const UNIT: usize = 4;
const MAX_SLOTS: usize = 1 << 10;
/// What stands in front of a chunk's numbers.
const HEAD: usize = 2;
/// Taken slots stand in the low half of a chunk's second slot, all slots in the high half.
const HALF: u32 = 16;

impl Higher {
    fn new(numbers: usize, edges: usize) -> Self {
        // Memory that is not written costs nothing.
        let mut slots = with_room(edges + UNIT);
        // Chunk 0 is full.
        slots.resize(UNIT, 0);
        Self { last: zeroed(numbers), slots }
    }

    /// A higher number retains `target`. Often one does several times in a row.
    pub fn add(&mut self, target: u32, source: u32) {
        let last = &mut self.last[target as usize];
        let chunk = *last as usize * UNIT;
        let (slots, taken) = sizes(self.slots[chunk + 1]);
        if taken > HEAD && self.slots[chunk + taken - 1] == source {
            return;
        }
        if taken < slots {
            self.slots[chunk + taken] = source;
            self.slots[chunk + 1] += 1;
            return;
        }
        let slots = (slots * 2).clamp(UNIT, MAX_SLOTS);
        let chunk = self.slots.len();
        self.slots.extend([*last, ((slots as u32) << HALF) | (HEAD as u32 + 1), source]);
        self.slots.resize(chunk + slots, 0);
        *last = (chunk / UNIT) as u32;
    }

    /// The chunk of a number's retainers found last; 0 when it has none.
    pub fn last_chunk(&self, number: usize) -> u32 {
        self.last[number]
    }

    /// The numbers in a chunk, and the chunk that was filled before it.
    pub fn chunk(&self, chunk: u32) -> (&[u32], u32) {
        let chunk = chunk as usize * UNIT;
        let (_, taken) = sizes(self.slots[chunk + 1]);
        (&self.slots[chunk + HEAD..chunk + taken], self.slots[chunk])
    }
}

/// All slots of a chunk, and those taken.
fn sizes(slot: u32) -> (usize, usize) {
    ((slot >> HALF) as usize, (slot & ((1 << HALF) - 1)) as usize)
}
