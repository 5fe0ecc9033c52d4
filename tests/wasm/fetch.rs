//! The browser's `fetch`, in a page and through it the answers that a store builds on.

use std::rc::Rc;

use futures::future::join;
use neurolume::runtime::{CancelSource, Clock as _, Fetch as _, FetchError, Method, Request};
use neurolume::store::{HttpProvider, Provider as _, StorePolicy};
use neurolume::web::{BrowserClock, BrowserFetch};
use wasm_bindgen_test::wasm_bindgen_test;

/// "0123456789" without a server.
const DIGITS: &str = "data:application/octet-stream;base64,MDEyMzQ1Njc4OQ==";
/// Nobody listens on the discard port, and browsers do not even try it.
const NOWHERE: &str = "http://127.0.0.1:9/x";

fn request(url: &str, max_bytes: u64, source: &CancelSource) -> Request {
    Request { method: Method::Get, url: url.to_owned(), headers: Vec::new(), with_credentials: false, max_bytes, cancel: source.token() }
}

#[wasm_bindgen_test]
async fn a_body_comes_whole_with_its_headers() {
    let response = BrowserFetch::default().fetch(request(DIGITS, 10, &CancelSource::new())).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"0123456789"[..]));
    assert_eq!(response.header("content-type"), Some("application/octet-stream"));
}

#[wasm_bindgen_test]
async fn a_body_beyond_its_limit_is_refused() {
    let error = BrowserFetch::default().fetch(request(DIGITS, 9, &CancelSource::new())).await.unwrap_err();
    assert_eq!(error, FetchError::TooLong { max_bytes: 9 });
}

#[wasm_bindgen_test]
async fn a_cancelled_exchange_ends_at_once() {
    let (fetch, source) = (BrowserFetch::default(), CancelSource::new());
    let exchange = fetch.fetch(request(DIGITS, 10, &source));
    let (result, ()) = join(exchange, async { source.cancel() }).await;
    assert_eq!(result.unwrap_err(), FetchError::Cancelled);
    assert_eq!(fetch.fetch(request(DIGITS, 10, &source)).await.unwrap_err(), FetchError::Cancelled);
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_a_network_failure() {
    let error = BrowserFetch::default().fetch(request(NOWHERE, 10, &CancelSource::new())).await.unwrap_err();
    assert!(matches!(error, FetchError::Network(_)), "{error:?}");
}

#[wasm_bindgen_test]
async fn a_malformed_header_is_an_error_and_no_panic() {
    let mut asked = request(DIGITS, 10, &CancelSource::new());
    asked.headers.push(("bad name\n".to_owned(), "\u{0}".to_owned()));
    assert!(matches!(BrowserFetch::default().fetch(asked).await, Err(FetchError::Network(_))));
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
async fn the_stack_runs_on_the_browser() {
    let policy = StorePolicy { retry: neurolume::store::wrap::RetryPolicy::once(), ..StorePolicy::default() };
    let provider = HttpProvider::new(Rc::new(BrowserFetch::default()), Rc::new(BrowserClock::new()), None, policy).unwrap();
    let error = provider.document(NOWHERE, &neurolume::runtime::Cancel::never()).await.unwrap_err();
    assert!(error.to_string().contains("could not be reached"), "{error}");
}
