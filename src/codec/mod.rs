//! Bytes to bytes or arrays: pure functions, no IO. Every length that is read is checked before memory is taken.
#![deny(clippy::indexing_slicing)]

#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "zarr")]
pub mod blosc;
#[cfg(feature = "zarr")]
pub mod bzip2;
#[cfg(feature = "zarr")]
pub mod checksum;
pub mod compressed_segmentation;
#[cfg(feature = "compresso")]
pub mod compresso;
#[cfg(any(feature = "snappy", feature = "zarr"))]
mod copy;
pub mod deflate;
#[cfg(feature = "draco")]
pub mod draco;
mod error;
pub mod gzip;
mod inflate;
pub mod jpeg;
#[cfg(feature = "jxl")]
pub mod jxl;
#[cfg(feature = "zarr")]
pub mod lz4;
#[cfg(feature = "tiff")]
pub mod lzw;
#[cfg(feature = "tiff")]
pub mod packbits;
#[cfg(feature = "zarr")]
pub mod pcodec;
#[cfg(feature = "png")]
pub mod png;
#[cfg(any(feature = "jxl", feature = "png"))]
mod samples;
#[cfg(feature = "zarr")]
pub mod shuffle;
#[cfg(feature = "snappy")]
pub mod snappy;
#[cfg(feature = "zarr")]
pub mod xz;
#[cfg(feature = "zarr")]
pub mod zlib;
#[cfg(feature = "zarr")]
pub mod zstd;

pub use error::CodecError;
