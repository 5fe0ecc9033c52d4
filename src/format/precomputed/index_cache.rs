//! Indices under a byte budget, each fetched once however many ask for it at the same time.

use std::cell::RefCell;
use std::hash::Hash;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::{Either, LocalBoxFuture, Shared, WeakShared, select};
use rustc_hash::FxHashMap;

use crate::format::FormatError;
use crate::runtime::Cancel;
use crate::store::StoreError;

/// What a fetch gives: `None` where the index is absent.
pub(super) type Fetched<V> = Result<Option<Rc<V>>, FormatError>;

type Fetch<V> = LocalBoxFuture<'static, Fetched<V>>;

/// Bytes that a value keeps in memory.
pub(super) trait SizeBytes {
    fn size_bytes(&self) -> usize;
}

/// Values by key. Absence is remembered, failures are not.
pub(super) struct IndexCache<K, V> {
    budget_bytes: usize,
    state: RefCell<State<K, V>>,
}

struct State<K, V> {
    kept: FxHashMap<K, Kept<V>>,
    /// Weak: a fetch that nobody waits for any more is dropped, and so ended.
    fetches: FxHashMap<K, WeakShared<Fetch<V>>>,
    used_bytes: usize,
    clock: u64,
}

struct Kept<V> {
    value: Option<Rc<V>>,
    bytes: usize,
    last_used: u64,
}

impl<K: Copy + Eq + Hash, V: SizeBytes> IndexCache<K, V> {
    pub(super) fn new(budget_bytes: usize) -> Self {
        let state = State { kept: FxHashMap::default(), fetches: FxHashMap::default(), used_bytes: 0, clock: 0 };
        Self { budget_bytes, state: RefCell::new(state) }
    }

    /// The value of a key: kept, on its way, or fetched by `fetch`, which outlives the one who asked first and therefore
    /// must not listen to their `cancel`.
    pub(super) async fn get(&self, key: K, cancel: &Cancel, fetch: impl FnOnce() -> Fetch<V>) -> Fetched<V> {
        let shared = {
            let mut state = self.state.borrow_mut();
            if let Some(value) = state.touch(&key) {
                return Ok(value);
            }
            let on_its_way: Option<Shared<Fetch<V>>> = state.fetches.get(&key).and_then(WeakShared::upgrade);
            on_its_way.unwrap_or_else(|| {
                let shared = fetch().shared();
                if let Some(weak) = shared.downgrade() {
                    state.fetches.retain(|_, fetch| fetch.upgrade().is_some());
                    state.fetches.insert(key, weak);
                }
                shared
            })
        };
        let fetched = match select(shared, cancel.cancelled()).await {
            Either::Left((fetched, _)) => fetched,
            Either::Right(_) => Err(StoreError::Cancelled.into()),
        };
        if let Ok(value) = &fetched {
            self.state.borrow_mut().keep(key, value.clone(), self.budget_bytes);
        }
        fetched
    }
}

impl<K: Copy + Eq + Hash, V: SizeBytes> State<K, V> {
    fn touch(&mut self, key: &K) -> Option<Option<Rc<V>>> {
        self.clock += 1;
        let kept = self.kept.get_mut(key)?;
        kept.last_used = self.clock;
        Some(kept.value.clone())
    }

    fn keep(&mut self, key: K, value: Option<Rc<V>>, budget_bytes: usize) {
        /// What an entry costs beside its value.
        const ENTRY_BYTES: usize = 64;
        self.fetches.remove(&key);
        if self.touch(&key).is_some() {
            return;
        }
        let bytes = ENTRY_BYTES + value.as_ref().map_or(0, |value| value.size_bytes());
        if bytes > budget_bytes {
            return;
        }
        while self.used_bytes + bytes > budget_bytes {
            let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.last_used).map(|(key, _)| *key) else {
                break;
            };
            if let Some(dropped) = self.kept.remove(&oldest) {
                self.used_bytes -= dropped.bytes;
            }
        }
        self.used_bytes += bytes;
        self.kept.insert(key, Kept { value, bytes, last_used: self.clock });
    }
}
