//! Bytes to bytes or arrays: pure functions, no IO. Every length that is read is checked before memory is taken.
#![deny(clippy::indexing_slicing)]

#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "zarr")]
pub mod blosc;
#[cfg(feature = "zarr")]
pub mod bzip2;
pub mod compressed_segmentation;
#[cfg(feature = "zarr")]
mod copy;
pub mod deflate;
mod error;
pub mod gzip;
mod inflate;
pub mod jpeg;
#[cfg(feature = "zarr")]
pub mod lz4;
#[cfg(feature = "zarr")]
pub mod xz;
#[cfg(feature = "zarr")]
pub mod zlib;
#[cfg(feature = "zarr")]
pub mod zstd;

pub use error::CodecError;
