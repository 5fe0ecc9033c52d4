//! A server in memory, for tests: serves a map of files over [`Fetch`], misbehaves on demand, and records what was asked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{Either, FutureExt, LocalBoxFuture, select};

use super::{Clock, Fetch, FetchError, ManualClock, Method, Request, Response};

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and no body.
    Status(u16),
    /// Answers with this status, no body, and `Retry-After` in seconds.
    RetryAfter(u16, u32),
    /// Answers a range with 200 and the whole file.
    IgnoreRange,
    /// Sends only so many bytes of the body.
    Truncate(usize),
    /// Sends the bytes from the one after the first that was asked for.
    Shift,
    /// Hides `Content-Range`, as a server does that does not expose it by CORS.
    HideContentRange,
    /// Hides `Content-Length`.
    HideContentLength,
    /// Sends nothing for 30 s.
    Stall,
    /// The connection breaks.
    Network,
    /// The browser does not let the page read the answer.
    Cors,
    /// Refuses HEAD with 405.
    NoHead,
}

/// One recorded exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// GET or HEAD.
    pub method: Method,
    /// What was asked for.
    pub url: String,
    /// All headers that were sent.
    pub headers: Vec<(String, String)>,
    /// The bytes of the file that were sent, if any.
    pub sent: Option<Range<u64>>,
}

/// A server in memory. Clones are the same server.
#[derive(Clone, Debug, Default)]
pub struct MapFetch {
    state: Rc<State>,
}

#[derive(Debug, Default)]
struct State {
    clock: ManualClock,
    files: RefCell<BTreeMap<String, Bytes>>,
    /// For the next requests of a URL, one each.
    next: RefCell<BTreeMap<String, VecDeque<Fault>>>,
    /// For all requests, by the beginning of their URL.
    always: RefCell<Vec<(String, Fault)>>,
    latency_millis: Cell<f64>,
    log: RefCell<Vec<Exchange>>,
    running: Cell<usize>,
    most_running: Cell<usize>,
    aborted: Cell<usize>,
}

impl MapFetch {
    /// A server without files whose delays are measured by `clock`.
    #[must_use]
    pub fn new(clock: ManualClock) -> Self {
        Self { state: Rc::new(State { clock, ..State::default() }) }
    }

    /// Puts a file at a URL.
    pub fn insert(&self, url: impl Into<String>, body: impl Into<Bytes>) {
        self.state.files.borrow_mut().insert(url.into(), body.into());
    }

    /// The next request for this URL that no earlier fault takes meets this fault.
    pub fn fail_next(&self, url: impl Into<String>, fault: Fault) {
        self.state.next.borrow_mut().entry(url.into()).or_default().push_back(fault);
    }

    /// Every request for a URL that begins so meets this fault.
    pub fn fail_always(&self, url_prefix: impl Into<String>, fault: Fault) {
        self.state.always.borrow_mut().push((url_prefix.into(), fault));
    }

    /// Every answer takes so long.
    pub fn set_latency(&self, millis: f64) {
        self.state.latency_millis.set(millis);
    }

    /// All exchanges that began, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Exchange> {
        self.state.log.borrow().clone()
    }

    /// The most exchanges that ran at one time.
    #[must_use]
    pub fn most_running(&self) -> usize {
        self.state.most_running.get()
    }

    /// How many exchanges were dropped or cancelled before their end.
    #[must_use]
    pub fn aborted(&self) -> usize {
        self.state.aborted.get()
    }
}

impl Fetch for MapFetch {
    fn fetch(&self, request: Request) -> LocalBoxFuture<'static, Result<Response, FetchError>> {
        let state = Rc::clone(&self.state);
        async move {
            let mut running = Running::begin(&state);
            let cancel = request.cancel.clone();
            let answer = std::pin::pin!(state.answer(request));
            match select(answer, cancel.cancelled()).await {
                Either::Left((answer, _)) => {
                    running.is_over = true;
                    answer
                }
                Either::Right(_) => Err(FetchError::Cancelled),
            }
        }
        .boxed_local()
    }
}

/// Counts an exchange while it runs.
struct Running {
    state: Rc<State>,
    is_over: bool,
}

impl Running {
    fn begin(state: &Rc<State>) -> Self {
        state.running.set(state.running.get() + 1);
        state.most_running.set(state.most_running.get().max(state.running.get()));
        Self { state: Rc::clone(state), is_over: false }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.running.set(self.state.running.get().saturating_sub(1));
        if !self.is_over {
            self.state.aborted.set(self.state.aborted.get() + 1);
        }
    }
}

impl State {
    fn faults(&self, url: &str) -> Vec<Fault> {
        let always = self.always.borrow();
        let mut faults: Vec<Fault> = always.iter().filter(|(prefix, _)| url.starts_with(prefix)).map(|(_, fault)| *fault).collect();
        faults.extend(self.next.borrow_mut().get_mut(url).and_then(VecDeque::pop_front));
        faults
    }

    async fn answer(&self, request: Request) -> Result<Response, FetchError> {
        let faults = self.faults(&request.url);
        let asked = request.headers.iter().find(|(name, _)| name == "Range").and_then(|(_, value)| parse_range(value));
        let response = self.respond(&request, asked, &faults);
        let (response, sent) = response.map_or_else(|error| (Err(error), None), |(response, sent)| (Ok(response), sent));
        let Request { method, url, headers, max_bytes, .. } = request;
        self.log.borrow_mut().push(Exchange { method, url, headers, sent });
        if faults.contains(&Fault::Stall) {
            self.clock.sleep(30_000.0).await;
            return Err(FetchError::Stalled { seconds: 30 });
        }
        if self.latency_millis.get() > 0.0 {
            self.clock.sleep(self.latency_millis.get()).await;
        }
        match response {
            Ok(response) if response.body.len() as u64 > max_bytes => Err(FetchError::TooLong { max_bytes }),
            response => response,
        }
    }

    fn respond(
        &self,
        request: &Request,
        asked: Option<Range<u64>>,
        faults: &[Fault],
    ) -> Result<(Response, Option<Range<u64>>), FetchError> {
        let empty = |status, headers: Vec<(String, String)>| Ok((Response { status, headers, body: Bytes::new() }, None));
        for fault in faults {
            match *fault {
                Fault::Status(status) => return empty(status, Vec::new()),
                Fault::RetryAfter(status, seconds) => return empty(status, vec![("retry-after".to_owned(), seconds.to_string())]),
                Fault::Network => return Err(FetchError::Network("connection reset".to_owned())),
                Fault::Cors => return Err(FetchError::Cors),
                Fault::NoHead if request.method == Method::Head => return empty(405, Vec::new()),
                _ => {}
            }
        }
        let Some(file) = self.files.borrow().get(&request.url).cloned() else {
            return empty(404, Vec::new());
        };
        let size = file.len() as u64;
        let asked = asked.filter(|_| !faults.contains(&Fault::IgnoreRange));
        let mut headers = Vec::new();
        let (status, mut range) = match asked {
            None => (200, 0..size),
            Some(range) if range.start >= size => (416, 0..0),
            Some(range) => (206, range.start..range.end.min(size)),
        };
        if faults.contains(&Fault::Shift) {
            range = (range.start + 1).min(range.end)..range.end;
        }
        if !faults.contains(&Fault::HideContentRange) && status == 206 {
            headers.push(("content-range".to_owned(), format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))));
        }
        if !faults.contains(&Fault::HideContentRange) && status == 416 {
            headers.push(("content-range".to_owned(), format!("bytes */{size}")));
        }
        if !faults.contains(&Fault::HideContentLength) {
            headers.push(("content-length".to_owned(), (range.end - range.start).to_string()));
        }
        let to_usize = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        let mut body = if request.method == Method::Head { Bytes::new() } else { file.slice(to_usize(range.start)..to_usize(range.end)) };
        for fault in faults {
            if let Fault::Truncate(length) = fault {
                body.truncate(*length);
            }
        }
        let sent = (request.method == Method::Get && !body.is_empty()).then(|| range.start..range.start + body.len() as u64);
        Ok((Response { status, headers, body }, sent))
    }
}

/// Only the form with both ends; all others are a defect of the client.
fn parse_range(value: &str) -> Option<Range<u64>> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    Some(first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?)
}
