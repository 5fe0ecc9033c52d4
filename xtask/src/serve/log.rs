//! The access log: one JSON object per line and request, so that a test can count every byte.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use super::http::{Method, Request, Response};

#[derive(Debug)]
pub(super) struct Log {
    file: Option<Mutex<File>>,
    start: Instant,
}

impl Log {
    /// A log that begins empty; without a path, none is kept.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let file = path.map(|path| File::create(path).with_context(|| format!("cannot write the log {}", path.display()))).transpose()?;
        Ok(Self { file: file.map(Mutex::new), start: Instant::now() })
    }

    /// Writes a request down when its answer has ended. `range` is [start, end) of a 206; `bytes` are of the body; `millis`
    /// since the server started.
    pub(super) fn write(&self, request: &Request, response: &Response, bytes: u64) {
        let Some(file) = &self.file else { return };
        let method = match request.method {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Other => "other",
        };
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let range = response.range.map(|(start, end)| [start, end]);
        let line =
            json!({ "method": method, "path": request.path, "range": range, "status": response.status, "bytes": bytes, "millis": millis });
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not end the connection it tells of.
        let _ = writeln!(file, "{line}");
    }
}
