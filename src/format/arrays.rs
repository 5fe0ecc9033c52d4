//! A volume of one or more arrays, finest first: chunks by their place along x, y, z.

use std::rc::Rc;

use futures::future::FutureExt;

use super::array::ZarrArray;
use super::axes::{AxisMap, Role, cut};
use crate::format::memo::{Fetched, Memo, SHARED_CHUNKS_BYTES};
use crate::format::{FormatError, LevelSpec, OtherAxis, ReadChunk, Selection, Sharding, SourceFormat, VolumeKind, VolumeSpec};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::voxel::VoxelBlock;

/// One level: its array, and how big and where a voxel is.
#[derive(Debug)]
pub(crate) struct Level {
    /// The array.
    pub(crate) array: ZarrArray,
    /// Nanometres along x, y, z.
    pub(crate) voxel_size_nm: [f64; 3],
    /// The lower corner of voxel 0, nm.
    pub(crate) offset_nm: [f64; 3],
    /// The address of its metadata, for errors.
    pub(crate) url: String,
}

/// An opened Zarr volume.
pub(crate) struct ZarrSource {
    spec: VolumeSpec,
    arrays: Vec<Rc<ZarrArray>>,
    axes: AxisMap,
    /// Chunks of several channels, or places along other axes, by level and place: the next one finds them here.
    chunks: Memo<(usize, Vec<u64>), Vec<u8>>,
}

impl ZarrSource {
    /// A volume of these levels, whose dimensions have the same roles at all of them. `units` are those of the dimensions.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] where the levels do not fit together.
    pub(crate) fn new(
        format: SourceFormat,
        kind: Option<VolumeKind>,
        axes: AxisMap,
        units: &[Option<String>],
        levels: Vec<Level>,
    ) -> Result<Self, FormatError> {
        let bad = |level: &Level, reason: String| FormatError::BadMetadata { reason, url: level.url.clone() };
        let Some(first) = levels.first() else {
            return Err(FormatError::BadMetadata { reason: "there are no levels".to_owned(), url: String::new() });
        };
        let info = first.array.info();
        for level in &levels {
            let own = level.array.info();
            if own.shape.len() != axes.roles.len() {
                return Err(bad(level, format!("an array of {} dimensions where there are {} axes", own.shape.len(), axes.roles.len())));
            }
            if own.data_type != info.data_type {
                return Err(bad(level, format!("a level of {} below one of {}", own.data_type.name(), info.data_type.name())));
            }
            let places = |shape: &[u64]| -> Vec<u64> {
                let is_place = |role: &Role| !matches!(role, Role::Space(_));
                axes.roles.iter().zip(shape).filter(|(role, _)| is_place(role)).map(|(_, &n)| n).collect()
            };
            if places(&own.shape) != places(&info.shape) {
                return Err(bad(level, "levels differ in their number of channels or of places along another axis".to_owned()));
            }
        }
        let channels = axes.channel(&info.shape).unwrap_or(1);
        let channels = u32::try_from(channels).map_err(|_| bad(first, format!("{channels} channels")))?;
        let other_axes = axes.roles.iter().zip(&info.shape).zip(units.iter().chain(std::iter::repeat(&None)));
        let other_axes = other_axes.filter_map(|((role, &size), unit)| match role {
            Role::Other(name) => Some(OtherAxis { name: name.clone(), size, unit: unit.clone() }),
            _ => None,
        });
        let spec = VolumeSpec {
            format,
            data_type: info.data_type,
            kind,
            channels,
            other_axes: other_axes.collect(),
            fill_bits: info.fill_bits,
            levels: levels.iter().map(|level| level_spec(level, &axes)).collect::<Result<_, _>>()?,
        };
        let arrays = levels.into_iter().map(|level| Rc::new(level.array)).collect();
        Ok(Self { spec, arrays, axes, chunks: Memo::new(SHARED_CHUNKS_BYTES) })
    }

    /// The voxels of a chunk, all its channels.
    async fn decoded(&self, level: usize, array: &Rc<ZarrArray>, chunk: &[u64], cancel: &Cancel) -> Fetched<Vec<u8>> {
        let is_space = |role: &Role| matches!(role, Role::Space(_));
        let is_shared = self.axes.roles.iter().zip(array.info().chunk_shape()).any(|(role, n)| !is_space(role) && n > 1);
        if !is_shared {
            return Ok(array.chunk(chunk, cancel).await?.map(Rc::new));
        }
        let read = || {
            let (array, chunk) = (Rc::clone(array), chunk.to_vec());
            async move { Ok(array.chunk(&chunk, &Cancel::never()).await?.map(Rc::new)) }.boxed_local()
        };
        self.chunks.get((level, chunk.to_vec()), cancel, read).await
    }

    /// By dimension, the place of the chunk in the array's grid and of the box's first voxel in the chunk. `None` outside.
    fn place(&self, chunk_shape: &[u64], shape: &[u64], grid: [i64; 3], selection: &Selection) -> Option<(Vec<u64>, Vec<u64>)> {
        let mut chunk = Vec::with_capacity(chunk_shape.len());
        let mut at = Vec::with_capacity(chunk_shape.len());
        for ((role, &n), &extent) in self.axes.roles.iter().zip(chunk_shape).zip(shape) {
            let place = match role {
                Role::Space(axis) => {
                    chunk.push(u64::try_from(*grid.get(*axis)?).ok()?);
                    at.push(0);
                    continue;
                }
                Role::Channel => u64::from(selection.channel),
                Role::Other(name) => selection.at.get(name).copied().unwrap_or(0),
            };
            if place >= extent {
                return None;
            }
            chunk.push(place / n);
            at.push(place % n);
        }
        Some((chunk, at))
    }
}

impl ReadChunk for ZarrSource {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    async fn read(
        &self,
        level: usize,
        spec: &LevelSpec,
        grid: [i64; 3],
        selection: &Selection,
        cancel: &Cancel,
    ) -> Result<Option<VoxelBlock>, FormatError> {
        let Some(array) = self.arrays.get(level) else {
            return Ok(None);
        };
        let shape = spec.chunk_box(grid).shape().map(|n| u32::try_from(n).unwrap_or(0));
        let chunk_shape = array.info().chunk_shape();
        let Some((chunk, at)) = self.place(&chunk_shape, &array.info().shape, grid, selection) else {
            return Ok(None);
        };
        let Some(data) = self.decoded(level, array, &chunk, cancel).await? else {
            return Ok(None);
        };
        let data_type = self.spec.data_type;
        let data = cut(data, &chunk_shape, &at, &self.axes, shape, data_type.size_bytes()).ok_or_else(|| FormatError::BadData {
            reason: format!("it does not hold the {shape:?} voxels of the box"),
            url: array.describe(&chunk),
        })?;
        Ok(Some(VoxelBlock { data_type, shape, data }))
    }
}

fn level_spec(level: &Level, axes: &AxisMap) -> Result<LevelSpec, FormatError> {
    let info = level.array.info();
    let bad = |reason: String| FormatError::BadMetadata { reason, url: level.url.clone() };
    let chunk_shape = axes.space(&info.chunk_shape(), 1);
    let chunk_shape = to_u32(chunk_shape).ok_or_else(|| bad(format!("a chunk of {chunk_shape:?} voxels")))?;
    let shape = axes.space(&info.shape, 1).map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let sharding = match info.chunks_per_file() {
        None => Sharding::None,
        Some(chunks) => Sharding::Grid(to_u32(axes.space(&chunks, 1)).ok_or_else(|| bad(format!("a shard of {chunks:?} chunks")))?),
    };
    Ok(LevelSpec {
        voxel_size_nm: level.voxel_size_nm,
        offset_nm: level.offset_nm,
        voxel_box: VoxelBox::from_shape([0; 3], shape),
        chunk_origin: [0; 3],
        chunk_shape,
        encoding: info.encoding.clone(),
        sharding,
    })
}

fn to_u32(values: [u64; 3]) -> Option<[u32; 3]> {
    let [x, y, z] = values.map(|n| u32::try_from(n).ok());
    Some([x?, y?, z?])
}
