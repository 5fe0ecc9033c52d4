//! The .xz container (LZMA2), with a bound on what may come out.

use lzma_rust2::XzReader;

use super::{CodecError, inflate};

/// Decodes .xz streams (one or more) into at most `max_len` bytes. The dictionary takes memory as it fills, whatever size is stated.
///
/// # Errors
/// [`CodecError::Corrupt`] where a stream is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    inflate::bounded("xz", XzReader::new(bytes, true), bytes.len().saturating_mul(4), max_len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"voxel voxel voxel voxel voxel voxel";
    /// `lzma.compress(TEXT, preset=6)` and `lzma.compress(TEXT, preset=9, check=lzma.CHECK_CRC32)` of Python 3.11: of 64 MiB of dictionary.
    const STREAMS: [&[u8]; 2] = [
        &[
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74,
            0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0x22, 0x00, 0x0d, 0x5d, 0x00, 0x3b, 0x1b, 0xcb, 0x76, 0xe1, 0xfc, 0xaf, 0x4f, 0x14, 0x7a, 0x3c,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xd5, 0x26, 0xf5, 0x57, 0xfd, 0x6f, 0x2b, 0x45, 0x00, 0x01, 0x29, 0x23, 0xb2, 0x5b, 0xa7,
            0xc6, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
        ],
        &[
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x1c, 0x00, 0x00, 0x00, 0x10,
            0xcf, 0x58, 0xcc, 0xe0, 0x00, 0x22, 0x00, 0x0d, 0x5d, 0x00, 0x3b, 0x1b, 0xcb, 0x76, 0xe1, 0xfc, 0xaf, 0x4f, 0x14, 0x7a, 0x3c,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x68, 0x68, 0xd6, 0xa7, 0x00, 0x01, 0x25, 0x23, 0xbe, 0x14, 0x12, 0x6a, 0x90, 0x42, 0x99,
            0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
        ],
    ];

    #[test]
    fn reads_what_liblzma_wrote() {
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
