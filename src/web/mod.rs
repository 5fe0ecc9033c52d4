//! The browser's edge: all that touches JavaScript lives here, and nothing else does.

#[cfg(feature = "worker")]
pub mod clock;
#[cfg(feature = "worker")]
pub mod fetch;

#[cfg(feature = "worker")]
pub use clock::BrowserClock;
#[cfg(feature = "worker")]
pub use fetch::BrowserFetch;
