//! A map under a byte budget that forgets what was used longest ago.

use std::collections::BTreeMap;
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Values with a cost in bytes. The sum of costs never exceeds the budget.
#[derive(Debug)]
pub(crate) struct ByteLru<K, V> {
    budget_bytes: usize,
    used_bytes: usize,
    entries: FxHashMap<K, Entry<V>>,
    by_use: BTreeMap<u64, K>,
    next_stamp: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    stamp: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> ByteLru<K, V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, used_bytes: 0, entries: FxHashMap::default(), by_use: BTreeMap::new(), next_stamp: 0 }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let stamp = self.stamp();
        let entry = self.entries.get_mut(key)?;
        self.by_use.remove(&entry.stamp);
        entry.stamp = stamp;
        self.by_use.insert(stamp, key.clone());
        Some(entry.value.clone())
    }

    /// Puts a value in and gives back the keys that had to go; what is larger than the whole budget is not kept.
    pub(crate) fn insert(&mut self, key: K, value: V, bytes: usize) -> Vec<K> {
        self.remove(&key);
        if bytes > self.budget_bytes {
            return vec![key];
        }
        let mut gone = Vec::new();
        while self.used_bytes + bytes > self.budget_bytes {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.used_bytes -= entry.bytes;
            }
            gone.push(oldest);
        }
        let stamp = self.stamp();
        self.by_use.insert(stamp, key.clone());
        self.entries.insert(key, Entry { value, bytes, stamp });
        self.used_bytes += bytes;
        gone
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.stamp);
            self.used_bytes -= entry.bytes;
        }
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    fn stamp(&mut self) -> u64 {
        self.next_stamp += 1;
        self.next_stamp
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use proptest::prelude::*;

    use super::ByteLru;

    #[test]
    fn forgets_what_was_used_longest_ago() {
        let mut lru = ByteLru::new(10);
        lru.insert("a", 1, 4);
        lru.insert("b", 2, 4);
        assert_eq!(lru.get(&"a"), Some(1));
        assert_eq!(lru.insert("c", 3, 4), ["b"]);
        assert_eq!((lru.get(&"a"), lru.get(&"b"), lru.get(&"c")), (Some(1), None, Some(3)));
        assert_eq!(lru.insert("too large", 4, 11), ["too large"]);
        assert_eq!(lru.used_bytes(), 8);
    }

    proptest! {
        #[test]
        fn stays_within_its_budget(budget in 0_usize..50, steps in prop::collection::vec((0_u8..8, 0_usize..30), 0..60)) {
            let mut lru = ByteLru::new(budget);
            for (key, bytes) in steps {
                lru.insert(key, bytes, bytes);
                prop_assert!(lru.used_bytes() <= budget);
                let sum: usize = (0..8).filter_map(|key| lru.get(&key)).sum();
                prop_assert_eq!(sum, lru.used_bytes());
            }
        }
    }
}
