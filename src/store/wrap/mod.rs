//! Wrappers around stores and fetchers. Each does one thing and passes the rest through.
//!
//! What waits here is dropped to be cancelled: a request whose last waiter is gone is dropped, and dropping it aborts the exchange.

mod cache;
mod coalesce;
mod dedup;
mod limit;
mod lru;
mod merge;
mod retry;
mod spans;

pub use cache::{CacheSpace, Cached};
pub use coalesce::{CoalescePolicy, Coalesced};
pub use dedup::Deduplicated;
pub use limit::Limited;
pub(super) use lru::ByteLru;
pub(super) use merge::Merge;
pub(super) use retry::is_transient;
pub use retry::{Attempted, Retry, RetryPolicy};
pub use spans::SpanCache;

use futures::future::{Either, select};

use super::StoreError;
use crate::runtime::Cancel;

/// Gives up waiting when cancelled.
pub(super) async fn or_cancelled<T>(cancel: &Cancel, future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    if cancel.is_cancelled() {
        return Err(StoreError::Cancelled);
    }
    match select(std::pin::pin!(future), cancel.cancelled()).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(StoreError::Cancelled),
    }
}
