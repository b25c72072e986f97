//! How many bytes each node takes, in four bytes.

use std::collections::HashMap;

use super::memory::with_room;

/// Bytes per node. Almost every size fits 32 bits; the rest (buffers over 4 GB) stand aside.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// The size, or the largest number where it stands aside.
    pub small: Vec<u32>,
    /// By node.
    pub large: HashMap<u32, u64>,
}

impl Sizes {
    /// The same sizes, on large pages.
    pub fn copy(&self) -> Self {
        let mut small = with_room(self.small.len());
        small.extend_from_slice(&self.small);
        Self { small, large: self.large.clone() }
    }

    #[inline(always)]
    pub fn get(&self, node: usize) -> u64 {
        match self.small[node] {
            u32::MAX => self.large[&(node as u32)],
            size => u64::from(size),
        }
    }

    /// Adds one node's size to another's.
    #[inline(always)]
    pub fn add(&mut self, from: usize, to: usize) {
        self.set(to, self.get(to) + self.get(from));
    }

    #[inline(always)]
    pub fn set(&mut self, node: usize, size: u64) {
        self.small[node] = u32::try_from(size).unwrap_or(u32::MAX);
        if self.small[node] == u32::MAX {
            self.large.insert(node as u32, size);
        }
    }
}
