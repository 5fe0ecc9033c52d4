//! Merges equal requests that are in flight at the same time.

use std::ops::Range;
use std::rc::Rc;

use futures::future::FutureExt;

use super::{Merge, or_cancelled};
use crate::runtime::Cancel;
use crate::store::{MaybeBytes, ReadOptions, ReadStore, StoreError, StoreFuture};

type Answer<T> = Result<T, StoreError>;

/// A store that asks once where several ask for the same at the same time. One that gives up does not disturb the others; when all
/// have given up, the request is aborted.
pub struct Deduplicated {
    inner: Rc<dyn ReadStore>,
    values: Merge<(String, Option<Range<u64>>), Answer<MaybeBytes>>,
    sizes: Merge<String, Answer<Option<u64>>>,
}

impl Deduplicated {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Rc<dyn ReadStore>) -> Self {
        Self { inner, values: Merge::new(), sizes: Merge::new() }
    }
}

impl std::fmt::Debug for Deduplicated {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Deduplicated").field("values", &self.values).field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

/// The request that all waiters share: no single one of them may cancel it.
fn shared_options(options: &ReadOptions) -> ReadOptions {
    ReadOptions { kind: options.kind, cancel: Cancel::never() }
}

impl ReadStore for Deduplicated {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let flight = self.values.join((key.to_owned(), None), || {
                let (inner, key, options) = (Rc::clone(&self.inner), key.to_owned(), shared_options(options));
                async move { inner.get(&key, &options).await }.boxed_local()
            });
            or_cancelled(&options.cancel, flight).await
        }
        .boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let flight = self.values.join((key.to_owned(), Some(range.clone())), || {
                let (inner, key, options) = (Rc::clone(&self.inner), key.to_owned(), shared_options(options));
                async move { inner.get_range(&key, range, &options).await }.boxed_local()
            });
            or_cancelled(&options.cancel, flight).await
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        async move {
            let flight = self.sizes.join(key.to_owned(), || {
                let (inner, key, options) = (Rc::clone(&self.inner), key.to_owned(), shared_options(options));
                async move { inner.size(&key, &options).await }.boxed_local()
            });
            or_cancelled(&options.cancel, flight).await
        }
        .boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}
