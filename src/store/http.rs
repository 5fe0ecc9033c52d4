//! Files behind HTTP servers and buckets. Knows statuses and ranges; retries, limits and merging are others' business.
//!
//! A body is never taken for longer than its limit, and a length in a header is never believed without the bytes: browsers undo
//! `Content-Encoding` and leave `Content-Length` as it was.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use super::url::Url;
use super::wrap::{ByteLru, Merge, or_cancelled};
use super::{MaybeBytes, ReadOptions, ReadStore, ResourceKind, StoreError, StoreFuture};
use crate::runtime::{Cancel, Method, Response};

mod content_range;
mod exchange;

use content_range::ContentRange;
use exchange::Ask;
pub use exchange::HttpClient;

/// So many refusals of chunks, and nothing but refusals, mean that chunks are forbidden and not absent.
const FORBIDDEN_CHUNKS: u32 = 20;

/// The files below one address.
pub struct HttpStore {
    inner: Rc<Inner>,
}

struct Inner {
    root: Url,
    client: Rc<HttpClient>,
    /// The server was seen to send whole files where ranges were asked for.
    ignores_ranges: Cell<bool>,
    /// Whole files of such a server.
    whole_files: RefCell<ByteLru<String, MaybeBytes>>,
    whole_flights: Merge<String, Result<MaybeBytes, StoreError>>,
    refused_chunks: Cell<u32>,
    /// A chunk or index was answered with something else than a refusal.
    chunks_allowed: Cell<bool>,
}

impl HttpStore {
    /// The files below `root`.
    #[must_use]
    pub fn new(root: Url, client: Rc<HttpClient>) -> Self {
        Self::exactly(root.as_folder(), client)
    }

    /// A store whose key `""` is this very address.
    pub(super) fn exactly(root: Url, client: Rc<HttpClient>) -> Self {
        let whole_bytes = usize::try_from(client.limits.whole_file()).unwrap_or(usize::MAX);
        Self {
            inner: Rc::new(Inner {
                root,
                client,
                ignores_ranges: Cell::new(false),
                whole_files: RefCell::new(ByteLru::new(whole_bytes)),
                whole_flights: Merge::new(),
                refused_chunks: Cell::new(0),
                chunks_allowed: Cell::new(false),
            }),
        }
    }
}

impl HttpStore {
    /// See [`super::Provider::stamp`], of the file that the key `""` is.
    pub(super) async fn stamp(&self, cancel: &Cancel) -> Result<Option<String>, StoreError> {
        let url = &self.inner.root;
        let ask = Ask { method: Method::Head, url, range: None, kind: ResourceKind::Metadata, max_bytes: 0, cancel };
        let (response, _) = self.inner.client.ask(ask).await?;
        if response.status != 200 {
            return Ok(None);
        }
        // Pages see the last two of any server.
        let marks: Vec<&str> = ["etag", "last-modified", "content-length"].iter().filter_map(|name| response.header(name)).collect();
        Ok(if marks.is_empty() { None } else { Some(marks.join(" ")) })
    }
}

impl std::fmt::Debug for HttpStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HttpStore")
            .field("root", &self.inner.root)
            .field("ignores_ranges", &self.inner.ignores_ranges)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn describe(&self, key: &str) -> String {
        self.root.join(key).map_or_else(|_| format!("{}/{key}", self.root.describe()), |url| url.describe())
    }

    /// What a status without a usable body means: `Ok` where the file is absent.
    fn judge(&self, status: u16, attempts: u32, kind: ResourceKind, url: &Url) -> Result<(), StoreError> {
        let is_chunk = kind != ResourceKind::Metadata;
        match status {
            404 | 410 => {
                self.chunks_allowed.set(self.chunks_allowed.get() || is_chunk);
                Ok(())
            }
            // S3 refuses, to the anonymous who may not list, what is not there.
            403 if is_chunk => {
                let refused = self.refused_chunks.get().saturating_add(1);
                self.refused_chunks.set(refused);
                if refused >= FORBIDDEN_CHUNKS && !self.chunks_allowed.get() {
                    return Err(StoreError::Forbidden { status, url: url.describe() });
                }
                Ok(())
            }
            401 | 403 => Err(StoreError::Forbidden { status, url: url.describe() }),
            status if super::wrap::is_transient(status) => Err(StoreError::Server { status, attempts, url: url.describe() }),
            status => Err(StoreError::Status { status, url: url.describe() }),
        }
    }

    async fn get(&self, key: &str, max_bytes: u64, kind: ResourceKind, cancel: &Cancel) -> Result<MaybeBytes, StoreError> {
        let url = &self.root.join(key)?;
        let (response, attempts) = self.client.ask(Ask { method: Method::Get, url, range: None, kind, max_bytes, cancel }).await?;
        if response.status == 200 {
            self.chunks_allowed.set(self.chunks_allowed.get() || kind != ResourceKind::Metadata);
            return Ok(Some(response.body));
        }
        self.judge(response.status, attempts, kind, url)?;
        Ok(None)
    }

    async fn get_range(self: &Rc<Self>, key: &str, range: Range<u64>, options: &ReadOptions) -> Result<MaybeBytes, StoreError> {
        let url = &self.root.join(key)?;
        if options.cancel.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        if range.start >= range.end {
            // HTTP has no empty ranges.
            let Some(size) = self.size(key, options).await? else { return Ok(None) };
            return if range.start == range.end && range.end <= size { Ok(Some(Bytes::new())) } else { Err(outside(&range, size, url)) };
        }
        let expected = range.end - range.start;
        let max_bytes = self.client.limits.of(options.kind);
        if expected > max_bytes {
            return Err(StoreError::TooLong { max_bytes, url: url.describe() });
        }
        if self.ignores_ranges.get() {
            return self.range_of_whole(key, range, options).await;
        }
        let ask = Ask {
            method: Method::Get,
            url,
            range: Some(range.clone()),
            kind: options.kind,
            max_bytes: expected.max(self.client.limits.whole_file()),
            cancel: &options.cancel,
        };
        let (response, attempts) = self.client.ask(ask).await.map_err(|error| match error {
            StoreError::TooLong { max_bytes, url } => StoreError::RangeIgnored { max_bytes, url },
            other => other,
        })?;
        self.chunks_allowed
            .set(self.chunks_allowed.get() || (matches!(response.status, 200 | 206) && options.kind != ResourceKind::Metadata));
        match response.status {
            206 => {
                let may_be_cut = response.header("content-range").is_none();
                let part = checked_part(response, &range, url);
                // Servers cut a range at the end of the file.
                if may_be_cut
                    && matches!(part, Err(StoreError::WrongLength { .. }))
                    && let Some(size) = self.size(key, options).await?.filter(|size| *size < range.end)
                {
                    return Err(outside(&range, size, url));
                }
                part.map(Some)
            }
            200 => {
                let body = response.body;
                if body.len() as u64 > expected {
                    self.ignores_ranges.set(true);
                    self.whole_files.borrow_mut().insert(key.to_owned(), Some(body.clone()), body.len() + 64);
                }
                cut(&body, &range, url).map(Some)
            }
            416 => {
                let told = response.header("content-range").and_then(ContentRange::parse).and_then(|header| header.size);
                let size = match told {
                    Some(size) => Some(size),
                    None => self.size(key, options).await?,
                };
                size.map_or(Ok(None), |size| Err(outside(&range, size, url)))
            }
            status => self.judge(status, attempts, options.kind, url).map(|()| None),
        }
    }

    /// A range of a file that its server gives only whole.
    async fn range_of_whole(self: &Rc<Self>, key: &str, range: Range<u64>, options: &ReadOptions) -> Result<MaybeBytes, StoreError> {
        let known = self.whole_files.borrow_mut().get(&key.to_owned());
        let whole = match known {
            Some(whole) => whole,
            None => {
                let flight = self.whole_flights.join(key.to_owned(), || {
                    let (inner, key, kind) = (Rc::clone(self), key.to_owned(), options.kind);
                    async move {
                        let max_bytes = inner.client.limits.whole_file();
                        let whole = inner.get(&key, max_bytes, kind, &Cancel::never()).await?;
                        let cost = whole.as_ref().map_or(0, Bytes::len) + 64;
                        inner.whole_files.borrow_mut().insert(key, whole.clone(), cost);
                        Ok(whole)
                    }
                    .boxed_local()
                });
                or_cancelled(&options.cancel, flight).await.map_err(|error| match error {
                    StoreError::TooLong { max_bytes, url } => StoreError::RangeIgnored { max_bytes, url },
                    other => other,
                })?
            }
        };
        whole.map(|whole| cut(&whole, &range, &self.root.join(key)?)).transpose()
    }

    async fn size(&self, key: &str, options: &ReadOptions) -> Result<Option<u64>, StoreError> {
        let url = &self.root.join(key)?;
        let ask = Ask { method: Method::Head, url, range: None, kind: options.kind, max_bytes: 0, cancel: &options.cancel };
        let (response, attempts) = self.client.ask(ask).await?;
        // Some servers and signed addresses allow GET only.
        if !matches!(response.status, 200 | 400 | 401 | 403 | 405 | 501) {
            self.judge(response.status, attempts, options.kind, url)?;
            return Ok(None);
        }
        let is_encoded = response.header("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
        let length = response.header("content-length").and_then(|length| length.trim().parse().ok());
        if let (200, false, Some(length)) = (response.status, is_encoded, length) {
            return Ok(Some(length));
        }
        let ask = Ask {
            method: Method::Get,
            url,
            range: Some(0..1),
            kind: options.kind,
            max_bytes: self.client.limits.whole_file(),
            cancel: &options.cancel,
        };
        let (response, attempts) = self.client.ask(ask).await.map_err(|error| match error {
            StoreError::TooLong { url, .. } => StoreError::NoLength { url },
            other => other,
        })?;
        let told = response.header("content-range").and_then(ContentRange::parse).and_then(|header| header.size);
        match (response.status, told) {
            (206 | 416, Some(size)) => Ok(Some(size)),
            (200, _) => {
                let size = response.body.len() as u64;
                self.ignores_ranges.set(self.ignores_ranges.get() || size > 1);
                self.whole_files.borrow_mut().insert(key.to_owned(), Some(response.body.clone()), response.body.len() + 64);
                Ok(Some(size))
            }
            (206 | 416, None) => Err(StoreError::NoLength { url: url.describe() }),
            (status, _) => self.judge(status, attempts, options.kind, url).map(|()| None),
        }
    }
}

fn outside(range: &Range<u64>, size: u64, url: &Url) -> StoreError {
    StoreError::RangeOutside { start: range.start, end: range.end, size, url: url.describe() }
}

/// A range of a whole file.
fn cut(whole: &Bytes, range: &Range<u64>, url: &Url) -> Result<Bytes, StoreError> {
    match (usize::try_from(range.start), usize::try_from(range.end)) {
        (Ok(start), Ok(end)) if start <= end && end <= whole.len() => Ok(whole.slice(start..end)),
        _ => Err(outside(range, whole.len() as u64, url)),
    }
}

/// The body of a 206, if it is what was asked for. `Content-Range` is often hidden from a page; the length is not.
fn checked_part(response: Response, range: &Range<u64>, url: &Url) -> Result<Bytes, StoreError> {
    let expected = range.end - range.start;
    let got = response.body.len() as u64;
    let header = response.header("content-range").and_then(ContentRange::parse);
    if let Some(size) = header.as_ref().and_then(|header| header.size).filter(|size| *size < range.end) {
        return Err(outside(range, size, url));
    }
    // Of the bytes that were asked for, those that the server says it sent.
    let sent = header.and_then(|header| header.range).filter(|sent| sent.start != range.start);
    let got = sent.map_or(got, |sent| sent.end.min(range.end).saturating_sub(sent.start.max(range.start)).min(got));
    if got != expected {
        return Err(StoreError::WrongLength { got, expected, url: url.describe() });
    }
    Ok(response.body)
}

impl ReadStore for HttpStore {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        let max_bytes = self.inner.client.limits.of(options.kind);
        self.inner.get(key, max_bytes, options.kind, &options.cancel).boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.inner.get_range(key, range, options).boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.inner.size(key, options).boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        self.inner.describe(key)
    }
}
