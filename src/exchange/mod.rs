//! Files for other tools: volumes written as OME-Zarr, precomputed or npy.
//!
//! What is to be written ([`VolumeExport`]) is known everywhere; writing is compiled only where chunks are encoded (feature `export`).
//! Voxels are read by the same path as for drawing, and leave as a stream of bytes: of what is written, only what is not yet
//! complete is held.
#![deny(clippy::indexing_slicing)]

mod request;

pub use request::{ExportFormat, OmeVersion, Progress, VolumeExport};

#[cfg(feature = "export")]
mod boxes;
#[cfg(feature = "export")]
mod error;
#[cfg(feature = "export")]
mod npy;
#[cfg(feature = "export")]
mod ome_zarr;
#[cfg(feature = "export")]
mod plan;
#[cfg(feature = "export")]
mod precomputed;
#[cfg(feature = "export")]
mod write;
#[cfg(feature = "export")]
mod zip;

#[cfg(feature = "export")]
pub use error::ExportError;
#[cfg(feature = "export")]
pub use write::{Sink, export};
