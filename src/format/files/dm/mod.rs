//! DM3 and DM4 of Gatan's `DigitalMicrograph`: the largest image of a file that is no thumbnail, x fastest.
//!
//! A third axis is z: a stack of images, or the channels of spectra. Others keep their number as name.

mod tags;

use super::File;
use super::linear::{self, Layout, OuterAxis, Placement};
use crate::format::axes::Role;
use crate::format::length_unit::nm_per_unit;
use crate::format::{ChunkSource, FormatError, SourceFormat};
use crate::runtime::Cancel;
use crate::voxel::DataType;

use tags::{Tags, Value};

/// Axes of an image: those of a scan of diffraction patterns, and one more.
const MOST_AXES: usize = 5;
/// Images of a file.
const MOST_IMAGES: usize = 64;

/// The volume in a DM3 or DM4 file.
///
/// # Errors
/// A file that is none, is damaged, holds no image, or one of voxels of a type that is not supported.
pub(super) async fn open(file: File, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let tags = tags::read(&file, cancel).await?;
    let images = (0..MOST_IMAGES).filter_map(|number| Image::find(&tags, number));
    // The first of those that are equally large.
    let image = images.rev().filter(|image| !image.is_thumbnail).max_by_key(|image| image.data.end - image.data.start);
    let image = image.ok_or_else(|| file.bad("it holds no image"))?;
    let data_type = voxel_type(image.data_type).map_err(|name| file.unsupported("the data type", name))?;
    let size = |axis: usize| image.sizes.get(axis).copied().unwrap_or(1);
    let outer = (3..image.sizes.len()).map(|axis| OuterAxis {
        role: Role::Other(format!("dim_{axis}")),
        size: size(axis),
        unit: image.unit(&tags, axis),
    });
    let layout = Layout {
        start: image.data.start,
        data_type,
        little_endian: tags.little_endian,
        shape: [size(0), size(1), size(2)],
        interleaved: 1,
        outer: outer.collect(),
        scaling: None,
    };
    let held = image.data.end - image.data.start;
    if layout.len_bytes() != Some(held) {
        return Err(file.bad(format!(
            "{:?} voxels of type {} do not take the {held} bytes of image {}",
            image.sizes,
            data_type.name(),
            image.number
        )));
    }
    linear::open(file, SourceFormat::Dm, layout, Placement::at_origin(image.voxel_size_nm(&tags)))
}

/// One image of a file.
struct Image {
    number: usize,
    data: std::ops::Range<u64>,
    /// Along x, y, z and on.
    sizes: Vec<u64>,
    /// The code of the type of a voxel.
    data_type: u64,
    is_thumbnail: bool,
}

impl Image {
    fn find(tags: &Tags, number: usize) -> Option<Self> {
        let at = |name: &str| format!("ImageList/{number}/ImageData/{name}");
        let Some(Value::Array(data)) = tags.values.get(&at("Data")) else { return None };
        let sizes: Vec<u64> = (0..MOST_AXES).map_while(|axis| tags.whole(&at(&format!("Dimensions/{axis}")))).collect();
        let is_thumbnail = (0..MOST_IMAGES)
            .map_while(|thumbnail| tags.whole(&format!("Thumbnails/{thumbnail}/ImageIndex")))
            .any(|index| index == number as u64);
        (!sizes.is_empty()).then_some(Self { number, data: data.clone(), sizes, data_type: tags.whole(&at("DataType"))?, is_thumbnail })
    }

    fn calibration(&self, axis: usize, name: &str) -> String {
        format!("ImageList/{}/ImageData/Calibrations/Dimension/{axis}/{name}", self.number)
    }

    fn unit(&self, tags: &Tags, axis: usize) -> Option<String> {
        match tags.values.get(&self.calibration(axis, "Units")) {
            Some(Value::Text(unit)) if !unit.is_empty() => Some(unit.clone()),
            _ => None,
        }
    }

    /// Along x, y, z; an axis that is not measured in a length is as wide as x, and x 1 nm.
    fn voxel_size_nm(&self, tags: &Tags) -> [f64; 3] {
        let length = |axis: usize| {
            let nm = nm_per_unit(self.unit(tags, axis)?.trim())?;
            let size = tags.number(&self.calibration(axis, "Scale"))?.abs() * nm;
            (size.is_normal()).then_some(size)
        };
        let x = length(0).unwrap_or(1.0);
        [x, length(1).unwrap_or(x), length(2).unwrap_or(x)]
    }
}

/// The type of a voxel; the name of one that is not supported.
fn voxel_type(code: u64) -> Result<DataType, String> {
    Ok(match code {
        1 => DataType::Int16,
        2 => DataType::Float32,
        // 14: a mask, of bytes that are 0 or 1.
        6 | 14 => DataType::Uint8,
        7 => DataType::Int32,
        9 => DataType::Int8,
        10 => DataType::Uint16,
        11 => DataType::Uint32,
        12 => DataType::Float64,
        39 => DataType::Int64,
        40 => DataType::Uint64,
        3 | 5 => return Err("complex64".to_owned()),
        13 => return Err("complex128".to_owned()),
        8 | 23 => return Err("RGB".to_owned()),
        other => return Err(other.to_string()),
    })
}
