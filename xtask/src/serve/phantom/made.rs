//! Things that are made when they are asked for; those asked for last are kept.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

#[derive(Debug)]
pub(super) struct Made<K: Copy + Eq + Hash, V> {
    kept: Mutex<Kept<K, V>>,
    /// Told whenever something has been made, or could not be.
    made: Condvar,
}

#[derive(Debug)]
struct Kept<K, V> {
    by_key: HashMap<K, (u64, Arc<V>)>,
    /// Keys by when they were asked for last.
    by_use: BTreeMap<u64, K>,
    uses: u64,
    bytes: usize,
    most_bytes: usize,
    size_of: fn(&V) -> usize,
    /// What another thread is making.
    making: HashSet<K>,
}

impl<K: Copy + Eq + Hash, V> Made<K, V> {
    /// Keeps things of this many bytes together.
    pub(super) fn new(most_bytes: usize, size_of: fn(&V) -> usize) -> Self {
        Self { kept: Mutex::new(Kept::new(most_bytes, size_of)), made: Condvar::new() }
    }

    /// The thing of a key, kept or made now. Two that ask for the same one wait for one making.
    ///
    /// # Errors
    /// Those of making it.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let mut kept = self.lock();
        loop {
            if let Some(thing) = kept.find(key) {
                return Ok(thing);
            }
            if kept.making.insert(key) {
                break;
            }
            kept = self.made.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
        drop(kept);
        // Also when the making panics, so that nobody waits for ever.
        let _making = Making { all: self, key };
        let thing = Arc::new(make()?);
        self.lock().keep(key, Arc::clone(&thing));
        Ok(thing)
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mark that something is being made.
struct Making<'a, K: Copy + Eq + Hash, V> {
    all: &'a Made<K, V>,
    key: K,
}

impl<K: Copy + Eq + Hash, V> Drop for Making<'_, K, V> {
    fn drop(&mut self) {
        self.all.lock().making.remove(&self.key);
        self.all.made.notify_all();
    }
}

impl<K: Copy + Eq + Hash, V> Kept<K, V> {
    fn new(most_bytes: usize, size_of: fn(&V) -> usize) -> Self {
        Self { by_key: HashMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0, most_bytes, size_of, making: HashSet::new() }
    }

    fn find(&mut self, key: K) -> Option<Arc<V>> {
        let (used, thing) = self.by_key.get_mut(&key)?;
        self.by_use.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, key);
        Some(Arc::clone(thing))
    }

    /// Keeps a thing, and drops those not asked for longest where that is too much.
    fn keep(&mut self, key: K, thing: Arc<V>) {
        self.uses += 1;
        self.bytes += (self.size_of)(&thing);
        self.by_use.insert(self.uses, key);
        self.by_key.insert(key, (self.uses, thing));
        while self.bytes > self.most_bytes
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.bytes -= self.by_key.remove(&oldest).map_or(0, |(_, thing)| (self.size_of)(&thing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let thing = |bytes| Arc::new(vec![0u8; bytes]);
        let mut kept: Kept<u8, Vec<u8>> = Kept::new(100, Vec::len);
        kept.keep(0, thing(40));
        kept.keep(1, thing(40));
        assert!(kept.find(0).is_some());
        kept.keep(2, thing(40));
        assert_eq!([0, 1, 2].map(|key| kept.find(key).is_some()), [true, false, true]);
        assert_eq!((kept.bytes, kept.by_key.len(), kept.by_use.len()), (80, 2, 2));
        kept.keep(3, thing(101));
        assert_eq!((kept.bytes, kept.by_key.len(), kept.by_use.len()), (0, 0, 0));
    }

    #[test]
    fn what_could_not_be_made_may_be_asked_for_again() {
        let made: Made<u8, u8> = Made::new(100, |_| 1);
        assert!(made.get(0, || anyhow::bail!("no")).is_err());
        assert_eq!(made.get(0, || Ok(7)).ok().as_deref(), Some(&7));
    }
}
