//! The metadata of one array, read and checked.
//!
//! Source: Zarr v3 core specification 3.1, Zarr v2 specification. Everything that later sizes memory or arithmetic is bounded
//! here, before zarrs sees it: zarrs multiplies shapes as it finds them.

use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayMetadata, ArrayMetadataV3, ArrayToBytesCodecTraits, CodecError, FillValue};
use zarrs::metadata::v3::MetadataV3;

use super::codecs::short_name;
use super::registry;
use super::shard::{ShardCodec, ShardConfig, ShardLayout};
use super::v2;
use crate::format::FormatError;
use crate::format::limits::{MAX_CHUNK_BYTES, MAX_CODECS, MAX_DIMENSIONS, MAX_EXTENT};
use crate::voxel::DataType;

/// What is wrong with metadata, before it is known where it came from.
#[derive(Debug)]
pub(super) enum Fault {
    Bad(String),
    Unsupported { what: &'static str, name: String },
}

impl Fault {
    pub(super) fn at(self, url: &str) -> FormatError {
        let url = url.to_owned();
        match self {
            Self::Bad(reason) => FormatError::BadMetadata { reason, url },
            Self::Unsupported { what, name } => FormatError::Unsupported { what, name, url },
        }
    }
}

/// How the voxels of a chunk come out of its bytes.
#[derive(Debug)]
pub(super) enum Layout {
    /// A file per chunk.
    Files,
    /// Files hold chunks that can be read alone.
    Shards(ShardLayout),
}

/// An array whose metadata makes sense.
#[derive(Debug)]
pub(crate) struct ArrayInfo {
    /// Voxels along each dimension, in the array's own order.
    pub(crate) shape: Vec<u64>,
    /// The type of a voxel.
    pub(crate) data_type: DataType,
    /// The bits, zero-extended, of a voxel of an absent chunk.
    pub(crate) fill_bits: u64,
    /// Names of the dimensions, where given.
    pub(crate) dimension_names: Vec<Option<String>>,
    /// The user's attributes.
    pub(crate) attributes: Map<String, Value>,
    /// How chunks are compressed, for people.
    pub(crate) encoding: String,
    pub(super) layout: Layout,
    /// zarrs' view of it: chunk keys and codecs. It has no store of its own.
    pub(super) array: Array<()>,
    pub(super) file_shape: Vec<NonZeroU64>,
    pub(super) zarrs_type: zarrs::array::DataType,
    pub(super) fill_value: FillValue,
}

impl ArrayInfo {
    /// Reads a `zarr.json` of an array, already parsed.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`], [`FormatError::Unsupported`].
    pub(crate) fn from_v3(document: Value, url: &str) -> Result<Self, FormatError> {
        parse(document).map_err(|fault| fault.at(url))
    }

    /// Reads a `.zarray`, already parsed, with the attributes of its `.zattrs`.
    ///
    /// # Errors
    /// As [`ArrayInfo::from_v3`].
    pub(crate) fn from_v2(zarray: &Map<String, Value>, attributes: Map<String, Value>, url: &str) -> Result<Self, FormatError> {
        v2::to_v3(zarray, attributes).and_then(parse).map_err(|fault| fault.at(url))
    }

    /// Voxels along each dimension of what is read at once: a chunk, or a chunk of a shard.
    pub(crate) fn chunk_shape(&self) -> Vec<u64> {
        let shape = match &self.layout {
            Layout::Files => &self.file_shape,
            Layout::Shards(shards) => &shards.chunk_shape,
        };
        shape.iter().map(|n| n.get()).collect()
    }

    /// Chunks of a file along each dimension, where files hold more than one.
    pub(crate) fn chunks_per_file(&self) -> Option<Vec<u64>> {
        match &self.layout {
            Layout::Files => None,
            Layout::Shards(shards) => Some(shards.chunks.iter().map(|n| n.get()).collect()),
        }
    }
}

fn parse(mut document: Value) -> Result<ArrayInfo, Fault> {
    registry::register();
    numbers_for_truths(&mut document);
    check_before_types(&document)?;
    let dimensions = document.get("shape").and_then(Value::as_array).map_or(0, Vec::len).min(MAX_DIMENSIONS);
    spell_out_orders(document.get_mut("codecs"), dimensions);
    let metadata: ArrayMetadataV3 = serde_json::from_value(document).map_err(|error| Fault::Bad(error.to_string()))?;
    if let Some((name, _)) = metadata.additional_fields.iter().find(|(_, field)| field.must_understand()) {
        return Err(Fault::Unsupported { what: "the metadata field", name: name.clone() });
    }
    if let Some(transformer) = metadata.storage_transformers.first() {
        return Err(Fault::Unsupported { what: "the storage transformer", name: transformer.name().to_owned() });
    }
    let data_type = DataType::from_name(metadata.data_type.name());
    let unsupported = || Fault::Unsupported { what: "the data type", name: metadata.data_type.name().to_owned() };
    let data_type = data_type.ok_or_else(unsupported)?;
    let zarrs_type = registry::zarrs_data_type(data_type);
    let file_shape = check_shapes(&metadata)?;
    let mut names = Vec::new();
    check_codecs(&metadata.codecs, &mut names, 0)?;
    let key_encoding = metadata.chunk_key_encoding.name();
    if !matches!(key_encoding, "default" | "v2") {
        return Err(Fault::Unsupported { what: "the chunk key encoding", name: key_encoding.to_owned() });
    }
    let fill_value = zarrs_type.fill_value_v3(&metadata.fill_value);
    let fill_value = fill_value.map_err(|_| Fault::Bad(format!("the fill value {} is no {}", metadata.fill_value, data_type.name())))?;
    let layout = layout(&metadata, &file_shape, data_type, &zarrs_type, &fill_value)?;
    let shape = metadata.shape.clone();
    let dimension_names = match &metadata.dimension_names {
        Some(names) => names.iter().map(|name| name.as_ref().map(ToString::to_string)).collect(),
        None => vec![None; shape.len()],
    };
    let attributes = metadata.attributes.clone();
    let array = Array::new_with_metadata(Arc::new(()), "/", ArrayMetadata::V3(metadata)).map_err(|error| Fault::Bad(error.to_string()))?;
    Ok(ArrayInfo {
        shape,
        data_type,
        fill_bits: bits(fill_value.as_ne_bytes()),
        dimension_names,
        attributes,
        encoding: if names.is_empty() { "raw".to_owned() } else { names.join(", ") },
        layout,
        array,
        file_shape,
        zarrs_type,
        fill_value,
    })
}

/// Names what is not supported where zarrs' types would only say that a field has the wrong form.
fn check_before_types(document: &Value) -> Result<(), Fault> {
    if !document.is_object() {
        return Err(Fault::Bad("it is not a JSON object".to_owned()));
    }
    match document.get("zarr_format").and_then(Value::as_u64) {
        Some(3) => {}
        Some(other) => return Err(Fault::Unsupported { what: "the Zarr format", name: other.to_string() }),
        None => return Err(Fault::Bad("\"zarr_format\" is missing".to_owned())),
    }
    let codecs = document.get("codecs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let data_type = document.get("data_type").map(|data_type| data_type.get("name").unwrap_or(data_type));
    if let Some(name) = data_type.and_then(Value::as_str).filter(|name| DataType::from_name(name).is_none()) {
        return Err(Fault::Unsupported { what: "the data type", name: name.to_owned() });
    }
    if codecs.len() > MAX_CODECS {
        return Err(Fault::Bad(format!("{} codecs are more than {MAX_CODECS}", codecs.len())));
    }
    Ok(())
}

/// Voxels that are true or false are stored as the bytes 1 and 0, and read as such.
fn numbers_for_truths(document: &mut Value) {
    let Some(document) = document.as_object_mut() else {
        return;
    };
    let data_type = document.get_mut("data_type").filter(|name| matches!(name.get("name").unwrap_or(name).as_str(), Some("bool")));
    if let Some(data_type) = data_type {
        *data_type = DataType::Uint8.name().into();
        if let Some(fill_value) = document.get_mut("fill_value")
            && let Some(is_true) = fill_value.as_bool()
        {
            *fill_value = u8::from(is_true).into();
        }
    }
}

/// Drafts of v3 had "C" and "F" for the orders of `transpose`.
fn spell_out_orders(codecs: Option<&mut Value>, dimensions: usize) {
    for codec in codecs.and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(configuration) = codec.get_mut("configuration") else {
            continue;
        };
        match configuration.get("order").and_then(Value::as_str) {
            Some("C") => configuration["order"] = (0..dimensions).collect(),
            Some("F") => configuration["order"] = (0..dimensions).rev().collect(),
            _ => spell_out_orders(configuration.get_mut("codecs"), dimensions),
        }
    }
}

/// Checks the shape of the array and of its files, and gives the latter.
fn check_shapes(metadata: &ArrayMetadataV3) -> Result<Vec<NonZeroU64>, Fault> {
    let shape = &metadata.shape;
    if !(1..=MAX_DIMENSIONS).contains(&shape.len()) {
        return Err(Fault::Bad(format!("an array of {} dimensions is not a volume", shape.len())));
    }
    if let Some(extent) = shape.iter().find(|&&n| !(1..=MAX_EXTENT).contains(&n)) {
        return Err(Fault::Bad(format!("a shape with an extent of {extent}")));
    }
    let grid = &metadata.chunk_grid;
    if grid.name() != "regular" {
        return Err(Fault::Unsupported { what: "the chunk grid", name: grid.name().to_owned() });
    }
    let chunk_shape = grid.configuration().and_then(|configuration| configuration.get("chunk_shape")).cloned().unwrap_or_default();
    let chunk_shape: Vec<NonZeroU64> =
        serde_json::from_value(chunk_shape).map_err(|error| Fault::Bad(format!("the chunk shape: {error}")))?;
    if chunk_shape.len() != shape.len() {
        return Err(Fault::Bad(format!("chunks of {} dimensions in an array of {}", chunk_shape.len(), shape.len())));
    }
    if let Some(extent) = chunk_shape.iter().find(|n| n.get() > MAX_EXTENT) {
        return Err(Fault::Bad(format!("a chunk shape with an extent of {extent}")));
    }
    if metadata.dimension_names.as_ref().is_some_and(|names| names.len() != shape.len()) {
        return Err(Fault::Bad("there are not as many dimension names as dimensions".to_owned()));
    }
    Ok(chunk_shape)
}

/// Checks that every codec of a chain, and of chains within it, is known; gathers what people call them.
fn check_codecs(codecs: &[MetadataV3], names: &mut Vec<String>, depth: usize) -> Result<(), Fault> {
    if codecs.len() > MAX_CODECS || depth > MAX_CODECS {
        return Err(Fault::Bad(format!("more than {MAX_CODECS} codecs")));
    }
    for codec in codecs {
        let name = codec.name();
        if !registry::has_codec(name) {
            return Err(Fault::Unsupported { what: "the codec", name: name.to_owned() });
        }
        let short = short_name(name);
        match short {
            "sharding_indexed" => {
                let config = ShardConfig::from_metadata(codec).map_err(Fault::Bad)?;
                check_codecs(&config.index_codecs, &mut Vec::new(), depth + 1)?;
                check_codecs(&config.codecs, names, depth + 1)?;
            }
            "blosc" => {
                let inner = codec.configuration().and_then(|configuration| configuration.get("cname")).and_then(Value::as_str);
                if inner == Some("snappy") {
                    return Err(Fault::Unsupported { what: "the codec", name: "blosc (snappy)".to_owned() });
                }
                names.push(inner.map_or_else(|| short.to_owned(), |inner| format!("blosc ({inner})")));
            }
            _ if registry::is_bytes_to_bytes(name) || short == "pcodec" => names.push(short.to_owned()),
            _ => {}
        }
    }
    match codecs.iter().filter(|codec| registry::is_array_to_bytes(codec.name())).count() {
        1 => Ok(()),
        count => Err(Fault::Bad(format!("{count} codecs turn the array into bytes, where one must"))),
    }
}

/// Finds out what can be read alone, and that it is of a size that can be decoded.
fn layout(
    metadata: &ArrayMetadataV3,
    file_shape: &[NonZeroU64],
    data_type: DataType,
    zarrs_type: &zarrs::array::DataType,
    fill_value: &FillValue,
) -> Result<Layout, Fault> {
    let fault = |error: CodecError| Fault::Bad(error.to_string());
    let plugin_fault = |error: zarrs::plugin::PluginCreateError| Fault::Bad(error.to_string());
    // Chunks of a shard can be read alone only where nothing is done to the shard before or after.
    if let [codec] = metadata.codecs.as_slice()
        && codec.name() == "sharding_indexed"
    {
        let codec = ShardCodec::from_metadata(codec).map_err(plugin_fault)?;
        let shards = ShardLayout::new(&codec, file_shape).map_err(Fault::Bad)?;
        check_chunk_size(&shards.chunk_shape, data_type)?;
        shards.codecs.encoded_representation(&shards.chunk_shape, zarrs_type, fill_value).map_err(fault)?;
        return Ok(Layout::Shards(shards));
    }
    check_chunk_size(file_shape, data_type)?;
    let codecs = zarrs::array::CodecChain::from_metadata(&metadata.codecs).map_err(plugin_fault)?;
    codecs.encoded_representation(file_shape, zarrs_type, fill_value).map_err(fault)?;
    Ok(Layout::Files)
}

fn check_chunk_size(shape: &[NonZeroU64], data_type: DataType) -> Result<(), Fault> {
    let len = shape.iter().try_fold(data_type.size_bytes() as u64, |len, n| len.checked_mul(n.get()));
    match len.filter(|&len| len <= MAX_CHUNK_BYTES) {
        Some(_) => Ok(()),
        None => Err(Fault::Bad(format!("a chunk of {shape:?} {} voxels has more than {MAX_CHUNK_BYTES} bytes", data_type.name()))),
    }
}

/// Little-endian bytes of a voxel as bits.
fn bits(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, &byte| (bits << 8) | u64::from(byte))
}
