//! What can go wrong when bytes are fetched.

use crate::error::{ErrorCode, ViewerError};

/// A read that gave neither bytes nor absence. URLs come last in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each variant is its documentation, and its fields are the values in it")]
pub enum StoreError {
    #[error("the request was cancelled")]
    Cancelled,
    #[error("the server could not be reached ({cause}): {url}")]
    Network { cause: String, url: String },
    #[error("the server answers, but its CORS rules do not let this page read the answer: {url}")]
    Cors { url: String },
    #[error("the server sent nothing for {seconds} s: {url}")]
    Stalled { seconds: u32, url: String },
    #[error("the server refuses access (status {status}): {url}")]
    Forbidden { status: u16, url: String },
    #[error("the server keeps failing (status {status}, after {attempts} attempts): {url}")]
    Server { status: u16, attempts: u32, url: String },
    #[error("the server answers with status {status}: {url}")]
    Status { status: u16, url: String },
    #[error("the server ignores range requests, and the file is longer than {max_bytes} bytes: {url}")]
    RangeIgnored { max_bytes: u64, url: String },
    #[error("bytes {start} to {end} lie outside the file of {size} bytes: {url}")]
    RangeOutside { start: u64, end: u64, size: u64, url: String },
    #[error("the answer holds {got} bytes instead of {expected}: {url}")]
    WrongLength { got: u64, expected: u64, url: String },
    #[error("the file is longer than {max_bytes} bytes: {url}")]
    TooLong { max_bytes: u64, url: String },
    #[error("the server does not tell the length of a file: {url}")]
    NoLength { url: String },
    #[error("the address cannot be understood ({reason}): {url}")]
    BadUrl { reason: String, url: String },
    #[error("the ZIP archive cannot be read: {reason}: {url}")]
    BadArchive { reason: String, url: String },
    #[error("the browser's storage cannot be used ({cause})")]
    Scratch { cause: String },
    #[error("the browser's storage has no room for {bytes} more bytes")]
    Quota { bytes: u64 },
    #[error("{need} bytes are needed on disk, where limits.diskBytes allows {budget}, of which {held} are in use")]
    ScratchFull { need: u64, budget: u64, held: u64 },
    #[error("{0}")]
    Page(Box<ViewerError>),
    #[error("the page's transformRequest failed ({cause}): {url}")]
    Hook { cause: String, url: String },
}

impl StoreError {
    /// The address that it is about.
    fn url(&self) -> Option<&str> {
        match self {
            Self::Cancelled | Self::Page(_) | Self::Scratch { .. } | Self::Quota { .. } | Self::ScratchFull { .. } => None,
            Self::Network { url, .. }
            | Self::Cors { url }
            | Self::Stalled { url, .. }
            | Self::Forbidden { url, .. }
            | Self::Server { url, .. }
            | Self::Status { url, .. }
            | Self::BadArchive { url, .. }
            | Self::RangeIgnored { url, .. }
            | Self::RangeOutside { url, .. }
            | Self::WrongLength { url, .. }
            | Self::TooLong { url, .. }
            | Self::NoLength { url }
            | Self::BadUrl { url, .. }
            | Self::Hook { url, .. } => Some(url),
        }
    }
}

impl From<StoreError> for ViewerError {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        let (code, remedy, retryable) = match &error {
            E::Page(said) => return (**said).clone(),
            E::Cancelled => (ErrorCode::Disposed, None, true),
            E::Network { .. } => (ErrorCode::Network, Some("Check the address and the network connection, then try again."), true),
            E::Cors { .. } => (
                ErrorCode::Cors,
                Some(
                    "Allow this page's origin, the methods GET and HEAD, and the header Range in the CORS configuration of the bucket or server.",
                ),
                false,
            ),
            E::Stalled { .. } => (ErrorCode::Timeout, Some("Try again later, or ask who runs the server."), true),
            E::Forbidden { .. } => (ErrorCode::Forbidden, Some("Make the data public, or give credentials that may read it."), false),
            E::Server { .. } => (ErrorCode::Network, Some("Try again later, or ask who runs the server."), true),
            E::Status { .. } => (ErrorCode::Network, Some("Check the address."), false),
            E::RangeIgnored { .. } | E::NoLength { .. } => {
                (ErrorCode::Unsupported, Some("Serve the files from a host that supports HTTP range requests."), false)
            }
            E::BadArchive { .. } => (ErrorCode::BadData, Some("Pack the archive again, with its files stored or deflated."), false),
            E::RangeOutside { .. } | E::WrongLength { .. } => {
                (ErrorCode::BadData, Some("The file or its index is damaged: write the dataset again."), false)
            }
            E::TooLong { .. } => (ErrorCode::BadData, Some("Check that the address leads to a volume and not to some other file."), false),
            E::BadUrl { .. } => {
                (ErrorCode::InvalidOptions, Some("Give an address such as https://host/path, gs://bucket/path or s3://bucket/path."), false)
            }
            E::Scratch { .. } => (ErrorCode::Storage, Some("Leave the browser's private mode, or allow this page to store data."), true),
            E::Quota { .. } => {
                (ErrorCode::StorageFull, Some("Free space on the disk, or clear what this browser stores for other pages."), true)
            }
            E::ScratchFull { .. } => {
                (ErrorCode::StorageFull, Some("Allow more with limits.diskBytes, or close other volumes and clear the cache."), true)
            }
            E::Hook { .. } => (ErrorCode::InvalidOptions, Some("Mend the function that the page gave as transformRequest."), true),
        };
        let mut viewer_error = Self::new(code, error.to_string());
        if let Some(url) = error.url() {
            viewer_error = viewer_error.with_detail("url", url);
        }
        viewer_error.remedy = remedy.map(str::to_owned);
        viewer_error.retryable = retryable;
        viewer_error
    }
}
