//! The error that crosses every edge: to JavaScript, between page and workers, onto a layer.
//!
//! Modules have typed errors of their own; each becomes a [`ViewerError`] where it leaves the engine or a worker.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What kind of thing went wrong. The names are stable: pages may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// A format, codec, data type or browser feature that is not supported.
    Unsupported,
    /// An option that is unknown or out of range.
    InvalidOptions,
    /// Nothing is at this address.
    NotFound,
    /// The server refuses to show it.
    Forbidden,
    /// The server answers, but does not let other sites read the answer.
    Cors,
    /// The server could not be reached or kept failing.
    Network,
    /// The server stopped answering.
    Timeout,
    /// Metadata that cannot be understood or makes no sense.
    BadMetadata,
    /// A chunk whose bytes are damaged or of the wrong size.
    BadData,
    /// A budget or the machine's memory does not suffice.
    OutOfMemory,
    /// The graphics device was lost.
    DeviceLost,
    /// The browser's storage is full.
    StorageFull,
    /// The browser's storage failed.
    Storage,
    /// The thing cannot be edited here.
    ReadOnly,
    /// The viewer, context or request was disposed or aborted.
    Disposed,
    /// A defect of this program.
    Internal,
}

/// One sentence that says what happened, and one that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ViewerError {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened and why; the URL last.
    pub message: String,
    /// What the user can do about it.
    pub remedy: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Facts for programs: status, URL, key …
    pub detail: BTreeMap<String, String>,
}

impl ViewerError {
    /// An error with a code and a message.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedy: None, retryable: false, detail: BTreeMap::new() }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with_detail(mut self, key: &str, value: impl ToString) -> Self {
        self.detail.insert(key.to_owned(), value.to_string());
        self
    }

    /// Says that the same request may succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}
