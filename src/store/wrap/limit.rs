//! Keeps the number of exchanges at one time under a limit; first come, first served.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, FutureExt, LocalBoxFuture, select};

use crate::runtime::{Fetch, FetchError, Request, Response};
use crate::store::policy::{PolicyError, check};

/// A fetcher that makes at most so many exchanges at one time. Those that wait are served in the order in which they were made.
pub struct Limited {
    inner: Rc<dyn Fetch>,
    gate: Rc<RefCell<Gate>>,
}

#[derive(Debug)]
struct Gate {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// The right to one exchange; passed on when dropped.
#[derive(Debug)]
struct Permit {
    gate: Option<Rc<RefCell<Gate>>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(gate) = self.gate.take() else { return };
        loop {
            let next = gate.borrow_mut().waiting.pop_front();
            let Some(next) = next else {
                gate.borrow_mut().free += 1;
                return;
            };
            match next.send(Permit { gate: Some(Rc::clone(&gate)) }) {
                Ok(()) => return,
                // That one has given up: disarm, so that a queue of the dead is walked and not recursed into.
                Err(mut permit) => permit.gate = None,
            }
        }
    }
}

impl Limited {
    /// Wraps a fetcher.
    ///
    /// # Errors
    /// A limit of zero.
    pub fn new(inner: Rc<dyn Fetch>, max_concurrent: usize) -> Result<Self, PolicyError> {
        check(max_concurrent > 0, "the number of concurrent requests", "at least 1")?;
        Ok(Self { inner, gate: Rc::new(RefCell::new(Gate { free: max_concurrent, waiting: VecDeque::new() })) })
    }

    fn permit(&self) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        let mut gate = self.gate.borrow_mut();
        if gate.free > 0 {
            gate.free -= 1;
            // The receiver is still here: it cannot fail.
            let _sent = sender.send(Permit { gate: Some(Rc::clone(&self.gate)) });
        } else {
            gate.waiting.push_back(sender);
        }
        receiver
    }
}

impl std::fmt::Debug for Limited {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Limited").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Fetch for Limited {
    fn fetch(&self, request: Request) -> LocalBoxFuture<'static, Result<Response, FetchError>> {
        let (permit, inner) = (self.permit(), Rc::clone(&self.inner));
        async move {
            let permit = match select(permit, request.cancel.cancelled()).await {
                Either::Left((permit, _)) => permit.map_err(|_| FetchError::Cancelled)?,
                Either::Right(_) => return Err(FetchError::Cancelled),
            };
            let result = inner.fetch(request).await;
            drop(permit);
            result
        }
        .boxed_local()
    }
}
