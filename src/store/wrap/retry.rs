//! Tries again what may succeed later.

use std::rc::Rc;

use futures::future::{Either, FutureExt, LocalBoxFuture, select};

use crate::runtime::{Clock, Fetch, FetchError, Request, Response};
use crate::store::policy::{PolicyError, check};

/// How often and how soon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_millis: f64,
    max_millis: f64,
    max_retry_after_millis: f64,
}

impl RetryPolicy {
    /// At most `max_attempts` in all. The wait doubles from `base_millis` up to `max_millis` and is jittered by up to a half; a server's
    /// `Retry-After` lengthens it, and ends the trying where it is beyond `max_retry_after_millis`.
    ///
    /// # Errors
    /// No attempts, or waits that are negative, not finite or shrink.
    pub fn new(max_attempts: u32, base_millis: f64, max_millis: f64, max_retry_after_millis: f64) -> Result<Self, PolicyError> {
        check(max_attempts > 0, "the number of attempts", "at least 1")?;
        check((0.0..f64::INFINITY).contains(&base_millis), "the first wait", "finite and not negative")?;
        check((base_millis..f64::INFINITY).contains(&max_millis), "the longest wait", "finite and not under the first")?;
        check((0.0..f64::INFINITY).contains(&max_retry_after_millis), "the longest Retry-After", "finite and not negative")?;
        Ok(Self { max_attempts, base_millis, max_millis, max_retry_after_millis })
    }

    /// One attempt only.
    #[must_use]
    pub fn once() -> Self {
        Self { max_attempts: 1, base_millis: 0.0, max_millis: 0.0, max_retry_after_millis: 0.0 }
    }

    /// How long to wait after so many attempts; `None` to give up.
    fn wait_millis(&self, attempts: u32, result: &Result<Response, FetchError>, random: f64) -> Option<f64> {
        let may_succeed = match result {
            Ok(response) => is_transient(response.status),
            Err(FetchError::Network(_)) => true,
            // A stall has cost its full time already, and the rest will not change.
            Err(FetchError::Stalled { .. } | FetchError::Cancelled | FetchError::Cors | FetchError::TooLong { .. }) => false,
        };
        if !may_succeed || attempts >= self.max_attempts {
            return None;
        }
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let backoff = (self.base_millis * 2.0_f64.powi(exponent)).min(self.max_millis) * (1.0 - 0.5 * random);
        // Only seconds: the other form, a date, would need the server's clock.
        let retry_after = result.as_ref().ok().and_then(|response| response.header("retry-after"));
        let retry_after = retry_after.and_then(|value| value.trim().parse::<u32>().ok()).map_or(0.0, |seconds| f64::from(seconds) * 1000.0);
        (retry_after <= self.max_retry_after_millis).then_some(backoff.max(retry_after))
    }
}

impl Default for RetryPolicy {
    /// Five attempts over about eight seconds; a `Retry-After` of up to a minute is heeded.
    fn default() -> Self {
        Self { max_attempts: 5, base_millis: 500.0, max_millis: 8_000.0, max_retry_after_millis: 60_000.0 }
    }
}

/// Whether an answer of this status may be another one later.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// A fetcher that tries again.
pub struct Retry {
    inner: Rc<dyn Fetch>,
    clock: Rc<dyn Clock>,
    policy: RetryPolicy,
}

/// What came of an exchange, and after how many attempts.
pub type Attempted = (Result<Response, FetchError>, u32);

impl Retry {
    /// Wraps a fetcher.
    #[must_use]
    pub fn new(inner: Rc<dyn Fetch>, clock: Rc<dyn Clock>, policy: RetryPolicy) -> Self {
        Self { inner, clock, policy }
    }

    /// Makes an exchange and tells how many attempts it took.
    pub fn attempt(&self, request: Request) -> LocalBoxFuture<'static, Attempted> {
        let (inner, clock, policy) = (Rc::clone(&self.inner), Rc::clone(&self.clock), self.policy);
        async move {
            let mut attempts = 0;
            loop {
                if request.cancel.is_cancelled() {
                    return (Err(FetchError::Cancelled), attempts);
                }
                let result = inner.fetch(request.clone()).await;
                attempts += 1;
                let Some(wait) = policy.wait_millis(attempts, &result, clock.random()) else {
                    return (result, attempts);
                };
                if let Either::Right(_) = select(clock.sleep(wait), request.cancel.cancelled()).await {
                    return (Err(FetchError::Cancelled), attempts);
                }
            }
        }
        .boxed_local()
    }
}

impl std::fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Retry").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Fetch for Retry {
    fn fetch(&self, request: Request) -> LocalBoxFuture<'static, Result<Response, FetchError>> {
        self.attempt(request).map(|(result, _)| result).boxed_local()
    }
}
