//! The chunks and bricks of one level.

use crate::format::LevelSpec;
use crate::geometry::{DAffine3, DVec3, VoxelBox};
use crate::voxel::brick_shape;

/// Chunks and bricks of one level, and the way from nanometres to its voxels.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelGrid {
    /// The voxels that exist.
    pub voxel_box: VoxelBox,
    /// The lower corner of chunk (0, 0, 0), voxels.
    pub chunk_origin: [i64; 3],
    /// Voxels of a chunk.
    pub chunk_shape: [u32; 3],
    /// Voxels of a brick.
    pub brick_shape: [u32; 3],
    /// Bricks along each axis of a chunk.
    pub bricks_per_chunk: [u32; 3],
    /// Chunks that hold voxels.
    pub grid_box: VoxelBox,
    /// From nm in the volume's own space to voxels.
    pub voxel_from_nm: DAffine3,
}

impl LevelGrid {
    /// The grid of a level.
    #[must_use]
    pub fn new(level: &LevelSpec) -> Self {
        let brick = brick_shape(level.chunk_shape);
        // Of a chunk that reaches beyond the volume, only what holds voxels has bricks: metadata may name any size.
        let chunk: [u32; 3] = std::array::from_fn(|axis| {
            let held = level.voxel_box.max[axis].saturating_sub(level.chunk_origin[axis]).max(1);
            level.chunk_shape[axis].clamp(1, u32::try_from(held).unwrap_or(u32::MAX))
        });
        let per_nm = DVec3::from_array(level.voxel_size_nm.map(|size| 1.0 / size));
        Self {
            voxel_box: level.voxel_box,
            chunk_origin: level.chunk_origin,
            chunk_shape: chunk,
            brick_shape: brick,
            bricks_per_chunk: std::array::from_fn(|axis| chunk[axis].div_ceil(brick[axis])),
            grid_box: level.grid_box(),
            voxel_from_nm: DAffine3::from_scale(per_nm) * DAffine3::from_translation(-DVec3::from_array(level.offset_nm)),
        }
    }

    /// The lower corner of a chunk, voxels; not clipped.
    #[must_use]
    pub fn chunk_min(&self, chunk: [i32; 3]) -> [i64; 3] {
        std::array::from_fn(|axis| self.chunk_origin[axis] + i64::from(chunk[axis]) * i64::from(self.chunk_shape[axis]))
    }

    /// The voxels of a chunk that exist.
    #[must_use]
    pub fn chunk_box(&self, chunk: [i32; 3]) -> VoxelBox {
        VoxelBox::from_shape(self.chunk_min(chunk), self.chunk_shape.map(i64::from)).intersection(&self.voxel_box)
    }

    /// The chunk that a voxel lies in.
    #[must_use]
    pub fn chunk_of_voxel(&self, voxel: [i64; 3]) -> [i32; 3] {
        std::array::from_fn(|axis| {
            let chunk = (voxel[axis] - self.chunk_origin[axis]).div_euclid(i64::from(self.chunk_shape[axis]));
            saturate(chunk)
        })
    }

    /// The chunk that a brick lies in.
    #[must_use]
    pub fn chunk_of_brick(&self, brick: [i32; 3]) -> [i32; 3] {
        std::array::from_fn(|axis| brick[axis].div_euclid(self.bricks_per_chunk[axis].cast_signed()))
    }

    /// The brick that a voxel lies in.
    #[must_use]
    pub fn brick_of_voxel(&self, voxel: [i64; 3]) -> [i32; 3] {
        let chunk = self.chunk_of_voxel(voxel);
        let min = self.chunk_min(chunk);
        std::array::from_fn(|axis| {
            let in_chunk = (voxel[axis] - min[axis]) / i64::from(self.brick_shape[axis]);
            chunk[axis].saturating_mul(self.bricks_per_chunk[axis].cast_signed()).saturating_add(saturate(in_chunk))
        })
    }

    /// The lower corner of a brick, from which its voxels are counted; not clipped.
    #[must_use]
    pub fn brick_min(&self, brick: [i32; 3]) -> [i64; 3] {
        let chunk_min = self.chunk_min(self.chunk_of_brick(brick));
        std::array::from_fn(|axis| {
            let in_chunk = brick[axis].rem_euclid(self.bricks_per_chunk[axis].cast_signed());
            chunk_min[axis] + i64::from(in_chunk) * i64::from(self.brick_shape[axis])
        })
    }

    /// The voxels of a brick that exist.
    #[must_use]
    pub fn brick_box(&self, brick: [i32; 3]) -> VoxelBox {
        let chunk_min = self.chunk_min(self.chunk_of_brick(brick));
        let chunk_box = VoxelBox::from_shape(chunk_min, self.chunk_shape.map(i64::from));
        VoxelBox::from_shape(self.brick_min(brick), self.brick_shape.map(i64::from)).intersection(&chunk_box).intersection(&self.voxel_box)
    }

    /// The bricks of a chunk that hold voxels.
    pub fn bricks_of_chunk(&self, chunk: [i32; 3]) -> impl Iterator<Item = [i32; 3]> + '_ {
        let per = self.bricks_per_chunk.map(u32::cast_signed);
        let first: [i32; 3] = std::array::from_fn(|axis| chunk[axis].saturating_mul(per[axis]));
        (0..per[2])
            .flat_map(move |z| (0..per[1]).flat_map(move |y| (0..per[0]).map(move |x| [first[0] + x, first[1] + y, first[2] + z])))
            .filter(|&brick| !self.brick_box(brick).is_empty())
    }

    /// The chunks that hold voxels of a box.
    pub fn chunks_of_box(&self, voxels: &VoxelBox) -> impl Iterator<Item = [i32; 3]> + use<> {
        let voxels = voxels.intersection(&self.voxel_box);
        let empty = voxels.is_empty();
        let min = self.chunk_of_voxel(voxels.min);
        let max = self.chunk_of_voxel(voxels.max.map(|n| n - 1));
        (min[2]..=max[2])
            .flat_map(move |z| (min[1]..=max[1]).flat_map(move |y| (min[0]..=max[0]).map(move |x| [x, y, z])))
            .filter(move |_| !empty)
    }
}

/// Grid places are `i32`: a volume of more chunks along an axis is refused when it is opened, so this never bites.
fn saturate(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_far_larger_than_the_volume_has_the_bricks_of_the_volume() {
        let level = LevelSpec {
            voxel_box: VoxelBox { min: [5, 0, -3], max: [105, 70, 20] },
            chunk_origin: [5, 0, -3],
            chunk_shape: [2_000_000_000, 2_000_000_000, 64],
            voxel_size_nm: [8.0; 3],
            offset_nm: [0.0; 3],
            encoding: "raw".to_owned(),
            sharding: crate::format::Sharding::None,
        };
        let grid = LevelGrid::new(&level);
        assert_eq!(grid.bricks_of_chunk([0; 3]).count(), 4 * 3);
        assert_eq!(grid.chunk_of_voxel([104, 69, 19]), [0; 3]);
        assert_eq!(grid.brick_of_voxel([104, 69, 19]), [3, 2, 0]);
    }
}
