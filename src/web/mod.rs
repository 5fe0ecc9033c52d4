//! The browser's edge: all that touches JavaScript lives here, and nothing else does.

#[cfg(feature = "worker")]
pub mod authorise;
#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "worker")]
pub mod clock;
#[cfg(feature = "page")]
pub mod content;
pub mod convert;
#[cfg(feature = "worker")]
pub mod fetch;
#[cfg(feature = "page")]
pub mod page_context;
#[cfg(feature = "page")]
pub mod page_view;
#[cfg(feature = "page")]
pub mod pool;
#[cfg(all(feature = "worker", feature = "levels"))]
pub mod scratch;
#[cfg(feature = "page")]
pub mod surface;
#[cfg(feature = "page")]
pub mod view_state;
#[cfg(feature = "page")]
pub mod voxel_block;
#[cfg(feature = "worker")]
pub mod worker;

#[cfg(feature = "worker")]
pub use clock::BrowserClock;
#[cfg(feature = "worker")]
pub use fetch::BrowserFetch;
