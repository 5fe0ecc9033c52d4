//! The header of an array of NumPy. Source: NEP 1 (`numpy.lib.format`), version 1.0.

use crate::voxel::DataType;

const MAGIC: &[u8; 8] = b"\x93NUMPY\x01\x00";
/// What follows the header begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// The bytes before the voxels of an array of this shape (x, y, z), which is indexed z, y, x: x fastest, little-endian.
pub(super) fn header(data_type: DataType, [x, y, z]: [u64; 3]) -> Vec<u8> {
    let size = data_type.size_bytes();
    let kind = match data_type {
        DataType::Uint8 => "|u".to_owned(),
        DataType::Int8 => "|i".to_owned(),
        DataType::Uint16 | DataType::Uint32 | DataType::Uint64 => "<u".to_owned(),
        DataType::Int16 | DataType::Int32 | DataType::Int64 => "<i".to_owned(),
        DataType::Float32 | DataType::Float64 => "<f".to_owned(),
    };
    let mut text = format!("{{'descr': '{kind}{size}', 'fortran_order': False, 'shape': ({z}, {y}, {x}), }}");
    let before = MAGIC.len() + size_of::<u16>();
    let padded = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before - 1;
    text.extend(std::iter::repeat_n(' ', padded - text.len()));
    text.push('\n');
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [MAGIC, &len.to_le_bytes()[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_numpys_own() {
        // numpy.lib.format.write_array_header_1_0 of NumPy 2.4: {'descr': '<u2', 'fortran_order': False, 'shape': (3, 40, 500)}.
        let mut expected = b"\x93NUMPY\x01\x00v\x00{'descr': '<u2', 'fortran_order': False, 'shape': (3, 40, 500), }".to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(header(DataType::Uint16, [500, 40, 3]), expected);
        assert!(header(DataType::Uint8, [1, 1, 1]).windows(3).any(|window| window == b"|u1"));
        assert!(header(DataType::Float64, [u64::MAX; 3]).len().is_multiple_of(64));
    }
}
