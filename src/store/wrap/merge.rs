//! One flight for many waiters.

use std::cell::RefCell;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, Shared, WeakShared};
use rustc_hash::FxHashMap;

type Flight<T> = LocalBoxFuture<'static, T>;
type Flights<K, T> = Rc<RefCell<FxHashMap<K, WeakShared<Flight<T>>>>>;

/// Requests in flight by what they are for; `T` is the whole answer, errors included. Only the waiters hold a flight: when the last one is gone, it is dropped.
pub(crate) struct Merge<K, T: Clone> {
    flights: Flights<K, T>,
}

impl<K: Clone + Eq + Hash + 'static, T: Clone + 'static> Merge<K, T> {
    pub(crate) fn new() -> Self {
        Self { flights: Rc::default() }
    }

    /// The flight for `key`, started where there is none.
    pub(crate) fn join(&self, key: K, start: impl FnOnce() -> Flight<T>) -> Shared<Flight<T>> {
        let running = self.flights.borrow().get(&key).and_then(WeakShared::upgrade);
        if let Some(flight) = running {
            return flight;
        }
        let landing = Landing { flights: Rc::clone(&self.flights), key: key.clone() };
        let flight = start();
        let flight = async move {
            let result = flight.await;
            drop(landing);
            result
        };
        let flight = flight.boxed_local().shared();
        if let Some(weak) = flight.downgrade() {
            self.flights.borrow_mut().insert(key, weak);
        }
        flight
    }
}

impl<K, T: Clone> fmt::Debug for Merge<K, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Merge({} in flight)", self.flights.borrow().len())
    }
}

/// Takes the flight off the list when it ends or is dropped.
struct Landing<K: Eq + Hash, T: Clone> {
    flights: Flights<K, T>,
    key: K,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        self.flights.borrow_mut().remove(&self.key);
    }
}
