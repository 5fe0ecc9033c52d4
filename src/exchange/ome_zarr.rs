//! OME-Zarr 0.5 (Zarr v3) and 0.4 (Zarr v2): axes z, y, x in nanometres, one array for each level.
//!
//! Sources: ngff.openmicroscopy.org 0.4 and 0.5; zarr-specs v2 and v3 (core, `zstd`, `blosc`). Chunks at the upper faces are padded with 0, as
//! Zarr has them; chunks of 0 alone are left out.

use serde_json::{Value, json};

use super::plan::{Level, Plan, as_f64};
use super::write::{File, Layout, with};
use super::zip::Method;
use super::{ExportError, OmeVersion, VolumeExport};
use crate::codec::{blosc, zstd};
use crate::geometry::VoxelBox;
use crate::voxel::{DataType, VoxelBlock, paste};

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    /// Ids, and grey values of one byte.
    Zstd,
    /// Wider grey values: what they share is in their upper bytes.
    Blosc,
}

/// A volume as OME-Zarr.
pub(super) struct OmeZarr<'a> {
    pub(super) request: &'a VolumeExport,
    pub(super) plan: &'a Plan,
    pub(super) data_type: DataType,
}

impl OmeZarr<'_> {
    fn compression(&self) -> Compression {
        if self.request.as_labels || self.data_type.size_bytes() == 1 { Compression::Zstd } else { Compression::Blosc }
    }

    /// Positions are of voxels' centres.
    fn multiscale(&self) -> Value {
        let axis = |name: &str| json!({ "name": name, "type": "space", "unit": "nanometer" });
        let datasets: Vec<Value> = self.plan.levels.iter().enumerate().map(|(number, level)| self.dataset(number, level)).collect();
        let kind = if self.request.as_labels { "mode" } else { "mean" };
        json!({ "name": self.request.name, "type": kind, "axes": [axis("z"), axis("y"), axis("x")], "datasets": datasets })
    }

    fn dataset(&self, number: usize, level: &Level) -> Value {
        let VolumeExport { voxel_size_nm, offset_nm, voxels, .. } = self.request;
        let mut scale = [0.0; 3];
        let mut translation = [0.0; 3];
        let axes = voxel_size_nm.iter().zip(offset_nm).zip(voxels.min.iter().zip(level.factor));
        for ((scale, translation), ((size, offset), (min, factor))) in scale.iter_mut().zip(&mut translation).rev().zip(axes) {
            *scale = size * as_f64(factor);
            #[expect(clippy::cast_precision_loss, reason = "voxels of a volume are fewer than 2^53")]
            let corner = offset + *min as f64 * size;
            *translation = corner + *scale / 2.0;
        }
        let transformations = json!([{ "type": "scale", "scale": scale }, { "type": "translation", "translation": translation }]);
        json!({ "path": number.to_string(), "coordinateTransformations": transformations })
    }

    fn array_v3(&self, level: &Level) -> Value {
        let compressor = match self.compression() {
            Compression::Zstd => json!({ "name": "zstd", "configuration": { "level": zstd::LEVEL, "checksum": false } }),
            Compression::Blosc => json!({ "name": "blosc", "configuration": {
                "cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": self.data_type.size_bytes(), "blocksize": 0,
            } }),
        };
        json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": reversed(level.shape),
            "data_type": self.data_type.name(),
            "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": reversed(level.chunk) } },
            "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
            "fill_value": 0,
            "codecs": [{ "name": "bytes", "configuration": { "endian": "little" } }, compressor],
            "dimension_names": ["z", "y", "x"],
            "attributes": {},
        })
    }

    fn array_v2(&self, level: &Level) -> Value {
        let compressor = match self.compression() {
            Compression::Zstd => json!({ "id": "zstd", "level": zstd::LEVEL }),
            Compression::Blosc => json!({ "id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0 }),
        };
        json!({
            "zarr_format": 2,
            "shape": reversed(level.shape),
            "chunks": reversed(level.chunk),
            "dtype": v2_name(self.data_type),
            "compressor": compressor,
            "fill_value": 0,
            "order": "C",
            "filters": null,
            "dimension_separator": "/",
        })
    }
}

impl Layout for OmeZarr<'_> {
    fn documents(&self) -> Vec<(String, Value)> {
        let multiscale = self.multiscale();
        let labelled = |attributes, label| if self.request.as_labels { with(attributes, "image-label", label) } else { attributes };
        let levels = self.plan.levels.iter().enumerate();
        match self.request.ome_version {
            OmeVersion::V05 => {
                let ome = labelled(json!({ "version": "0.5", "multiscales": [multiscale] }), json!({}));
                let group = json!({ "zarr_format": 3, "node_type": "group", "attributes": { "ome": ome } });
                let arrays = levels.map(|(number, level)| (format!("{number}/zarr.json"), self.array_v3(level)));
                [("zarr.json".to_owned(), group)].into_iter().chain(arrays).collect()
            }
            OmeVersion::V04 => {
                let multiscale = with(multiscale, "version", json!("0.4"));
                let attributes = labelled(json!({ "multiscales": [multiscale] }), json!({ "version": "0.4" }));
                let group = [(".zgroup".to_owned(), json!({ "zarr_format": 2 })), (".zattrs".to_owned(), attributes)];
                let arrays = levels.map(|(number, level)| (format!("{number}/.zarray"), self.array_v2(level)));
                group.into_iter().chain(arrays).collect()
            }
        }
    }

    fn chunk(&self, number: usize, level: &Level, [x, y, z]: [u64; 3], block: &VoxelBlock) -> Result<File, ExportError> {
        let name = match self.request.ome_version {
            OmeVersion::V05 => format!("{number}/c/{z}/{y}/{x}"),
            OmeVersion::V04 => format!("{number}/{z}/{y}/{x}"),
        };
        let padded = (block.shape != level.chunk).then(|| padded(block, level.chunk)).transpose()?;
        let data = &padded.as_ref().unwrap_or(block).data;
        let bytes = match self.compression() {
            Compression::Zstd => zstd::encode(data),
            Compression::Blosc => blosc::encode(data, self.data_type.size_bytes())?,
        };
        Ok(File { name, bytes, method: Method::Stored })
    }
}

fn padded(block: &VoxelBlock, shape: [u32; 3]) -> Result<VoxelBlock, ExportError> {
    let whole = VoxelBlock::filled(block.data_type, shape, 0);
    let mut whole = whole.ok_or(ExportError::OutOfMemory { bytes: block.data.len() as u64 })?;
    let at_origin = |shape: [u32; 3]| VoxelBox::from_shape([0; 3], shape.map(i64::from));
    paste(&mut whole, &at_origin(shape), block, &at_origin(block.shape));
    Ok(whole)
}

fn reversed<T>([x, y, z]: [T; 3]) -> [T; 3] {
    [z, y, x]
}

/// NumPy's name of a type.
fn v2_name(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Uint8 => "|u1",
        DataType::Int8 => "|i1",
        DataType::Uint16 => "<u2",
        DataType::Int16 => "<i2",
        DataType::Uint32 => "<u4",
        DataType::Int32 => "<i4",
        DataType::Uint64 => "<u8",
        DataType::Int64 => "<i8",
        DataType::Float32 => "<f4",
        DataType::Float64 => "<f8",
    }
}
