//! Zlib: inflating with a bound on what may come out.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use super::{CodecError, inflate};

/// Inflates a zlib stream (RFC 1950) into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where the stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    inflate::bounded("zlib", ZlibDecoder::new(bytes), bytes.len().saturating_mul(4), max_len)
}

/// Inflates a zlib stream that must fill `output` exactly.
pub(super) fn decode_into(bytes: &[u8], output: &mut [u8]) -> Result<(), String> {
    ZlibDecoder::new(bytes).read_exact(output).map_err(|error| error.to_string())
}

/// Deflates into a zlib stream.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    inflate::read_all(flate2::bufread::ZlibEncoder::new(bytes, flate2::Compression::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_zlib_wrote() {
        // python3 -c 'import zlib; print(zlib.compress(b"voxel voxel voxel", 9).hex())'
        let bytes = [0x78, 0xda, 0x2b, 0xcb, 0xaf, 0x48, 0xcd, 0x51, 0x28, 0x43, 0x90, 0x00, 0x3d, 0x85, 0x06, 0xcb];
        assert_eq!(decode(&bytes, 17).unwrap(), b"voxel voxel voxel");
        assert!(matches!(decode(&bytes, 16), Err(CodecError::WrongSize { expected: 16, .. })));
        for len in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..len], 17), Err(CodecError::Corrupt { .. })), "{len}");
        }
    }
}
