//! Time, as something a test can hold still.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{FutureExt, LocalBoxFuture};

/// Reads time and waits.
pub trait Clock {
    /// Milliseconds since some fixed moment; never goes back.
    fn now_millis(&self) -> f64;

    /// Resolves after this many milliseconds.
    fn sleep(&self, millis: f64) -> LocalBoxFuture<'static, ()>;

    /// A number in `[0, 1)`, for jitter; not for secrets.
    fn random(&self) -> f64;
}

type Sleepers = Rc<RefCell<Vec<(f64, oneshot::Sender<()>)>>>;

/// A clock that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    now: Rc<Cell<f64>>,
    sleepers: Sleepers,
}

impl ManualClock {
    /// Moves time on and wakes the sleepers whose time has come.
    pub fn advance(&self, millis: f64) {
        self.now.set(self.now.get() + millis);
        let now = self.now.get();
        let (due, later): (Vec<_>, Vec<_>) = self.sleepers.take().into_iter().partition(|(at, _)| *at <= now);
        self.sleepers.replace(later);
        for (_, sender) in due {
            // A sleeper that was dropped does not mind.
            let _gone = sender.send(());
        }
    }

    /// When the next sleeper wakes, milliseconds from now.
    #[must_use]
    pub fn next_wake(&self) -> Option<f64> {
        self.sleepers.borrow().iter().map(|(at, _)| at - self.now.get()).min_by(f64::total_cmp)
    }
}

impl Clock for ManualClock {
    fn now_millis(&self) -> f64 {
        self.now.get()
    }

    fn sleep(&self, millis: f64) -> LocalBoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        self.sleepers.borrow_mut().push((self.now.get() + millis, sender));
        receiver.map(|_| ()).boxed_local()
    }

    fn random(&self) -> f64 {
        0.5
    }
}
