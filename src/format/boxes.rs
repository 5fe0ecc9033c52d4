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
