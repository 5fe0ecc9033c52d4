//! What the attributes of a dataset say of its blocks, read and checked.

use serde_json::Value;

use crate::format::FormatError;
use crate::format::limits::{MAX_CHUNK_BYTES, MAX_DIMENSIONS, MAX_EXTENT};
use crate::format::object::Object;
use crate::voxel::DataType;

/// A dataset, by dimension in N5's order.
pub(super) struct Dataset {
    pub(super) dimensions: Vec<u64>,
    /// Voxels of a block; fewer at the far edges, perhaps.
    pub(super) block_size: Vec<u64>,
    pub(super) data_type: DataType,
    pub(super) compression: Compression,
    /// How blocks are compressed, for people.
    pub(super) encoding: String,
}

/// How the voxels of a block become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Raw,
    Gzip,
    Zlib,
    Bzip2,
    Lz4,
    Xz,
    Blosc,
    Zstd,
}

/// Whether these are the attributes of a dataset and not of a group.
pub(super) fn is_dataset(attributes: &Value) -> bool {
    attributes.get("dimensions").is_some() && attributes.get("dataType").is_some()
}

impl Dataset {
    pub(super) fn parse(attributes: &Object<'_>) -> Result<Self, FormatError> {
        let data_type = data_type(attributes)?;
        let dimensions = extents(attributes, "dimensions", MAX_EXTENT)?;
        let block_size = extents(attributes, "blockSize", u64::from(u32::MAX))?;
        if block_size.len() != dimensions.len() {
            return Err(attributes.bad(format_args!("\"blockSize\" has {} numbers for {} dimensions", block_size.len(), dimensions.len())));
        }
        let len = block_size.iter().try_fold(data_type.size_bytes() as u64, |len, n| len.checked_mul(*n));
        if len.is_none_or(|len| len > MAX_CHUNK_BYTES) {
            let name = data_type.name();
            return Err(attributes.bad(format_args!("a block of {block_size:?} {name} voxels has more than {MAX_CHUNK_BYTES} bytes")));
        }
        let (compression, encoding) = compression(attributes)?;
        Ok(Self { dimensions, block_size, data_type, compression, encoding })
    }

    /// Voxels of a block, but no more than there are: a block may be said to be far larger than its dataset.
    pub(super) fn chunk_shape(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.block_size.iter().zip(&self.dimensions).map(|(block, extent)| *block.min(extent))
    }
}

fn data_type(attributes: &Object<'_>) -> Result<DataType, FormatError> {
    // Paintera's lists of labels by voxel say that they are uint8.
    if attributes.get("isLabelMultiset") == Some(&Value::Bool(true)) {
        return Err(attributes.unsupported("the kind of N5 dataset", "label multiset (isLabelMultiset)"));
    }
    let Some(name) = attributes.text("dataType")? else {
        return Err(attributes.wrong("dataType", None, "a data type"));
    };
    DataType::from_name(name).ok_or_else(|| attributes.unsupported("the data type", name))
}

/// Numbers of voxels by dimension.
fn extents(attributes: &Object<'_>, name: &str, most: u64) -> Result<Vec<u64>, FormatError> {
    let value = attributes.get(name);
    let wrong = || attributes.wrong(name, value, &format!("1 to {MAX_DIMENSIONS} integers from 1 to {most}"));
    let list = value.and_then(Value::as_array).filter(|list| (1..=MAX_DIMENSIONS).contains(&list.len())).ok_or_else(wrong)?;
    let extents = list.iter().map(|n| n.as_u64().filter(|n| (1..=most).contains(n)));
    extents.collect::<Option<_>>().ok_or_else(wrong)
}

/// `compression` has the name of the codec in `type`; early versions had the name alone, in `compressionType`.
fn compression(attributes: &Object<'_>) -> Result<(Compression, String), FormatError> {
    let settings = attributes.get("compression").filter(|settings| settings.is_object());
    let settings = settings.map(|settings| attributes.object(settings, "compression: "));
    let name = match &settings {
        Some(settings) => settings.text("type")?.ok_or_else(|| settings.wrong("type", None, "the name of a codec"))?,
        None => attributes
            .text("compressionType")?
            .ok_or_else(|| attributes.wrong("compression", attributes.get("compression"), "an object with the \"type\" of a codec"))?,
    };
    let member = |name: &str| settings.and_then(|settings| settings.get(name));
    let compression = match name {
        "raw" => Compression::Raw,
        "gzip" if member("useZlib") == Some(&Value::Bool(true)) => Compression::Zlib,
        "gzip" => Compression::Gzip,
        "zlib" => Compression::Zlib,
        "bzip2" => Compression::Bzip2,
        "lz4" => Compression::Lz4,
        "xz" => Compression::Xz,
        "blosc" => match member("cname").and_then(Value::as_str) {
            Some("snappy") => return Err(attributes.unsupported("the codec", "blosc (snappy)")),
            Some(inner) => return Ok((Compression::Blosc, format!("blosc ({inner})"))),
            None => Compression::Blosc,
        },
        "zstd" => Compression::Zstd,
        other => return Err(attributes.unsupported("the codec", other)),
    };
    Ok((compression, name.to_owned()))
}
