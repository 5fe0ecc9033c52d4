//! The decoders as JavaScript calls them to measure them (feature `bench`); no part of the package.

use wasm_bindgen::prelude::*;

/// Decodes a chunk that holds `len` bytes.
///
/// # Errors
/// What is wrong with the bytes, as text.
#[wasm_bindgen]
pub fn decode(codec: &str, bytes: &[u8], len: usize) -> Result<Vec<u8>, JsError> {
    Ok(crate::codec::bench::decode(codec, bytes, len)?)
}
