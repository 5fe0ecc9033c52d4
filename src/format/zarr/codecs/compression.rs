//! Codecs that make bytes fewer: gzip, zlib, zstd, blosc, lz4, bz2.

use std::borrow::Cow;

use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecError};

use super::{DecodeBytes, Named, short_name, worst_case};
use crate::codec::{CodecError as BadBytes, blosc, bzip2, gzip, lz4, zlib, zstd};
use crate::format::limits::MAX_CHUNK_BYTES;

/// A codec that makes bytes fewer.
#[derive(Clone, Copy, Debug)]
pub(in crate::format::zarr) enum Compression {
    Gzip,
    Zlib,
    Zstd,
    Blosc,
    /// A block of LZ4 behind its decoded length, as numcodecs writes it.
    Lz4,
    Bz2,
}

impl Compression {
    /// The codec of this name in Zarr metadata.
    pub(in crate::format::zarr) fn from_name(name: &str) -> Option<Self> {
        [Self::Gzip, Self::Zlib, Self::Zstd, Self::Blosc, Self::Lz4, Self::Bz2].into_iter().find(|codec| codec.name() == short_name(name))
    }
}

impl Named for Compression {
    fn name(&self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
            Self::Blosc => "blosc",
            Self::Lz4 => "lz4",
            Self::Bz2 => "bz2",
        }
    }
}

impl DecodeBytes for Compression {
    fn encoded_size(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        // What comes before is bounded by it.
        decoded.size().map_or(BytesRepresentation::UnboundedSize, worst_case)
    }

    fn decode_bytes<'a>(&self, encoded: ArrayBytesRaw<'a>, decoded: &BytesRepresentation) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let expected = decoded.size().unwrap_or(MAX_CHUNK_BYTES);
        let max_len = usize::try_from(expected.min(MAX_CHUNK_BYTES)).unwrap_or(usize::MAX);
        let data = match self {
            Self::Gzip => gzip::decode(&encoded, max_len),
            Self::Zlib => zlib::decode(&encoded, max_len),
            Self::Zstd => zstd::decode(&encoded, max_len),
            Self::Blosc => blosc::decode(&encoded, max_len),
            Self::Lz4 => lz4_after_length(&encoded, max_len),
            Self::Bz2 => bzip2::decode(&encoded, max_len),
        }
        .map_err(|error| CodecError::Other(error.to_string()))?;
        if matches!(decoded, BytesRepresentation::FixedSize(_)) && data.len() as u64 != expected {
            let name = self.name();
            return Err(CodecError::Other(format!("{name}: {} bytes come out instead of {expected}", data.len())));
        }
        Ok(Cow::Owned(data))
    }
}

/// Four little-endian bytes of length come before the block.
fn lz4_after_length(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, BadBytes> {
    let (len, block) = bytes
        .split_first_chunk::<4>()
        .ok_or_else(|| BadBytes::Corrupt { codec: "lz4", reason: format!("{} bytes hold no length", bytes.len()) })?;
    let len = u32::from_le_bytes(*len);
    match usize::try_from(len) {
        Ok(len) if len <= max_len => lz4::decode(block, len),
        _ => Err(BadBytes::WrongSize { codec: "lz4", got: u64::from(len), expected: max_len as u64 }),
    }
}
