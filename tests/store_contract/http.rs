//! Statuses, ranges and retries.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt as _, LocalBoxFuture, ready};
use neurolume::runtime::{CancelSource, Clock as _, Fault, ManualClock, MapFetch, Method};
use neurolume::store::wrap::{Retry, RetryPolicy};
use neurolume::store::{Authorise, HttpClient, HttpStore, ReadOptions, ReadStore as _, RequestPatch, ResourceKind, SizeLimits, StoreError};

use crate::support::{Tasks, client, client_with_limits, drive, options, url};

const FILE: &str = "https://host/root/file";

struct Setup {
    clock: ManualClock,
    server: MapFetch,
    store: HttpStore,
}

fn setup(policy: RetryPolicy) -> Setup {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.insert(FILE, (0_u8..100).collect::<Vec<_>>());
    let store = HttpStore::new(url("https://host/root"), client(&server, &clock, policy));
    Setup { clock, server, store }
}

impl Setup {
    fn get(&self, kind: ResourceKind) -> Result<Option<Bytes>, StoreError> {
        drive(&self.clock, self.store.get("file", &options(kind)))
    }

    fn range(&self, range: std::ops::Range<u64>) -> Result<Option<Bytes>, StoreError> {
        drive(&self.clock, self.store.get_range("file", range, &options(ResourceKind::Chunk)))
    }
}

#[test]
fn transient_failures_are_tried_again() {
    for fault in [Fault::Status(408), Fault::Status(425), Fault::Status(429), Fault::Status(500), Fault::Status(503), Fault::Network] {
        let setup = setup(RetryPolicy::default());
        setup.server.fail_next(FILE, fault);
        setup.server.fail_next(FILE, fault);
        assert_eq!(setup.get(ResourceKind::Chunk).unwrap().unwrap().len(), 100, "{fault:?}");
        assert_eq!(setup.server.log().len(), 3, "{fault:?}");
        // 500 ms and 1 s, jittered by ManualClock's 0.5 to three quarters.
        assert!((setup.clock.now_millis() - 1_125.0).abs() < 1e-6, "{fault:?}: {}", setup.clock.now_millis());
    }
}

#[test]
fn lasting_failures_are_reported_once() {
    let at_host = |status| StoreError::Server { status, attempts: 5, url: FILE.to_owned() };
    for (fault, expected, attempts) in [
        (Fault::Status(503), at_host(503), 5),
        (Fault::Network, StoreError::Network { cause: "connection reset".to_owned(), url: FILE.to_owned() }, 5),
        (Fault::Cors, StoreError::Cors { url: FILE.to_owned() }, 1),
        (Fault::Stall, StoreError::Stalled { seconds: 30, url: FILE.to_owned() }, 1),
        (Fault::Status(418), StoreError::Status { status: 418, url: FILE.to_owned() }, 1),
        (Fault::Status(401), StoreError::Forbidden { status: 401, url: FILE.to_owned() }, 1),
    ] {
        let setup = setup(RetryPolicy::default());
        setup.server.fail_always(FILE, fault);
        assert_eq!(setup.get(ResourceKind::Chunk), Err(expected), "{fault:?}");
        assert_eq!(setup.server.log().len(), attempts, "{fault:?}");
    }
}

#[test]
fn retry_after_is_heeded_up_to_a_minute() {
    let patient = setup(RetryPolicy::default());
    patient.server.fail_next(FILE, Fault::RetryAfter(429, 7));
    assert!(patient.get(ResourceKind::Chunk).is_ok());
    assert!((patient.clock.now_millis() - 7_000.0).abs() < 1e-6, "{}", patient.clock.now_millis());

    let hopeless = setup(RetryPolicy::default());
    hopeless.server.fail_next(FILE, Fault::RetryAfter(503, 3_600));
    assert!(matches!(hopeless.get(ResourceKind::Chunk), Err(StoreError::Server { status: 503, attempts: 1, .. })));
}

#[test]
fn cancelling_ends_a_wait_between_attempts() {
    let setup = setup(RetryPolicy::default());
    setup.server.fail_always(FILE, Fault::Status(503));
    let mut tasks = Tasks::new(&setup.clock);
    let source = CancelSource::new();
    let asked = ReadOptions { kind: ResourceKind::Chunk, cancel: source.token() };
    let store = setup.store;
    let done = tasks.spawn(async move { store.get("file", &asked).await });
    tasks.pass(400.0);
    assert_eq!(setup.server.log().len(), 2);
    assert_eq!(*done.borrow(), None);
    source.cancel();
    tasks.settle();
    assert_eq!(done.take(), Some(Err(StoreError::Cancelled)));
    tasks.pass(100_000.0);
    assert_eq!(setup.server.log().len(), 2, "nothing more is asked");
}

#[test]
fn cancelling_aborts_an_exchange() {
    let setup = setup(RetryPolicy::default());
    setup.server.set_latency(500.0);
    let mut tasks = Tasks::new(&setup.clock);
    let source = CancelSource::new();
    let asked = ReadOptions { kind: ResourceKind::Chunk, cancel: source.token() };
    let store = setup.store;
    let done = tasks.spawn(async move { store.get_range("file", 1..9, &asked).await });
    tasks.pass(100.0);
    source.cancel();
    tasks.settle();
    assert_eq!(done.take(), Some(Err(StoreError::Cancelled)));
    assert_eq!((setup.server.log().len(), setup.server.aborted()), (1, 1));
}

#[test]
fn gone_is_absent() {
    let setup = setup(RetryPolicy::once());
    for status in [404, 410] {
        setup.server.fail_next(FILE, Fault::Status(status));
        assert_eq!(setup.get(ResourceKind::Metadata), Ok(None));
        setup.server.fail_next(FILE, Fault::Status(status));
        assert_eq!(setup.range(3..5), Ok(None));
    }
}

#[test]
fn refused_metadata_is_forbidden_and_refused_chunks_are_absent() {
    let setup = setup(RetryPolicy::default());
    setup.server.fail_always("https://host/root/absent", Fault::Status(403));
    assert_eq!(setup.get(ResourceKind::Chunk).unwrap().unwrap().len(), 100);
    let get = |key: &str, kind| drive(&setup.clock, setup.store.get(key, &options(kind)));
    assert_eq!(
        get("absent", ResourceKind::Metadata),
        Err(StoreError::Forbidden { status: 403, url: "https://host/root/absent".to_owned() })
    );
    for _ in 0..50 {
        assert_eq!(get("absent", ResourceKind::Chunk), Ok(None));
        assert_eq!(get("absent", ResourceKind::Index), Ok(None));
    }
}

#[test]
fn chunks_are_forbidden_when_the_first_twenty_are_refused() {
    let setup = setup(RetryPolicy::default());
    setup.server.fail_always("https://host/", Fault::Status(403));
    for chunk in 1..=25 {
        match setup.range(0..5) {
            Ok(None) if chunk < 20 => {}
            Err(StoreError::Forbidden { status: 403, .. }) if chunk >= 20 => {}
            other => panic!("chunk {chunk}: {other:?}"),
        }
    }
}

#[test]
fn wrong_parts_are_refused() {
    let cases = [(Fault::Truncate(3), 3), (Fault::Truncate(0), 0), (Fault::Shift, 9), (Fault::Status(206), 0)];
    for (fault, got) in cases {
        let setup = setup(RetryPolicy::once());
        setup.server.fail_next(FILE, fault);
        assert_eq!(setup.range(10..20), Err(StoreError::WrongLength { got, expected: 10, url: FILE.to_owned() }), "{fault:?}");
    }
}

#[test]
fn a_server_that_ignores_ranges_sends_each_file_once() {
    let setup = setup(RetryPolicy::once());
    setup.server.fail_always("https://host/", Fault::IgnoreRange);
    for start in [90, 0, 5, 40] {
        let expected: Vec<u8> = (u8::try_from(start).unwrap()..).take(10).collect();
        assert_eq!(setup.range(start..start + 10).unwrap().as_deref(), Some(&expected[..]));
    }
    assert_eq!(setup.server.log().len(), 1);
}

#[test]
fn a_long_file_of_a_server_that_ignores_ranges_is_refused() {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.insert("https://h/long", vec![0; 5_000]);
    server.insert("https://h/short", vec![0; 900]);
    server.fail_always("https://", Fault::IgnoreRange);
    let limits = SizeLimits::new(1_000, 1_000, 1_000, 1_000).unwrap();
    let store = HttpStore::new(url("https://h"), client_with_limits(&server, &clock, RetryPolicy::once(), limits));
    let range = |key: &str| drive(&clock, store.get_range(key, 10..20, &options(ResourceKind::Index)));
    let refused = Err(StoreError::RangeIgnored { max_bytes: 1_000, url: "https://h/long".to_owned() });
    assert_eq!(range("long"), refused, "before it is known");
    assert!(range("short").unwrap().is_some());
    assert_eq!(range("long"), refused, "after it is known");
}

#[test]
fn nothing_is_taken_beyond_its_limit() {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    server.insert("https://h/file", vec![0; 600]);
    let limits = SizeLimits::new(500, 550, 600, 1).unwrap();
    let store = HttpStore::new(url("https://h"), client_with_limits(&server, &clock, RetryPolicy::once(), limits));
    let too_long = |max_bytes| Err(StoreError::TooLong { max_bytes, url: "https://h/file".to_owned() });
    assert_eq!(drive(&clock, store.get("file", &options(ResourceKind::Metadata))), too_long(500));
    assert_eq!(drive(&clock, store.get("file", &options(ResourceKind::Index))), too_long(550));
    assert_eq!(drive(&clock, store.get("file", &options(ResourceKind::Chunk))).unwrap().unwrap().len(), 600);
    let asked = server.log().len();
    assert_eq!(drive(&clock, store.get_range("file", 0..u64::MAX, &options(ResourceKind::Chunk))), too_long(600));
    assert_eq!(server.log().len(), asked, "an absurd range is not even asked for");
}

#[test]
fn a_length_that_nobody_tells_is_an_error() {
    let setup = setup(RetryPolicy::once());
    setup.server.fail_always("https://host/", Fault::HideContentLength);
    setup.server.fail_always("https://host/", Fault::HideContentRange);
    let size = drive(&setup.clock, setup.store.size("file", &options(ResourceKind::Index)));
    assert_eq!(size, Err(StoreError::NoLength { url: FILE.to_owned() }));
}

#[test]
fn addresses_above_the_host_are_refused_and_secrets_kept_out_of_messages() {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    let store = HttpStore::new(url("https://host/root?token=secret"), client(&server, &clock, RetryPolicy::once()));
    let above = drive(&clock, store.get("../../x", &options(ResourceKind::Chunk)));
    assert!(matches!(above, Err(StoreError::BadUrl { .. })), "{above:?}");
    assert_eq!(store.describe("key"), "https://host/root/key");
    assert_eq!(drive(&clock, store.get("key", &options(ResourceKind::Chunk))), Ok(None));
    assert_eq!(server.log()[0].url, "https://host/root/key?token=secret");
}

/// Signs addresses with tokens that it renews.
#[derive(Default)]
struct Signer {
    asked: RefCell<Vec<(String, bool)>>,
    renews: bool,
}

impl Authorise for Signer {
    fn patch<'a>(
        &'a self,
        url: &'a str,
        _credentials: Option<u32>,
        _kind: ResourceKind,
        again: bool,
    ) -> LocalBoxFuture<'a, Result<RequestPatch, StoreError>> {
        self.asked.borrow_mut().push((url.to_owned(), again));
        let token = if again && self.renews { "new" } else { "old" };
        let headers = vec![("X-Token".to_owned(), token.to_owned())];
        ready(Ok(RequestPatch { url: Some(format!("{url}?token={token}")), headers, with_credentials: true, local: None })).boxed_local()
    }
}

fn signed(renews: bool) -> (ManualClock, MapFetch, Rc<Signer>, HttpStore) {
    let clock = ManualClock::default();
    let server = MapFetch::new(clock.clone());
    for token in ["old", "new"] {
        server.insert(format!("https://h/file?token={token}"), b"0123456789".as_slice());
    }
    let signer = Rc::new(Signer { renews, ..Signer::default() });
    let retry = Retry::new(Rc::new(server.clone()), Rc::new(clock.clone()), RetryPolicy::default());
    let client = HttpClient::new(retry, Some(Rc::clone(&signer) as Rc<dyn Authorise>), SizeLimits::default());
    (clock, server, signer, HttpStore::new(url("https://h"), Rc::new(client)))
}

#[test]
fn the_authoriser_is_asked_once_per_resource() {
    let (clock, server, signer, store) = signed(true);
    for start in 0..5 {
        assert!(drive(&clock, store.get_range("file", start..start + 2, &options(ResourceKind::Chunk))).unwrap().is_some());
    }
    assert_eq!(*signer.asked.borrow(), [("https://h/file".to_owned(), false)]);
    let first = &server.log()[0];
    assert_eq!(first.headers, [("X-Token".to_owned(), "old".to_owned()), ("Range".to_owned(), "bytes=0-1".to_owned())]);
}

#[test]
fn a_refusal_makes_it_ask_the_authoriser_again() {
    let (clock, server, signer, store) = signed(true);
    server.fail_always("https://h/file?token=old", Fault::Status(401));
    let bytes = drive(&clock, store.get_range("file", 2..4, &options(ResourceKind::Metadata)));
    assert_eq!(bytes.unwrap().as_deref(), Some(&b"23"[..]));
    assert_eq!(*signer.asked.borrow(), [("https://h/file".to_owned(), false), ("https://h/file".to_owned(), true)]);
    assert!(drive(&clock, store.get("file", &options(ResourceKind::Metadata))).is_ok());
    assert_eq!((signer.asked.borrow().len(), server.log().len()), (2, 3), "the new token is remembered");

    let (clock, server, signer, store) = signed(false);
    server.fail_always("https://h/", Fault::Status(403));
    let refused = drive(&clock, store.get("file", &options(ResourceKind::Metadata)));
    assert_eq!(refused, Err(StoreError::Forbidden { status: 403, url: "https://h/file".to_owned() }));
    assert_eq!((signer.asked.borrow().len(), server.log().len()), (2, 1), "the same answer is not tried again");
}

#[test]
fn heads_are_asked_for_sizes_only() {
    let setup = setup(RetryPolicy::once());
    let size = drive(&setup.clock, setup.store.size("file", &options(ResourceKind::Index)));
    assert_eq!(size, Ok(Some(100)));
    assert_eq!(setup.server.log()[0].method, Method::Head);
    setup.range(1..2).unwrap();
    assert_eq!(setup.server.log()[1].method, Method::Get);
}
