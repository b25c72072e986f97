//! The last few of many.

use std::collections::VecDeque;

/// Keeps the newest `capacity` items.
#[derive(Debug, Clone)]
pub struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T> Ring<T> {
    /// An empty ring; a capacity of 0 counts as 1.
    pub fn new(capacity: usize) -> Self {
        Self { items: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Adds the newest item; the oldest gives way when the ring is full.
    pub fn push(&mut self, item: T) {
        if self.items.len() == self.capacity {
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    /// The items, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn the_oldest_gives_way() {
        let mut ring = Ring::new(3);
        (1..=5).for_each(|item| ring.push(item));
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [3, 4, 5]);
    }
}
