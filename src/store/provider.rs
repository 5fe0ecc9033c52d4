//! The stores and documents behind URLs, over HTTP.
//!
//! Each root has its own stack, cache ∘ merge ∘ coalesce ∘ HTTP; below them all lie one retry, one limit and one fetcher. Documents are not remembered
//! here: who opens a volume anew wants what is there now.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use futures::future::FutureExt;

use super::policy::PolicyError;
use super::url::Url;
use super::wrap::{
    CacheSpace, Cached, CoalescePolicy, Coalesced, Deduplicated, Limited, Merge, Retry, RetryPolicy, SpanCache, or_cancelled,
};
#[cfg(feature = "zip")]
use super::zip::{ZipArchive, ZipStore};
use super::{
    Authorise, HttpClient, HttpStore, MaybeBytes, Provider, ReadOptions, ReadStore, ResourceKind, SizeLimits, StoreError, StoreFuture,
    Traffic,
};
use crate::runtime::{Cancel, Clock, Fetch};

/// The limits of a provider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StorePolicy {
    /// How long answers may be.
    pub sizes: SizeLimits,
    /// How often failures are tried again.
    pub retry: RetryPolicy,
    /// Which ranges are read together.
    pub coalesce: CoalescePolicy,
    /// Exchanges at one time; at least 1.
    pub max_concurrent: usize,
    /// Memory for indices.
    pub cache_bytes: usize,
    /// Memory for what came along between ranges.
    pub span_bytes: usize,
}

impl Default for StorePolicy {
    /// Twelve exchanges at one time, 32 MiB of indices, 16 MiB of spans.
    fn default() -> Self {
        Self {
            sizes: SizeLimits::default(),
            retry: RetryPolicy::default(),
            coalesce: CoalescePolicy::default(),
            max_concurrent: 12,
            cache_bytes: 32 << 20,
            span_bytes: 16 << 20,
        }
    }
}

/// Gives stores and documents over HTTP.
#[derive(Clone)]
pub struct HttpProvider {
    inner: Rc<Inner>,
}

struct Inner {
    client: Rc<HttpClient>,
    clock: Rc<dyn Clock>,
    coalesce: CoalescePolicy,
    cache: CacheSpace,
    spans: Rc<SpanCache>,
    documents: Merge<String, Result<MaybeBytes, StoreError>>,
    /// How many stores have been made: what is remembered of one is not taken for what another finds at the same root later.
    made: Cell<u64>,
    /// Stores in use, by root.
    stores: RefCell<BTreeMap<String, Weak<Cached>>>,
    /// Archives in use, by address.
    #[cfg(feature = "zip")]
    archives: RefCell<BTreeMap<String, Weak<ZipArchive>>>,
}

impl HttpProvider {
    /// A provider that goes out through `fetch`.
    ///
    /// # Errors
    /// A limit of zero.
    pub fn new(
        fetch: Rc<dyn Fetch>,
        clock: Rc<dyn Clock>,
        authorise: Option<Rc<dyn Authorise>>,
        policy: StorePolicy,
    ) -> Result<Self, PolicyError> {
        let limited = Rc::new(Limited::new(fetch, policy.max_concurrent)?);
        let retry = Retry::new(limited, Rc::clone(&clock), policy.retry);
        Ok(Self {
            inner: Rc::new(Inner {
                client: Rc::new(HttpClient::new(retry, authorise, policy.sizes)),
                clock,
                coalesce: policy.coalesce,
                cache: CacheSpace::new(policy.cache_bytes),
                spans: Rc::new(SpanCache::new(policy.span_bytes)),
                documents: Merge::new(),
                made: Cell::default(),
                stores: RefCell::default(),
                #[cfg(feature = "zip")]
                archives: RefCell::default(),
            }),
        })
    }

    /// What has gone over the network so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.inner.client.traffic()
    }
}

impl std::fmt::Debug for HttpProvider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HttpProvider").field("client", &self.inner.client).finish_non_exhaustive()
    }
}

impl Provider for HttpProvider {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let url = Url::parse(url)?;
            #[cfg(feature = "zip")]
            if let Some(store) = self.in_archive(&url)? {
                return store.get("", &ReadOptions { kind: ResourceKind::Metadata, cancel: cancel.clone() }).await;
            }
            let flight = self.inner.documents.join(url.to_string(), || {
                let store = HttpStore::exactly(url, Rc::clone(&self.inner.client));
                let options = ReadOptions { kind: ResourceKind::Metadata, cancel: Cancel::never() };
                async move { store.get("", &options).await }.boxed_local()
            });
            or_cancelled(cancel, flight).await
        }
        .boxed_local()
    }

    fn stamp<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, Option<String>> {
        async move {
            let url = Url::parse(url)?;
            #[cfg(feature = "zip")]
            let url = url.archive().map_or(url.clone(), |(archive, _)| archive);
            HttpStore::exactly(url, Rc::clone(&self.inner.client)).stamp(cancel).await
        }
        .boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        let root = Url::parse(url)?.as_folder();
        #[cfg(feature = "zip")]
        if let Some(store) = self.in_archive(&root)? {
            return Ok(store);
        }
        Ok(self.stack(root)?)
    }
}

impl HttpProvider {
    /// The files below an address, through cache, merging and coalescing.
    fn stack(&self, root: Url) -> Result<Rc<Cached>, StoreError> {
        // Says at once what would fail later.
        root.request_url()?;
        let name = root.to_string();
        let mut stores = self.inner.stores.borrow_mut();
        if let Some(store) = stores.get(&name).and_then(Weak::upgrade) {
            return Ok(store);
        }
        stores.retain(|_, store| store.strong_count() > 0);
        let inner = &self.inner;
        inner.made.set(inner.made.get() + 1);
        let place = format!("{}:{name}", inner.made.get());
        let http = Rc::new(HttpStore::new(root, Rc::clone(&inner.client)));
        let coalesced = Coalesced::new(http, Rc::clone(&inner.clock), inner.coalesce, Rc::clone(&inner.spans), place.clone());
        let merged = Rc::new(Deduplicated::new(Rc::new(coalesced)));
        let store = Rc::new(Cached::new(merged, inner.cache.clone(), place));
        stores.insert(name, Rc::downgrade(&store));
        Ok(store)
    }

    /// The files below a folder of an archive, where the address leads into one. Its directory is read once for all of them.
    #[cfg(feature = "zip")]
    fn in_archive(&self, url: &Url) -> Result<Option<Rc<dyn ReadStore>>, StoreError> {
        let Some((archive, folder)) = url.archive() else { return Ok(None) };
        let name = archive.to_string();
        let known = self.inner.archives.borrow().get(&name).and_then(Weak::upgrade);
        let archive = match known {
            Some(known) => known,
            None => {
                let made = Rc::new(ZipArchive::new(self.stack(archive)?, String::new(), self.inner.client.limits));
                let mut archives = self.inner.archives.borrow_mut();
                archives.retain(|_, archive| archive.strong_count() > 0);
                archives.insert(name, Rc::downgrade(&made));
                made
            }
        };
        Ok(Some(Rc::new(ZipStore::new(archive, folder))))
    }
}
