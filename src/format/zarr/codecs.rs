//! The codecs that zarrs runs for us: its own need C (zstd, blosc), trust stated lengths (gzip, zlib) or depend on static
//! constructors that a WebAssembly worker does not run (bytes). They only decode.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde::Deserialize;
use zarrs::array::codec::api::{PartialDecoderCapability, PartialEncoderCapability};
use zarrs::array::{
    ArrayBytes, ArrayBytesRaw, ArrayCodecTraits, ArrayToBytesCodecTraits, BytesRepresentation, BytesToBytesCodecTraits, CodecError,
    CodecMetadataOptions, CodecOptions, CodecTraits, DataType, FillValue, RecommendedConcurrency,
};
use zarrs::metadata::Configuration;
use zarrs::plugin::{ExtensionName, ZarrVersion};

use crate::codec::{blosc, gzip, zlib, zstd};
use crate::format::limits::MAX_CHUNK_BYTES;

/// What zarrs asks of every codec, for codecs that decode whole chunks and are never written to metadata.
macro_rules! decode_only {
    ($codec:ty, $name:expr) => {
        impl ExtensionName for $codec {
            fn name(&self, _version: ZarrVersion) -> Option<Cow<'static, str>> {
                let name: fn(&Self) -> &'static str = $name;
                Some(Cow::Borrowed(name(self)))
            }
        }

        impl CodecTraits for $codec {
            fn as_any(&self) -> &dyn std::any::Any {
                self
            }

            fn configuration(&self, _version: ZarrVersion, _options: &CodecMetadataOptions) -> Option<Configuration> {
                None
            }

            fn partial_decoder_capability(&self) -> PartialDecoderCapability {
                PartialDecoderCapability { partial_read: false, partial_decode: false }
            }

            fn partial_encoder_capability(&self) -> PartialEncoderCapability {
                PartialEncoderCapability { partial_encode: false }
            }
        }
    };
}

/// A codec from bytes to voxels: the part of zarrs' traits in which two of them differ.
pub(super) trait DecodeVoxels {
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

/// What zarrs asks of a codec from bytes to voxels beside [`DecodeVoxels`].
macro_rules! decodes_voxels {
    ($codec:ty, $name:expr) => {
        $crate::format::zarr::codecs::decode_only!($codec, $name);

        impl ArrayCodecTraits for $codec {
            fn recommended_concurrency(&self, _shape: &[NonZeroU64], _data_type: &DataType) -> Result<RecommendedConcurrency, CodecError> {
                Ok(RecommendedConcurrency::new_maximum(1))
            }
        }

        impl ArrayToBytesCodecTraits for $codec {
            fn into_dyn(self: Arc<Self>) -> Arc<dyn ArrayToBytesCodecTraits> {
                self
            }

            fn encoded_representation(
                &self,
                shape: &[NonZeroU64],
                data_type: &DataType,
                fill_value: &FillValue,
            ) -> Result<BytesRepresentation, CodecError> {
                self.encoded_size(shape, data_type, fill_value)
            }

            fn encode<'a>(
                &self,
                _bytes: ArrayBytes<'a>,
                _shape: &[NonZeroU64],
                _data_type: &DataType,
                _fill_value: &FillValue,
                _options: &CodecOptions,
            ) -> Result<ArrayBytesRaw<'a>, CodecError> {
                Err(cannot_encode())
            }

            fn decode<'a>(
                &self,
                bytes: ArrayBytesRaw<'a>,
                shape: &[NonZeroU64],
                data_type: &DataType,
                fill_value: &FillValue,
                options: &CodecOptions,
            ) -> Result<ArrayBytes<'a>, CodecError> {
                self.decode_voxels(bytes, shape, data_type, fill_value, options).map(ArrayBytes::Fixed)
            }
        }
    };
}
pub(super) use {decode_only, decodes_voxels};

/// Says that a codec cannot encode.
pub(super) fn cannot_encode() -> CodecError {
    CodecError::Other("this codec only decodes".to_owned())
}

/// A codec that makes bytes fewer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Compression {
    Gzip,
    Zlib,
    Zstd,
    Blosc,
}

impl Compression {
    /// The codec of this name in Zarr metadata.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("numcodecs.").unwrap_or(name) {
            "gzip" => Self::Gzip,
            "zlib" => Self::Zlib,
            "zstd" => Self::Zstd,
            "blosc" => Self::Blosc,
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
            Self::Blosc => "blosc",
        }
    }
}

decode_only!(Compression, Compression::name);

impl BytesToBytesCodecTraits for Compression {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn BytesToBytesCodecTraits> {
        self
    }

    fn recommended_concurrency(&self, _decoded: &BytesRepresentation) -> Result<RecommendedConcurrency, CodecError> {
        Ok(RecommendedConcurrency::new_maximum(1))
    }

    fn encoded_representation(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        // No encoder makes data that does not compress this much longer; what comes before is bounded by it.
        decoded.size().map_or(BytesRepresentation::UnboundedSize, |size| {
            BytesRepresentation::BoundedSize(size.saturating_add(size / 4).saturating_add(1 << 16))
        })
    }

    fn encode<'a>(&self, _decoded: ArrayBytesRaw<'a>, _options: &CodecOptions) -> Result<ArrayBytesRaw<'a>, CodecError> {
        Err(cannot_encode())
    }

    fn decode<'a>(
        &self,
        encoded: ArrayBytesRaw<'a>,
        decoded: &BytesRepresentation,
        _options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let expected = decoded.size().unwrap_or(MAX_CHUNK_BYTES);
        let max_len = usize::try_from(expected.min(MAX_CHUNK_BYTES)).unwrap_or(usize::MAX);
        let data = match self {
            Self::Gzip => gzip::decode(&encoded, max_len),
            Self::Zlib => zlib::decode(&encoded, max_len),
            Self::Zstd => zstd::decode(&encoded, max_len),
            Self::Blosc => blosc::decode(&encoded, max_len),
        }
        .map_err(|error| CodecError::Other(error.to_string()))?;
        if matches!(decoded, BytesRepresentation::FixedSize(_)) && data.len() as u64 != expected {
            let name = self.name();
            return Err(CodecError::Other(format!("{name}: {} bytes come out instead of {expected}", data.len())));
        }
        Ok(Cow::Owned(data))
    }
}

/// The order of the bytes of a voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Endian {
    Little,
    Big,
}

/// The codec `bytes`: voxels of a fixed size, one after the other.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Bytes {
    /// `None` for voxels of one byte.
    #[serde(default)]
    pub(super) endian: Option<Endian>,
}

decodes_voxels!(Bytes, |_| "bytes");

impl DecodeVoxels for Bytes {
    fn encoded_size(&self, shape: &[NonZeroU64], data_type: &DataType, _fill_value: &FillValue) -> Result<BytesRepresentation, CodecError> {
        let size = voxel_size(data_type)?;
        if size > 1 && self.endian.is_none() {
            return Err(CodecError::Other(format!("the codec \"bytes\" does not say the order of the {size} bytes of a voxel")));
        }
        byte_len(shape, size).map(BytesRepresentation::FixedSize)
    }

    fn decode_voxels<'a>(
        &self,
        mut bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _fill_value: &FillValue,
        _options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let size = voxel_size(data_type)?;
        let expected = byte_len(shape, size)?;
        if bytes.len() as u64 != expected {
            return Err(CodecError::Other(format!("{} bytes come out instead of {expected}", bytes.len())));
        }
        if self.endian == Some(Endian::Big) && size > 1 {
            bytes.to_mut().chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }
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
