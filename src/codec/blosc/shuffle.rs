//! Blosc's two filters, undone: bytes or bits of equal significance were brought together.

/// Undoes the byte shuffle: `input` holds byte 0 of every voxel, then byte 1 …, then what did not fill a voxel.
pub(super) fn undo_bytes(type_size: usize, input: &[u8], output: &mut [u8]) {
    let count = input.len() / type_size;
    if count > 0 {
        for (byte, plane) in input.chunks_exact(count).take(type_size).enumerate() {
            let places = output.iter_mut().skip(byte).step_by(type_size);
            places.zip(plane).for_each(|(to, &from)| *to = from);
        }
    }
    copy_tail(count * type_size, input, output);
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
    let plane_len = count / 8;
    for (byte, planes) in input.chunks_exact(plane_len * 8).take(type_size).enumerate() {
        for group in 0..plane_len {
            let mut rows = [0; 8];
            rows.iter_mut().zip(planes.iter().skip(group).step_by(plane_len)).for_each(|(row, &bits)| *row = bits);
            let columns = transpose(u64::from_le_bytes(rows)).to_le_bytes();
            let places = output.iter_mut().skip(group * 8 * type_size + byte).step_by(type_size);
            places.zip(columns).for_each(|(to, from)| *to = from);
        }
    }
    copy_tail(count * type_size, input, output);
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
