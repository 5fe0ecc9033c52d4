//! What the engine tells: plain values in the shapes of the public API.

use serde::{Deserialize, Serialize};

use crate::error::ViewerError;
use crate::format::{ChannelNote, OtherAxis, SourceFormat, VolumeKind};
use crate::geometry::VoxelBox;
use crate::scene::resolve::ChunkCounts;
use crate::voxel::DataType;

/// How far a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    /// Its metadata is being read.
    Loading,
    /// It can be drawn.
    Ready,
    /// Its metadata could not be read.
    Error,
}

/// What is known of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerInfo {
    /// The format, once known.
    pub format: Option<SourceFormat>,
    /// The type of one voxel.
    pub data_type: Option<DataType>,
    /// What the metadata says the voxels mean.
    pub kind: Option<VolumeKind>,
    /// Channels.
    pub channels: u32,
    /// The lower corner of voxel 0 of the finest level, nm.
    pub offset_nm: [f64; 3],
    /// Finest first.
    pub levels: Vec<LevelInfo>,
    /// 2 or 3, of Zarr arrays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zarr_format: Option<u8>,
    /// What the metadata says of channels, from the first.
    pub channel_notes: Vec<ChannelNote>,
    /// How the volume's x, y, z lie in the world before the layer's transform: 3×3, row-major; `None`: as the world's.
    pub orientation: Option<Vec<f64>>,
    /// Axes beside x, y, z and channel.
    pub other_axes: Vec<OtherAxis>,
    /// How far it is.
    pub state: LayerState,
    /// Why it could not be read.
    pub error: Option<ViewerError>,
    /// Chunks of the levels in view.
    pub chunks: ChunkCounts,
    /// The contrast window in use, of an image layer.
    pub window: Option<[f64; 2]>,
    /// The levels that the volume lacks, where they can be made.
    pub made_levels: Option<MadeLevelsInfo>,
}

/// How far the levels are that a volume lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MadeLevelsState {
    /// They can be made.
    Offered,
    /// They are being made.
    Making,
    /// They are in use.
    Made,
    /// They could not be made.
    Failed,
}

/// The levels that are made of a volume that lacks them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeLevelsInfo {
    /// How far they are.
    pub state: MadeLevelsState,
    /// 0 to 1.
    pub progress: f64,
    /// What their voxels take, before they are packed.
    pub bytes: u64,
    /// Why they could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ViewerError>,
}

/// One level of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelInfo {
    /// nm along x, y, z.
    pub voxel_size_nm: [f64; 3],
    /// The voxels that exist, of this level.
    #[serde(rename = "box")]
    pub voxel_box: VoxelBox,
    /// Voxels of a chunk.
    pub chunk_shape: [u32; 3],
    /// How chunks are stored.
    pub encoding: String,
    /// Its address, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A panel's place in CSS pixels, and what is written on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say all there is")]
pub struct PanelInfo {
    pub name: &'static str,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// The axes to the right and down, "x", "y" or "z"; empty in space and where the view is turned.
    pub axes: Vec<&'static str>,
    pub scale_bar: Option<ScaleBar>,
}

/// A scale bar of a round length.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleBar {
    /// CSS pixels.
    pub length_px: f64,
    /// "500 nm", "2 µm" …
    pub label: String,
}

impl ScaleBar {
    /// The longest bar of 1, 2 or 5 times a power of ten that is not longer than `most_px`.
    #[must_use]
    pub fn fitting(nm_per_px: f64, most_px: f64) -> Option<Self> {
        let most_nm = nm_per_px * most_px;
        if !(most_nm.is_finite() && most_nm > 0.0) {
            return None;
        }
        let power = 10_f64.powf(most_nm.log10().floor());
        let nm = [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|nm| *nm <= most_nm * (1.0 + 1e-9)).unwrap_or(power);
        let (value, unit) = match nm {
            _ if nm >= 0.999e6 => (nm / 1e6, "mm"),
            _ if nm >= 0.999e3 => (nm / 1e3, "µm"),
            _ if nm >= 0.999 => (nm, "nm"),
            _ => (nm * 1e3, "pm"),
        };
        Some(Self { length_px: nm / nm_per_px, label: format!("{} {unit}", (value * 1000.0).round() / 1000.0) })
    }
}

/// What is under a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PickInfo {
    /// World, nm.
    pub position: [f64; 3],
    /// Which panel.
    pub panel: &'static str,
    /// Every visible layer's value, bottom first.
    pub values: Vec<PickValue>,
}

/// One layer's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PickValue {
    /// The layer.
    pub layer_id: String,
    /// The voxel of the finest level; left out where the point is outside the volume.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_numbers")]
    pub voxel: Option<[i64; 3]>,
    /// The value, if loaded: a number, or a bigint for 64-bit types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<VoxelValue>,
    /// The segment, of a segmentation layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<u64>,
}

/// Voxel indices are plain numbers in JavaScript, though ids beside them are bigints.
#[expect(clippy::cast_precision_loss, clippy::ref_option, reason = "indices stay far below 2^53; serde passes a reference")]
fn as_numbers<S: serde::Serializer>(voxel: &Option<[i64; 3]>, serializer: S) -> Result<S::Ok, S::Error> {
    voxel.map(|voxel| voxel.map(|n| n as f64)).serialize(serializer)
}

/// A voxel's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum VoxelValue {
    /// 64-bit whole numbers.
    Big(u64),
    /// All others.
    Number(f64),
}

/// Failed chunks of one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureInfo {
    /// The first one's error.
    #[serde(flatten)]
    pub error: ViewerError,
    /// How many.
    pub count: usize,
    /// The address of the first one; the volume's, where what failed has none of its own.
    pub example: String,
}

/// Figures of a viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in the public API")]
pub struct Stats {
    pub gpu_bytes: u64,
    pub cpu_bytes: u64,
    pub pending: usize,
    pub in_flight: usize,
    pub frame_ms: f64,
    pub draws: u64,
    pub requests: u64,
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_bars_are_round() {
        for (nm_per_px, most_px, length_px, label) in
            [(4.0, 120.0, 50.0, "200 nm"), (8.0, 130.0, 125.0, "1 µm"), (0.01, 100.0, 100.0, "1 nm"), (20_000.0, 120.0, 100.0, "2 mm")]
        {
            let bar = ScaleBar::fitting(nm_per_px, most_px).unwrap();
            assert!((bar.length_px - length_px).abs() < 1e-6, "{bar:?}");
            assert_eq!(bar.label, label);
        }
        assert_eq!(ScaleBar::fitting(0.0, 100.0), None);
    }
}
