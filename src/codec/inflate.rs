//! Inflating with a bound on what may come out, and deflating, whatever the stream is wrapped in.

use std::io::Read;

use super::CodecError;

/// Reads a decoder to its end, which must come after at most `max_len` bytes. `hint` is how many may be expected; it bounds nothing.
pub(super) fn bounded(codec: &'static str, decoder: impl Read, hint: usize, max_len: usize) -> Result<Vec<u8>, CodecError> {
    let mut data = Vec::with_capacity(hint.min(max_len));
    decoder
        // One byte beyond the limit tells that there is more.
        .take((max_len as u64).saturating_add(1))
        .read_to_end(&mut data)
        .map_err(|error| CodecError::Corrupt { codec, reason: error.to_string() })?;
    if data.len() > max_len {
        return Err(CodecError::WrongSize { codec, got: data.len() as u64, expected: max_len as u64 });
    }
    Ok(data)
}

/// Everything that an encoder of bytes in memory gives.
#[cfg(feature = "encode")]
pub(super) fn read_all(mut encoder: impl Read) -> Vec<u8> {
    let mut data = Vec::new();
    // Neither reading nor writing memory can fail.
    let _infallible = encoder.read_to_end(&mut data);
    data
}
