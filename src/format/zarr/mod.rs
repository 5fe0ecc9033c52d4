//! Zarr arrays, v2 and v3, through zarrs: it reads metadata, names chunks and runs chains of codecs; fetching, shard indices
//! and every bound on size are here.
//!
//! Source: Zarr v3 core specification 3.1 with the codecs bytes, transpose, gzip, zstd, blosc, crc32c and sharding_indexed;
//! Zarr v2 specification with the compressors of numcodecs. Knows nothing of levels' sizes in space beyond what a bare array
//! says of itself: OME-Zarr is next door.

mod array;
mod codecs;
mod metadata;
mod registry;
mod shard;
mod v2;

pub(super) use array::ZarrArray;
pub(super) use metadata::ArrayInfo;

use std::rc::Rc;

use serde_json::Value;

use super::arrays::{ArraySource, Level};
use super::axes::AxisMap;
use super::{ChunkSource, FormatError, SourceFormat};
use crate::store::Provider;

/// A bare array as a volume of one level. Its metadata are at `document_url`.
///
/// # Errors
/// As [`ArraySource::new`].
pub(super) fn open(
    provider: &Rc<dyn Provider>,
    info: ArrayInfo,
    url: &str,
    document_url: String,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let axes = AxisMap::from_names(&names(&info));
    let sizes = voxel_sizes(&info);
    let voxel_size_nm = axes.space(&sizes, 1.0);
    let array = ZarrArray::new(info, provider.store(url)?);
    let level = Level { array, voxel_size_nm, offset_nm: [0.0; 3], first: [0; 3], url: document_url };
    Ok(Box::new(ArraySource::new(SourceFormat::Zarr, None, axes, &[], vec![level])?))
}

/// The names of the dimensions: v3 has a field for them, v2 the attribute that xarray writes.
fn names(info: &ArrayInfo) -> Vec<Option<String>> {
    let attribute = info.attributes.get("_ARRAY_DIMENSIONS").and_then(Value::as_array);
    match attribute {
        Some(names) if info.dimension_names.iter().all(Option::is_none) && names.len() == info.shape.len() => {
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => info.dimension_names.clone(),
    }
}

/// Nanometres per voxel by dimension, from the attribute `dimension_units` that tensorstore and Neuroglancer write; 1 where
/// nothing is said.
fn voxel_sizes(info: &ArrayInfo) -> Vec<f64> {
    let units = info.attributes.get("dimension_units").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let size = |dimension: usize| units.get(dimension).and_then(Value::as_str).and_then(parse_quantity).unwrap_or(1.0);
    (0..info.shape.len()).map(size).collect()
}

/// "40 nm" or "um" in nanometres.
fn parse_quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let number_len = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(number_len)?;
    let number = if number.is_empty() { 1.0 } else { number.parse::<f64>().ok()? };
    let size = number * super::length_unit::nm_per_unit(unit.trim())?;
    (size.is_finite() && size > 0.0).then_some(size)
}

#[cfg(test)]
mod tests;
