//! Drives futures by hand: time moves only when everything waits for it.

use std::cell::RefCell;
use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt as _;
use neurolume::runtime::{Cancel, Clock as _, ManualClock, MapFetch};
use neurolume::store::url::Url;
use neurolume::store::wrap::{Retry, RetryPolicy};
use neurolume::store::{HttpClient, ReadOptions, ResourceKind, SizeLimits};

/// Runs a future to its end.
pub(crate) fn drive<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..10_000 {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        if let Some(millis) = clock.next_wake() {
            clock.advance(millis.max(0.0));
        }
    }
    panic!("it hangs");
}

/// Tasks beside each other.
pub(crate) struct Tasks {
    pub(crate) clock: ManualClock,
    pool: LocalPool,
}

/// Where a task leaves its result.
pub(crate) type Done<T> = Rc<RefCell<Option<T>>>;

impl Tasks {
    pub(crate) fn new(clock: &ManualClock) -> Self {
        Self { clock: clock.clone(), pool: LocalPool::new() }
    }

    pub(crate) fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Done<T> {
        let done = Done::default();
        let slot = Rc::clone(&done);
        let task = async move {
            let result = future.await;
            slot.replace(Some(result));
        };
        self.pool.spawner().spawn_local(task).unwrap();
        done
    }

    /// Runs what can run without time passing.
    pub(crate) fn settle(&mut self) {
        self.pool.run_until_stalled();
    }

    /// Lets time pass and runs what it wakes.
    pub(crate) fn pass(&mut self, millis: f64) {
        let end = self.clock.now_millis() + millis;
        self.settle();
        while let Some(wake) = self.clock.next_wake().filter(|wake| self.clock.now_millis() + wake <= end) {
            self.clock.advance(wake.max(0.0));
            self.settle();
        }
        self.clock.advance((end - self.clock.now_millis()).max(0.0));
        self.settle();
    }
}

pub(crate) fn options(kind: ResourceKind) -> ReadOptions {
    ReadOptions { kind, cancel: Cancel::never() }
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(crate) fn client(server: &MapFetch, clock: &ManualClock, policy: RetryPolicy) -> Rc<HttpClient> {
    client_with_limits(server, clock, policy, SizeLimits::default())
}

pub(crate) fn client_with_limits(server: &MapFetch, clock: &ManualClock, policy: RetryPolicy, limits: SizeLimits) -> Rc<HttpClient> {
    let retry = Retry::new(Rc::new(server.clone()), Rc::new(clock.clone()), policy);
    Rc::new(HttpClient::new(retry, None, limits))
}

/// No suffix ranges, no open ranges, no lists: they cost a CORS preflight.
pub(crate) fn assert_only_closed_ranges(server: &MapFetch) {
    for exchange in server.log() {
        for (name, value) in &exchange.headers {
            assert_eq!(name, "Range");
            let (first, last) = value.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            assert!(first.parse::<u64>().unwrap() <= last.parse::<u64>().unwrap(), "{value}");
        }
    }
}

pub(crate) fn temporary_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("neurolume-store-{name}-{}", std::process::id()));
    let _absent = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
