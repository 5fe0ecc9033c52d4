//! Copying the voxels of one box into another.

use super::VoxelBlock;
use crate::geometry::VoxelBox;

/// Copies the voxels of `from`, which lie in `from_box`, into `into`, which holds `into_box`, where the two meet. Blocks of the same type; what a
/// block does not hold is left out.
pub fn paste(into: &mut VoxelBlock, into_box: &VoxelBox, from: &VoxelBlock, from_box: &VoxelBox) {
    let both = into_box.intersection(from_box);
    if both.is_empty() {
        return;
    }
    let size = into.data_type.size_bytes();
    let row_bytes = usize::try_from(both.shape()[0]).unwrap_or(0).saturating_mul(size);
    let at = |voxels: &VoxelBox, y: i64, z: i64| {
        let [width, height, _] = voxels.shape();
        let index = (both.min[0] - voxels.min[0]) + width * ((y - voxels.min[1]) + height * (z - voxels.min[2]));
        usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(size)
    };
    for z in both.min[2]..both.max[2] {
        for y in both.min[1]..both.max[1] {
            let (to_start, from_start) = (at(into_box, y, z), at(from_box, y, z));
            let row = from.data.get(from_start..from_start.saturating_add(row_bytes));
            if let (Some(to), Some(row)) = (into.data.get_mut(to_start..to_start.saturating_add(row_bytes)), row) {
                to.copy_from_slice(row);
            }
        }
    }
}
