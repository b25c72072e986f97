//! A vector of bits.

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
