//! What is asked for, in what order. Knows nothing of bytes, workers or time.
//!
//! Each view states its whole set of wants whenever it changes; reads add chunks of their own. A chunk that nobody wants
//! any more is dropped, and where it is under way the caller is told to cancel it.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Names one chunk of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChunkKey {
    /// The opened source, numbered by the engine.
    pub source: u32,
    /// 0 is the finest.
    pub level: u8,
    /// The chunk's place, x, y, z.
    pub grid: [i32; 3],
}

/// Why a chunk is wanted; earlier ranks go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rank {
    /// A coarser level under what is on screen, for a first picture.
    Preview,
    /// On screen at its own level.
    Visible,
    /// `readVoxels` and the like.
    Read,
    /// Perhaps soon on screen.
    Prefetch,
}

/// The place in the queue: rank first, then distance from the middle of the panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priority {
    /// Why.
    pub rank: Rank,
    /// Pixels from the middle; nearer goes first.
    pub distance_px: f64,
}

impl Priority {
    fn before(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank).then(self.distance_px.total_cmp(&other.distance_px))
    }
}

/// Who wants chunks: a view, or one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// How much may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePolicy {
    /// Chunks under way at once.
    pub most_in_flight: usize,
    /// Of these, chunks that are only prefetched.
    pub most_prefetch: usize,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self { most_in_flight: 48, most_prefetch: 12 }
    }
}

#[derive(Debug)]
struct Entry {
    wants: Vec<(Ticket, Priority)>,
    in_flight: bool,
}

impl Entry {
    fn priority(&self) -> Option<Priority> {
        self.wants.iter().map(|(_, priority)| *priority).min_by(Priority::before)
    }
}

/// Chunks that are waiting or under way.
#[derive(Debug, Default)]
pub struct Queue {
    policy: QueuePolicy,
    entries: FxHashMap<ChunkKey, Entry>,
    /// Waiting chunks, best last; rebuilt when wants have changed.
    order: Vec<ChunkKey>,
    stale: bool,
    in_flight: usize,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(policy: QueuePolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// States all that one ticket wants now, in place of what it wanted before. Returns chunks under way that nobody wants
    /// any more: cancel them; they are forgotten here.
    pub fn set_wants(&mut self, ticket: Ticket, wants: impl IntoIterator<Item = (ChunkKey, Priority)>) -> Vec<ChunkKey> {
        for entry in self.entries.values_mut() {
            entry.wants.retain(|(owner, _)| *owner != ticket);
        }
        for (key, priority) in wants {
            let entry = self.entries.entry(key).or_insert(Entry { wants: Vec::new(), in_flight: false });
            match entry.wants.iter_mut().find(|(owner, _)| *owner == ticket) {
                // Two panels of one view may want the same chunk: the more urgent counts.
                Some((_, known)) => {
                    if priority.before(known).is_lt() {
                        *known = priority;
                    }
                }
                None => entry.wants.push((ticket, priority)),
            }
        }
        self.stale = true;
        let mut cancelled = Vec::new();
        self.entries.retain(|key, entry| {
            let wanted = !entry.wants.is_empty();
            if !wanted && entry.in_flight {
                cancelled.push(*key);
            }
            wanted
        });
        self.in_flight -= cancelled.len();
        cancelled
    }

    /// Takes the most urgent waiting chunk, if there is room for it, and counts it as under way.
    pub fn start_next(&mut self) -> Option<ChunkKey> {
        if self.in_flight >= self.policy.most_in_flight {
            return None;
        }
        if self.stale {
            self.sort();
        }
        // Some have been started beside others.
        while self.order.last().is_some_and(|key| self.entries.get(key).is_none_or(|entry| entry.in_flight)) {
            self.order.pop();
        }
        let key = *self.order.last()?;
        let entry = self.entries.get(&key)?;
        if entry.priority()?.rank == Rank::Prefetch && self.prefetches_in_flight() >= self.policy.most_prefetch {
            return None;
        }
        self.order.pop();
        self.entries.get_mut(&key)?.in_flight = true;
        self.in_flight += 1;
        Some(key)
    }

    /// Takes those of the two by two by two chunks around one just taken that wait and are as urgent: files keep them side by side, so
    /// that they come in one request. They may be up to seven more than may be under way: as requests they do not count.
    pub fn start_beside(&mut self, key: &ChunkKey) -> Vec<ChunkKey> {
        let rank_of = |entry: &Entry| entry.priority().map(|priority| priority.rank);
        let Some(rank) = self.entries.get(key).and_then(rank_of).filter(|rank| *rank != Rank::Prefetch) else { return Vec::new() };
        let mut started = Vec::new();
        for corner in 0..8 {
            let grid = std::array::from_fn(|axis| (key.grid[axis] & !1) | (corner >> axis & 1));
            let beside = ChunkKey { grid, ..*key };
            if let Some(entry) = self.entries.get_mut(&beside).filter(|entry| !entry.in_flight && rank_of(entry) == Some(rank)) {
                entry.in_flight = true;
                self.in_flight += 1;
                started.push(beside);
            }
        }
        started
    }

    /// A chunk that was under way has come, is absent or has failed. Says whether somebody still wanted it: where not, it
    /// was cancelled, and its result must be thrown away.
    pub fn finish(&mut self, key: &ChunkKey) -> bool {
        match self.entries.remove(key) {
            Some(entry) if entry.in_flight => {
                self.in_flight -= 1;
                true
            }
            Some(waiting) => {
                // Cancelled, then wanted again, and the first answer has crossed the cancellation: it waits for its own.
                self.entries.insert(*key, waiting);
                false
            }
            None => false,
        }
    }

    /// How many chunks are waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.entries.len() - self.in_flight
    }

    /// How many chunks are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Chunks being fetched that are in view, not only ahead of it.
    #[must_use]
    pub fn visible_in_flight(&self) -> usize {
        self.in_flight - self.prefetches_in_flight()
    }

    fn prefetches_in_flight(&self) -> usize {
        self.entries.values().filter(|entry| entry.in_flight && entry.priority().is_some_and(|p| p.rank == Rank::Prefetch)).count()
    }

    fn sort(&mut self) {
        let mut waiting: Vec<(Priority, ChunkKey)> =
            self.entries.iter().filter(|(_, entry)| !entry.in_flight).filter_map(|(key, entry)| Some((entry.priority()?, *key))).collect();
        // The key breaks ties, so that the order is the same on every machine.
        waiting.sort_unstable_by(|(a, key_a), (b, key_b)| b.before(a).then(key_b.cmp(key_a)));
        self.order = waiting.into_iter().map(|(_, key)| key).collect();
        self.stale = false;
    }
}

#[cfg(test)]
mod tests;
