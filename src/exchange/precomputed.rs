//! Neuroglancer precomputed: `info`, and a file for each chunk.
//!
//! Source: `src/datasource/precomputed/volume.rst` of Neuroglancer. Ids of 32 or 64 bits are written as `compressed_segmentation`, bytes as `png`, the
//! others as `raw`: cloud-volume does not read `png` of 16 bits. Chunks of 0 alone are left out, which reads as 0.

use serde_json::{Value, json};

use super::plan::{Level, Plan, as_f64};
use super::write::{File, Layout, with};
use super::zip::Method;
use super::{ExportError, VolumeExport};
use crate::codec::{compressed_segmentation, png};
use crate::format::per_axis::zip;
use crate::geometry::VoxelBox;
use crate::voxel::{DataType, VoxelBlock};

const FORMAT: &str = "precomputed";
const BLOCK: [u32; 3] = [8; 3];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Raw,
    Png,
    CompressedSegmentation,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Png => "png",
            Self::CompressedSegmentation => "compressed_segmentation",
        }
    }
}

/// A volume as precomputed.
pub(super) struct Precomputed<'a> {
    request: &'a VolumeExport,
    data_type: DataType,
    encoding: Encoding,
    /// The lower corner in voxels of the finest level, from nm 0.
    first: [i64; 3],
}

/// The box that is written, and its levels. A level begins at a whole voxel of its own, counted from nm 0: the box reaches down to such a place.
pub(super) fn plan(request: &VolumeExport) -> Result<(VoxelBox, Plan), ExportError> {
    let mut voxels = request.voxels;
    loop {
        let plan = Plan::new(voxels.shape().map(i64::unsigned_abs), request.voxel_size_nm, request.levels)?;
        let factor = plan.levels.last().map_or([1; 3], |level| level.factor);
        let beyond = zip(first(request, &voxels), factor, |first, factor| first.rem_euclid(i64::try_from(factor).unwrap_or(i64::MAX)));
        if beyond == [0; 3] {
            return Ok((voxels, plan));
        }
        voxels.min = zip(voxels.min, beyond, |min, beyond| min - beyond);
    }
}

/// Where a box begins, in voxels from nm 0. A volume that begins within a voxel is moved to where that begins or ends, whichever is nearer: the
/// format counts whole voxels.
fn first(request: &VolumeExport, voxels: &VoxelBox) -> [i64; 3] {
    let offset = zip(request.offset_nm, request.voxel_size_nm, |offset, size| offset / size);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; positions are far from there")]
    zip(offset, voxels.min, |offset, min| min.saturating_add(offset.round() as i64))
}

impl<'a> Precomputed<'a> {
    /// # Errors
    /// [`ExportError::Unsupported`] for types of voxels that the format has not.
    pub(super) fn new(request: &'a VolumeExport, voxels: &VoxelBox, data_type: DataType) -> Result<Self, ExportError> {
        let encoding = match data_type {
            DataType::Int64 | DataType::Float64 => {
                return Err(ExportError::Unsupported { format: FORMAT, what: format!("voxels of {}", data_type.name()) });
            }
            DataType::Uint32 | DataType::Uint64 if request.as_labels => Encoding::CompressedSegmentation,
            DataType::Uint8 => Encoding::Png,
            _ => Encoding::Raw,
        };
        Ok(Self { request, data_type, encoding, first: first(request, voxels) })
    }

    fn resolution(&self, level: &Level) -> [f64; 3] {
        zip(self.request.voxel_size_nm, level.factor, |size, factor| size * as_f64(factor))
    }

    fn key(&self, level: &Level) -> String {
        self.resolution(level).map(|nm| nm.to_string()).join("_")
    }

    fn offset(&self, level: &Level) -> [i64; 3] {
        zip(self.first, level.factor, |first, factor| first.div_euclid(i64::try_from(factor).unwrap_or(i64::MAX)))
    }

    fn scale(&self, level: &Level) -> Value {
        let scale = json!({
            "key": self.key(level),
            "size": level.shape,
            "resolution": self.resolution(level),
            "voxel_offset": self.offset(level),
            "chunk_sizes": [level.chunk],
            "encoding": self.encoding.name(),
        });
        match self.encoding {
            Encoding::CompressedSegmentation => with(scale, "compressed_segmentation_block_size", json!(BLOCK)),
            Encoding::Raw | Encoding::Png => scale,
        }
    }
}

/// A volume as precomputed, with its levels.
pub(super) struct Scales<'a> {
    pub(super) volume: Precomputed<'a>,
    pub(super) plan: &'a Plan,
}

impl Layout for Scales<'_> {
    fn documents(&self) -> Vec<(String, Value)> {
        let volume = &self.volume;
        let info = json!({
            "@type": "neuroglancer_multiscale_volume",
            "type": if volume.request.as_labels { "segmentation" } else { "image" },
            "data_type": volume.data_type.name(),
            "num_channels": 1,
            "scales": self.plan.levels.iter().map(|level| volume.scale(level)).collect::<Vec<_>>(),
        });
        vec![("info".to_owned(), info)]
    }

    fn chunk(&self, _: usize, level: &Level, at: [u64; 3], block: &VoxelBlock) -> Result<File, ExportError> {
        let volume = &self.volume;
        let min = zip(volume.offset(level), level.chunk_min(at), |offset, min| offset.saturating_add_unsigned(min));
        let [x, y, z] = zip(min, block.shape, |min, edge| format!("{min}-{}", min + i64::from(edge)));
        let name = format!("{}/{x}_{y}_{z}", volume.key(level));
        let layout = compressed_segmentation::Layout { shape: block.shape, block_shape: BLOCK, channels: 1 };
        let [width, ..] = block.shape;
        let (bytes, method) = match volume.encoding {
            Encoding::Raw => (block.data.clone(), Method::Deflated),
            Encoding::Png => (png::encode_grey(&block.data, width, volume.data_type.size_bytes())?, Method::Stored),
            Encoding::CompressedSegmentation if volume.data_type == DataType::Uint32 => {
                (compressed_segmentation::encode::<4>(&[&block.data], &layout)?, Method::Deflated)
            }
            Encoding::CompressedSegmentation => (compressed_segmentation::encode::<8>(&[&block.data], &layout)?, Method::Deflated),
        };
        Ok(File { name, bytes, method })
    }
}
