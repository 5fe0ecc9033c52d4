//! BloscLZ: the codec of Blosc's own, a variant of FastLZ.
//!
//! A control byte below 32 starts a run of literals, one more than its value. Otherwise its upper three bits are the length of
//! a match and its lower five the high bits of the distance back; lengths of 7 go on in further bytes, and the greatest
//! distance escapes to two bytes more.

use crate::copy::{copy_literals, copy_match};

/// Distances beyond this are written in two bytes of their own.
const MAX_SHORT_DISTANCE: usize = 8191;

/// Decodes a stream that must fill `output` exactly.
pub(super) fn decode_into(stream: &[u8], output: &mut [u8]) -> Result<(), &'static str> {
    const EARLY: &str = "the stream ends too early";
    const LITERALS: &str = "literals lie outside the data";
    let mut input = stream;
    let mut written = 0;
    // The first control byte is always literals: its upper bits hold the level of the encoder.
    let mut mask = 31;
    while let Some(&control) = input.split_off_first() {
        let control = usize::from(control & mask);
        mask = 255;
        if control < 32 {
            copy_literals(&mut input, control + 1, output, written).ok_or(LITERALS)?;
            written += control + 1;
            continue;
        }
        let mut len = (control >> 5) + 2;
        if len == 9 {
            loop {
                let &more = input.split_off_first().ok_or(EARLY)?;
                len += usize::from(more);
                if more != 255 {
                    break;
                }
            }
        }
        let high = (control & 31) << 8;
        let low = usize::from(*input.split_off_first().ok_or(EARLY)?);
        let distance = if high == 31 << 8 && low == 255 {
            let (far, rest) = input.split_first_chunk().ok_or(EARLY)?;
            input = rest;
            usize::from(u16::from_be_bytes(*far)) + MAX_SHORT_DISTANCE + 1
        } else {
            high + low + 1
        };
        copy_match(output, written, distance, len).ok_or("a match lies outside the data")?;
        written += len;
    }
    if written == output.len() { Ok(()) } else { Err(EARLY) }
}
