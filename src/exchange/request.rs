//! What is to be written of a volume, and how.

use serde::{Deserialize, Serialize};

use crate::geometry::VoxelBox;

/// The format of the files, as the public API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// A multiscale image of OME-Zarr, in a ZIP archive.
    OmeZarr,
    /// A volume of Neuroglancer precomputed, in a ZIP archive.
    Precomputed,
    /// One array of NumPy, indexed z, y, x.
    Npy,
}

/// The version of OME-Zarr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OmeVersion {
    /// On Zarr v2.
    #[serde(rename = "0.4")]
    V04,
    /// On Zarr v3.
    #[default]
    #[serde(rename = "0.5")]
    V05,
}

/// What is to be written of one channel and place of a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolumeExport {
    /// What the files are.
    pub format: ExportFormat,
    /// Of OME-Zarr.
    pub ome_version: OmeVersion,
    /// What the volume is called in its metadata.
    pub name: String,
    /// The level of the volume that is the finest written.
    pub level: u8,
    /// Which of its voxels.
    pub voxels: VoxelBox,
    /// How many levels are written, where the volume allows as many; `None`: until one fits a chunk.
    pub levels: Option<u8>,
    /// Whether voxels are segment ids: a coarser voxel then takes the one that is most frequent, else the mean.
    pub as_labels: bool,
    /// Nanometres along x, y, z of a voxel of the level.
    pub voxel_size_nm: [f64; 3],
    /// The lower corner of voxel 0 of the level, nm.
    pub offset_nm: [f64; 3],
}

/// How far an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Chunks of the finest level that are written.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}
