//! Bricks: the pieces in which voxels are kept and drawn.

use serde::{Deserialize, Serialize};

use super::{DataType, VoxelBlock};

/// Names one drawing brick of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BrickKey {
    /// The opened source, numbered by the engine; a channel or time of it is a source of its own.
    pub source: u32,
    /// 0 is the finest.
    pub level: u8,
    /// Which brick: bricks of chunk `c` are `c * bricks_per_chunk ..`, per axis x, y, z.
    pub grid: [i32; 3],
}

/// A drawing brick: cut from one chunk, anchored at its lower corner; bricks at the volume's upper faces may be smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brick {
    /// Voxels along x, y, z.
    pub shape: [u32; 3],
    /// The type of one voxel.
    pub data_type: DataType,
    /// The voxels.
    pub voxels: BrickVoxels,
}

/// The voxels of a brick, x fastest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BrickVoxels {
    /// Every voxel has the value with these bits.
    Uniform(u64),
    /// Little-endian values.
    Dense(#[serde(with = "super::pod_bytes")] Vec<u8>),
    /// Indices into a table of values: label bricks.
    Palette(Palette),
}

/// A table of values and indices of 1, 2, 4, 8 or 16 bits into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// The values that occur, in order of first occurrence.
    #[serde(with = "super::pod_bytes")]
    pub ids: Vec<u64>,
    /// Bits of one index: 1, 2, 4, 8 or 16.
    pub bits: u8,
    /// Index `i` is at bit `(i * bits) % 32` of word `i * bits / 32`.
    #[serde(with = "super::pod_bytes")]
    pub words: Vec<u32>,
}

impl Palette {
    /// The value of voxel number `index`; `None` outside.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<u64> {
        let bits = usize::from(self.bits);
        let word = *self.words.get(index * bits / 32)?;
        let entry = (word >> ((index * bits) % 32)) & ((1_u32 << bits) - 1);
        self.ids.get(entry as usize).copied()
    }
}

impl Brick {
    /// The bits of the voxel at this place in the brick, zero-extended; `None` outside.
    #[must_use]
    pub fn bits(&self, at: [u32; 3]) -> Option<u64> {
        if (0..3).any(|axis| at[axis] >= self.shape[axis]) {
            return None;
        }
        let [x, y, z] = at.map(|n| n as usize);
        let index = x + self.shape[0] as usize * (y + self.shape[1] as usize * z);
        match &self.voxels {
            BrickVoxels::Uniform(bits) => Some(*bits),
            BrickVoxels::Palette(palette) => palette.value(index),
            BrickVoxels::Dense(data) => {
                let size = self.data_type.size_bytes();
                let mut bytes = [0; 8];
                bytes.get_mut(..size)?.copy_from_slice(data.get(index * size..(index + 1) * size)?);
                Some(u64::from_le_bytes(bytes))
            }
        }
    }

    /// Bytes that its voxels take in memory.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match &self.voxels {
            BrickVoxels::Uniform(_) => 0,
            BrickVoxels::Dense(data) => data.len(),
            BrickVoxels::Palette(palette) => palette.ids.len() * 8 + palette.words.len() * 4,
        }
    }

    /// Cuts one brick out of a block.
    ///
    /// `min` is the brick's lower corner in the block; it is clipped to the block. Label bricks (`as_labels`) are
    /// palette-compressed, others stay dense; bricks of one value become [`BrickVoxels::Uniform`].
    #[must_use]
    pub fn cut(block: &VoxelBlock, min: [u32; 3], shape: [u32; 3], as_labels: bool) -> Self {
        super::cut::cut(block, min, shape, as_labels)
    }
}
