//! Remembers metadata and indices, which are small and read again and again. Chunks are remembered where they are decoded, not here.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use super::ByteLru;
use crate::store::{MaybeBytes, ReadOptions, ReadStore, StoreFuture};

type Place = (String, Option<Range<u64>>);

/// The memory that cached stores share, under one byte budget. Absence is remembered, too.
#[derive(Clone, Debug)]
pub struct CacheSpace {
    values: Rc<RefCell<ByteLru<Place, MaybeBytes>>>,
    sizes: Rc<RefCell<ByteLru<String, Option<u64>>>>,
}

/// What an entry costs beyond its key and value: a rough figure for the maps' own nodes.
const ENTRY_BYTES: usize = 128;

impl CacheSpace {
    /// An empty space; 1/16 of the budget is for the sizes of files. A budget of zero remembers nothing.
    #[must_use]
    pub fn new(budget_bytes: usize) -> Self {
        let for_sizes = budget_bytes / 16;
        Self {
            values: Rc::new(RefCell::new(ByteLru::new(budget_bytes - for_sizes))),
            sizes: Rc::new(RefCell::new(ByteLru::new(for_sizes))),
        }
    }

    /// How much is in use.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.values.borrow().used_bytes() + self.sizes.borrow().used_bytes()
    }
}

/// A store that remembers metadata, indices and the sizes of files.
pub struct Cached {
    inner: Rc<dyn ReadStore>,
    space: CacheSpace,
    /// Distinguishes this store's keys in the space.
    root: String,
}

impl Cached {
    /// Wraps a store whose keys lie below `root`.
    #[must_use]
    pub fn new(inner: Rc<dyn ReadStore>, space: CacheSpace, root: String) -> Self {
        Self { inner, space, root }
    }

    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.root)
    }

    fn remember(&self, place: Place, value: &MaybeBytes) {
        let cost = ENTRY_BYTES + 2 * place.0.len() + value.as_ref().map_or(0, Bytes::len);
        // A short slice would keep the whole answer that it was cut from.
        let owned = value.as_ref().map(|value| Bytes::copy_from_slice(value));
        self.space.values.borrow_mut().insert(place, owned, cost);
    }
}

impl std::fmt::Debug for Cached {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cached").field("root", &self.root).field("used_bytes", &self.space.used_bytes()).finish_non_exhaustive()
    }
}

impl ReadStore for Cached {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        if options.kind.is_payload() {
            return self.inner.get(key, options);
        }
        async move {
            let place = (self.place(key), None);
            let known = self.space.values.borrow_mut().get(&place);
            if let Some(value) = known {
                return Ok(value);
            }
            let value = self.inner.get(key, options).await?;
            self.remember(place, &value);
            Ok(value)
        }
        .boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        if options.kind.is_payload() {
            return self.inner.get_range(key, range, options);
        }
        async move {
            let place = (self.place(key), Some(range.clone()));
            let known = self.space.values.borrow_mut().get(&place);
            if let Some(value) = known {
                return Ok(value);
            }
            let value = self.inner.get_range(key, range, options).await?;
            self.remember(place, &value);
            Ok(value)
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        async move {
            let place = self.place(key);
            let known = self.space.sizes.borrow_mut().get(&place);
            if let Some(size) = known {
                return Ok(size);
            }
            let size = self.inner.size(key, options).await?;
            let cost = ENTRY_BYTES + 2 * place.len();
            self.space.sizes.borrow_mut().insert(place, size, cost);
            Ok(size)
        }
        .boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}
