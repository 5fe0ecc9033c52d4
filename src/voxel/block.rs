//! A plain array of voxels.

use serde::{Deserialize, Serialize};

use super::DataType;

/// A dense array of voxels: x fastest, little-endian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoxelBlock {
    /// The type of one voxel.
    pub data_type: DataType,
    /// Voxels along x, y, z.
    pub shape: [u32; 3],
    /// `shape` product × `data_type.size_bytes()` bytes.
    pub data: Vec<u8>,
}

impl VoxelBlock {
    /// How many bytes a block of this type and shape holds, or `None` where that does not fit `usize`.
    #[must_use]
    pub fn byte_len(data_type: DataType, shape: [u32; 3]) -> Option<usize> {
        shape.iter().try_fold(data_type.size_bytes(), |product, &n| product.checked_mul(usize::try_from(n).ok()?))
    }

    /// A block whose voxels all have the value with these bits. `None` where there is no memory for it.
    #[must_use]
    pub fn filled(data_type: DataType, shape: [u32; 3], bits: u64) -> Option<Self> {
        let len = Self::byte_len(data_type, shape)?;
        let mut data = Vec::new();
        // Asking first: an allocation that fails ends a page's wasm.
        data.try_reserve_exact(len).ok()?;
        if bits == 0 {
            data.resize(len, 0);
        } else {
            let size = data_type.size_bytes();
            data.extend(bits.to_le_bytes().iter().take(size).copied().cycle().take(len));
        }
        Some(Self { data_type, shape, data })
    }

    /// The bits of the voxel at this place, zero-extended; `None` outside.
    #[must_use]
    pub fn bits(&self, at: [u32; 3]) -> Option<u64> {
        if (0..3).any(|axis| at[axis] >= self.shape[axis]) {
            return None;
        }
        let [x, y, z] = at.map(|n| n as usize);
        let index = x + self.shape[0] as usize * (y + self.shape[1] as usize * z);
        let size = self.data_type.size_bytes();
        let voxel = self.data.get(index * size..(index + 1) * size)?;
        let mut bytes = [0; 8];
        bytes.get_mut(..size)?.copy_from_slice(voxel);
        Some(u64::from_le_bytes(bytes))
    }
}
