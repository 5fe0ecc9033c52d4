//! The codecs that zarrs runs for us: its own need C (zstd, blosc), trust stated lengths (gzip, zlib, pcodec), call every checksum the same
//! or depend on static constructors that a WebAssembly worker does not run (bytes). They only decode.
//!
//! Each file has one kind of codec, [`adapter`] makes zarrs' codecs of them, and here is what they have in common. Of zarrs' own only the
//! transposition is used.

mod adapter;
mod bytes;
mod checksum;
mod compression;
mod pcodec;
mod shuffle;

use std::fmt::Debug;
use std::num::NonZeroU64;

use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError, CodecOptions, DataType, FillValue};
use zarrs::plugin::{MaybeSend, MaybeSync};

pub(super) use adapter::Adapted;
pub(super) use bytes::Bytes;
pub(super) use checksum::Checked;
pub(super) use compression::Compression;
pub(super) use pcodec::Pcodec;
pub(super) use shuffle::Shuffle;

use crate::format::limits::MAX_CHUNK_BYTES;

/// What every codec has.
pub(super) trait Named: Debug + MaybeSend + MaybeSync + 'static {
    /// Its name in metadata, without a prefix.
    fn name(&self) -> &'static str;
}

/// A codec from bytes to bytes.
pub(super) trait DecodeBytes: Named {
    /// How long the encoded bytes may be.
    fn encoded_size(&self, decoded: &BytesRepresentation) -> BytesRepresentation;

    /// The decoded bytes; what is wrong with the encoded ones otherwise, said with the name of the codec.
    fn decode_bytes<'a>(&self, encoded: ArrayBytesRaw<'a>, decoded: &BytesRepresentation) -> Result<ArrayBytesRaw<'a>, CodecError>;
}

/// A codec from bytes to voxels.
pub(super) trait DecodeVoxels: Named {
    /// How long the bytes of this many voxels are.
    fn encoded_size(&self, shape: &[NonZeroU64], data_type: &DataType, fill_value: &FillValue) -> Result<BytesRepresentation, CodecError>;

    /// The voxels, last dimension fastest, little-endian.
    fn decode_voxels<'a>(
        &self,
        bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError>;
}

/// The name of a codec without the prefix of those that numcodecs brought into v3.
pub(super) fn short_name(name: &str) -> &str {
    name.strip_prefix("numcodecs.").unwrap_or(name)
}

/// Bytes of a voxel of a fixed-size type.
pub(super) fn voxel_size(data_type: &DataType) -> Result<usize, CodecError> {
    data_type.fixed_size().ok_or_else(|| CodecError::Other("voxels of this type have no fixed size".to_owned()))
}

/// Bytes of a box of voxels, below [`MAX_CHUNK_BYTES`].
pub(super) fn byte_len(shape: &[NonZeroU64], voxel_size: usize) -> Result<u64, CodecError> {
    shape
        .iter()
        .try_fold(voxel_size as u64, |len, n| len.checked_mul(n.get()))
        .filter(|&len| len <= MAX_CHUNK_BYTES)
        .ok_or_else(|| CodecError::Other(format!("a chunk of {shape:?} voxels is longer than {MAX_CHUNK_BYTES} bytes")))
}

/// What an encoder may at worst make of bytes that do not compress.
fn worst_case(decoded_len: u64) -> BytesRepresentation {
    BytesRepresentation::BoundedSize(decoded_len.saturating_add(decoded_len / 4).saturating_add(1 << 16))
}
