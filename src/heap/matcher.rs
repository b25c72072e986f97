//! Finds the interface that a plain object belongs to.

use foldhash::{HashMap, HashMapExt};

/// What may be spent on finding interfaces. Programs' objects need a fraction of it; made on purpose, a thousand
/// interfaces that overlap could take as many steps for each object, which then stays a plain one.
#[derive(Debug)]
pub(super) struct Steps {
    most: usize,
    taken: usize,
}

impl Steps {
    const ANYWAY: usize = 1_000_000;
    const PER_EDGE: usize = 16;

    /// What is allowed for a snapshot with so many edges.
    pub fn of(edges: usize) -> Self {
        Self::new(Self::ANYWAY + edges * Self::PER_EDGE)
    }

    pub fn new(most: usize) -> Self {
        Self { most, taken: 0 }
    }

    #[cfg(test)]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// `None` when there are not so many left.
    fn take(&mut self, count: usize) -> Option<()> {
        (count <= self.most - self.taken).then(|| self.taken += count)
    }
}

const NO_RANK: u32 = u32::MAX;

/// Finds the interface for a set of properties: a tree with one level per property, in ascending order.
pub(super) struct Matcher {
    /// By string: the rank of a property some interface has, or [`NO_RANK`].
    ranks: Vec<u32>,
    rank_count: u32,
    /// `(state, rank)` to the next state.
    next: HashMap<(u32, u32), u32>,
    /// By state: the interface that ends there and its number of properties.
    found: Vec<Option<(usize, u32)>>,
    /// By state: the greatest rank that leads on, or `None`.
    greatest: Vec<Option<u32>>,
}

impl Matcher {
    /// `interfaces`: the properties of each; `strings`: how many properties there may be.
    pub fn new<'a>(interfaces: impl Iterator<Item = &'a [u32]>, strings: usize) -> Self {
        let ranks = vec![NO_RANK; strings];
        let mut matcher =
            Self { ranks, rank_count: 0, next: HashMap::new(), found: vec![None], greatest: vec![None] };
        for (index, properties) in interfaces.enumerate() {
            let mut ranks: Vec<u32> = properties.iter().map(|&property| matcher.rank(property)).collect();
            ranks.sort_unstable();
            matcher.insert(index as u32, &ranks);
        }
        matcher
    }

    fn rank(&mut self, property: u32) -> u32 {
        let rank = &mut self.ranks[property as usize];
        if *rank == NO_RANK {
            *rank = self.rank_count;
            self.rank_count += 1;
        }
        *rank
    }

    fn insert(&mut self, interface: u32, ranks: &[u32]) {
        let mut state = 0;
        for &rank in ranks {
            let fresh = self.found.len() as u32;
            let next = *self.next.entry((state, rank)).or_insert(fresh);
            if next == fresh {
                self.found.push(None);
                self.greatest.push(None);
            }
            let greatest = &mut self.greatest[state as usize];
            *greatest = Some(greatest.map_or(rank, |known| known.max(rank)));
            state = next;
        }
        self.found[state as usize].get_or_insert((ranks.len(), interface));
    }

    /// The ranks of the properties that occur in interfaces, ascending.
    pub fn known_properties(&self, properties: impl Iterator<Item = u32>, ranks: &mut Vec<u32>) {
        ranks.clear();
        ranks
            .extend(properties.map(|property| self.ranks[property as usize]).filter(|&rank| rank != NO_RANK));
        ranks.sort_unstable();
        ranks.dedup();
    }

    /// The interface with the most properties among those contained in `ranks`, which differ; of equals, the first.
    /// `None` when that takes more steps than are left.
    pub fn best(&self, ranks: &[u32], steps: &mut Steps) -> Option<u32> {
        let mut best: Option<(usize, u32)> = None;
        let mut states = vec![0u32];
        for &rank in ranks {
            let known = states.len();
            steps.take(known)?;
            for at in 0..known {
                // Each state has one way to it, so that it is found once.
                let Some(&next) = self.next.get(&(states[at], rank)) else { continue };
                states.push(next);
                if let Some((count, interface)) = self.found[next as usize] {
                    let better =
                        best.is_none_or(|(most, first)| count > most || count == most && interface < first);
                    if better {
                        best = Some((count, interface));
                    }
                }
            }
            states.retain(|&state| self.greatest[state as usize].is_some_and(|greatest| rank <= greatest));
        }
        best.map(|(_, interface)| interface)
    }
}
