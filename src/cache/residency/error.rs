//! Why a brick could not be made resident.

use crate::error::{ErrorCode, ViewerError};
use crate::voxel::DataType;

/// Why a brick could not be made resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResidencyError {
    /// Everything resident is in use by the current frame.
    #[error("the graphics budget is full: {heap_words} words and {palette_entries} palette entries are wanted and all else is in view")]
    Full {
        /// Heap words the brick needs.
        heap_words: u32,
        /// Palette entries the brick needs.
        palette_entries: u32,
    },
    /// The brick exceeds what a record can describe or the whole budget can hold.
    #[error("a brick of {shape:?} voxels is too large to draw")]
    TooLarge {
        /// Voxels along x, y, z.
        shape: [u32; 3],
    },
    /// The brick's voxels do not match its shape.
    #[error("a brick of {shape:?} voxels of {} has only {bytes} bytes", data_type.name())]
    Malformed {
        /// Voxels along x, y, z.
        shape: [u32; 3],
        /// The type of one voxel.
        data_type: DataType,
        /// The bytes it has.
        bytes: usize,
    },
}

impl From<ResidencyError> for ViewerError {
    fn from(error: ResidencyError) -> Self {
        match error {
            ResidencyError::Full { .. } | ResidencyError::TooLarge { .. } => {
                Self::new(ErrorCode::OutOfMemory, error.to_string()).with_remedy("Allow the viewer more graphics memory (limits.gpuBytes).")
            }
            ResidencyError::Malformed { .. } => Self::new(ErrorCode::BadData, error.to_string()),
        }
    }
}
