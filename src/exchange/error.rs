//! What can go wrong while a volume is written.

use crate::codec::CodecError;
use crate::error::{ErrorCode, ViewerError};
use crate::format::FormatError;

/// Why a volume was not written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A chunk could not be read.
    #[error(transparent)]
    Read(#[from] FormatError),
    /// What is asked for cannot be.
    #[error("{reason}")]
    Invalid {
        /// One sentence with the numbers.
        reason: String,
    },
    /// The format has nothing for such voxels.
    #[error("{format} has no {what}")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// What it lacks.
        what: String,
    },
    /// There is no memory for a piece of this size.
    #[error("there is no memory for {bytes} bytes at once")]
    OutOfMemory {
        /// The size.
        bytes: u64,
    },
    /// A chunk could not be encoded.
    #[error("a chunk could not be written: {0}")]
    Encode(#[from] CodecError),
    /// The archive cannot take a file.
    #[error("the archive cannot take \"{name}\": {reason}")]
    Archive {
        /// The file's path.
        name: String,
        /// One clause.
        reason: &'static str,
    },
    /// Whoever asked has gone.
    #[error("the export was given up")]
    Stopped,
}

impl From<ExportError> for ViewerError {
    fn from(error: ExportError) -> Self {
        let text = error.to_string();
        match error {
            ExportError::Read(error) => error.into(),
            ExportError::Invalid { .. } => Self::new(ErrorCode::InvalidOptions, text),
            ExportError::Unsupported { .. } => Self::new(ErrorCode::Unsupported, text).with_remedy("Export it as OME-Zarr."),
            ExportError::OutOfMemory { .. } => Self::new(ErrorCode::OutOfMemory, text)
                .with_remedy("Export a smaller box, or as OME-Zarr, which is written chunk by chunk."),
            ExportError::Encode(_) | ExportError::Archive { .. } => Self::new(ErrorCode::Internal, text),
            ExportError::Stopped => Self::new(ErrorCode::Disposed, text),
        }
    }
}
