//! Merging, limits, caches; cancelling traced to the exchange.

use std::rc::Rc;

use neurolume::runtime::{Cancel, CancelSource, Fetch as _, FetchError, ManualClock, MapFetch, Method, Request};
use neurolume::store::wrap::{CacheSpace, Cached, Deduplicated, Limited, RetryPolicy};
use neurolume::store::{HttpStore, ReadOptions, ReadStore, ResourceKind, StoreError};

use crate::support::{Tasks, client, drive, options, url};

fn http(clock: &ManualClock) -> (MapFetch, Rc<HttpStore>) {
    let server = MapFetch::new(clock.clone());
    server.insert("https://h/file", b"0123456789".as_slice());
    server.set_latency(100.0);
    let store = HttpStore::new(url("https://h"), client(&server, clock, RetryPolicy::once()));
    (server, Rc::new(store))
}

fn chunk(cancel: Cancel) -> ReadOptions {
    ReadOptions { kind: ResourceKind::Chunk, cancel }
}

#[test]
fn equal_requests_share_one_exchange() {
    let clock = ManualClock::default();
    let (server, store) = http(&clock);
    let store = Rc::new(Deduplicated::new(store));
    let mut tasks = Tasks::new(&clock);
    let spawn = |tasks: &Tasks, range: Option<std::ops::Range<u64>>| {
        let store = Rc::clone(&store);
        tasks.spawn(async move {
            match range {
                Some(range) => store.get_range("file", range, &options(ResourceKind::Chunk)).await,
                None => store.get("file", &options(ResourceKind::Chunk)).await,
            }
        })
    };
    let whole = [spawn(&tasks, None), spawn(&tasks, None)];
    let parts = [spawn(&tasks, Some(1..4)), spawn(&tasks, Some(1..4)), spawn(&tasks, Some(1..5))];
    tasks.pass(50.0);
    let late = spawn(&tasks, None);
    tasks.pass(50.0);
    assert_eq!(server.log().len(), 3);
    for done in whole.iter().chain([&late]) {
        assert_eq!(done.take().unwrap().unwrap().as_deref(), Some(&b"0123456789"[..]));
    }
    assert_eq!(parts.map(|done| done.take().unwrap().unwrap().unwrap().len()), [3, 3, 4]);
    let after = spawn(&tasks, None);
    tasks.pass(100.0);
    assert!(after.take().is_some());
    assert_eq!(server.log().len(), 4, "what has ended is not shared");
}

#[test]
fn one_that_gives_up_does_not_disturb_the_others_and_the_last_aborts() {
    for survivors in [0, 1] {
        let clock = ManualClock::default();
        let (server, store) = http(&clock);
        let store = Rc::new(Deduplicated::new(store));
        let mut tasks = Tasks::new(&clock);
        let sources = [CancelSource::new(), CancelSource::new(), CancelSource::new()];
        let waiters = sources.each_ref().map(|source| {
            let (store, asked) = (Rc::clone(&store), chunk(source.token()));
            tasks.spawn(async move { store.get("file", &asked).await })
        });
        tasks.pass(50.0);
        sources.iter().skip(survivors).for_each(CancelSource::cancel);
        tasks.settle();
        for waiter in waiters.iter().skip(survivors) {
            assert_eq!(waiter.take(), Some(Err(StoreError::Cancelled)));
        }
        assert_eq!(server.aborted(), usize::from(survivors == 0));
        tasks.pass(50.0);
        for waiter in waiters.iter().take(survivors) {
            assert_eq!(waiter.take().unwrap().unwrap().unwrap().len(), 10);
        }
        // An abort leaves nothing behind that a later reader could hang on.
        let again = drive(&clock, store.get("file", &chunk(Cancel::never())));
        assert_eq!(again.unwrap().unwrap().len(), 10);
        assert_eq!(server.log().len(), 2);
    }
}

fn request(url: &str, cancel: Cancel) -> Request {
    Request { method: Method::Get, url: url.to_owned(), headers: Vec::new(), with_credentials: false, max_bytes: 100, cancel }
}

#[test]
fn a_limit_is_kept_and_first_come_is_first_served() {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.set_latency(10.0);
    let limited = Limited::new(Rc::new(server.clone()), 3).unwrap();
    let mut tasks = Tasks::new(&clock);
    let sources: Vec<_> = (0..20).map(|_| CancelSource::new()).collect();
    let urls: Vec<_> = (0..20).map(|index| format!("https://h/{index}")).collect();
    let waiters: Vec<_> = urls.iter().zip(&sources).map(|(url, source)| tasks.spawn(limited.fetch(request(url, source.token())))).collect();
    tasks.settle();
    assert_eq!(server.log().len(), 3);
    for gone in [0, 5, 6, 19] {
        sources[gone].cancel();
    }
    tasks.pass(1_000.0);
    let asked: Vec<_> = server.log().into_iter().map(|exchange| exchange.url).collect();
    let expected: Vec<_> = urls.iter().enumerate().filter(|(index, _)| ![5, 6, 19].contains(index)).map(|(_, url)| url.clone()).collect();
    assert_eq!(asked, expected, "in order, without those that gave up while they waited");
    assert_eq!((server.most_running(), server.aborted()), (3, 1));
    for (index, waiter) in waiters.iter().enumerate() {
        let cancelled = matches!(waiter.take(), Some(Err(FetchError::Cancelled)));
        assert_eq!(cancelled, [0, 5, 6, 19].contains(&index));
    }
}

#[test]
fn a_dropped_waiter_passes_its_turn_on() {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.set_latency(10.0);
    let limited = Limited::new(Rc::new(server.clone()), 1).unwrap();
    let mut tasks = Tasks::new(&clock);
    let first = tasks.spawn(limited.fetch(request("https://h/first", Cancel::never())));
    let never_polled: Vec<_> = (0..100_000).map(|_| limited.fetch(request("https://h/never", Cancel::never()))).collect();
    let last = tasks.spawn(limited.fetch(request("https://h/last", Cancel::never())));
    tasks.settle();
    drop(never_polled);
    tasks.pass(100.0);
    assert!(first.take().is_some() && last.take().is_some());
    assert_eq!(server.log().len(), 2);
}

#[test]
fn limits_of_zero_are_refused() {
    let error = Limited::new(Rc::new(MapFetch::default()), 0).unwrap_err();
    assert_eq!(error.to_string(), "the number of concurrent requests must be at least 1");
    assert!(RetryPolicy::new(0, 1.0, 2.0, 3.0).is_err());
    assert!(RetryPolicy::new(1, 3.0, 2.0, 3.0).is_err());
    assert!(RetryPolicy::new(1, f64::NAN, 2.0, 3.0).is_err());
    assert!(RetryPolicy::new(2, 1.0, 2.0, 0.0).is_ok());
}

#[test]
fn metadata_indices_and_sizes_are_remembered_and_chunks_are_not() {
    let clock = ManualClock::default();
    let (server, store) = http(&clock);
    let space = CacheSpace::new(1 << 20);
    let store = Cached::new(store, space.clone(), "https://h".to_owned());
    for (kind, asked) in [(ResourceKind::Metadata, 4), (ResourceKind::Index, 0), (ResourceKind::Chunk, 4 * 3)] {
        let before = server.log().len();
        for _ in 0..3 {
            for key in ["file", "absent"] {
                drive(&clock, store.get(key, &options(kind))).unwrap();
                drive(&clock, store.get_range(key, 2..5, &options(kind))).unwrap();
            }
        }
        assert_eq!(server.log().len() - before, asked, "{kind:?}: absence is remembered, and the kinds share");
    }
    let before = server.log().len();
    for _ in 0..3 {
        assert_eq!(drive(&clock, store.size("file", &options(ResourceKind::Chunk))), Ok(Some(10)));
        assert_eq!(drive(&clock, store.size("absent", &options(ResourceKind::Chunk))), Ok(None));
    }
    assert_eq!(server.log().len() - before, 2);
    assert!(space.used_bytes() > 0);
}

#[test]
fn failures_are_not_remembered() {
    let clock = ManualClock::default();
    let (server, store) = http(&clock);
    let store = Cached::new(Rc::new(Deduplicated::new(store)) as Rc<dyn ReadStore>, CacheSpace::new(1 << 20), String::new());
    server.fail_next("https://h/file", neurolume::runtime::Fault::Status(503));
    assert!(drive(&clock, store.get("file", &options(ResourceKind::Metadata))).is_err());
    assert!(drive(&clock, store.get("file", &options(ResourceKind::Metadata))).unwrap().is_some());
}
