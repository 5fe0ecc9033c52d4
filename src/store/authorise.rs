//! How a page changes requests before they are made: signed URLs, tokens, cookies.

use futures::future::LocalBoxFuture;
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
    /// Where the address is that of a file chosen in the page (`local:`): what it is.
    pub local: Option<LocalFile>,
}

/// What there is at a `local:` address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LocalFile {
    /// Nothing.
    Absent,
    /// A file, to be had at a `blob:` address, which knows GET alone.
    Blob {
        /// The address.
        url: String,
        /// Its length, bytes.
        size: u64,
        /// When it was changed, milliseconds since 1970.
        modified_millis: u64,
    },
}

/// Decides about requests before they are made.
pub trait Authorise {
    /// What to change about a request for this `http(s)` or `local` address. Asked once per address and kind, and `again` after the server refused the request
    /// (401, 403): a token may have expired. `credentials`: the number under which the page keeps what the address is to be signed with.
    fn patch<'a>(
        &'a self,
        url: &'a str,
        credentials: Option<u32>,
        kind: ResourceKind,
        again: bool,
    ) -> LocalBoxFuture<'a, Result<RequestPatch, StoreError>>;
}
