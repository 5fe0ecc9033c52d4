//! Shard indices: each is read once while it is wanted, and the latest are kept within a budget of bytes.
#![deny(clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, Shared, WeakShared, select};

use super::shard::ShardIndex;
use crate::format::FormatError;
use crate::runtime::{Cancel, CancelSource};
use crate::store::StoreError;

/// A shard's index with the length of its file where known; `None` where the shard is absent.
pub(super) type Entry = Option<Rc<(ShardIndex, Option<u64>)>>;
type Load = LocalBoxFuture<'static, Result<Entry, FormatError>>;

/// Indices by the key of their shard.
#[derive(Debug)]
pub(super) struct IndexCache {
    budget_bytes: usize,
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    ready: HashMap<String, Entry>,
    /// Least recently used first.
    order: VecDeque<String>,
    size_bytes: usize,
    /// Reads that somebody still waits for.
    loading: HashMap<String, WeakShared<Load>>,
}

/// What an absent shard or the place in the maps counts.
const OVERHEAD_BYTES: usize = 128;

fn size_bytes(entry: &Entry) -> usize {
    OVERHEAD_BYTES + entry.as_ref().map_or(0, |entry| entry.0.size_bytes())
}

impl State {
    fn get(&mut self, key: &str) -> Option<Entry> {
        let entry = self.ready.get(key)?.clone();
        if let Some(at) = self.order.iter().position(|other| other == key) {
            self.order.remove(at);
        }
        self.order.push_back(key.to_owned());
        Some(entry)
    }

    fn insert(&mut self, key: String, entry: Entry, budget_bytes: usize) {
        self.size_bytes += size_bytes(&entry);
        if let Some(old) = self.ready.insert(key.clone(), entry) {
            self.size_bytes -= size_bytes(&old);
            self.order.retain(|other| *other != key);
        }
        self.order.push_back(key);
        // The newest stays even where it alone is over the budget: its chunks are about to be read.
        while self.size_bytes > budget_bytes && self.order.len() > 1 {
            let Some(old) = self.order.pop_front().and_then(|oldest| self.ready.remove(&oldest)) else {
                break;
            };
            self.size_bytes -= size_bytes(&old);
        }
    }
}

/// Cancels its read when the last who waits for it is gone.
#[derive(Debug)]
struct CancelOnDrop(CancelSource);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl IndexCache {
    pub(super) fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, state: Rc::default() }
    }

    /// The index of the shard with this key, loaded where it is neither here nor on its way.
    pub(super) async fn get<F>(&self, key: &str, cancel: &Cancel, load: impl FnOnce(Cancel) -> F) -> Result<Entry, FormatError>
    where
        F: Future<Output = Result<Entry, FormatError>> + 'static,
    {
        let shared = {
            let mut state = self.state.borrow_mut();
            if let Some(entry) = state.get(key) {
                return Ok(entry);
            }
            let running = state.loading.get(key).and_then(WeakShared::upgrade);
            running.unwrap_or_else(|| {
                let shared = self.start(key.to_owned(), load);
                if let Some(weak) = shared.downgrade() {
                    state.loading.insert(key.to_owned(), weak);
                }
                shared
            })
        };
        match select(cancel.cancelled(), shared).await {
            futures::future::Either::Left(_) => Err(StoreError::Cancelled.into()),
            futures::future::Either::Right((result, _)) => result,
        }
    }

    fn start<F>(&self, key: String, load: impl FnOnce(Cancel) -> F) -> Shared<Load>
    where
        F: Future<Output = Result<Entry, FormatError>> + 'static,
    {
        let guard = CancelOnDrop(CancelSource::new());
        let future = load(guard.0.token());
        let state = Rc::clone(&self.state);
        let budget_bytes = self.budget_bytes;
        async move {
            let result = future.await;
            drop(guard);
            let mut state = state.borrow_mut();
            state.loading.remove(&key);
            if let Ok(entry) = &result {
                state.insert(key, entry.clone(), budget_bytes);
            }
            result
        }
        .boxed_local()
        .shared()
    }
}
