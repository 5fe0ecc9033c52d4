//! The browser's `fetch`, in a page or a worker.
//!
//! Dropping or cancelling an exchange aborts it. Bodies are read as streams, so that a limit holds before memory grows and a stall is noticed
//! in the middle of a body.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{Either, FutureExt, LocalBoxFuture, Shared, select};
use rustc_hash::FxHashMap;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit, RequestMode};

use super::clock::BrowserClock;
use super::convert::release;
use crate::runtime::{Cancel, Clock, Fetch, FetchError, Method, Request, Response};

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`, which windows and workers both have.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(url: &str, init: &RequestInit) -> js_sys::Promise;
}

/// The most that is read of the body of an error.
const ERROR_BODY_BYTES: u64 = 64 << 10;

/// How long to wait for an answer to a probe.
const PROBE_MILLIS: f64 = 10_000.0;

/// Makes HTTP exchanges with the browser's `fetch`.
#[derive(Clone, Debug)]
pub struct BrowserFetch {
    state: Rc<State>,
}

#[derive(Debug)]
struct State {
    clock: BrowserClock,
    stall_seconds: u32,
    places: RefCell<FxHashMap<String, Place>>,
}

/// What is known of a place: a bucket may be readable beside one that is not, on one host.
#[derive(Clone, Debug)]
enum Place {
    /// This page may read its answers.
    Readable,
    /// A failure made it worth a probe, which tells whether it answers at all.
    Probed { probe: Shared<LocalBoxFuture<'static, bool>>, since_millis: f64 },
}

/// What a probe has told holds for so long: somebody may mend the server's rules and try again.
const PROBE_HOLDS_MILLIS: f64 = 30_000.0;

impl BrowserFetch {
    /// A fetcher that gives up when nothing has come for this long, be it the head or more of the body.
    #[must_use]
    pub fn new(stall_seconds: u32) -> Self {
        Self { state: Rc::new(State { clock: BrowserClock::new(), stall_seconds: stall_seconds.max(1), places: RefCell::default() }) }
    }
}

impl Default for BrowserFetch {
    fn default() -> Self {
        Self::new(30)
    }
}

impl Fetch for BrowserFetch {
    fn fetch(&self, request: Request) -> LocalBoxFuture<'static, Result<Response, FetchError>> {
        let state = Rc::clone(&self.state);
        async move {
            match state.exchange(&request).await {
                Err(Failure::Fetch(error)) => Err(error),
                Err(Failure::Rejected(reason)) => Err(state.explain(&request, &reason).await),
                Ok(response) => {
                    state.places.borrow_mut().insert(place(&request.url), Place::Readable);
                    Ok(response)
                }
            }
        }
        .boxed_local()
    }
}

/// Aborts the exchange when dropped, unless it is over.
struct Abort {
    controller: AbortController,
    is_over: bool,
}

impl Drop for Abort {
    fn drop(&mut self) {
        if !self.is_over {
            self.controller.abort();
        }
    }
}

enum Failure {
    Fetch(FetchError),
    /// `fetch` itself was rejected: unreachable, or refused by CORS.
    Rejected(JsValue),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

fn text(reason: &JsValue) -> String {
    reason.dyn_ref::<js_sys::Error>().map_or_else(|| "unknown reason".to_owned(), |error| String::from(error.message()))
}

fn network(reason: JsValue) -> FetchError {
    FetchError::Network(text(&reason))
}

/// `https://host:port/first`: a host may serve many buckets, named by the first segment of the path.
fn place(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.splitn(5, '/').take(4).collect::<Vec<_>>().join("/")
}

impl State {
    /// Waits for a promise, but not when cancelled and not for longer than the stall limit.
    async fn wait(&self, promise: js_sys::Promise, cancel: &Cancel) -> Result<Result<JsValue, JsValue>, FetchError> {
        let stalled = self.clock.sleep(f64::from(self.stall_seconds) * 1000.0);
        match select(JsFuture::from(promise), select(cancel.cancelled(), stalled)).await {
            Either::Left((settled, _)) => Ok(settled),
            Either::Right((Either::Left(_), _)) => Err(FetchError::Cancelled),
            Either::Right((Either::Right(_), _)) => Err(FetchError::Stalled { seconds: self.stall_seconds }),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        if request.cancel.is_cancelled() {
            return Err(FetchError::Cancelled.into());
        }
        let headers = Headers::new().map_err(network)?;
        let mut is_ranged = false;
        for (name, value) in &request.headers {
            is_ranged |= name.eq_ignore_ascii_case("range");
            headers.append(name, value).map_err(network)?;
        }
        let mut abort = Abort { controller: AbortController::new().map_err(network)?, is_over: false };
        let init = RequestInit::new();
        init.set_method(match request.method {
            Method::Get => "GET",
            Method::Head => "HEAD",
        });
        init.set_mode(RequestMode::Cors);
        init.set_headers(&headers);
        init.set_signal(Some(&abort.controller.signal()));
        init.set_credentials(if request.with_credentials { RequestCredentials::Include } else { RequestCredentials::SameOrigin });
        if is_ranged {
            // Chromium's HTTP cache holds one lock per URL: ranges of one file would come one after the other (crbug.com/969828).
            init.set_cache(RequestCache::NoStore);
        }
        let answer = self.wait(global_fetch(&request.url, &init), &request.cancel).await?.map_err(Failure::Rejected)?;
        let answer: web_sys::Response = answer.dyn_into().map_err(network)?;
        let status = answer.status();
        let headers = read_headers(&answer.headers());
        let is_wanted = matches!(status, 200..=299);
        let max_bytes = if is_wanted { request.max_bytes } else { request.max_bytes.min(ERROR_BODY_BYTES) };
        let body = match answer.body() {
            Some(stream) if request.method == Method::Get => self.read_body(&stream, max_bytes, &request.cancel).await,
            _ => Ok(Bytes::new()),
        };
        match body {
            Ok(body) => {
                abort.is_over = true;
                Ok(Response { status, headers, body })
            }
            // Nobody reads the body of an error: its status is what counts.
            Err(FetchError::TooLong { .. }) if !is_wanted => Ok(Response { status, headers, body: Bytes::new() }),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_body(&self, stream: &web_sys::ReadableStream, max_bytes: u64, cancel: &Cancel) -> Result<Bytes, FetchError> {
        let reader = ReadableStreamDefaultReader::new(stream).map_err(network)?;
        let mut body = Vec::new();
        loop {
            let step = self.wait(reader.read(), cancel).await?.map_err(network)?;
            if js_sys::Reflect::get(&step, &"done".into()).map_err(network)?.is_truthy() {
                return Ok(body.into());
            }
            let piece: js_sys::Uint8Array = js_sys::Reflect::get(&step, &"value".into()).and_then(JsCast::dyn_into).map_err(network)?;
            let start = body.len();
            let end = start + piece.length() as usize;
            if end as u64 > max_bytes {
                return Err(FetchError::TooLong { max_bytes });
            }
            body.resize(end, 0);
            if let Some(free) = body.get_mut(start..) {
                piece.copy_to(free);
            }
            release(&piece);
        }
    }

    /// Tells a refusal by CORS from a server that cannot be reached: to both, `fetch` says the same. A request without CORS is answered,
    /// unreadably, by a server that is there.
    async fn explain(&self, request: &Request, reason: &JsValue) -> FetchError {
        let network = FetchError::Network(text(reason));
        let place = place(&request.url);
        let now = self.clock.now_millis();
        let known = self.places.borrow().get(&place).cloned();
        let probe = match known {
            // Its answers carry CORS headers: then this is the network, or an error page without them.
            Some(Place::Readable) => return network,
            Some(Place::Probed { probe, since_millis }) if now - since_millis < PROBE_HOLDS_MILLIS => probe,
            Some(Place::Probed { .. }) | None => {
                let probe = probe(self.clock.clone(), request.url.clone()).boxed_local().shared();
                self.places.borrow_mut().insert(place.clone(), Place::Probed { probe: probe.clone(), since_millis: now });
                probe
            }
        };
        match select(probe, request.cancel.cancelled()).await {
            Either::Left((true, _)) => FetchError::Cors,
            Either::Left((false, _)) => {
                // It may be back later.
                let mut places = self.places.borrow_mut();
                if matches!(places.get(&place), Some(Place::Probed { probe, .. }) if probe.peek() == Some(&false)) {
                    places.remove(&place);
                }
                network
            }
            Either::Right(_) => FetchError::Cancelled,
        }
    }
}

/// Whether a server answers at all, readable or not.
async fn probe(clock: BrowserClock, url: String) -> bool {
    let Ok(controller) = AbortController::new() else { return false };
    let abort = Abort { controller, is_over: false };
    let init = RequestInit::new();
    init.set_method("HEAD");
    init.set_mode(RequestMode::NoCors);
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&abort.controller.signal()));
    let answer = JsFuture::from(global_fetch(&url, &init));
    matches!(select(answer, clock.sleep(PROBE_MILLIS)).await, Either::Left((Ok(_), _)))
}

/// The headers that the page may read.
fn read_headers(headers: &Headers) -> Vec<(String, String)> {
    let entries = headers.entries().into_iter().flatten();
    let entries = entries.filter_map(|entry| {
        let entry: js_sys::Array = entry.dyn_into().ok()?;
        Some((entry.get(0).as_string()?.to_ascii_lowercase(), entry.get(1).as_string()?))
    });
    entries.collect()
}
