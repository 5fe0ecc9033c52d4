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
pub(crate) use lru::ByteLru;
pub(crate) use merge::Merge;
pub(super) use retry::is_transient;
pub use retry::{Attempted, Retry, RetryPolicy};
pub use spans::SpanCache;

use futures::future::{Either, select};

use super::StoreError;
use crate::runtime::Cancel;

/// Gives up waiting when cancelled.
pub(crate) async fn or_cancelled<T, E: From<StoreError>>(cancel: &Cancel, future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    if cancel.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    // Cancelling goes first: what has just come for one who gave up must not lead to another request.
    match select(cancel.cancelled(), std::pin::pin!(future)).await {
        Either::Left(_) => Err(StoreError::Cancelled.into()),
        Either::Right((result, _)) => result,
    }
}
