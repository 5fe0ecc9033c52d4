//! From a dataset's metadata to a [`VolumeSpec`], and from a chunk's place to its voxels; and what is read beside volumes ([`content`]).
//!
//! The specification of a volume ([`spec`]) and which file a chunk lies in ([`sharding`]) are known everywhere; reading
//! metadata and chunks is compiled only where bytes are decoded (feature `decode`, and `zarr` for Zarr, OME-Zarr, N5 and WKW,
//! `files` for volumes that are one file).
#![deny(clippy::indexing_slicing)]

pub mod column;
pub mod content;
mod made_levels;
pub(crate) mod per_axis;
pub mod sharding;
pub mod spec;

pub use made_levels::{MadeLevels, RegionKey};
pub use sharding::ShardId;
pub use spec::{
    ChannelNote, LevelSpec, Notes, Orientation, OtherAxis, RawLayout, Said, Selection, Sharding, SourceFormat, VolumeKind, VolumeSpec,
};

#[cfg(feature = "decode")]
use futures::future::FutureExt;
use futures::future::LocalBoxFuture;

use crate::runtime::Cancel;
use crate::voxel::VoxelBlock;

#[cfg(any(feature = "zarr", feature = "files"))]
mod arrays;
#[cfg(any(feature = "zarr", feature = "files"))]
mod axes;
#[cfg(feature = "zarr")]
mod boxes;
#[cfg(feature = "decode")]
mod document;
mod error;
#[cfg(feature = "files")]
mod files;
mod hint;
#[cfg(any(feature = "zarr", feature = "files"))]
mod length_unit;
#[cfg(feature = "levels")]
pub mod levels;
#[cfg(any(feature = "zarr", feature = "files"))]
mod limits;
#[cfg(feature = "decode")]
pub(crate) mod memo;
#[cfg(feature = "zarr")]
mod n5;
mod numbered;
#[cfg(feature = "decode")]
mod object;
#[cfg(feature = "zarr")]
mod ome_zarr;
#[cfg(feature = "decode")]
mod open;
#[cfg(feature = "decode")]
pub mod precomputed;
#[cfg(feature = "decode")]
mod read_content;
#[cfg(feature = "objects")]
mod table;
#[cfg(feature = "zarr")]
mod wkw;
#[cfg(feature = "zarr")]
mod zarr;
#[cfg(feature = "zarr")]
mod zarr_folder;

pub use error::FormatError;
pub use hint::is_said_to_need_full_module;
#[cfg(feature = "decode")]
pub use open::{open, read_document};
#[cfg(feature = "decode")]
pub use read_content::ContentReader;

/// How one format reads chunks; [`ChunkSource`] is made of it.
#[cfg(feature = "decode")]
trait ReadChunk {
    fn spec(&self) -> &VolumeSpec;

    /// The chunk at a place of the grid of this level.
    async fn read(
        &self,
        level: usize,
        level_spec: &LevelSpec,
        grid: [i64; 3],
        selection: &Selection,
        cancel: &Cancel,
    ) -> Result<Option<VoxelBlock>, FormatError>;
}

#[cfg(feature = "decode")]
impl<F: ReadChunk> ChunkSource for F {
    fn spec(&self) -> &VolumeSpec {
        ReadChunk::spec(self)
    }

    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        selection: &'a Selection,
        cancel: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        async move {
            match ReadChunk::spec(self).levels.get(level) {
                Some(spec) if spec.grid_box().contains(grid) => self.read(level, spec, grid, selection, cancel).await,
                _ => Ok(None),
            }
        }
        .boxed_local()
    }
}

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
