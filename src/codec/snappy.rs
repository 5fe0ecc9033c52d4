//! Snappy blocks, without any frame (`format_description.txt` of google/snappy): the length of the data, then literals and copies.

use super::CodecError;
use super::copy::{copy_literals, copy_match};

const CODEC: &str = "snappy";
/// No block becomes more than this many times as long: a copy of 64 bytes takes three.
const MOST_GROWTH: usize = 22;

/// Decodes a block into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where it is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come out.
pub fn decode(block: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let mut input = block;
    let len = length(&mut input).ok_or_else(|| corrupt("it does not begin with a length"))?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > max_len {
        return Err(CodecError::WrongSize { codec: CODEC, got: len as u64, expected: max_len as u64 });
    }
    if len > block.len().saturating_mul(MOST_GROWTH) {
        return Err(corrupt(format!("{} bytes cannot hold the {len} bytes that it promises", block.len())));
    }
    let mut data = vec![0; len];
    decode_into(input, &mut data).map_err(corrupt)?;
    Ok(data)
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}

/// Seven bits a byte, the lowest first.
fn length(input: &mut &[u8]) -> Option<u64> {
    let mut len = 0;
    for shift in (0..35).step_by(7) {
        let byte = *input.split_off_first()?;
        len |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (len <= u64::from(u32::MAX)).then_some(len);
        }
    }
    None
}

fn decode_into(mut input: &[u8], output: &mut [u8]) -> Result<(), &'static str> {
    const EARLY: &str = "it ends too early";
    let mut written = 0;
    while let Some(&tag) = input.split_off_first() {
        let upper = usize::from(tag >> 2);
        let mut number = |bytes: usize| -> Result<usize, &'static str> {
            let own = input.split_off(..bytes).ok_or(EARLY)?;
            Ok(own.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
        };
        let (distance, len) = match tag & 3 {
            0 => {
                // Up to 60 at once; beyond, one to four bytes hold the length.
                let len = if upper < 60 { upper } else { number(upper - 59)? };
                let len = len.checked_add(1).ok_or(EARLY)?;
                copy_literals_of(&mut input, len, output, written)?;
                written += len;
                continue;
            }
            1 => (usize::from(tag >> 5) << 8 | number(1)?, (upper & 7) + 4),
            2 => (number(2)?, upper + 1),
            _ => (number(4)?, upper + 1),
        };
        copy_match(output, written, distance, len).ok_or("a copy lies outside the data")?;
        written += len;
    }
    if written == output.len() { Ok(()) } else { Err(EARLY) }
}

fn copy_literals_of(input: &mut &[u8], len: usize, output: &mut [u8], written: usize) -> Result<(), &'static str> {
    copy_literals(input, len, output, written).ok_or("literals lie outside the data")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"voxel voxel voxel voxel voxel voxel";

    #[test]
    fn promises_are_checked() {
        assert!(matches!(decode(&[0xff, 0xff, 0xff, 0xff, 0x0f], 1 << 30), Err(CodecError::WrongSize { .. })));
        assert!(matches!(decode(&[0x80, 0x80, 0x40, 0], 1 << 30), Err(CodecError::Corrupt { .. })));
        assert!(decode(&[0xff; 8], 100).is_err());
        assert_eq!(decode(&[0], 0).unwrap(), []);
    }

    /// Literals as tags of every length say them, by the description.
    #[test]
    fn reads_literals_of_any_length() {
        for len in [1_usize, 60, 61, 256, 257, 70_000] {
            let data: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            let mut block = Vec::new();
            let mut rest = len;
            while rest >= 0x80 {
                block.push((rest & 0x7f) as u8 | 0x80);
                rest >>= 7;
            }
            block.push(rest as u8);
            match len - 1 {
                short @ 0..60 => block.push((short << 2) as u8),
                short @ 60..256 => block.extend([60 << 2, short as u8]),
                middle @ 256..65536 => block.extend([61 << 2, middle as u8, (middle >> 8) as u8]),
                long => block.extend([62 << 2, long as u8, (long >> 8) as u8, (long >> 16) as u8]),
            }
            block.extend(&data);
            assert_eq!(decode(&block, len).unwrap(), data);
        }
    }

    proptest! {
        #[test]
        fn reads_what_another_implementation_wrote(parts in proptest::collection::vec((any::<u8>(), 0_usize..300), 0..40)) {
            let data: Vec<u8> = parts.iter().flat_map(|(byte, len)| (0..*len).map(move |n| byte.wrapping_add((n % 7) as u8))).collect();
            let block = snap::raw::Encoder::new().compress_vec(&data).unwrap();
            prop_assert_eq!(&decode(&block, data.len()).unwrap(), &data);
            for len in 0..block.len() {
                prop_assert!(decode(&block[..len], data.len()).is_err());
            }
        }

        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), with in any::<u8>()) {
            _ = decode(&noise, 10_000);
            let mut block = snap::raw::Encoder::new().compress_vec(TEXT).unwrap();
            let at = at.index(block.len());
            block[at] = with;
            if let Ok(data) = decode(&block, 10_000) {
                prop_assert!(data.len() <= 10_000);
            }
        }
    }
}
