//! What a volume is, whatever format it came in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::per_axis::zip;
use crate::geometry::VoxelBox;
use crate::voxel::DataType;

/// The format that a volume is stored in, as the public API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFormat {
    /// Neuroglancer precomputed.
    Precomputed,
    /// OME-Zarr 0.4 or 0.5.
    OmeZarr,
    /// A bare Zarr array, v2 or v3.
    Zarr,
    /// An N5 dataset, or a group of its levels.
    N5,
    /// A WEBKNOSSOS layer of WKW files, or one magnification of it.
    Wkw,
    /// One NIfTI file.
    Nifti,
    /// One TIFF file of one or more images, also OME-TIFF.
    Tiff,
    /// Files of one image each, by their names' order.
    Images,
    /// One file of voxels and nothing else, of a [`RawLayout`].
    Raw,
    /// One DM3 or DM4 file of Gatan's `DigitalMicrograph`.
    Dm,
}

impl SourceFormat {
    /// Whether a volume of it is a file, and not a folder.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::Nifti | Self::Tiff | Self::Images | Self::Raw | Self::Dm)
    }
}

/// How a raw file holds its voxels: x fastest, then y, then z, then the channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawLayout {
    /// Voxels along x, y, z.
    #[serde(serialize_with = "plain_numbers")]
    pub shape: [u64; 3],
    /// The type of one voxel.
    pub data_type: DataType,
    /// One after the other; left out, one.
    #[serde(default = "one_channel")]
    pub channels: u32,
    /// Left out, `true`.
    #[serde(default = "little_endian")]
    pub little_endian: bool,
    /// What precedes the first voxel.
    #[serde(default, serialize_with = "plain_number")]
    pub header_bytes: u64,
}

/// Counts are plain numbers in JavaScript, though ids beside them are bigints.
struct Plain(u64);

impl Serialize for Plain {
    #[expect(clippy::cast_precision_loss, reason = "counts of voxels and bytes stay below 2^53")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u32::try_from(self.0) {
            _ if !serializer.is_human_readable() => serializer.serialize_u64(self.0),
            Ok(n) => serializer.serialize_u32(n),
            Err(_) => serializer.serialize_f64(self.0 as f64),
        }
    }
}

fn plain_number<S: Serializer>(n: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    Plain(*n).serialize(serializer)
}

fn plain_numbers<S: Serializer>(numbers: &[u64; 3], serializer: S) -> Result<S::Ok, S::Error> {
    numbers.map(Plain).serialize(serializer)
}

fn one_channel() -> u32 {
    1
}

fn little_endian() -> bool {
    true
}

/// What is said of a source beside its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Said {
    /// The format; left out, it is found out.
    pub format: Option<SourceFormat>,
    /// How a raw file holds its voxels.
    pub raw: Option<RawLayout>,
    /// Of a folder of images, the names of the files, one for each slice from the first to the last, as paths below it. Left out, the address
    /// itself says which.
    pub images: Vec<String>,
}

/// What the metadata says the voxels mean, where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeKind {
    /// Grey values.
    Image,
    /// Segment ids.
    Segmentation,
}

/// A volume of one or more levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// The format it is stored in.
    pub format: SourceFormat,
    /// The type of one voxel, the same at every level.
    pub data_type: DataType,
    /// What the metadata says the voxels mean; `None` where it does not say.
    pub kind: Option<VolumeKind>,
    /// Channels; 1 where there is no such axis.
    pub channels: u32,
    /// Axes beside x, y, z and channel, such as time: chosen by index.
    pub other_axes: Vec<OtherAxis>,
    /// The bits, zero-extended, of a voxel of an absent chunk.
    pub fill_bits: u64,
    /// Finest first; at least one.
    pub levels: Vec<LevelSpec>,
    /// How the volume's x, y, z lie in the world; `None`: as the world's.
    pub orientation: Option<Orientation>,
    /// What else the metadata says.
    pub notes: Notes,
}

/// What metadata tell people and other programs; reading voxels needs none of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// The address of each level, finest first; empty where levels have none of their own.
    pub level_urls: Vec<String>,
    /// 2 or 3, of Zarr arrays.
    pub zarr_format: Option<u8>,
    /// What is said of each channel, from the first; empty where nothing is.
    pub channels: Vec<ChannelNote>,
}

/// What is said of a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChannelNote {
    /// What it is called.
    pub name: Option<String>,
    /// The colour it is meant to have, `#rrggbb`.
    pub color: Option<String>,
}

/// The map from a volume's own nanometres to the world's, without a shift: rows of x, y, z of the world. It can be inverted.
pub type Orientation = [[f64; 3]; 3];

/// An axis beside x, y, z and channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherAxis {
    /// Its name in the metadata.
    pub name: String,
    /// How many places it has.
    pub size: u64,
    /// Its unit, where given.
    pub unit: Option<String>,
    /// From one place to the next, in that unit, where given.
    pub spacing: Option<f64>,
}

/// One level of a volume. Voxel indices are the source's own: precomputed `voxel_offset` included, array indices for Zarr, N5 and files,
/// and those of the magnification for WKW. Nanometres are the volume's own, too: [`VolumeSpec::orientation`] turns them to the world's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelSpec {
    /// Nanometres along x, y, z.
    pub voxel_size_nm: [f64; 3],
    /// The lower corner of voxel 0, nm: `nm = offset_nm + v * voxel_size_nm`.
    pub offset_nm: [f64; 3],
    /// The voxels that exist.
    pub voxel_box: VoxelBox,
    /// The lower corner of chunk (0, 0, 0): `voxel_box.min` for precomputed, 0 for the others.
    pub chunk_origin: [i64; 3],
    /// Voxels of a chunk along x, y, z; of an inner chunk where chunks lie in shards.
    pub chunk_shape: [u32; 3],
    /// How chunks are stored, for people: "jpeg", "compressed_segmentation", "blosc (zstd)" …
    pub encoding: String,
    /// How chunks share files.
    pub sharding: Sharding,
}

impl LevelSpec {
    /// Chunks along each axis that hold voxels of the box.
    #[must_use]
    pub fn grid_box(&self) -> VoxelBox {
        let chunk = |voxel: [i64; 3]| {
            let from_origin = zip(voxel, self.chunk_origin, |voxel, origin| voxel - origin);
            zip(from_origin, self.chunk_shape, |voxel, edge| voxel.div_euclid(i64::from(edge.max(1))))
        };
        VoxelBox { min: chunk(self.voxel_box.min), max: chunk(self.voxel_box.max.map(|n| n - 1)).map(|n| n + 1) }
    }

    /// The voxels of a chunk, clipped to those that exist.
    #[must_use]
    pub fn chunk_box(&self, grid: [i64; 3]) -> VoxelBox {
        let shape = self.chunk_shape.map(i64::from);
        let min = zip(self.chunk_origin, zip(grid, shape, |place, edge| place * edge), |origin, n| origin + n);
        VoxelBox::from_shape(min, shape).intersection(&self.voxel_box)
    }
}

impl LevelSpec {
    /// How many voxels along each axis lie below the volume in a chunk that begins there.
    #[must_use]
    pub fn missing_below(&self, grid: [i64; 3]) -> [u32; 3] {
        let corner = zip(self.chunk_origin, zip(grid, self.chunk_shape.map(i64::from), |place, edge| place * edge), |origin, n| origin + n);
        zip(self.chunk_box(grid).min, corner, |min, corner| u32::try_from(min - corner).unwrap_or(0))
    }
}

/// How chunks share files: requests for one file go to one worker, which keeps the file's index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sharding {
    /// A file per chunk.
    None,
    /// Zarr and WKW: a file holds a box of this many chunks along x, y, z (in whole chunks, from chunk 0). Files of one run of voxels: so many
    /// chunks are best read at once.
    Grid([u32; 3]),
    /// Neuroglancer precomputed: the file follows from the chunk's Morton code.
    Precomputed(PrecomputedSharding),
}

/// The `sharding` member of a precomputed scale (`neuroglancer_uint64_sharded_v1`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrecomputedSharding {
    /// Bits of the key that are dropped before hashing.
    pub preshift_bits: u32,
    /// `true`: MurmurHash3 x86 128; `false`: identity.
    pub murmur: bool,
    /// Bits of the hash that choose the minishard.
    pub minishard_bits: u32,
    /// Bits of the hash that choose the shard.
    pub shard_bits: u32,
    /// Whether minishard indices are gzip'd.
    pub gzip_index: bool,
    /// Whether chunks are gzip'd.
    pub gzip_data: bool,
}

/// Which channel and which place along the other axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Selection {
    /// The channel, from 0.
    pub channel: u32,
    /// Index by axis name; axes left out are at 0.
    pub at: BTreeMap<String, u64>,
}
