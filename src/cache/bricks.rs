//! Decoded bricks in memory, under a byte budget that is never exceeded.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::voxel::{Brick, BrickKey};

/// What a brick costs beside its voxels: its entry, shape and counters.
const OVERHEAD_BYTES: usize = 128;

#[derive(Debug)]
struct Entry {
    brick: Rc<Brick>,
    used: u64,
}

/// Bricks by key; the least recently used go first when room is needed.
#[derive(Debug)]
pub struct BrickCache {
    budget_bytes: usize,
    used_bytes: usize,
    entries: FxHashMap<BrickKey, Entry>,
    now: u64,
}

impl BrickCache {
    /// An empty cache.
    #[must_use]
    pub fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, used_bytes: 0, entries: FxHashMap::default(), now: 0 }
    }

    /// Begins a new round: bricks that were got or put before may go from now on.
    pub fn advance(&mut self) {
        self.now += 1;
    }

    /// A brick, which counts as used.
    pub fn get(&mut self, key: &BrickKey) -> Option<Rc<Brick>> {
        let entry = self.entries.get_mut(key)?;
        entry.used = self.now;
        Some(Rc::clone(&entry.brick))
    }

    /// Whether a brick is here; it does not count as used.
    #[must_use]
    pub fn contains(&self, key: &BrickKey) -> bool {
        self.entries.contains_key(key)
    }

    /// A brick, which does not count as used.
    #[must_use]
    pub fn peek(&self, key: &BrickKey) -> Option<&Rc<Brick>> {
        self.entries.get(key).map(|entry| &entry.brick)
    }

    /// Puts a brick in, at the cost of bricks that were not used in this round. `false`: there is no room for it.
    pub fn insert(&mut self, key: BrickKey, brick: Rc<Brick>) -> bool {
        self.remove(&key);
        let cost = cost(&brick);
        if cost > self.budget_bytes {
            // It can never fit, so it must not drive the others out.
            return false;
        }
        if self.used_bytes + cost > self.budget_bytes && !self.make_room(cost) {
            return false;
        }
        self.used_bytes += cost;
        self.entries.insert(key, Entry { brick, used: self.now });
        true
    }

    /// Forgets all bricks of a source.
    pub fn remove_source(&mut self, source: u32) {
        self.entries.retain(|key, entry| {
            let keep = key.source != source;
            if !keep {
                self.used_bytes -= cost(&entry.brick);
            }
            keep
        });
    }

    /// Forgets all bricks.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.used_bytes = 0;
    }

    /// What the bricks take, bytes; never more than the budget.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// All bricks of a source.
    pub fn of_source(&self, source: u32) -> impl Iterator<Item = (&BrickKey, &Rc<Brick>)> {
        self.entries.iter().filter(move |(key, _)| key.source == source).map(|(key, entry)| (key, &entry.brick))
    }

    /// Forgets a brick.
    pub fn remove(&mut self, key: &BrickKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.used_bytes -= cost(&entry.brick);
        }
    }

    /// Drops the least recently used until a tenth of the budget more than needed is free, so that the sort pays for many insertions.
    fn make_room(&mut self, needed: usize) -> bool {
        let target = self.budget_bytes.saturating_sub(needed + self.budget_bytes / 10);
        let mut old: Vec<(u64, BrickKey)> =
            self.entries.iter().filter(|(_, entry)| entry.used < self.now).map(|(key, entry)| (entry.used, *key)).collect();
        old.sort_unstable();
        for (_, key) in old {
            if self.used_bytes <= target {
                break;
            }
            self.remove(&key);
        }
        self.used_bytes + needed <= self.budget_bytes
    }
}

fn cost(brick: &Brick) -> usize {
    brick.size_bytes() + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxel::{BrickVoxels, DataType};
    use proptest::prelude::*;

    fn key(n: i32) -> BrickKey {
        BrickKey { source: 0, level: 0, grid: [n, 0, 0] }
    }

    fn brick(bytes: usize) -> Rc<Brick> {
        Rc::new(Brick { shape: [1, 1, 1], data_type: DataType::Uint8, voxels: BrickVoxels::Dense(vec![0; bytes]) })
    }

    proptest! {
        #[test]
        fn never_over_budget(budget in 0_usize..5000, steps in prop::collection::vec((0_i32..40, 0_usize..2000, 0..4), 1..200)) {
            let mut cache = BrickCache::new(budget);
            for (n, bytes, action) in steps {
                match action {
                    0 => cache.advance(),
                    1 => { cache.get(&key(n)); }
                    _ => { cache.insert(key(n), brick(bytes)); }
                }
                prop_assert!(cache.used_bytes() <= budget);
                let sum: usize = cache.entries.values().map(|entry| cost(&entry.brick)).sum();
                prop_assert_eq!(sum, cache.used_bytes());
            }
        }
    }

    #[test]
    fn keeps_what_this_round_uses_and_drops_the_oldest() {
        let mut cache = BrickCache::new(3 * (100 + OVERHEAD_BYTES));
        for n in 0..3 {
            cache.advance();
            assert!(cache.insert(key(n), brick(100)));
        }
        cache.advance();
        assert!(cache.get(&key(0)).is_some());
        assert!(cache.insert(key(3), brick(100)));
        assert!(cache.contains(&key(0)) && cache.contains(&key(3)));
        assert!(!cache.contains(&key(1)), "the oldest went");
        assert!(cache.insert(key(4), brick(100)));
        assert!(!cache.insert(key(5), brick(100)), "all three are in use in this round");
        assert!(!cache.insert(key(6), brick(10_000)) && cache.contains(&key(0)), "what can never fit drives nothing out");
    }
}
