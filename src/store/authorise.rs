//! How a page changes requests before they are made: signed URLs, tokens, cookies.

use futures::future::{FutureExt, LocalBoxFuture, ready};
use serde::{Deserialize, Serialize};

use super::{ResourceKind, StoreError};

/// What is changed about one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestPatch {
    /// Another address.
    pub url: Option<String>,
    /// More headers, in order.
    pub headers: Vec<(String, String)>,
    /// Whether cookies go along.
    pub with_credentials: bool,
}

/// Decides about requests before they are made.
pub trait Authorise {
    /// What to change about a request for this `http(s)` address. Asked once per address and kind, and `again` after the server refused the request
    /// (401, 403): a token may have expired.
    fn patch<'a>(&'a self, url: &'a str, kind: ResourceKind, again: bool) -> LocalBoxFuture<'a, Result<RequestPatch, StoreError>>;
}

/// One patch for all addresses that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRule {
    /// Which addresses it is for.
    pub url_prefix: String,
    /// Which kind of resource it is for; all where it is `None`.
    pub kind: Option<ResourceKind>,
    /// What changes; `url` replaces the prefix.
    pub patch: RequestPatch,
}

/// Rules that a page worked out beforehand; the longest matching prefix counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRules(pub Vec<RequestRule>);

impl RequestRules {
    /// The patch for one address; `None` where no rule matches.
    #[must_use]
    pub fn find(&self, url: &str, kind: ResourceKind) -> Option<RequestPatch> {
        let matching = self.0.iter().filter(|rule| url.starts_with(&rule.url_prefix) && rule.kind.is_none_or(|of| of == kind));
        let rule = matching.max_by_key(|rule| (rule.url_prefix.len(), rule.kind.is_some()))?;
        let rest = url.get(rule.url_prefix.len()..)?;
        Some(RequestPatch { url: rule.patch.url.as_ref().map(|prefix| format!("{prefix}{rest}")), ..rule.patch.clone() })
    }
}

impl Authorise for RequestRules {
    fn patch<'a>(&'a self, url: &'a str, kind: ResourceKind, _again: bool) -> LocalBoxFuture<'a, Result<RequestPatch, StoreError>> {
        ready(Ok(self.find(url, kind).unwrap_or_default())).boxed_local()
    }
}
