//! Half-open boxes of voxels.

use serde::{Deserialize, Serialize};

/// A half-open box `[min, max)` in the voxel indices of one level, axes x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoxelBox {
    /// The lowest voxel.
    pub min: [i64; 3],
    /// One past the highest voxel, per axis.
    pub max: [i64; 3],
}

impl VoxelBox {
    /// A box from its lower corner and its shape.
    #[must_use]
    pub fn from_shape(min: [i64; 3], shape: [i64; 3]) -> Self {
        Self { min, max: std::array::from_fn(|axis| min[axis].saturating_add(shape[axis])) }
    }

    /// Voxels along each axis, never negative.
    #[must_use]
    pub fn shape(&self) -> [i64; 3] {
        std::array::from_fn(|axis| self.max[axis].saturating_sub(self.min[axis]).max(0))
    }

    /// How many voxels it holds; saturates.
    #[must_use]
    pub fn volume(&self) -> u64 {
        self.shape().iter().fold(1_u64, |product, &n| product.saturating_mul(n.unsigned_abs()))
    }

    /// Whether it holds no voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        (0..3).any(|axis| self.max[axis] <= self.min[axis])
    }

    /// Whether it holds this voxel.
    #[must_use]
    pub fn contains(&self, voxel: [i64; 3]) -> bool {
        (0..3).all(|axis| self.min[axis] <= voxel[axis] && voxel[axis] < self.max[axis])
    }

    /// The voxels in both; empty boxes come out with a shape of 0.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let min = std::array::from_fn(|axis| self.min[axis].max(other.min[axis]));
        let max = std::array::from_fn(|axis| self.max[axis].min(other.max[axis]).max(min[axis]));
        Self { min, max }
    }
}
