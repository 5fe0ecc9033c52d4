//! Boxes of voxels within larger ones, in any number of dimensions of which the last is the fastest.

use std::num::NonZeroU64;

/// Copies a box to its place in a larger one, row by row along the last dimension; `at` counts in boxes of this shape. `None` where it does
/// not fit.
pub(super) fn paste(
    from: &[u8],
    from_shape: &[NonZeroU64],
    to: &mut [u8],
    to_shape: &[NonZeroU64],
    at: &[u64],
    voxel_size: usize,
) -> Option<()> {
    let (row_voxels, outer_shape) = from_shape.split_last()?;
    let row_len = usize::try_from(row_voxels.get()).ok()?.checked_mul(voxel_size)?;
    let mut row_at = vec![0; outer_shape.len()];
    for row in from.chunks_exact(row_len) {
        let voxel = at.iter().zip(from_shape).zip(row_at.iter().chain([&0])).map(|((at, n), row)| at * n.get() + row);
        let offset = voxel.zip(to_shape).fold(0_u64, |offset, (voxel, n)| offset * n.get() + voxel);
        let start = usize::try_from(offset).ok()?.checked_mul(voxel_size)?;
        to.get_mut(start..)?.get_mut(..row_len)?.copy_from_slice(row);
        advance(&mut row_at, outer_shape);
    }
    Some(())
}

/// A box of another shape at the same corner: what the first does not hold is 0, what lies beyond is left out.
pub(super) fn fit(from: &[u8], from_shape: &[NonZeroU64], to_shape: &[NonZeroU64], voxel_size: usize) -> Option<Vec<u8>> {
    let (from_row, from_outer) = from_shape.split_last()?;
    let (to_row, to_outer) = to_shape.split_last()?;
    let bytes = |voxels: &NonZeroU64| usize::try_from(voxels.get()).ok()?.checked_mul(voxel_size);
    let (from_len, to_len) = (bytes(from_row)?, bytes(to_row)?);
    let len = to_outer.iter().try_fold(to_len, |len, n| len.checked_mul(usize::try_from(n.get()).ok()?))?;
    let (mut to, mut row_at) = (vec![0; len], vec![0; to_outer.len()]);
    for row in to.chunks_exact_mut(to_len) {
        if row_at.iter().zip(from_outer).all(|(at, n)| *at < n.get()) {
            let number = row_at.iter().zip(from_outer).fold(0, |number, (at, n)| number * n.get() + at);
            let start = usize::try_from(number).ok()?.checked_mul(from_len)?;
            let copied = from_len.min(to_len);
            row.get_mut(..copied)?.copy_from_slice(from.get(start..)?.get(..copied)?);
        }
        advance(&mut row_at, to_outer);
    }
    Some(to)
}

/// The next place in a grid of this shape; `false` after the last.
pub(super) fn advance(at: &mut [u64], shape: &[NonZeroU64]) -> bool {
    for (at, n) in at.iter_mut().zip(shape).rev() {
        *at += 1;
        if *at < n.get() {
            return true;
        }
        *at = 0;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_a_box_to_another_shape() {
        let shape = |shape: [u64; 3]| shape.map(|n| NonZeroU64::new(n).unwrap());
        let from: Vec<u8> = (1..=12).collect();
        assert_eq!(fit(&from, &shape([2, 2, 3]), &shape([2, 2, 3]), 1).unwrap(), from);
        assert_eq!(fit(&from, &shape([2, 2, 3]), &shape([1, 3, 2]), 1).unwrap(), [1, 2, 4, 5, 0, 0]);
        assert_eq!(fit(&from, &shape([1, 2, 3]), &shape([2, 1, 4]), 2).unwrap(), [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(fit(&from, &shape([2, 2, 4]), &shape([2, 2, 4]), 1), None, "fewer bytes than its shape says");
    }
}
