//! Hands out ranges of a span that may grow: best fit, neighbours joined when given back.

use std::collections::{BTreeMap, BTreeSet};

/// Free ranges of `0..len`. Invariant: no two free ranges touch.
#[derive(Clone, Debug)]
pub(super) struct FreeList {
    len_of: BTreeMap<u32, u32>,
    by_len: BTreeSet<(u32, u32)>,
}

impl FreeList {
    pub(super) fn new(len: u32) -> Self {
        let mut list = Self { len_of: BTreeMap::new(), by_len: BTreeSet::new() };
        if len > 0 {
            list.add(0, len);
        }
        list
    }

    /// Lengthens the span from `len` to `new_len`.
    pub(super) fn grow(&mut self, len: u32, new_len: u32) {
        self.give_back(len, new_len.saturating_sub(len));
    }

    /// The start of a range of this length, taken from the smallest free range that holds it.
    pub(super) fn take(&mut self, len: u32) -> Option<u32> {
        if len == 0 {
            return Some(0);
        }
        let &(free_len, start) = self.by_len.range((len, 0)..).next()?;
        self.remove(start, free_len);
        if free_len > len {
            self.add(start + len, free_len - len);
        }
        Some(start)
    }

    /// Gives a range back that `take` handed out.
    pub(super) fn give_back(&mut self, start: u32, len: u32) {
        if len == 0 {
            return;
        }
        let (mut start, mut len) = (start, len);
        if let Some((&before, &before_len)) = self.len_of.range(..start).next_back()
            && before + before_len == start
        {
            self.remove(before, before_len);
            (start, len) = (before, len + before_len);
        }
        if let Some(&after_len) = self.len_of.get(&(start + len)) {
            self.remove(start + len, after_len);
            len += after_len;
        }
        self.add(start, len);
    }

    fn add(&mut self, start: u32, len: u32) {
        self.len_of.insert(start, len);
        self.by_len.insert((len, start));
    }

    fn remove(&mut self, start: u32, len: u32) {
        self.len_of.remove(&start);
        self.by_len.remove(&(len, start));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::FreeList;

    proptest! {
        #[test]
        fn ranges_never_overlap_and_come_back(steps in prop::collection::vec((any::<bool>(), 1_u32..40, any::<prop::sample::Index>()), 1..200)) {
            let mut list = FreeList::new(100);
            list.grow(100, 256);
            let mut held: Vec<(u32, u32)> = Vec::new();
            for (take, len, which) in steps {
                if take || held.is_empty() {
                    if let Some(start) = list.take(len) {
                        prop_assert!(start + len <= 256);
                        prop_assert!(held.iter().all(|&(s, l)| start + len <= s || s + l <= start));
                        held.push((start, len));
                    }
                } else {
                    let (start, len) = held.swap_remove(which.index(held.len()));
                    list.give_back(start, len);
                }
            }
            for (start, len) in held {
                list.give_back(start, len);
            }
            prop_assert_eq!(list.take(256), Some(0));
        }
    }
}
