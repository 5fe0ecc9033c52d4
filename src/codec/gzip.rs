//! Gzip: inflating with a bound on what may come out.

use flate2::bufread::MultiGzDecoder;

use super::{CodecError, inflate};

/// The first three bytes of every gzip stream: its magic number and the one method there is, deflate.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Whether these bytes begin like a gzip stream.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Inflates a gzip stream (RFC 1952, of one or more members) into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where the stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    // The last four bytes hold the length of the last member: a hint that costs nothing where it lies, for it is bounded.
    let hint = bytes.last_chunk::<4>().map_or(0, |tail| u32::from_le_bytes(*tail) as usize);
    inflate::bounded("gzip", MultiGzDecoder::new(bytes), hint.min(bytes.len().saturating_mul(64)), max_len)
}

/// Deflates into one gzip member without a time or a name: the same bytes give the same stream.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    inflate::read_all(flate2::bufread::GzEncoder::new(bytes, flate2::Compression::default()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_what_gzip_wrote() {
        // printf 'voxel voxel voxel' | gzip -n9
        let bytes = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0xcb, 0xaf, 0x48, 0xcd, 0x51, 0x28, 0x43, 0x90, 0x00, 0xf2,
            0x7f, 0x1d, 0x4d, 0x11, 0x00, 0x00, 0x00,
        ];
        assert!(is_gzip(&bytes));
        assert_eq!(decode(&bytes, 17).unwrap(), b"voxel voxel voxel");
        assert!(matches!(decode(&bytes, 16), Err(CodecError::WrongSize { expected: 16, .. })));
        assert_eq!(decode(&[bytes, bytes].concat(), 34).unwrap().len(), 34);
    }

    #[test]
    fn says_what_is_damaged() {
        let bytes = gzip(&[7; 1000]);
        for len in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..len], 1000), Err(CodecError::Corrupt { .. })), "{len}");
        }
        let mut wrong_checksum = bytes.clone();
        let at = wrong_checksum.len() - 6;
        wrong_checksum[at] ^= 1;
        assert!(matches!(decode(&wrong_checksum, 1000), Err(CodecError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..60, with in any::<u8>()) {
            _ = decode(&bytes, 1000);
            _ = decode(&[&MAGIC[..], &bytes].concat(), 1000);
            let mut valid = gzip(&bytes);
            if let Some(byte) = valid.get_mut(at) {
                *byte = with;
            }
            if let Ok(data) = decode(&valid, 1000) {
                prop_assert!(data.len() <= 1000);
            }
        }
    }
}
