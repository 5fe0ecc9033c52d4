//! What the rest needs of its surroundings, as traits: fetching, time, cancelling. Test doubles for each.
//!
//! Everything here is single-threaded: the engine lives on the page's thread and each worker has its own copy.

mod cancel;
mod clock;
mod fetch;
#[cfg(not(target_arch = "wasm32"))]
mod map_fetch;

pub use cancel::{Cancel, CancelSource};
pub use clock::{Clock, ManualClock};
pub use fetch::{Fetch, FetchError, Method, Request, Response};
#[cfg(not(target_arch = "wasm32"))]
pub use map_fetch::{Exchange, Fault, MapFetch};
