//! The browser's `fetch` against a server that misbehaves, and a store on top of it.

use std::rc::Rc;

use futures::future::join;
use neurolume::runtime::{Cancel, CancelSource, Clock as _, Fetch as _, FetchError, Method, Request, Response};
use neurolume::store::wrap::RetryPolicy;
use neurolume::store::{HttpProvider, Provider as _, ReadOptions, ResourceKind, StoreError, StorePolicy};
use neurolume::web::{BrowserClock, BrowserFetch};
use wasm_bindgen_test::wasm_bindgen_test;

/// A small file of the server, and its folder.
const FILE: &str = "data/bad/info-fractional-size/info";
const FOLDER: &str = "data/bad/info-fractional-size";
const BYTES: &[u8] = include_bytes!("../data/bad/info-fractional-size/info");

fn at(path: &str) -> String {
    let origin = js_sys::Reflect::get(&js_sys::global(), &"origin".into()).ok().and_then(|origin| origin.as_string());
    format!("{}/{path}", origin.unwrap())
}

/// The same server by another name, which is another origin.
fn elsewhere(path: &str) -> String {
    let own = at(path);
    let (from, to) = if own.contains("localhost") { ("localhost", "127.0.0.1") } else { ("127.0.0.1", "localhost") };
    let other = own.replace(from, to);
    assert_ne!(own, other);
    other
}

fn request(path: &str, max_bytes: u64) -> Request {
    let url = if path.contains("://") { path.to_owned() } else { at(path) };
    Request { method: Method::Get, url, headers: Vec::new(), with_credentials: false, max_bytes, cancel: Cancel::never() }
}

async fn fetch(request: Request) -> Result<Response, FetchError> {
    BrowserFetch::new(2).fetch(request).await
}

#[wasm_bindgen_test]
async fn a_body_comes_whole_with_its_headers() {
    let response = fetch(request(FILE, BYTES.len() as u64)).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (200, BYTES));
    assert_eq!(response.header("content-length"), Some(BYTES.len().to_string().as_str()));
}

#[wasm_bindgen_test]
async fn a_head_and_a_range_are_answered() {
    let head = fetch(Request { method: Method::Head, ..request(FILE, 0) }).await.unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let ranged = Request { headers: vec![("Range".to_owned(), "bytes=3-9".to_owned())], ..request(FILE, 7) };
    let part = fetch(ranged).await.unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &BYTES[3..10]));
}

#[wasm_bindgen_test]
async fn a_body_beyond_its_limit_is_refused() {
    let max_bytes = BYTES.len() as u64 - 1;
    assert_eq!(fetch(request(FILE, max_bytes)).await.unwrap_err(), FetchError::TooLong { max_bytes });
}

#[wasm_bindgen_test]
async fn a_status_is_an_answer_and_its_body_does_not_matter() {
    for (path, status) in [("fault/status/503/data/x", 503), ("fault/status/403/data/x", 403), ("data/not-there", 404)] {
        assert_eq!(fetch(request(path, 0)).await.unwrap().status, status, "{path}");
    }
}

#[wasm_bindgen_test]
async fn a_stall_in_the_middle_of_a_body_is_noticed() {
    let error = fetch(request(&format!("fault/stall/{FILE}"), 1_000)).await.unwrap_err();
    assert_eq!(error, FetchError::Stalled { seconds: 2 });
}

#[wasm_bindgen_test]
async fn a_truncated_body_and_a_server_that_is_not_there_are_network_failures() {
    for path in [format!("fault/truncate/{FILE}"), "http://127.0.0.1:9/x".to_owned()] {
        let error = fetch(request(&path, 1_000)).await.unwrap_err();
        assert!(matches!(error, FetchError::Network(_)), "{path}: {error:?}");
    }
}

#[wasm_bindgen_test]
async fn a_refusal_by_cors_is_told_from_a_dead_server() {
    assert_eq!(fetch(request(&elsewhere(&format!("fault/nocors/{FILE}")), 1_000)).await.unwrap_err(), FetchError::Cors);
}

#[wasm_bindgen_test]
async fn a_bucket_that_refuses_is_told_from_a_readable_one_of_the_same_host() {
    let fetcher = BrowserFetch::new(2);
    let read = |path: String| fetcher.fetch(request(&elsewhere(&path), 1_000));
    for _ in 0..2 {
        assert_eq!(read(FILE.to_owned()).await.unwrap().status, 200);
        assert_eq!(read(format!("fault/nocors/{FILE}")).await.unwrap_err(), FetchError::Cors);
    }
}

#[wasm_bindgen_test]
async fn a_cancelled_exchange_ends_at_once() {
    let (clock, source) = (BrowserClock::new(), CancelSource::new());
    let asked = Request { cancel: source.token(), ..request(&format!("fault/slow/5000/{FILE}"), 1_000) };
    let before = clock.now_millis();
    let (result, ()) = join(fetch(asked.clone()), async {
        clock.sleep(20.0).await;
        source.cancel();
    })
    .await;
    assert_eq!(result.unwrap_err(), FetchError::Cancelled);
    assert_eq!(fetch(asked).await.unwrap_err(), FetchError::Cancelled);
    assert!(clock.now_millis() - before < 1_500.0);
}

#[wasm_bindgen_test]
async fn a_malformed_header_is_an_error_and_no_panic() {
    let asked = Request { headers: vec![("bad name\n".to_owned(), "\u{0}".to_owned())], ..request(FILE, 1_000) };
    assert!(matches!(fetch(asked).await, Err(FetchError::Network(_))));
}

#[wasm_bindgen_test]
async fn the_clock_moves_on() {
    let clock = BrowserClock::new();
    let before = clock.now_millis();
    clock.sleep(5.0).await;
    // Timers may fire a little early by the coarser clock.
    assert!(clock.now_millis() - before >= 4.0);
    assert!((0.0..1.0).contains(&clock.random()));
}

#[wasm_bindgen_test]
async fn the_whole_stack_reads_from_a_flaky_and_from_a_ranges_ignoring_server() {
    let policy = StorePolicy { retry: RetryPolicy::new(4, 5.0, 20.0, 1_000.0).unwrap(), ..StorePolicy::default() };
    let provider = HttpProvider::new(Rc::new(BrowserFetch::new(2)), Rc::new(BrowserClock::new()), None, policy).unwrap();
    let options = ReadOptions { kind: ResourceKind::Chunk, cancel: Cancel::never() };
    for fault in ["fault/flaky/2/", "fault/ignore-range/", ""] {
        let store = provider.store(&at(&format!("{fault}{FOLDER}"))).unwrap();
        let (first, second) = join(store.get_range("info", 0..4, &options), store.get_range("info", 9..20, &options)).await;
        assert_eq!(first.unwrap().as_deref(), Some(&BYTES[..4]), "{fault}");
        assert_eq!(second.unwrap().as_deref(), Some(&BYTES[9..20]), "{fault}");
        assert_eq!(store.size("info", &options).await, Ok(Some(BYTES.len() as u64)), "{fault}");
        let outside = store.get_range("info", 10..10_000, &options).await;
        assert!(matches!(outside, Err(StoreError::RangeOutside { size, .. }) if size == BYTES.len() as u64), "{fault}: {outside:?}");
    }
    let document = provider.document(&at(FILE), &Cancel::never()).await;
    assert_eq!(document.unwrap().as_deref(), Some(BYTES));
    assert_eq!(provider.document(&at("data/not-there"), &Cancel::never()).await, Ok(None));
}
