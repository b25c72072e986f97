//! Values that repeat, stored once and named by a small number.

use std::collections::HashMap;
use std::hash::Hash;

/// A bounded set of values with stable numbers.
///
/// Number 0 is the value for everything that no longer fits (an unknown site, the route `(other)`).
#[derive(Debug)]
pub struct Interner<T> {
    numbers: HashMap<T, u32>,
    values: Vec<T>,
    capacity: usize,
    dropped: u64,
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// An interner that holds `rest` as number 0 and at most `capacity` values beside it.
    pub fn new(rest: T, capacity: usize) -> Self {
        Self { numbers: HashMap::from([(rest.clone(), 0)]), values: vec![rest], capacity, dropped: 0 }
    }

    /// The number of `value`; 0 when it is new and the interner is full.
    pub fn intern(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            return number;
        }
        if self.values.len() > self.capacity {
            self.dropped += 1;
            return 0;
        }
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// The value with this number; the rest value when there is none.
    pub fn get(&self, number: u32) -> &T {
        self.values.get(number as usize).unwrap_or(&self.values[0])
    }

    /// How often a value found no place.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_value_same_number() {
        let mut names = Interner::new("rest", 10);
        let a = names.intern("a");
        assert_eq!(names.intern("a"), a);
        assert_ne!(names.intern("b"), a);
        assert_eq!(names.get(a), &"a");
    }

    #[test]
    fn full_means_rest_and_counted() {
        let mut names = Interner::new("rest", 1);
        let a = names.intern("a");
        assert_eq!(names.intern("b"), 0);
        assert_eq!(names.intern("c"), 0);
        assert_eq!(names.intern("a"), a);
        assert_eq!(names.dropped(), 2);
        assert_eq!(names.get(99), &"rest");
    }
}
