//! Reads near ranges of one file in one request, and no byte twice.
//!
//! A read is cut into parts that are remembered, parts that are on their way, and parts that are missing. Missing parts wait for a moment, then
//! those that lie close together are fetched as one span. What such a span holds beyond what was asked is remembered for a while.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use futures::future::{FutureExt, LocalBoxFuture, Shared, WeakShared, try_join_all};
use rustc_hash::FxHashMap;

use super::or_cancelled;
use super::spans::{SpanCache, SpanMap};
use crate::runtime::{Cancel, Clock};
use crate::store::policy::{PolicyError, check};
use crate::store::{MaybeBytes, ReadOptions, ReadStore, ResourceKind, StoreError, StoreFuture};

/// What counts as near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoalescePolicy {
    max_gap_bytes: u64,
    max_span_bytes: u64,
    window_millis: f64,
}

impl CoalescePolicy {
    /// Ranges asked within `window_millis` of each other and at most `max_gap_bytes` apart become one request of at most `max_span_bytes`
    /// (ranges that overlap become one request whatever its length).
    ///
    /// # Errors
    /// A wait that is negative or not finite.
    pub fn new(max_gap_bytes: u64, max_span_bytes: u64, window_millis: f64) -> Result<Self, PolicyError> {
        check((0.0..f64::INFINITY).contains(&window_millis), "the time to wait for near ranges", "finite and not negative")?;
        Ok(Self { max_gap_bytes, max_span_bytes, window_millis })
    }
}

impl Default for CoalescePolicy {
    /// 32 KiB apart, 4 MiB in all, within 1 ms.
    fn default() -> Self {
        Self { max_gap_bytes: 32 << 10, max_span_bytes: 4 << 20, window_millis: 1.0 }
    }
}

/// A store that reads near ranges in one request.
pub struct Coalesced {
    inner: Rc<Inner>,
}

struct Inner {
    store: Rc<dyn ReadStore>,
    clock: Rc<dyn Clock>,
    policy: CoalescePolicy,
    spans: Rc<SpanCache>,
    root: String,
    files: RefCell<FxHashMap<String, File>>,
}

type Flight = Shared<LocalBoxFuture<'static, Result<MaybeBytes, StoreError>>>;
type WeakFlight = WeakShared<LocalBoxFuture<'static, Result<MaybeBytes, StoreError>>>;
type Batch = Shared<LocalBoxFuture<'static, ()>>;
/// Where a missing part finds the span that it became part of.
type Slot = Rc<RefCell<Option<(Range<u64>, Flight)>>>;

/// What goes on with one file.
#[derive(Default)]
struct File {
    flights: SpanMap<WeakFlight>,
    missing: Vec<Missing>,
    batch: Option<WeakShared<LocalBoxFuture<'static, ()>>>,
}

struct Missing {
    range: Range<u64>,
    kind: ResourceKind,
    slot: Slot,
}

/// A part of a read.
enum Part {
    Ready(Bytes),
    Waiting { range: Range<u64>, slot: Slot, batch: Option<(Batch, Withdraw)> },
}

/// Takes a missing part off the list if its reader is gone before it is fetched.
struct Withdraw {
    inner: Rc<Inner>,
    key: String,
    slot: Slot,
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        let mut files = self.inner.files.borrow_mut();
        if let Some(file) = files.get_mut(&self.key) {
            file.missing.retain(|missing| !Rc::ptr_eq(&missing.slot, &self.slot));
            if file.missing.is_empty() && file.flights.is_empty() {
                files.remove(&self.key);
            }
        }
    }
}

/// Takes a flight off the list when it ends or is dropped.
struct Landing {
    inner: Rc<Inner>,
    key: String,
    start: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut files = self.inner.files.borrow_mut();
        if let Some(file) = files.get_mut(&self.key) {
            file.flights.remove(self.start);
            if file.missing.is_empty() && file.flights.is_empty() {
                files.remove(&self.key);
            }
        }
    }
}

impl Coalesced {
    /// Wraps a store whose keys lie below `root`, which tells its files from those of other stores in `spans`.
    #[must_use]
    pub fn new(store: Rc<dyn ReadStore>, clock: Rc<dyn Clock>, policy: CoalescePolicy, spans: Rc<SpanCache>, root: String) -> Self {
        Self { inner: Rc::new(Inner { store, clock, policy, spans, root, files: RefCell::default() }) }
    }
}

impl std::fmt::Debug for Coalesced {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let inner = &self.inner;
        let files = inner.files.borrow().len();
        formatter
            .debug_struct("Coalesced")
            .field("root", &inner.root)
            .field("policy", &inner.policy)
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.root)
    }

    /// Cuts a read into parts and puts the missing ones on the list.
    fn plan(self: &Rc<Self>, key: &str, range: &Range<u64>, kind: ResourceKind) -> Vec<Part> {
        let remembered = self.spans.overlapping(&self.place(key), range);
        let flights: Vec<(Range<u64>, Flight)> = {
            let files = self.files.borrow();
            let flights = files.get(key).map(|file| file.flights.overlapping(range)).unwrap_or_default();
            flights.into_iter().filter_map(|(span, flight)| Some((span, flight.upgrade()?))).collect()
        };
        let mut known: Vec<(Range<u64>, Result<Bytes, Flight>)> = remembered.into_iter().map(|(span, bytes)| (span, Ok(bytes))).collect();
        known.extend(flights.into_iter().map(|(span, flight)| (span, Err(flight))));
        known.sort_by_key(|(span, _)| span.start);

        let mut parts = Vec::new();
        let mut at = range.start;
        for (span, source) in known {
            if span.start > at {
                parts.push(self.add_missing(key, at..span.start, kind));
            }
            let part = at.max(span.start)..range.end.min(span.end);
            at = part.end;
            parts.push(match source {
                Ok(bytes) => match slice(&bytes, &span, &part) {
                    Some(bytes) => Part::Ready(bytes),
                    None => self.add_missing(key, part, kind),
                },
                Err(flight) => Part::Waiting { range: part, slot: Rc::new(RefCell::new(Some((span, flight)))), batch: None },
            });
        }
        if at < range.end {
            parts.push(self.add_missing(key, at..range.end, kind));
        }
        parts
    }

    fn add_missing(self: &Rc<Self>, key: &str, range: Range<u64>, kind: ResourceKind) -> Part {
        let slot = Slot::default();
        let mut files = self.files.borrow_mut();
        let file = files.entry(key.to_owned()).or_default();
        file.missing.push(Missing { range: range.clone(), kind, slot: Rc::clone(&slot) });
        let running = file.batch.as_ref().and_then(WeakShared::upgrade);
        let batch = running.unwrap_or_else(|| {
            let (inner, key) = (Rc::clone(self), key.to_owned());
            let batch = async move {
                inner.clock.sleep(inner.policy.window_millis).await;
                inner.launch(&key);
            };
            let batch = batch.boxed_local().shared();
            file.batch = batch.downgrade();
            batch
        });
        drop(files);
        let withdraw = Withdraw { inner: Rc::clone(self), key: key.to_owned(), slot: Rc::clone(&slot) };
        Part::Waiting { range, slot, batch: Some((batch, withdraw)) }
    }

    /// Makes requests of the missing parts.
    fn launch(self: &Rc<Self>, key: &str) {
        let mut missing = {
            let mut files = self.files.borrow_mut();
            let Some(file) = files.get_mut(key) else { return };
            file.batch = None;
            std::mem::take(&mut file.missing)
        };
        missing.sort_by_key(|part| (part.range.start, part.range.end));
        let mut spans: Vec<(Range<u64>, Vec<Missing>)> = Vec::new();
        for part in missing {
            match spans.last_mut() {
                Some((span, members)) if self.belongs(key, span, &part.range) => {
                    span.end = span.end.max(part.range.end);
                    members.push(part);
                }
                _ => spans.push((part.range.clone(), vec![part])),
            }
        }
        for (span, members) in spans {
            let payload = members.iter().find(|part| part.kind.is_payload());
            let kind = payload.or(members.first()).map_or(ResourceKind::Chunk, |part| part.kind);
            let flight = self.start(key, span.clone(), kind);
            for part in members {
                part.slot.replace(Some((span.clone(), flight.clone())));
            }
        }
    }

    /// Whether a missing part goes into one request with the span before it.
    fn belongs(&self, key: &str, span: &Range<u64>, part: &Range<u64>) -> bool {
        if part.start < span.end {
            return true;
        }
        let gap = span.end..part.start;
        if gap.end - gap.start > self.policy.max_gap_bytes || part.end - span.start > self.policy.max_span_bytes {
            return false;
        }
        // A gap that is known, even in part, would be sent twice.
        let in_flight = self.files.borrow().get(key).is_some_and(|file| !file.flights.overlapping(&gap).is_empty());
        !in_flight && self.spans.overlapping(&self.place(key), &gap).is_empty()
    }

    fn start(self: &Rc<Self>, key: &str, span: Range<u64>, kind: ResourceKind) -> Flight {
        let landing = Landing { inner: Rc::clone(self), key: key.to_owned(), start: span.start };
        let (inner, range, options) = (Rc::clone(self), span.clone(), ReadOptions { kind, cancel: Cancel::never() });
        let flight = async move {
            let result = inner.read_whole(&landing.key, range.clone(), &options).await;
            if let Ok(Some(bytes)) = &result {
                inner.spans.insert(&inner.place(&landing.key), range.start, bytes);
            }
            drop(landing);
            result
        };
        let flight = flight.boxed_local().shared();
        if let Some(weak) = flight.downgrade() {
            self.files.borrow_mut().entry(key.to_owned()).or_default().flights.insert(span, weak);
        }
        flight
    }

    /// Reads a range and checks that it came whole.
    async fn read_whole(&self, key: &str, range: Range<u64>, options: &ReadOptions) -> Result<MaybeBytes, StoreError> {
        let expected = range.end - range.start;
        let value = self.store.get_range(key, range, options).await?;
        match &value {
            Some(bytes) if bytes.len() as u64 != expected => {
                Err(StoreError::WrongLength { got: bytes.len() as u64, expected, url: self.store.describe(key) })
            }
            _ => Ok(value),
        }
    }

    async fn resolve(self: &Rc<Self>, key: &str, part: Part, kind: ResourceKind) -> Result<MaybeBytes, StoreError> {
        let (range, slot, batch) = match part {
            Part::Ready(bytes) => return Ok(Some(bytes)),
            Part::Waiting { range, slot, batch } => (range, slot, batch),
        };
        if let Some((batch, withdraw)) = batch {
            batch.await;
            drop(withdraw);
        }
        let flight = slot.take();
        if let Some((span, flight)) = flight {
            match flight.await {
                Ok(Some(bytes)) => {
                    if let Some(bytes) = slice(&bytes, &span, &range) {
                        return Ok(Some(bytes));
                    }
                }
                // Someone else's part of the span lay outside the file: that is not this reader's fault.
                Err(StoreError::RangeOutside { .. } | StoreError::WrongLength { .. }) if span != range => {}
                result => return result,
            }
        }
        self.read_whole(key, range, &ReadOptions { kind, cancel: Cancel::never() }).await
    }

    async fn read(self: &Rc<Self>, key: &str, range: Range<u64>, kind: ResourceKind) -> Result<MaybeBytes, StoreError> {
        let parts = self.plan(key, &range, kind);
        // All at once: a flight moves only while someone waits for it.
        let parts = try_join_all(parts.into_iter().map(|part| self.resolve(key, part, kind))).await;
        let parts = parts.map_err(|error| match error {
            // What was asked for, not the part of it that was missing.
            StoreError::RangeOutside { size, url, .. } => StoreError::RangeOutside { start: range.start, end: range.end, size, url },
            other => other,
        })?;
        let Some(mut parts) = parts.into_iter().collect::<Option<Vec<Bytes>>>() else {
            return Ok(None);
        };
        if parts.len() == 1 {
            return Ok(parts.pop());
        }
        let mut whole = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
        parts.iter().for_each(|part| whole.extend_from_slice(part));
        Ok(Some(whole.freeze()))
    }
}

/// The bytes of `part` out of those of `span`.
fn slice(bytes: &Bytes, span: &Range<u64>, part: &Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(part.start.checked_sub(span.start)?).ok()?;
    let end = usize::try_from(part.end.checked_sub(span.start)?).ok()?;
    (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
}

impl ReadStore for Coalesced {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        self.inner.store.get(key, options)
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        if range.is_empty() {
            return self.inner.store.get_range(key, range, options);
        }
        or_cancelled(&options.cancel, self.inner.read(key, range, options.kind)).boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        self.inner.store.size(key, options)
    }

    fn describe(&self, key: &str) -> String {
        self.inner.store.describe(key)
    }
}
