//! Bzip2, with a bound on what may come out.

use ::bzip2::bufread::MultiBzDecoder;

use super::{CodecError, inflate};

/// Decodes bzip2 streams (one or more) into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where a stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    inflate::bounded("bzip2", MultiBzDecoder::new(bytes), bytes.len().saturating_mul(4), max_len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"voxel voxel voxel voxel voxel voxel";
    /// `bz2.compress(TEXT, 1)` of Python 3.11.
    const STREAMS: [&[u8]; 1] = [&[
        0x42, 0x5a, 0x68, 0x31, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x3c, 0x2d, 0x31, 0xa6, 0x00, 0x00, 0x0b, 0x91, 0x80, 0x40, 0x00, 0x02,
        0x04, 0x81, 0x40, 0x20, 0x00, 0x30, 0xc0, 0x04, 0x51, 0xa6, 0x9a, 0x94, 0x60, 0xd1, 0x9c, 0x94, 0x7c, 0x5d, 0xc9, 0x14, 0xe1, 0x42,
        0x40, 0xf0, 0xb4, 0xc6, 0x98,
    ]];

    #[test]
    fn reads_what_bzip2_wrote() {
        for bytes in STREAMS {
            assert_eq!(decode(bytes, TEXT.len()).unwrap(), TEXT);
            assert!(matches!(decode(bytes, TEXT.len() - 1), Err(CodecError::WrongSize { expected: 34, .. })));
            assert_eq!(decode(&[bytes, bytes].concat(), 100).unwrap(), [TEXT, TEXT].concat());
        }
    }

    #[test]
    fn says_what_is_damaged() {
        for bytes in STREAMS {
            for len in 0..bytes.len() {
                assert!(matches!(decode(&bytes[..len], TEXT.len()), Err(CodecError::Corrupt { .. })), "{len} bytes of {}", bytes.len());
            }
            let mut changed = bytes.to_vec();
            let at = changed.len() / 2;
            changed[at] ^= 1;
            assert!(matches!(decode(&changed, TEXT.len()), Err(CodecError::Corrupt { .. })));
        }
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            for stream in STREAMS {
                let mut changed = stream.to_vec();
                for (at, with) in &changes {
                    changed[at.index(stream.len())] = *with;
                }
                let begun = [&stream[..12.min(stream.len())], &noise].concat();
                for input in [&changed[..], &begun, &noise] {
                    if let Ok(data) = decode(input, 1000) {
                        prop_assert!(data.len() <= 1000);
                    }
                }
            }
        }
    }
}
