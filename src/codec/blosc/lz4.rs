//! LZ4 blocks (`lz4_Block_format.md` of lz4 1.9).
//!
//! A token's upper four bits are a number of literals, its lower four a match's length less four; 15 goes on in further bytes. The
//! match lies at a distance of two bytes. The last token has literals only.

use super::copy::{copy_literals, copy_match};

const LEAST_MATCH: usize = 4;

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
