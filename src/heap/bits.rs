//! A vector of bits.

use super::table::{on_threads, threads_for};

/// One bit per index, in 64-bit words.
#[derive(Clone, Debug, Default)]
pub(super) struct BitVec {
    words: Vec<u64>,
}

impl BitVec {
    /// `length` bits, all clear.
    pub fn new(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)] }
    }

    /// `length` bits, set where `is_set` says so; on every core. Each thread asks for a run of indices in order, with a
    /// state that `start` makes for the first of them; these states are returned.
    pub fn filled_by<S: Send>(
        length: usize,
        start: impl Fn(usize) -> S + Sync,
        is_set: impl Fn(&mut S, usize) -> bool + Sync,
    ) -> (Self, Vec<S>) {
        let mut bits = Self::new(length);
        let part = bits.words.len().div_ceil(threads_for(length * size_of::<u32>())).max(1);
        let parts: Vec<_> = bits.words.chunks_mut(part).enumerate().collect();
        let states = on_threads(parts.into_iter(), |(at, words)| {
            let first = at * part * 64;
            let mut state = start(first);
            for (word, indices) in words.iter_mut().zip((first..).step_by(64)) {
                for index in indices..length.min(indices + 64) {
                    *word |= u64::from(is_set(&mut state, index)) << (index - indices);
                }
            }
            state
        });
        (bits, states)
    }

    /// The bit at `index`.
    #[inline(always)]
    pub fn get(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 != 0
    }

    /// Sets the bit at `index`.
    #[inline(always)]
    pub fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// Clears the bit at `index`.
    #[inline(always)]
    pub fn clear(&mut self, index: usize) {
        self.words[index / 64] &= !(1 << (index % 64));
    }

    /// The indices below `length` whose bits are clear.
    pub fn clear_bits(&self, length: usize) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate().filter(|&(_, &word)| word != u64::MAX);
        words
            .flat_map(|(at, &word)| (at * 64..at * 64 + 64).filter(move |bit| word >> (bit % 64) & 1 == 0))
            .take_while(move |&index| index < length)
    }

    /// Sets the bit at `index` and tells whether it was clear.
    #[inline(always)]
    pub fn insert(&mut self, index: usize) -> bool {
        let fresh = !self.get(index);
        self.set(index);
        fresh
    }
}

/// For each index whether it was counted never, once, or more often.
#[derive(Clone, Debug, Default)]
pub(super) struct FewCounts {
    counted: BitVec,
    again: BitVec,
}

impl FewCounts {
    /// `length` indices, none counted.
    pub fn new(length: usize) -> Self {
        Self { counted: BitVec::new(length), again: BitVec::new(length) }
    }

    /// Counts the index.
    #[inline(always)]
    pub fn add(&mut self, index: usize) {
        let (at, bit) = (index / 64, 1 << (index % 64));
        self.again.words[at] |= self.counted.words[at] & bit;
        self.counted.words[at] |= bit;
    }

    /// Adds what was counted elsewhere, over as many indices.
    pub fn merge(&mut self, other: &Self) {
        for (at, &counted) in other.counted.words.iter().enumerate() {
            self.again.words[at] |= other.again.words[at] | self.counted.words[at] & counted;
            self.counted.words[at] |= counted;
        }
    }

    /// True when the index was never counted.
    pub fn is_zero(&self, index: usize) -> bool {
        !self.counted.get(index)
    }

    /// True when the index was counted exactly once.
    #[inline(always)]
    pub fn is_one(&self, index: usize) -> bool {
        self.counted.get(index) && !self.again.get(index)
    }
}

/// A set of indices, each with its place among them.
pub(super) struct Ranks {
    bits: BitVec,
    /// By word: how many bits are set before it.
    before: Vec<u32>,
}

impl Ranks {
    pub fn of(bits: BitVec) -> Self {
        let before = bits.words.iter().scan(0, |sum, word| {
            let before = *sum;
            *sum += word.count_ones();
            Some(before)
        });
        Self { before: before.collect(), bits }
    }

    /// How many indices there are.
    pub fn len(&self) -> usize {
        let last = self.bits.words.last().zip(self.before.last());
        last.map_or(0, |(word, &before)| (before + word.count_ones()) as usize)
    }

    /// How many smaller indices are in the set.
    pub fn get(&self, index: usize) -> usize {
        let below = self.bits.words[index / 64] & ((1 << (index % 64)) - 1);
        (self.before[index / 64] + below.count_ones()) as usize
    }
}
