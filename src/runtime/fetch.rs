//! One HTTP exchange, without saying who makes it.

use bytes::Bytes;
use futures::future::LocalBoxFuture;

use super::Cancel;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The body.
    Get,
    /// Only the head.
    Head,
}

/// One HTTP request.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET or HEAD.
    pub method: Method,
    /// An absolute URL.
    pub url: String,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    /// Whether cookies go along (`credentials: "include"`).
    pub with_credentials: bool,
    /// The most bytes that may come back; more is [`FetchError::TooLong`].
    pub max_bytes: u64,
    /// Aborts the exchange.
    pub cancel: Cancel,
}

/// One HTTP answer, of any status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Lower-case header names and their values, as far as the page may read them.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An exchange that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The caller gave up.
    #[error("the request was cancelled")]
    Cancelled,
    /// No answer: unreachable, refused by CORS, or cut off. A browser does not tell which.
    #[error("no answer: {0}")]
    Network(String),
    /// The server answers, but its CORS rules keep this page from reading the answer.
    #[error("the server does not allow this page to read its files")]
    Cors,
    /// The body is longer than the request allows.
    #[error("the answer is longer than {max_bytes} bytes")]
    TooLong {
        /// The limit.
        max_bytes: u64,
    },
    /// Nothing came for too long.
    #[error("no data came for {seconds} s")]
    Stalled {
        /// How long nothing came.
        seconds: u32,
    },
}

/// Makes HTTP exchanges.
pub trait Fetch {
    /// Makes one exchange. Retries, limits and merging are not its business; stalls are.
    fn fetch(&self, request: Request) -> LocalBoxFuture<'static, Result<Response, FetchError>>;
}
