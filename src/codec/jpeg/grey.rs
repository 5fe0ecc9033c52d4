//! The scan of a grey, sequential, Huffman-coded image, decoded straight into rows of voxels.
//!
//! Refuses what libjpeg-turbo would warn of: codes that do not exist, data that end early or go on, restart markers out of order.

use super::header::{END_OF_IMAGE, Frame, Scan, ZIGZAG, segment};
use super::huffman::{Bits, LOOKS_PER_REFILL, PADDING};
use super::idct::{self, Block, EDGE};
use super::{CodecError, corrupt};

/// The first and the last restart marker; after the last comes the first again.
const RESTARTS: [u8; 2] = [0xd0, 0xd7];
/// Segments that say nothing about voxels: of applications, and comments.
const REMARKS: [std::ops::RangeInclusive<u8>; 2] = [0xe0..=0xef, 0xfe..=0xfe];
/// A run that no coefficient ends: of 16 zeros, the last one in the coefficient's place.
const LONG_RUN: usize = 15;
/// Bytes that are looked through at once for markers.
const STEP: usize = 16;

const COEFFICIENTS: usize = EDGE * EDGE;
/// Where each coefficient goes. Runs can lead past the last one: what they lead to goes there too, and is noticed afterwards.
const PLACES: [u8; 128] = {
    let mut places = [63; 128];
    let (head, _) = places.split_at_mut(COEFFICIENTS);
    head.copy_from_slice(&ZIGZAG);
    places
};

/// Decodes all rows. The frame is neither empty nor larger than the caller allows.
pub(super) fn decode(frame: &Frame, scan: &Scan<'_>) -> Result<Vec<u8>, CodecError> {
    let [width, height] = [frame.width, frame.height].map(usize::from);
    let [across, down] = [width, height].map(|n| n.div_ceil(EDGE));
    let mut image = vec![0; width * height];
    let mut left = across * down;
    let mut places = (0..down).flat_map(|row| (0..across).map(move |column| [column, row].map(|n| n * EDGE)));
    let mut rest = scan.data;
    let mut data = Vec::with_capacity(rest.len() + PADDING);
    let [first, last] = RESTARTS;
    let mut restart = first;
    loop {
        unescape(&mut rest, &mut data);
        let count = if scan.restart == 0 { left } else { left.min(scan.restart) };
        left -= count;
        decode_interval(scan, &data, places.by_ref().take(count), width, &mut image).map_err(corrupt)?;
        if left == 0 {
            break;
        }
        rest = rest.strip_prefix(&[0xff, restart]).ok_or_else(|| corrupt(format!("a restart is missing, {left} blocks before the end")))?;
        restart = if restart == last { first } else { restart + 1 };
    }
    loop {
        match segment(&mut rest)? {
            (END_OF_IMAGE, _) => return Ok(image),
            (marker, _) if REMARKS.iter().any(|markers| markers.contains(&marker)) => {}
            (marker, _) => return Err(corrupt(format!("segment {marker:#x} follows the scan"))),
        }
    }
}

/// Moves the bytes up to the next marker, or to the end, without their escapes and followed by padding.
fn unescape(rest: &mut &[u8], data: &mut Vec<u8>) {
    data.clear();
    loop {
        let is_clean = |bytes: &&[u8]| bytes.iter().fold(true, |clean, &byte| clean & (byte != 0xff));
        let clean = rest.chunks_exact(STEP).take_while(is_clean).count() * STEP;
        let len = rest.iter().skip(clean).position(|&byte| byte == 0xff).map_or(rest.len(), |at| clean + at);
        data.extend_from_slice(rest.split_off(..len).unwrap_or_default());
        match *rest {
            [0xff, 0, after @ ..] => {
                data.push(0xff);
                *rest = after;
            }
            // Any number of these may come before the byte that tells what they are.
            [0xff, 0xff, ..] => _ = rest.split_off_first(),
            _ => break,
        }
    }
    data.extend_from_slice(&[0; PADDING]);
}

/// Decodes blocks until the next restart: their coefficients, then their voxels at these places (x, y).
fn decode_interval(
    scan: &Scan<'_>,
    data: &[u8],
    places: impl Iterator<Item = [usize; 2]>,
    width: usize,
    image: &mut [u8],
) -> Result<(), &'static str> {
    const EARLY: &str = "the data end early";
    let mut bits = Bits::new(data);
    let mut dc = 0_i32;
    let mut block = Block::default();
    for [x, y] in places {
        let end = decode_block(scan, &mut bits, &mut dc, &mut block).ok_or("a block breaks the code, or the data end early")?;
        let rows = image.get_mut(width * y..).unwrap_or_default().chunks_mut(width);
        if end == 1 {
            let voxel = idct::flat(&block, &scan.steps);
            rows.take(EDGE).for_each(|row| row.iter_mut().skip(x).take(EDGE).for_each(|to| *to = voxel));
        } else {
            let voxels = idct::whole(&block, &scan.steps);
            block = Block::default();
            for (row, voxels) in rows.zip(&voxels) {
                let row = row.get_mut(x..).unwrap_or_default();
                match row.first_chunk_mut() {
                    Some(row) => *row = *voxels,
                    None => row.iter_mut().zip(voxels).for_each(|(to, &from)| *to = from),
                }
            }
        }
    }
    match bits.left() {
        ..0 => Err(EARLY),
        0..8 => Ok(()),
        _ => Err("the data go on after the last block"),
    }
}

/// Decodes the coefficients of a block into zeros; gives how many there are, up to the last that is not zero.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "as libjpeg: a sum that leaves 16 bits is damage")]
fn decode_block(scan: &Scan<'_>, bits: &mut Bits<'_>, dc: &mut i32, block: &mut Block) -> Option<usize> {
    bits.refill()?;
    let look = scan.dc.look(bits);
    bits.skip(look.bits());
    let difference = match (look.bits(), look.size()) {
        (0, _) => scan.dc.take(bits)?.1,
        (_, 0) => look.value(),
        (_, size) => bits.value(size),
    };
    *dc = dc.wrapping_add(i32::from(difference));
    put(block, 0, *dc as i16);
    let mut at = 1;
    while at < COEFFICIENTS {
        bits.refill()?;
        for _ in 0..LOOKS_PER_REFILL {
            let look = scan.ac.look(bits);
            bits.skip(look.bits());
            if look.value() != 0 {
                at += look.run();
                put(block, at, look.value());
                at += 1;
                if at >= COEFFICIENTS {
                    break;
                }
                continue;
            }
            let (run, value) = match (look.bits(), look.size()) {
                (0, _) => scan.ac.take(bits)?,
                (_, 0) => (look.run(), 0),
                (_, size) => {
                    bits.refill()?;
                    (look.run(), bits.value(size))
                }
            };
            if value == 0 && run != LONG_RUN {
                // The end of the block.
                return (at <= COEFFICIENTS).then_some(at);
            }
            at += run;
            put(block, at, value);
            at += 1;
            break;
        }
    }
    (at <= COEFFICIENTS).then_some(at)
}

#[inline(always)]
fn put(block: &mut Block, at: usize, value: i16) {
    let place = PLACES.get(at & (PLACES.len() - 1)).copied().unwrap_or_default();
    if let Some(coefficient) = block.as_flattened_mut().get_mut(usize::from(place) & (COEFFICIENTS - 1)) {
        *coefficient = value;
    }
}
