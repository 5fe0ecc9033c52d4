//! The filters of Blosc and numcodecs, undone: bytes or bits of equal significance were brought together. That of bytes is done too.
//!
//! Both come down to putting bytes of several planes in turns, which is written in steps of 16 bytes for vector code.

const STEP: usize = 16;

/// Undoes the byte shuffle: `input` holds byte 0 of every voxel, then byte 1 …, then what did not fill a voxel. `output` is as long;
/// `type_size`, the bytes of a voxel, is not 0.
pub fn undo_bytes(type_size: usize, input: &[u8], output: &mut [u8]) {
    let count = input.len() / type_size;
    if count > 0 {
        match type_size {
            2 => in_turns::<2>(count, input, output),
            4 => in_turns::<4>(count, input, output),
            8 => in_turns::<8>(count, input, output),
            _ => one_by_one(type_size, count, 0, input, output),
        }
    }
    copy_tail(count * type_size, input, output);
}

/// The byte shuffle: see [`undo_bytes`]. `output` is as long as `input`.
#[cfg(feature = "encode")]
pub fn bytes(type_size: usize, input: &[u8], output: &mut [u8]) {
    let count = input.len() / type_size;
    if count > 0 {
        match type_size {
            2 => apart::<2>(count, input, output),
            4 => apart::<4>(count, input, output),
            8 => apart::<8>(count, input, output),
            _ => {
                for (number, plane) in output.chunks_exact_mut(count).take(type_size).enumerate() {
                    let voxels = input.iter().skip(number).step_by(type_size);
                    plane.iter_mut().zip(voxels).for_each(|(to, &from)| *to = from);
                }
            }
        }
    }
    copy_tail(count * type_size, input, output);
}

/// Byte 0 of each voxel of `N` bytes, then byte 1 …
#[cfg(feature = "encode")]
fn apart<const N: usize>(count: usize, input: &[u8], output: &mut [u8]) {
    let (voxels, _) = input.as_chunks::<N>();
    for (number, plane) in output.chunks_exact_mut(count).take(N).enumerate() {
        plane.iter_mut().zip(voxels).for_each(|(to, voxel)| *to = voxel.get(number).copied().unwrap_or(0));
    }
}

/// Undoes the bit shuffle: `input` holds bit 0 of byte 0 of every voxel, eight voxels to a byte, then bit 1 …
///
/// A number of voxels that eight does not divide was left as it is.
pub(super) fn undo_bits(type_size: usize, input: &[u8], output: &mut [u8]) {
    let count = input.len() / type_size;
    if count == 0 || !count.is_multiple_of(8) {
        output.copy_from_slice(input);
        return;
    }
    // Planes of bits become planes of bytes: eight bits of each of eight voxels are brought together, then turned.
    let mut bytes = vec![0; count * type_size];
    for (bits, bytes) in input.chunks_exact(count).zip(bytes.chunks_exact_mut(count)) {
        in_turns::<8>(count / 8, bits, bytes);
        let (squares, _) = bytes.as_chunks_mut();
        squares.iter_mut().for_each(|square| *square = transpose(u64::from_le_bytes(*square)).to_le_bytes());
    }
    let (voxels, _) = output.split_at_mut(bytes.len());
    undo_bytes(type_size, &bytes, voxels);
    copy_tail(count * type_size, input, output);
}

/// One byte of each of `N` planes of `count` bytes in turns.
fn in_turns<const N: usize>(count: usize, planes: &[u8], output: &mut [u8]) {
    let mut rest = planes.chunks_exact(count);
    let rows: [&[u8]; N] = std::array::from_fn(|_| rest.next().unwrap_or_default());
    let (voxels, _) = output.as_chunks_mut::<N>();
    let steps = count / STEP;
    for (step, voxels) in voxels.as_chunks_mut::<STEP>().0.iter_mut().take(steps).enumerate() {
        let rows: [[u8; STEP]; N] = rows.map(|row| row.get(step * STEP..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default());
        step_in_turns(&rows, voxels);
    }
    one_by_one(N, count, steps * STEP, planes, output);
}

/// The same for as many voxels as a step has. Voxels are put together as words, which vector code does much faster than bytes.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices are below the lengths, which are constants")]
fn step_in_turns<const N: usize>(rows: &[[u8; STEP]; N], voxels: &mut [[u8; N]; STEP]) {
    const { assert!(N <= size_of::<u64>(), "a voxel fits a word") };
    for i in 0..STEP {
        let mut word = 0_u64;
        for (n, row) in rows.iter().enumerate() {
            word |= u64::from(row[i]) << (8 * n);
        }
        let bytes = word.to_le_bytes();
        voxels[i].copy_from_slice(&bytes[..N]);
    }
}

/// The same for any number of planes, from some byte of each on.
fn one_by_one(planes: usize, count: usize, from: usize, input: &[u8], output: &mut [u8]) {
    for (number, plane) in input.chunks_exact(count).take(planes).enumerate() {
        let places = output.iter_mut().skip(number + from * planes).step_by(planes);
        places.zip(plane.iter().skip(from)).for_each(|(to, &from)| *to = from);
    }
}

/// The transpose of an 8×8 matrix of bits, row in byte, column in bit (Hacker's Delight 7–3).
const fn transpose(mut x: u64) -> u64 {
    let mut t = (x ^ (x >> 7)) & 0x00aa_00aa_00aa_00aa;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000_cccc_0000_cccc;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x0000_0000_f0f0_f0f0;
    x ^ t ^ (t << 28)
}

fn copy_tail(from: usize, input: &[u8], output: &mut [u8]) {
    output.iter_mut().zip(input).skip(from).for_each(|(to, &from)| *to = from);
}
