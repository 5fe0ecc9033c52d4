//! Tells zarrs which extensions there are.
//!
//! zarrs finds extensions through static constructors, which a WebAssembly module runs only where its host says so. What is
//! registered here is found without them.

use std::sync::{Arc, Once};

use zarrs::array::chunk_grid::RegularChunkGrid;
use zarrs::array::chunk_grid::api::{ChunkGridRuntimePlugin, register_chunk_grid};
use zarrs::array::chunk_key_encoding::api::{ChunkKeyEncodingRuntimePlugin, register_chunk_key_encoding};
use zarrs::array::chunk_key_encoding::{DefaultChunkKeyEncoding, V2ChunkKeyEncoding};
use zarrs::array::codec::TransposeCodec;
use zarrs::array::codec::api::{CodecRuntimePluginV3, register_codec_v3};
use zarrs::array::data_type::api::{DataTypeRuntimePluginV3, register_data_type_v3};
use zarrs::array::{ChunkGridTraits, ChunkKeyEncodingTraits, Codec, CodecTraitsV3, data_type};
use zarrs::plugin::PluginCreateError;

use super::codecs::{Adapted, Bytes, Checked, Compression, DecodeBytes, DecodeVoxels, Pcodec, Shuffle, short_name};
use super::shard::ShardCodec;
use crate::voxel::DataType;

/// Whether this is a codec that [`register`] registers.
pub(super) fn has_codec(name: &str) -> bool {
    is_array_to_bytes(name) || name == "transpose" || is_bytes_to_bytes(name)
}

/// Whether this codec turns an array into bytes.
pub(super) fn is_array_to_bytes(name: &str) -> bool {
    matches!(name, "bytes" | "endian" | "sharding_indexed") || short_name(name) == "pcodec"
}

/// Whether this codec turns bytes into bytes.
pub(super) fn is_bytes_to_bytes(name: &str) -> bool {
    Compression::from_name(name).is_some() || Checked::is_named(name) || short_name(name) == "shuffle"
}

/// The zarrs data type of a voxel type.
pub(super) fn zarrs_data_type(data_type: DataType) -> zarrs::array::DataType {
    match data_type {
        DataType::Uint8 => data_type::uint8(),
        DataType::Int8 => data_type::int8(),
        DataType::Uint16 => data_type::uint16(),
        DataType::Int16 => data_type::int16(),
        DataType::Uint32 => data_type::uint32(),
        DataType::Int32 => data_type::int32(),
        DataType::Uint64 => data_type::uint64(),
        DataType::Int64 => data_type::int64(),
        DataType::Float32 => data_type::float32(),
        DataType::Float64 => data_type::float64(),
    }
}

/// The voxel type of a zarrs data type.
pub(super) fn voxel_type(data_type: &zarrs::array::DataType) -> Option<DataType> {
    DataType::ALL.into_iter().find(|own| zarrs_data_type(*own) == *data_type)
}

/// Registers everything, once.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register_codecs();
        register_data_type_v3(DataTypeRuntimePluginV3::new(
            |name| DataType::from_name(name).is_some(),
            |metadata| {
                let data_type = DataType::from_name(metadata.name()).map(zarrs_data_type);
                data_type.ok_or_else(|| PluginCreateError::from("the data type is not supported"))
            },
        ));
        register_chunk_grid(ChunkGridRuntimePlugin::new(|name| name == "regular", RegularChunkGrid::create));
        register_chunk_key_encoding(ChunkKeyEncodingRuntimePlugin::new(|name| name == "default", DefaultChunkKeyEncoding::create));
        register_chunk_key_encoding(ChunkKeyEncodingRuntimePlugin::new(|name| name == "v2", V2ChunkKeyEncoding::create));
    });
}

fn register_codecs() {
    register_codec_v3(CodecRuntimePluginV3::new(
        |name| Compression::from_name(name).is_some(),
        |metadata| Ok(from_bytes(Compression::from_name(metadata.name()).ok_or("the codec is not supported")?)),
    ));
    register_codec_v3(CodecRuntimePluginV3::new(Checked::is_named, |metadata| Ok(from_bytes(Checked::from_metadata(metadata)?))));
    register_codec_v3(CodecRuntimePluginV3::new(
        |name| short_name(name) == "shuffle",
        |metadata| Ok(from_bytes(metadata.to_typed_configuration::<Shuffle>()?)),
    ));
    register_codec_v3(CodecRuntimePluginV3::new(
        |name| matches!(name, "bytes" | "endian"),
        |metadata| Ok(to_voxels(metadata.to_typed_configuration::<Bytes>()?)),
    ));
    register_codec_v3(CodecRuntimePluginV3::new(|name| short_name(name) == "pcodec", |_| Ok(to_voxels(Pcodec))));
    register_codec_v3(CodecRuntimePluginV3::new(
        |name| name == "sharding_indexed",
        |metadata| Ok(to_voxels(ShardCodec::from_metadata(metadata)?)),
    ));
    register_codec_v3(CodecRuntimePluginV3::new(|name| name == "transpose", TransposeCodec::create));
}

fn from_bytes(codec: impl DecodeBytes) -> Codec {
    Codec::BytesToBytes(Arc::new(Adapted(codec)))
}

fn to_voxels(codec: impl DecodeVoxels) -> Codec {
    Codec::ArrayToBytes(Arc::new(Adapted(codec)))
}
