//! Deflate without a wrapper (RFC 1951), and the checksum that archives keep beside it.

use flate2::bufread::DeflateDecoder;

use super::{CodecError, inflate};

/// Inflates a stream into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where the stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    inflate::bounded("deflate", DeflateDecoder::new(bytes), max_len.min(bytes.len().saturating_mul(64)), max_len)
}

/// Deflates.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    inflate::read_all(flate2::bufread::DeflateEncoder::new(bytes, flate2::Compression::default()))
}

/// Deflates as fast as may be: what repeats itself, as labels do, becomes far smaller.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode_fast(bytes: &[u8]) -> Vec<u8> {
    inflate::read_all(flate2::bufread::DeflateEncoder::new(bytes, flate2::Compression::fast()))
}

/// The CRC-32 of ISO 3309, as in gzip and ZIP.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_checksum_is_the_known_one() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn comes_back_and_never_panics(data in prop::collection::vec(0_u8..4, 0..2000), cut in any::<prop::sample::Index>(), flip in any::<u8>()) {
            let packed = deflate(&data);
            prop_assert_eq!(&decode(&packed, data.len()).unwrap(), &data);
            prop_assert_eq!(&decode(&encode_fast(&data), data.len()).unwrap(), &data);
            if let Some(less) = data.len().checked_sub(1) {
                prop_assert!(decode(&packed, less).is_err());
            }
            let at = cut.index(packed.len());
            prop_assert!(decode(&packed[..at], data.len()).is_err());
            let mut damaged = packed;
            damaged[at] ^= flip;
            if let Ok(out) = decode(&damaged, data.len()) {
                prop_assert!(out.len() <= data.len());
            }
        }
    }
}
