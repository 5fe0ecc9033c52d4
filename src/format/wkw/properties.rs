//! What WEBKNOSSOS's `datasource-properties.json` says of one layer.

use serde_json::{Map, Value};

use crate::format::document::outer_url;
use crate::format::length_unit::nm_per_unit;
use crate::format::object::Object;
use crate::format::per_axis::zip;
use crate::format::{FormatError, VolumeKind};
use crate::geometry::VoxelBox;

/// The most magnifications of a layer.
const MOST_MAGS: usize = 64;
/// The most voxels along an axis, so that places of chunks and bricks fit 32 bits.
const MOST_SIZE: i64 = (1 << 31) - 1;

/// A layer of WKW files.
pub(super) struct Layer {
    pub(super) kind: Option<VolumeKind>,
    /// In voxels of magnification 1.
    pub(super) voxel_box: VoxelBox,
    /// Nanometres of a voxel of magnification 1.
    pub(super) scale_nm: [f64; 3],
    /// Magnifications, with the address of their folder where it is said.
    pub(super) mags: Vec<(Mag, Option<String>)>,
    /// The document.
    pub(super) url: String,
}

/// How many voxels of magnification 1 a voxel covers along x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mag([i64; 3]);

impl Default for Mag {
    fn default() -> Self {
        Self([1; 3])
    }
}

impl Mag {
    /// Reads "2" or "2-2-1".
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<i64> = text.split('-').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        Self::from_numbers(&numbers)
    }

    fn from_numbers(numbers: &[i64]) -> Option<Self> {
        let numbers = match *numbers {
            [n] => [n; 3],
            [x, y, z] => [x, y, z],
            _ => return None,
        };
        numbers.iter().all(|n| (1..=MOST_SIZE).contains(n)).then_some(Self(numbers))
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Array(list) => Self::from_numbers(&list.iter().map(Value::as_i64).collect::<Option<Vec<_>>>()?),
            number => Self::from_numbers(&[number.as_i64()?]),
        }
    }

    /// The name of its folder.
    pub(super) fn name(self) -> String {
        let Self([x, y, z]) = self;
        if x == y && y == z { x.to_string() } else { format!("{x}-{y}-{z}") }
    }

    /// The voxels of this magnification that touch a box of magnification 1.
    pub(super) fn shrink(self, voxel_box: &VoxelBox) -> VoxelBox {
        let min = zip(voxel_box.min, self.0, i64::div_euclid);
        let max = zip(voxel_box.max, self.0, |max, n| (max - 1).div_euclid(n) + 1);
        VoxelBox { min, max }
    }

    /// The size of a voxel of this magnification.
    pub(super) fn enlarge(self, scale_nm: [f64; 3]) -> [f64; 3] {
        #[expect(clippy::cast_precision_loss, reason = "below 2³¹")]
        zip(scale_nm, self.0, |scale, n| scale * n as f64)
    }
}

impl Layer {
    /// The layer of this name; `None` where there is no such layer of WKW files.
    pub(super) fn find(document: Map<String, Value>, name: &str, url: &str) -> Result<Option<Self>, FormatError> {
        let value = Value::Object(document);
        let dataset = Object { value: &value, place: "", url };
        let layers = value.get("dataLayers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_wkw = |layer: &&Value| matches!(layer.get("dataFormat").and_then(Value::as_str), Some("wkw") | None);
        let has_name = |layer: &&Value| layer.get("name").and_then(Value::as_str) == Some(name);
        let Some(layer) = layers.iter().find(|layer| has_name(layer) && is_wkw(layer)) else { return Ok(None) };
        let place = format!("layer \"{name}\": ");
        let layer = dataset.object(layer, &place);
        let kind = match layer.text("category")? {
            Some("color") => Some(VolumeKind::Image),
            Some("segmentation") => Some(VolumeKind::Segmentation),
            _ => None,
        };
        let (voxel_box, scale_nm, mags) = (voxel_box(&layer)?, scale_nm(&dataset)?, mags(&layer)?);
        Ok(Some(Self { kind, voxel_box, scale_nm, mags, url: url.to_owned() }))
    }
}

fn voxel_box(layer: &Object<'_>) -> Result<VoxelBox, FormatError> {
    let value = layer.get("boundingBox").ok_or_else(|| layer.wrong("boundingBox", None, "a box of voxels"))?;
    let place = format!("{}boundingBox: ", layer.place);
    let bounds = layer.object(value, &place);
    let corner = bounds.get("topLeft").ok_or_else(|| bounds.wrong("topLeft", None, "three integers"))?;
    let corner = bounds.three_integers("topLeft", corner, 0, MOST_SIZE)?;
    let size = |name: &str| match bounds.get(name) {
        None => Err(bounds.wrong(name, None, "a number of voxels")),
        Some(_) => bounds.integer(name, 0, 1, MOST_SIZE),
    };
    Ok(VoxelBox::from_shape(corner, [size("width")?, size("height")?, size("depth")?]))
}

/// `scale` is three nanometres, or three numbers (`factor`) of a unit.
fn scale_nm(dataset: &Object<'_>) -> Result<[f64; 3], FormatError> {
    let Some(scale) = dataset.get("scale") else { return Ok([1.0; 3]) };
    if !scale.is_object() {
        return dataset.three_sizes("scale");
    }
    let scale = dataset.object(scale, "scale: ");
    let unit = scale.text("unit")?.unwrap_or("nm");
    let nm = nm_per_unit(unit).ok_or_else(|| scale.bad(format_args!("the unit of length \"{unit}\" is unknown")))?;
    Ok(scale.three_sizes("factor")?.map(|factor| factor * nm))
}

/// `mags`, or `wkwResolutions` of earlier versions. A path is relative to the document.
fn mags(layer: &Object<'_>) -> Result<Vec<(Mag, Option<String>)>, FormatError> {
    let (name, key) = if layer.get("mags").is_some() { ("mags", "mag") } else { ("wkwResolutions", "resolution") };
    let list = layer.get(name).and_then(Value::as_array).filter(|list| (1..=MOST_MAGS).contains(&list.len()));
    let list = list.ok_or_else(|| layer.wrong(name, layer.get(name), &format!("a list of 1 to {MOST_MAGS} magnifications")))?;
    let mag = |entry: &Value| {
        let mag = entry.get(key).and_then(Mag::from_json);
        let mag = mag.ok_or_else(|| layer.wrong(key, entry.get(key), "one or three positive integers"))?;
        let folder = match entry.get("path").and_then(Value::as_str) {
            Some(path) if path.contains("://") => Some(path.to_owned()),
            Some(path) => {
                Some(outer_url(layer.url, &format!("../{path}")).ok_or_else(|| layer.wrong("path", entry.get("path"), "a folder"))?)
            }
            None => None,
        };
        Ok((mag, folder))
    };
    list.iter().map(mag).collect()
}
