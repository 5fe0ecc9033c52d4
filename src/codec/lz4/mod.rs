//! LZ4 blocks (`lz4_Block_format.md` of lz4 1.9).
//!
//! A token's upper four bits are a number of literals, its lower four a match's length less four; 15 goes on in further bytes. The
//! match lies at a distance of two bytes. The last token has literals only. How lz4-java frames blocks is in [`java`].

mod java;

pub use java::decode as decode_java;

use super::CodecError;
use super::copy::{copy_literals, copy_match};

const CODEC: &str = "lz4";
const LEAST_MATCH: usize = 4;
/// No block becomes more than this many times as long: a byte of a length stands for at most 255 bytes.
const MOST_GROWTH: usize = 255;

/// Decodes a block, without any frame, that must give exactly `len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where it gives fewer or more, or is damaged.
pub fn decode(block: &[u8], len: usize) -> Result<Vec<u8>, CodecError> {
    if len > block.len().saturating_mul(MOST_GROWTH) {
        return Err(corrupt(format!("{} bytes cannot hold the {len} bytes expected", block.len())));
    }
    let mut data = vec![0; len];
    decode_into(block, &mut data).map_err(corrupt)?;
    Ok(data)
}

/// Encodes a block, without any frame. It is longer than what it holds where nothing repeats.
#[cfg(feature = "encode")]
#[must_use]
pub fn encode(data: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(data)
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}

/// Decodes a block that must fill `output` exactly.
pub(super) fn decode_into(block: &[u8], output: &mut [u8]) -> Result<(), &'static str> {
    const EARLY: &str = "the block ends too early";
    let mut input = block;
    let mut written = 0;
    loop {
        let token = usize::from(*input.split_off_first().ok_or(EARLY)?);
        let literals = length(token >> 4, &mut input).ok_or(EARLY)?;
        copy_literals(&mut input, literals, output, written).ok_or("literals lie outside the data")?;
        written += literals;
        if input.is_empty() {
            break;
        }
        let (distance, rest) = input.split_first_chunk().ok_or(EARLY)?;
        input = rest;
        let len = length(token & 15, &mut input).ok_or(EARLY)?.saturating_add(LEAST_MATCH);
        copy_match(output, written, usize::from(u16::from_le_bytes(*distance)), len).ok_or("a match lies outside the data")?;
        written += len;
    }
    if written == output.len() { Ok(()) } else { Err(EARLY) }
}

/// A length that four bits begin.
#[inline(always)]
fn length(start: usize, input: &mut &[u8]) -> Option<usize> {
    let mut len = start;
    if start == 15 {
        loop {
            let more = *input.split_off_first()?;
            len += usize::from(more);
            if more != 255 {
                break;
            }
        }
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// `lz4.block.compress(b"voxel voxel voxel voxel voxel voxel", store_size=False)` of Python's lz4 4.4.
    const BLOCK: [u8; 16] = [0x6f, 0x76, 0x6f, 0x78, 0x65, 0x6c, 0x20, 0x06, 0x00, 0x05, 0x50, 0x76, 0x6f, 0x78, 0x65, 0x6c];

    #[test]
    fn reads_what_lz4_wrote_and_says_what_does_not_fit() {
        assert_eq!(decode(&BLOCK, 35).unwrap(), b"voxel voxel voxel voxel voxel voxel");
        assert!(matches!(decode(&BLOCK, usize::MAX), Err(CodecError::Corrupt { .. })));
        assert!(decode(&[], 0).is_err() && decode(&[0], 0).is_ok());
    }

    /// Literals and repetitions of what has been.
    fn data() -> impl Strategy<Value = Vec<u8>> {
        vec((vec(any::<u8>(), 0..40), any::<prop::sample::Index>(), 0_usize..900), 0..12).prop_map(|parts| {
            let mut data = Vec::new();
            for (literals, from, len) in parts {
                data.extend(literals);
                let from = from.index(data.len().max(1));
                (from..from + len).for_each(|at| data.extend(data.get(at).copied()));
            }
            data
        })
    }

    proptest! {
        #[test]
        fn reads_what_another_implementation_wrote(data in data()) {
            let block = lz4_flex::block::compress(&data);
            prop_assert_eq!(&decode(&block, data.len()).unwrap(), &data);
            prop_assert!(decode(&block, data.len() + 1).is_err());
            if !data.is_empty() {
                prop_assert!(decode(&block, data.len() - 1).is_err());
            }
        }

        #[test]
        fn never_panics(data in data(), at in any::<prop::sample::Index>(), with in any::<u8>(), noise in vec(any::<u8>(), 0..200)) {
            let mut block = lz4_flex::block::compress(&data);
            let at = at.index(block.len());
            _ = decode(&block[..at], data.len());
            block[at] = with;
            _ = decode(&block, data.len());
            _ = decode(&noise, data.len());
        }
    }
}
