//! A volume of one or more arrays of chunks, finest first: chunks by their place along x, y, z. It is what Zarr, OME-Zarr, N5, WKW and files
//! of one array have in common; how an array reads a chunk is its own.

use std::rc::Rc;

use futures::future::FutureExt;

use super::axes::{AxisMap, Role, cut};
use super::document::split_document;
use super::memo::{Fetched, Memo, SHARED_CHUNKS_BYTES};
use super::per_axis::zip;
use super::{ChannelNote, FormatError, LevelSpec, Notes, OtherAxis, ReadChunk, Selection, Sharding, SourceFormat, VolumeKind, VolumeSpec};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::voxel::{DataType, VoxelBlock};

/// How one format reads the chunks of an array. Dimensions are in the order of the bytes: the last is the fastest.
pub(super) trait ReadArray: 'static {
    fn facts(&self) -> ArrayFacts;

    /// The voxels of the chunk at this place of the grid, little-endian; `None` where it is absent. Of the slowest axis that it is more than one
    /// voxel long, what lies beyond the array may be missing.
    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError>;

    /// Where the file of a chunk lies, for errors.
    fn describe(&self, grid: &[u64]) -> String;
}

/// What the metadata says of an array, by dimension.
#[derive(Clone, Debug)]
pub(super) struct ArrayFacts {
    /// Voxels.
    pub(super) shape: Vec<u64>,
    /// Voxels of a chunk.
    pub(super) chunk_shape: Vec<u64>,
    /// Chunks of a file, or of a run of bytes that is best read at once, where that is more than one.
    pub(super) chunks_per_file: Option<Vec<u64>>,
    pub(super) data_type: DataType,
    /// The bits, zero-extended, of a voxel of an absent chunk.
    pub(super) fill_bits: u64,
    /// How chunks are compressed, for people.
    pub(super) encoding: String,
}

/// One level: its array, and how big and where a voxel is.
#[derive(Debug)]
pub(super) struct Level<A> {
    pub(super) array: A,
    /// Nanometres along x, y, z.
    pub(super) voxel_size_nm: [f64; 3],
    /// The lower corner of voxel 0, nm.
    pub(super) offset_nm: [f64; 3],
    /// The first voxel that exists along x, y, z; the last is that of the array's shape.
    pub(super) first: [i64; 3],
    /// The address of its metadata document.
    pub(super) url: String,
}

/// An opened volume of arrays.
pub(super) struct ArraySource<A> {
    spec: VolumeSpec,
    arrays: Vec<(Rc<A>, ArrayFacts)>,
    axes: AxisMap,
    /// Chunks of several channels, or places along other axes, by level and place: the next one finds them here.
    chunks: Memo<(usize, Vec<u64>), Vec<u8>>,
}

impl<A: ReadArray> ArraySource<A> {
    /// A volume of these levels, whose dimensions have the same roles at all of them. `units` are those of the dimensions.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] where the levels do not fit together.
    pub(super) fn new(
        format: SourceFormat,
        kind: Option<VolumeKind>,
        axes: AxisMap,
        units: &[Option<String>],
        levels: Vec<Level<A>>,
    ) -> Result<Self, FormatError> {
        let mut arrays = Vec::with_capacity(levels.len());
        let mut specs = Vec::with_capacity(levels.len());
        let mut first: Option<(ArrayFacts, u32)> = None;
        let mut level_urls = Vec::with_capacity(specs.capacity());
        let mut zarr_format = None;
        for level in levels {
            let own = level.array.facts();
            let bad = |reason: String| FormatError::BadMetadata { reason, url: level.url.clone() };
            if own.shape.len() != axes.roles.len() {
                return Err(bad(format!("an array of {} dimensions where there are {} axes", own.shape.len(), axes.roles.len())));
            }
            match &first {
                None => {
                    let channels = axes.channel(&own.shape).unwrap_or(1);
                    let channels = u32::try_from(channels).map_err(|_| bad(format!("{channels} channels")))?;
                    first = Some((own.clone(), channels));
                }
                Some((first, _)) if own.data_type != first.data_type => {
                    return Err(bad(format!("a level of {} below one of {}", own.data_type.name(), first.data_type.name())));
                }
                Some((first, _)) if axes.not_space(&own.shape) != axes.not_space(&first.shape) => {
                    return Err(bad("levels differ in their number of channels or of places along another axis".to_owned()));
                }
                Some(_) => {}
            }
            specs.push(level_spec(&level, &own, &axes)?);
            let (folder, document) = split_document(&level.url);
            zarr_format = match document {
                ".zarray" => Some(2),
                "zarr.json" => Some(3),
                _ => None,
            };
            level_urls.push(folder);
            arrays.push((Rc::new(level.array), own));
        }
        let Some((first, channels)) = first else {
            return Err(FormatError::BadMetadata { reason: "there are no levels".to_owned(), url: String::new() });
        };
        let other_axes = axes.roles.iter().zip(&first.shape).zip(units.iter().chain(std::iter::repeat(&None)));
        let other_axes = other_axes.filter_map(|((role, &size), unit)| match role {
            Role::Other(name) => Some(OtherAxis { name: name.clone(), size, unit: unit.clone(), spacing: None }),
            _ => None,
        });
        let spec = VolumeSpec {
            format,
            data_type: first.data_type,
            kind,
            channels,
            other_axes: other_axes.collect(),
            fill_bits: first.fill_bits,
            levels: specs,
            notes: Notes { level_urls, zarr_format, channels: Vec::new() },
            orientation: None,
        };
        Ok(Self { spec, arrays, axes, chunks: Memo::new(SHARED_CHUNKS_BYTES) })
    }

    /// The same volume, of whose channels this is said.
    pub(super) fn with_channel_notes(mut self, channels: Vec<ChannelNote>) -> Self {
        self.spec.notes.channels = channels;
        self
    }

    /// The same volume, whose places along the dimensions lie this far apart, where that is said.
    pub(super) fn with_spacing(mut self, spacing: &[Option<f64>]) -> Self {
        for (role, spacing) in self.axes.roles.iter().zip(spacing) {
            if let Role::Other(name) = role
                && let Some(axis) = self.spec.other_axes.iter_mut().find(|axis| axis.name == *name)
            {
                axis.spacing = *spacing;
            }
        }
        self
    }

    /// The same volume, turned.
    #[cfg(feature = "files")]
    pub(super) fn with_orientation(mut self, orientation: Option<super::Orientation>) -> Self {
        self.spec.orientation = orientation;
        self
    }

    /// The voxels of a chunk, all its channels.
    async fn decoded(&self, level: usize, array: &Rc<A>, facts: &ArrayFacts, chunk: &[u64], cancel: &Cancel) -> Fetched<Vec<u8>> {
        if self.axes.not_space(&facts.chunk_shape).iter().all(|&n| n == 1) {
            return Ok(array.chunk(chunk, cancel).await?.map(Rc::new));
        }
        let read = || {
            let (array, chunk) = (Rc::clone(array), chunk.to_vec());
            async move { Ok(array.chunk(&chunk, &Cancel::never()).await?.map(Rc::new)) }.boxed_local()
        };
        self.chunks.get((level, chunk.to_vec()), cancel, read).await
    }

    /// By dimension, the place of the chunk in the array's grid and of the box's first voxel in the chunk, which lies `inside` the chunk along
    /// x, y, z. `None` outside.
    fn place(&self, facts: &ArrayFacts, grid: [i64; 3], inside: [i64; 3], selection: &Selection) -> Option<(Vec<u64>, Vec<u64>)> {
        let mut chunk = Vec::with_capacity(facts.shape.len());
        let mut at = Vec::with_capacity(facts.shape.len());
        for ((role, &n), &extent) in self.axes.roles.iter().zip(&facts.chunk_shape).zip(&facts.shape) {
            let place = match role {
                Role::Space(axis) => {
                    chunk.push(u64::try_from(*grid.get(*axis)?).ok()?);
                    at.push(u64::try_from(*inside.get(*axis)?).ok()?);
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

impl<A: ReadArray> ReadChunk for ArraySource<A> {
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
        let Some((array, facts)) = self.arrays.get(level) else {
            return Ok(None);
        };
        let chunk_box = spec.chunk_box(grid);
        let shape = chunk_box.shape().map(|n| u32::try_from(n).unwrap_or(0));
        let corner = zip(grid, spec.chunk_shape, |place, edge| place * i64::from(edge));
        let inside = zip(chunk_box.min, corner, |min, corner| min - corner);
        let Some((chunk, at)) = self.place(facts, grid, inside, selection) else {
            return Ok(None);
        };
        let Some(data) = self.decoded(level, array, facts, &chunk, cancel).await? else {
            return Ok(None);
        };
        let data_type = self.spec.data_type;
        let data = cut(data, &facts.chunk_shape, &at, &self.axes, shape, data_type.size_bytes()).ok_or_else(|| FormatError::BadData {
            reason: format!("it does not hold the {shape:?} voxels of the box"),
            url: array.describe(&chunk),
        })?;
        Ok(Some(VoxelBlock { data_type, shape, data }))
    }
}

fn level_spec<A>(level: &Level<A>, facts: &ArrayFacts, axes: &AxisMap) -> Result<LevelSpec, FormatError> {
    let bad = |reason: String| FormatError::BadMetadata { reason, url: level.url.clone() };
    let chunk_shape = axes.space(&facts.chunk_shape, 1);
    let chunk_shape = to_u32(chunk_shape).ok_or_else(|| bad(format!("a chunk of {chunk_shape:?} voxels")))?;
    let sharding = match &facts.chunks_per_file {
        None => Sharding::None,
        Some(chunks) => Sharding::Grid(to_u32(axes.space(chunks, 1)).ok_or_else(|| bad(format!("a shard of {chunks:?} chunks")))?),
    };
    Ok(LevelSpec {
        voxel_size_nm: level.voxel_size_nm,
        offset_nm: level.offset_nm,
        voxel_box: VoxelBox { min: level.first, max: axes.space(&facts.shape, 1).map(|n| i64::try_from(n).unwrap_or(i64::MAX)) },
        chunk_origin: [0; 3],
        chunk_shape,
        encoding: facts.encoding.clone(),
        sharding,
    })
}

fn to_u32(values: [u64; 3]) -> Option<[u32; 3]> {
    let [x, y, z] = values.map(|n| u32::try_from(n).ok());
    Some([x?, y?, z?])
}
