//! From a dataset's metadata to a [`VolumeSpec`], and from a chunk's place to its voxels.
//!
//! The specification of a volume ([`spec`]) and which file a chunk lies in ([`sharding`]) are known everywhere; reading
//! metadata and chunks is compiled only where bytes are decoded (feature `decode`).

pub mod sharding;
pub mod spec;

pub use sharding::ShardId;
pub use spec::{LevelSpec, OtherAxis, Selection, Sharding, SourceFormat, VolumeKind, VolumeSpec};

use futures::future::LocalBoxFuture;

use crate::runtime::Cancel;
use crate::voxel::VoxelBlock;

mod error;
#[cfg(feature = "decode")]
mod length_unit;
#[cfg(feature = "decode")]
mod memo;
#[cfg(feature = "decode")]
mod ome_zarr;
#[cfg(feature = "decode")]
mod open;
#[cfg(feature = "decode")]
pub mod precomputed;
#[cfg(feature = "decode")]
mod zarr;

pub use error::FormatError;
#[cfg(feature = "decode")]
pub use open::open;

/// An opened volume: from a chunk's place to its voxels.
pub trait ChunkSource {
    /// What the volume is.
    fn spec(&self) -> &VolumeSpec;

    /// Fetches and decodes the chunk at this place of a level's chunk grid, clipped to the voxels that exist
    /// ([`LevelSpec::chunk_box`]), x fastest; `None` where it is absent.
    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        selection: &'a Selection,
        cancel: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>>;
}
