//! Zstandard frames, with a bound on what may come out.

use std::io::Read;

use structured_zstd::decoding::{ContentChecksum, FrameContentSize, FrameDecoder, StreamingDecoder, find_decompressed_size};

use super::CodecError;

const CODEC: &str = "zstd";
/// The widest window that a stream without a stated length may ask for: what `zstd --ultra -22` writes.
const MAX_WINDOW_BYTES: u64 = 1 << 27;

/// Decodes Zstandard frames (RFC 8878, one or more, skippable ones among them) into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where a frame is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let too_long = |got: u64| CodecError::WrongSize { codec: CODEC, got, expected: max_len as u64 };
    match find_decompressed_size(bytes).map_err(|_| corrupt("a frame is cut short or is none"))? {
        FrameContentSize::Known(size) => {
            let len = usize::try_from(size).ok().filter(|&len| len <= max_len).ok_or_else(|| too_long(size))?;
            let mut data = vec![0; len];
            decode_into(bytes, &mut data).map_err(corrupt)?;
            Ok(data)
        }
        FrameContentSize::Unknown => {
            let mut decoder = checking_decoder();
            decoder.set_max_window_size(MAX_WINDOW_BYTES).map_err(corrupt)?;
            let mut data = Vec::new();
            StreamingDecoder::new_with_decoder(bytes, decoder)
                .take((max_len as u64).saturating_add(1))
                .read_to_end(&mut data)
                .map_err(corrupt)?;
            if data.len() > max_len {
                return Err(too_long(data.len() as u64));
            }
            Ok(data)
        }
    }
}

/// Decodes frames that must fill `output` exactly.
pub(super) fn decode_into(bytes: &[u8], output: &mut [u8]) -> Result<(), String> {
    let got = checking_decoder().decode_all(bytes, output).map_err(|error| error.to_string())?;
    if got == output.len() { Ok(()) } else { Err(format!("{got} bytes come out instead of {}", output.len())) }
}

fn checking_decoder() -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_content_checksum(ContentChecksum::Verify);
    decoder
}

fn corrupt(error: impl std::fmt::Display) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: error.to_string() }
}

/// Of zstd's levels, what [`encode`] does.
#[cfg(feature = "encode")]
pub const LEVEL: i32 = 1;

/// Encodes one frame that states its length.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    structured_zstd::encoding::compress_slice_to_vec(bytes, structured_zstd::encoding::CompressionLevel::from_level(LEVEL))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"voxel voxel voxel voxel voxel voxel";
    /// `printf 'voxel voxel voxel voxel voxel voxel' > v; zstd -19 --no-check -c v`: the length is stated.
    const STATED: [u8; 21] =
        [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x23, 0x65, 0x00, 0x00, 0x30, 0x76, 0x6f, 0x78, 0x65, 0x6c, 0x20, 0x01, 0x00, 0xb9, 0x4b, 0x11];
    /// `cat v | zstd -19 --check -c`: no length, a checksum.
    const STREAMED: [u8; 25] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x65, 0x00, 0x00, 0x30, 0x76, 0x6f, 0x78, 0x65, 0x6c, 0x20, 0x01, 0x00, 0xb9, 0x4b, 0x11, 0x6e,
        0xac, 0x0e, 0xea,
    ];

    #[test]
    fn reads_what_zstd_wrote() {
        for bytes in [&STATED[..], &STREAMED] {
            assert_eq!(decode(bytes, TEXT.len()).unwrap(), TEXT);
            assert!(matches!(decode(bytes, TEXT.len() - 1), Err(CodecError::WrongSize { expected: 34, .. })));
            assert_eq!(decode(&[bytes, bytes].concat(), 100).unwrap(), [TEXT, TEXT].concat());
        }
    }

    #[test]
    fn says_what_is_damaged() {
        for bytes in [&STATED[..], &STREAMED] {
            for len in 1..bytes.len() {
                assert!(matches!(decode(&bytes[..len], TEXT.len()), Err(CodecError::Corrupt { .. })), "{len} bytes of {}", bytes.len());
            }
        }
        let mut wrong_checksum = STREAMED;
        wrong_checksum[22] ^= 1;
        assert!(matches!(decode(&wrong_checksum, TEXT.len()), Err(CodecError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..25, with in any::<u8>()) {
            let framed = [&[0x28, 0xb5, 0x2f, 0xfd][..], &bytes].concat();
            let mut changed = STREAMED;
            changed[at] = with;
            for input in [&bytes[..], &framed, &changed] {
                if let Ok(data) = decode(input, 1000) {
                    prop_assert!(data.len() <= 1000);
                }
            }
        }
    }
}
