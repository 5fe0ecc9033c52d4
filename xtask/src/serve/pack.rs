//! Text and wasm go out as gzip, as from any host: packed once, kept by tag.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::http::Request;

/// Below this, packing saves nothing.
const LEAST_BYTES: u64 = 1024;
const MOST_KEPT: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Packed {
    by_tag: Mutex<HashMap<String, Vec<u8>>>,
}

/// Whether a file of this media type and length is packed for this request. Parts of files are not: a range counts their own bytes.
pub(super) fn is_packed(request: &Request, mime: &str, len: u64) -> bool {
    let type_of_text = mime.starts_with("text/") || matches!(mime, "application/json" | "application/wasm" | "image/svg+xml");
    let asked = request.header("Accept-Encoding").is_some_and(|list| list.split(',').any(|one| one.trim().starts_with("gzip")));
    type_of_text && asked && len >= LEAST_BYTES && request.header("Range").is_none()
}

impl Packed {
    /// The bytes of a file as gzip.
    pub(super) fn of(&self, mut file: &File, tag: &str) -> io::Result<Vec<u8>> {
        let kept = |packed: &Self| packed.by_tag.lock().unwrap_or_else(PoisonError::into_inner).get(tag).cloned();
        if let Some(bytes) = kept(self) {
            return Ok(bytes);
        }
        let mut plain = Vec::new();
        file.read_to_end(&mut plain)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        let bytes = encoder.finish()?;
        let mut by_tag = self.by_tag.lock().unwrap_or_else(PoisonError::into_inner);
        if by_tag.len() >= MOST_KEPT {
            by_tag.clear();
        }
        by_tag.insert(tag.to_owned(), bytes.clone());
        Ok(bytes)
    }
}
