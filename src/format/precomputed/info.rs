//! The `info` document of a volume, read and checked.

use serde_json::Value;

use crate::format::object::Object;
use crate::format::per_axis::zip;
use crate::format::spec::{LevelSpec, Sharding, VolumeKind};
use crate::format::{FormatError, sharding};
use crate::geometry::VoxelBox;
use crate::voxel::{DataType, VoxelBlock};

use super::sharding::parse_sharding;

/// The most channels.
const MOST_CHANNELS: i64 = 1 << 12;
/// The most scales.
const MOST_SCALES: usize = 64;
/// The most voxels along an axis of a scale, so that places of chunks and bricks fit 32 bits.
const MOST_SIZE: i64 = (1 << 31) - 1;
/// The farthest `voxel_offset`.
const MOST_OFFSET: i64 = 1 << 40;
/// The most bytes of a decoded chunk, all channels together.
const MOST_CHUNK_BYTES: u64 = 1 << 28;

/// The `info` of a volume.
pub(super) struct Info {
    pub(super) data_type: DataType,
    pub(super) kind: Option<VolumeKind>,
    pub(super) channels: u32,
    /// Finest first.
    pub(super) scales: Vec<Scale>,
}

/// One scale.
pub(super) struct Scale {
    /// Its folder, relative to that of the `info`.
    pub(super) key: String,
    pub(super) encoding: Encoding,
    pub(super) level: LevelSpec,
}

/// How a chunk's voxels become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Raw,
    Jpeg,
    Png,
    Jxl,
    CompressedSegmentation { block_shape: [u32; 3] },
    Compresso,
}

impl Info {
    pub(super) fn parse(document: &Value, url: &str) -> Result<Self, FormatError> {
        let info = Object { value: document, place: "", url };
        check_type(&info)?;
        let data_type = match info.text("data_type")? {
            None => return Err(info.wrong("data_type", None, "a data type")),
            // 64-bit integers with a sign and doubles are no types of this format.
            Some(name) => DataType::from_name(&name.to_ascii_lowercase())
                .filter(|data_type| !matches!(data_type, DataType::Int64 | DataType::Float64))
                .ok_or_else(|| info.unsupported("the data type", name))?,
        };
        let kind = match info.text("type")? {
            Some("image") => Some(VolumeKind::Image),
            Some("segmentation") => Some(VolumeKind::Segmentation),
            _ => None,
        };
        let channels = u32::try_from(info.integer("num_channels", 1, 1, MOST_CHANNELS)?).unwrap_or(1);
        let Some(Value::Array(list)) = info.get("scales") else {
            return Err(info.wrong("scales", info.get("scales"), "a list of scales"));
        };
        if list.len() > MOST_SCALES {
            return Err(info.bad(format_args!("there are {} scales, more than {MOST_SCALES}", list.len())));
        }
        let mut scales = Vec::with_capacity(list.len());
        for (number, value) in list.iter().enumerate() {
            let place = format!("scale {number}: ");
            let scale = info.object(value, &place);
            if value.get("hidden") != Some(&Value::Bool(true)) {
                scales.push(parse_scale(&scale, data_type, channels)?);
            }
        }
        if scales.is_empty() {
            return Err(info.bad("there is no scale to show"));
        }
        scales.sort_by(|a, b| voxel_volume(a).total_cmp(&voxel_volume(b)));
        Ok(Self { data_type, kind, channels, scales })
    }
}

fn voxel_volume(scale: &Scale) -> f64 {
    scale.level.voxel_size_nm.iter().product()
}

/// Other data than volumes has an `info` too.
fn check_type(info: &Object<'_>) -> Result<(), FormatError> {
    match info.text("@type")? {
        None | Some("neuroglancer_multiscale_volume") => Ok(()),
        Some(name @ ("neuroglancer_legacy_mesh" | "neuroglancer_multilod_draco")) => {
            Err(info.unsupported("the folder holds meshes instead of a volume; as a volume, the type", name))
        }
        Some(name @ "neuroglancer_skeletons") => {
            Err(info.unsupported("the folder holds skeletons instead of a volume; as a volume, the type", name))
        }
        Some(name @ "neuroglancer_annotations_v1") => {
            Err(info.unsupported("the folder holds annotations instead of a volume; as a volume, the type", name))
        }
        Some(name @ "neuroglancer_segment_properties") => {
            Err(info.unsupported("the folder holds segment properties instead of a volume; as a volume, the type", name))
        }
        Some(name) => Err(info.unsupported("the type of precomputed data", name)),
    }
}

fn parse_scale(scale: &Object<'_>, data_type: DataType, channels: u32) -> Result<Scale, FormatError> {
    let key = scale.text("key")?.ok_or_else(|| scale.wrong("key", None, "the name of a folder"))?.to_owned();
    let size = scale.get("size").ok_or_else(|| scale.wrong("size", None, "three sizes in voxels"))?;
    let size = scale.three_integers("size", size, 1, MOST_SIZE)?;
    let offset = match scale.get("voxel_offset") {
        None => [0; 3],
        Some(value) => scale.three_integers("voxel_offset", value, -MOST_OFFSET, MOST_OFFSET)?,
    };
    let voxel_size_nm = scale.three_sizes("resolution")?;
    let encoding = parse_encoding(scale, data_type, channels)?;
    if !encoding.is_read() {
        return Err(FormatError::NeedsFullModule { url: scale.url.to_owned() });
    }
    let sharding = match scale.get("sharding") {
        None => Sharding::None,
        Some(value) => Sharding::Precomputed(parse_sharding(scale, value)?),
    };
    let chunk_shape = parse_chunk_shape(scale, sharding != Sharding::None)?;
    check_chunk_bytes(scale, size, chunk_shape, data_type, channels)?;
    let level = LevelSpec {
        voxel_size_nm,
        offset_nm: [0.0; 3],
        voxel_box: VoxelBox::from_shape(offset, size),
        chunk_origin: offset,
        chunk_shape,
        encoding: encoding.name().to_owned(),
        sharding,
    };
    let grid = level.grid_box().shape();
    if matches!(level.sharding, Sharding::Precomputed(_)) && sharding::compressed_morton([0; 3], grid).is_none() {
        return Err(scale.bad(format_args!("a grid of {grid:?} chunks needs keys of more than 64 bits")));
    }
    Ok(Scale { key, encoding, level })
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Jxl => "jxl",
            Self::CompressedSegmentation { .. } => "compressed_segmentation",
            Self::Compresso => "compresso",
        }
    }

    /// Whether its decoder is compiled in.
    const fn is_read(self) -> bool {
        match self {
            Self::Raw | Self::Jpeg | Self::CompressedSegmentation { .. } => true,
            Self::Png => cfg!(feature = "png"),
            Self::Jxl => cfg!(feature = "jxl"),
            Self::Compresso => cfg!(feature = "compresso"),
        }
    }
}

fn parse_encoding(scale: &Object<'_>, data_type: DataType, channels: u32) -> Result<Encoding, FormatError> {
    use DataType::{Uint8, Uint16, Uint32, Uint64};
    let name = scale.text("encoding")?.ok_or_else(|| scale.wrong("encoding", None, "an encoding"))?;
    let (encoding, types, channel_counts): (_, &[DataType], &[u32]) = match name.to_ascii_lowercase().as_str() {
        "raw" => return Ok(Encoding::Raw),
        "jpeg" => (Encoding::Jpeg, &[Uint8], &[1, 3]),
        "png" => (Encoding::Png, &[Uint8, Uint16], &[1, 2, 3, 4]),
        "jxl" => (Encoding::Jxl, &[Uint8], &[1, 2, 3, 4]),
        "compressed_segmentation" => (Encoding::CompressedSegmentation { block_shape: [1; 3] }, &[Uint32, Uint64], &[]),
        "compresso" => (Encoding::Compresso, &[Uint8, Uint16, Uint32, Uint64], &[1]),
        _ => return Err(scale.unsupported("the encoding", name)),
    };
    if !types.contains(&data_type) {
        let held: Vec<&str> = types.iter().map(|data_type| data_type.name()).collect();
        return Err(scale.bad(format_args!("{} holds {}, not {}", encoding.name(), held.join(" or "), data_type.name())));
    }
    if !channel_counts.is_empty() && !channel_counts.contains(&channels) {
        return Err(scale.unsupported("the number of channels", format!("{channels} of {}", encoding.name())));
    }
    if matches!(encoding, Encoding::CompressedSegmentation { .. }) {
        const NAME: &str = "compressed_segmentation_block_size";
        let value = scale.get(NAME).ok_or_else(|| scale.wrong(NAME, None, "three sizes in voxels"))?;
        let most = i64::from(crate::codec::compressed_segmentation::MOST_BLOCK_EDGE);
        return Ok(Encoding::CompressedSegmentation { block_shape: to_u32(scale.three_integers(NAME, value, 1, most)?) });
    }
    Ok(encoding)
}

fn parse_chunk_shape(scale: &Object<'_>, sharded: bool) -> Result<[u32; 3], FormatError> {
    let sizes = scale.get("chunk_sizes");
    let list = sizes.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(first) = list.first() else {
        return Err(scale.wrong("chunk_sizes", sizes, "a list of sizes in voxels"));
    };
    if sharded && list.len() > 1 {
        return Err(scale.bad(format_args!("a sharded scale has {} chunk sizes instead of one", list.len())));
    }
    Ok(to_u32(scale.three_integers("chunk_sizes", first, 1, MOST_SIZE)?))
}

fn check_chunk_bytes(scale: &Object<'_>, size: [i64; 3], chunk: [u32; 3], data_type: DataType, channels: u32) -> Result<(), FormatError> {
    let largest = to_u32(zip(size, chunk, |size, chunk| size.min(i64::from(chunk))));
    let bytes = VoxelBlock::byte_len(data_type, largest).and_then(|bytes| (bytes as u64).checked_mul(u64::from(channels)));
    if bytes.is_none_or(|bytes| bytes > MOST_CHUNK_BYTES) {
        return Err(scale.bad(format_args!(
            "a chunk of {largest:?} voxels, {channels} × {} each, is larger than {MOST_CHUNK_BYTES} bytes",
            data_type.name()
        )));
    }
    Ok(())
}

/// Sizes that were checked to fit.
fn to_u32(sizes: [i64; 3]) -> [u32; 3] {
    sizes.map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}
