//! Cancelling: one owner, any number of listeners.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    wakers: Vec<Waker>,
}

/// The side that cancels.
#[derive(Debug, Default)]
pub struct CancelSource {
    state: Rc<RefCell<State>>,
}

impl CancelSource {
    /// A source that has not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A listener.
    #[must_use]
    pub fn token(&self) -> Cancel {
        Cancel { state: Some(Rc::clone(&self.state)) }
    }

    /// Cancels, once and for all, and wakes who waits.
    pub fn cancel(&self) {
        let wakers = {
            let mut state = self.state.borrow_mut();
            state.cancelled = true;
            std::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The side that listens. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    state: Option<Rc<RefCell<State>>>,
}

impl Cancel {
    /// A listener that is never cancelled.
    #[must_use]
    pub fn never() -> Self {
        Self { state: None }
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.borrow().cancelled)
    }

    /// Resolves when it happens; pends forever where it never does.
    #[must_use]
    pub fn cancelled(&self) -> Cancelled {
        Cancelled { cancel: self.clone() }
    }
}

/// See [`Cancel::cancelled`].
#[derive(Debug)]
pub struct Cancelled {
    cancel: Cancel,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(state) = &self.cancel.state else {
            return Poll::Pending;
        };
        let mut state = state.borrow_mut();
        if state.cancelled {
            return Poll::Ready(());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}
