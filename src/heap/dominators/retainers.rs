//! The numbers that retain a lower one, as the search finds them.

use crate::heap::memory::with_room;

/// Lists of numbers: chunks that grow, all in one vector. A few numbers have hundreds of thousands of retainers, most have
/// none. A list is known by the chunk filled last, 0 while it is empty.
///
/// A chunk has a power of two slots, at least [`UNIT`]: the chunk before it, how many slots it has and how many of them
/// are taken, and then numbers. Chunks are counted in units, so that 32 bits are enough for any snapshot.
pub(super) struct Lists {
    slots: Vec<u32>,
}

const UNIT: usize = 4;
const MAX_SLOTS: usize = 1 << 10;
/// What stands in front of a chunk's numbers.
const HEAD: usize = 2;
/// Taken slots stand in the low half of a chunk's second slot, all slots in the high half.
const HALF: u32 = 16;

impl Lists {
    /// Room for so many numbers, half of it touched: real snapshots need somewhat more.
    pub fn warm(numbers: usize) -> Self {
        let mut slots = with_room(numbers + UNIT);
        slots.resize(numbers / 2, 0);
        std::hint::black_box(&mut slots).clear();
        // Chunk 0 is full.
        slots.resize(UNIT, 0);
        Self { slots }
    }

    /// Adds a number to the list whose chunk filled last is given. Often one is added several times in a row.
    pub fn add(&mut self, last: &mut u32, source: u32) {
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
