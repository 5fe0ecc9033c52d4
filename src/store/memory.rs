//! A store in memory: documents that came with a job, and tests.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use futures::future::{FutureExt, ready};

use super::{MaybeBytes, ReadOptions, ReadStore, StoreError, StoreFuture};

/// Bytes under keys, in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    values: BTreeMap<String, Bytes>,
}

impl MemoryStore {
    /// Puts a value under a key.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Bytes>) {
        self.values.insert(key.into(), value.into());
    }
}

impl ReadStore for MemoryStore {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        if options.cancel.is_cancelled() {
            return ready(Err(StoreError::Cancelled)).boxed_local();
        }
        ready(Ok(self.values.get(key).cloned())).boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        if options.cancel.is_cancelled() {
            return ready(Err(StoreError::Cancelled)).boxed_local();
        }
        let Some(value) = self.values.get(key) else {
            return ready(Ok(None)).boxed_local();
        };
        let size = value.len() as u64;
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let result = match bounds {
            Some((start, end)) if start <= end && end <= value.len() => Ok(Some(value.slice(start..end))),
            _ => Err(StoreError::RangeOutside { start: range.start, end: range.end, size, url: self.describe(key) }),
        };
        ready(result).boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        if options.cancel.is_cancelled() {
            return ready(Err(StoreError::Cancelled)).boxed_local();
        }
        ready(Ok(self.values.get(key).map(|value| value.len() as u64))).boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        format!("memory:{key}")
    }
}
