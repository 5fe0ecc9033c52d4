//! `expected.json` and `fixtures.json`: what other implementations say the volumes hold.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use neurolume::format::{Orientation, RawLayout};
use neurolume::geometry::VoxelBox;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expected {
    pub(crate) arrays: BTreeMap<String, Array>,
    pub(crate) cases: Vec<Case>,
    #[serde(default)]
    pub(crate) refusals: Vec<Refusal>,
    #[serde(default)]
    pub(crate) bad: Vec<Bad>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Array {
    /// Missing for the fixtures' arrays.
    pub(crate) file: Option<String>,
    pub(crate) data_type: String,
    /// x, y, z.
    pub(crate) shape: [u32; 3],
    pub(crate) sha256: String,
    /// x, y, z, value; values that a double may not hold are texts.
    pub(crate) probes: Vec<[serde_json::Value; 4]>,
}

impl Array {
    /// The voxels, where they are stored.
    pub(crate) fn bytes(&self, folder: &Path) -> Option<Vec<u8>> {
        let gz = std::fs::read(folder.join(self.file.as_ref()?)).unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(&*gz).read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) kind: String,
    pub(crate) data_type: String,
    pub(crate) fill: serde_json::Value,
    pub(crate) channels: u32,
    pub(crate) other_axes: Vec<Axis>,
    pub(crate) tolerance: u8,
    #[serde(default)]
    pub(crate) features: Vec<String>,
    pub(crate) voxel_size_known: bool,
    pub(crate) levels: Vec<Level>,
    pub(crate) orientation: Option<Orientation>,
    pub(crate) raw: Option<RawLayout>,
}

#[derive(Deserialize, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) name: String,
    pub(crate) size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Level {
    #[serde(rename = "box")]
    pub(crate) voxel_box: VoxelBox,
    pub(crate) voxel_size_nm: [f64; 3],
    pub(crate) offset_nm: [f64; 3],
    pub(crate) chunk_shape: Option<[u32; 3]>,
    pub(crate) values: Vec<Values>,
}

#[derive(Deserialize)]
pub(crate) struct Values {
    pub(crate) channel: u32,
    pub(crate) at: BTreeMap<String, u64>,
    pub(crate) array: String,
    #[serde(default)]
    pub(crate) absent: Vec<VoxelBox>,
}

#[derive(Deserialize)]
pub(crate) struct Refusal {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) code: String,
    pub(crate) names: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Bad {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) codes: Vec<String>,
    /// "open" or "read".
    pub(crate) stage: String,
    pub(crate) format: Option<String>,
    #[serde(default)]
    pub(crate) level: usize,
    #[serde(rename = "box")]
    pub(crate) voxel_box: Option<VoxelBox>,
    pub(crate) good: Option<Good>,
    #[serde(default)]
    pub(crate) mentions: Vec<String>,
    pub(crate) raw: Option<RawLayout>,
}

#[derive(Deserialize)]
pub(crate) struct Good {
    #[serde(rename = "box")]
    pub(crate) voxel_box: VoxelBox,
    pub(crate) array: String,
}

/// Reads a list of cases; `None` where the file is missing.
pub(crate) fn read(file: &Path) -> Option<Expected> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}
