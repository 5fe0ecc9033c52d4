//! One authorised, retried HTTP exchange.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use crate::runtime::{Cancel, FetchError, Method, Request, Response};
use crate::store::url::{Scheme, Url};
use crate::store::wrap::{ByteLru, Retry, or_cancelled};
use crate::store::{Authorise, LocalFile, RequestPatch, ResourceKind, SizeLimits, StoreError, Traffic};

/// What HTTP stores share: the way out, who authorises, and the limits.
pub struct HttpClient {
    retry: Retry,
    authorise: Option<Rc<dyn Authorise>>,
    pub(in crate::store) limits: SizeLimits,
    /// What was answered for each address and kind, so that the page is asked once per resource.
    patches: RefCell<ByteLru<(String, ResourceKind), RequestPatch>>,
    traffic: Cell<Traffic>,
}

/// How many bytes of addresses and patches are remembered.
const PATCH_BYTES: usize = 1 << 20;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) range: Option<Range<u64>>,
    pub(super) kind: ResourceKind,
    pub(super) max_bytes: u64,
    pub(super) cancel: &'a Cancel,
}

impl HttpClient {
    /// A client that goes out through `retry`.
    #[must_use]
    pub fn new(retry: Retry, authorise: Option<Rc<dyn Authorise>>, limits: SizeLimits) -> Self {
        Self { retry, authorise, limits, patches: RefCell::new(ByteLru::new(PATCH_BYTES)), traffic: Cell::default() }
    }

    /// What has gone over the network so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic.get()
    }

    /// The answer, of any status, and the number of attempts. After a refusal (401, 403) the authoriser is asked
    /// once more.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<(Response, u32), StoreError> {
        let address = ask.url.request_url()?;
        let patch = self.patch(&address, &ask, false).await?;
        let (response, attempts) = self.exchange(&address, patch.clone(), &ask).await?;
        if matches!(response.status, 401 | 403) && self.authorise.is_some() {
            let renewed = self.patch(&address, &ask, true).await?;
            if renewed != patch {
                let (response, more) = self.exchange(&address, renewed, &ask).await?;
                return Ok((response, attempts + more));
            }
        }
        Ok((response, attempts))
    }

    async fn patch(&self, address: &str, ask: &Ask<'_>, again: bool) -> Result<RequestPatch, StoreError> {
        let Some(authorise) = &self.authorise else {
            return Ok(RequestPatch::default());
        };
        // The same address may be asked for with other credentials.
        let place = (format!("{} {address}", ask.url.credentials().unwrap_or_default()), ask.kind);
        let known = if again { None } else { self.patches.borrow_mut().get(&place) };
        if let Some(patch) = known {
            return Ok(patch);
        }
        let patch = or_cancelled(ask.cancel, authorise.patch(address, ask.url.credentials(), ask.kind, again)).await?;
        let texts = patch.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let cost = 128 + 2 * address.len() + patch.url.as_ref().map_or(0, String::len) + texts;
        self.patches.borrow_mut().insert(place, patch.clone(), cost);
        Ok(patch)
    }

    async fn exchange(&self, address: &str, patch: RequestPatch, ask: &Ask<'_>) -> Result<(Response, u32), StoreError> {
        let url = match (patch.local, patch.url) {
            (Some(LocalFile::Absent), _) => return Ok((head(404, 0, 0), 1)),
            (Some(LocalFile::Blob { size, modified_millis, .. }), _) if ask.method == Method::Head => {
                return Ok((head(200, size, modified_millis), 1));
            }
            (Some(LocalFile::Blob { url, .. }), _) => url,
            (None, Some(url)) if !matches!(Url::parse(&url)?.scheme(), Scheme::Http | Scheme::Https) => {
                return Err(StoreError::BadUrl { reason: "transformRequest gave an address that is not http".to_owned(), url });
            }
            // As given: to write a signed address anew would break its signature.
            (None, Some(url)) => url,
            (None, None) => address.to_owned(),
        };
        let mut headers = patch.headers;
        if let Some(range) = &ask.range {
            // Always both ends: a suffix range is not on the CORS safelist and would cost a preflight, which many buckets refuse.
            headers.push(("Range".to_owned(), format!("bytes={}-{}", range.start, range.end.saturating_sub(1))));
        }
        let request = Request {
            method: ask.method,
            url,
            headers,
            with_credentials: patch.with_credentials,
            max_bytes: ask.max_bytes,
            cancel: ask.cancel.clone(),
        };
        let (result, attempts) = self.retry.attempt(request).await;
        let Traffic { requests, bytes } = self.traffic.get();
        let body = result.as_ref().map_or(0, |response| response.body.len() as u64);
        self.traffic.set(Traffic { requests: requests + u64::from(attempts), bytes: bytes + body });
        let response = result.map_err(|error| {
            let url = ask.url.describe();
            match error {
                FetchError::Cancelled => StoreError::Cancelled,
                FetchError::Network(cause) => StoreError::Network { cause, url },
                FetchError::Cors => StoreError::Cors { url },
                FetchError::TooLong { max_bytes } => StoreError::TooLong { max_bytes, url },
                FetchError::Stalled { seconds } => StoreError::Stalled { seconds, url },
            }
        })?;
        Ok((response, attempts))
    }
}

/// The answer for a file of this length that was changed then, or for none, without a body.
fn head(status: u16, size: u64, modified_millis: u64) -> Response {
    let headers = vec![("content-length".to_owned(), size.to_string()), ("last-modified".to_owned(), modified_millis.to_string())];
    Response { status, headers, body: bytes::Bytes::new() }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HttpClient").field("retry", &self.retry).field("limits", &self.limits).finish_non_exhaustive()
    }
}
