//! Files whose voxels lie in one run of bytes: x fastest, then y, then z, then the other axes. It is what raw files, NIfTI and DM have in common.
//!
//! A chunk is a run of bytes of the file, so that it takes one request: whole rows, and whole planes where they are small. Chunks that follow
//! each other are asked of the same worker, where their requests become one.

use crate::format::arrays::{ArrayFacts, ArraySource, Level, ReadArray};
use crate::format::axes::{AxisMap, Role};
use crate::format::limits::MAX_EXTENT;
use crate::format::{ChunkSource, FormatError, Orientation, SourceFormat};
use crate::runtime::Cancel;
use crate::store::ResourceKind;
use crate::voxel::DataType;

use super::File;

/// The most bytes of a chunk. A section across the rows reads all rows of the chunks that it crosses: a megabyte each would read most of the file
/// for one picture, and of few kilobytes each there would be too many.
const CHUNK_BYTES: u64 = 64 << 10;
/// The most bytes of chunks that one worker is asked for together: what the store reads in one request.
const RUN_BYTES: u64 = 4 << 20;

/// How a file holds its voxels.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Where the first voxel begins.
    pub(super) start: u64,
    /// The type of a stored voxel.
    pub(super) data_type: DataType,
    pub(super) little_endian: bool,
    /// Voxels along x, y, z.
    pub(super) shape: [u64; 3],
    /// Channels that lie beside each other in each voxel; 1 for one.
    pub(super) interleaved: u64,
    /// Axes beyond z, the fastest first.
    pub(super) outer: Vec<OuterAxis>,
    /// What turns a stored number into a value, where it is not the value.
    pub(super) scaling: Option<Scaling>,
}

/// An axis beyond z.
#[derive(Clone, Debug)]
pub(super) struct OuterAxis {
    pub(super) role: Role,
    pub(super) size: u64,
    pub(super) unit: Option<String>,
}

/// value = slope × stored + intercept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scaling {
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

/// Where a volume lies in the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    /// Nanometres along x, y, z.
    pub(super) voxel_size_nm: [f64; 3],
    /// The lower corner of voxel 0, nm.
    pub(super) offset_nm: [f64; 3],
    pub(super) orientation: Option<Orientation>,
}

impl Placement {
    /// Voxel 0 begins at 0.
    pub(super) fn at_origin(voxel_size_nm: [f64; 3]) -> Self {
        Self { voxel_size_nm, offset_nm: [0.0; 3], orientation: None }
    }
}

impl Layout {
    /// Sizes by dimension, the last the fastest.
    fn dimensions(&self) -> Vec<(Role, u64, Option<String>)> {
        let outer = self.outer.iter().rev().map(|axis| (axis.role.clone(), axis.size, axis.unit.clone()));
        let [x, y, z] = self.shape;
        let space = [(Role::Space(2), z, None), (Role::Space(1), y, None), (Role::Space(0), x, None)];
        let inner = (self.interleaved > 1).then_some((Role::Channel, self.interleaved, None));
        outer.chain(space).chain(inner).collect()
    }

    /// How many bytes the voxels take; `None` beyond 2^64.
    pub(super) fn len_bytes(&self) -> Option<u64> {
        let sizes = self.shape.into_iter().chain([self.interleaved]).chain(self.outer.iter().map(|axis| axis.size));
        sizes.into_iter().try_fold(self.data_type.size_bytes() as u64, u64::checked_mul)
    }

    /// Where the last voxel ends, which lies in the file.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] for an axis that cannot be counted, and for a file that is shorter, with both lengths.
    fn check(&self, file: &File) -> Result<(), FormatError> {
        let dimensions = self.dimensions();
        if let Some((_, size, _)) = dimensions.iter().find(|(_, size, _)| !(1..=MAX_EXTENT).contains(size)) {
            return Err(file.bad(format!("an axis has {size} voxels; 1 to {MAX_EXTENT} can be read")));
        }
        let end = self.len_bytes().and_then(|len| len.checked_add(self.start));
        match end {
            Some(end) if end <= file.size_bytes => Ok(()),
            Some(end) => Err(file.bad(format!("its voxels would end at byte {end}, but the file has {} bytes", file.size_bytes))),
            None => Err(file.bad("it has more voxels than any file")),
        }
    }
}

/// A volume of one level, in a file with this layout.
///
/// # Errors
/// A layout that does not fit the file.
pub(super) fn open(file: File, format: SourceFormat, layout: Layout, placement: Placement) -> Result<Box<dyn ChunkSource>, FormatError> {
    layout.check(&file)?;
    let dimensions = layout.dimensions();
    let axes = AxisMap { roles: dimensions.iter().map(|(role, ..)| role.clone()).collect() };
    let units: Vec<_> = dimensions.iter().map(|(_, _, unit)| unit.clone()).collect();
    let url = file.url.clone();
    let array = LinearArray::new(file, layout);
    let Placement { voxel_size_nm, offset_nm, orientation } = placement;
    let level = Level { array, voxel_size_nm, offset_nm, first: [0; 3], url };
    Ok(Box::new(ArraySource::new(format, None, axes, &units, vec![level])?.with_orientation(orientation)))
}

/// Of a box of this shape (the last axis the fastest), the longest run from its first corner that has at most so many cells; at least one.
/// Where it ends within an axis, that axis is cut into parts that are as equal as whole cells allow.
fn run(shape: &[u64], most: u64) -> Vec<u64> {
    let mut left = most.max(1);
    let mut run: Vec<u64> = shape
        .iter()
        .rev()
        .map(|&size| {
            let taken = size.min(left);
            left = if taken == size { left / size.max(1) } else { 1 };
            size.div_ceil(size.div_ceil(taken.max(1)).max(1))
        })
        .collect();
    run.reverse();
    run
}

struct LinearArray {
    file: File,
    layout: Layout,
    shape: Vec<u64>,
    chunk_shape: Vec<u64>,
    chunks_per_run: Vec<u64>,
}

impl LinearArray {
    fn new(file: File, layout: Layout) -> Self {
        let shape: Vec<u64> = layout.dimensions().into_iter().map(|(_, size, _)| size).collect();
        let voxel_bytes = layout.data_type.size_bytes() as u64;
        // One place along the axes beyond z at a time.
        let (outer, inner) = shape.split_at(layout.outer.len());
        let of_inner = |inner: Vec<u64>| outer.iter().map(|_| 1).chain(inner).collect::<Vec<u64>>();
        let chunk = run(inner, CHUNK_BYTES / voxel_bytes);
        let counts: Vec<u64> = inner.iter().zip(&chunk).map(|(size, n)| size.div_ceil(*n)).collect();
        let chunks_per_run = of_inner(run(&counts, RUN_BYTES / CHUNK_BYTES));
        Self { file, layout, chunk_shape: of_inner(chunk), shape, chunks_per_run }
    }

    /// The bytes of a chunk in the file; `None` outside.
    fn range(&self, grid: &[u64]) -> Option<std::ops::Range<u64>> {
        let (mut first, mut voxels, mut stride) = (0_u64, 1_u64, 1_u64);
        for ((&place, &size), &edge) in grid.iter().zip(&self.shape).zip(&self.chunk_shape).rev() {
            let at = place.checked_mul(edge)?;
            first = first.checked_add(at.checked_mul(stride)?)?;
            voxels = voxels.checked_mul(size.checked_sub(at)?.min(edge))?;
            stride = stride.checked_mul(size)?;
        }
        let voxel_bytes = self.layout.data_type.size_bytes() as u64;
        let start = self.layout.start.checked_add(first.checked_mul(voxel_bytes)?)?;
        Some(start..start.checked_add(voxels.checked_mul(voxel_bytes)?)?)
    }
}

impl ReadArray for LinearArray {
    fn facts(&self) -> ArrayFacts {
        ArrayFacts {
            shape: self.shape.clone(),
            chunk_shape: self.chunk_shape.clone(),
            chunks_per_file: Some(self.chunks_per_run.clone()),
            data_type: if self.layout.scaling.is_some() { DataType::Float32 } else { self.layout.data_type },
            fill_bits: 0,
            encoding: "raw".to_owned(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let Some(range) = self.range(grid) else { return Ok(None) };
        let mut data = Vec::from(self.file.read(range, ResourceKind::Chunk, cancel).await?);
        let voxel_bytes = self.layout.data_type.size_bytes();
        if !self.layout.little_endian && voxel_bytes > 1 {
            data.chunks_exact_mut(voxel_bytes).for_each(<[u8]>::reverse);
        }
        Ok(Some(match self.layout.scaling {
            Some(scaling) => scaled(&data, self.layout.data_type, scaling),
            None => data,
        }))
    }

    fn describe(&self, _grid: &[u64]) -> String {
        self.file.url.clone()
    }
}

/// The values of stored numbers, computed in double precision and rounded to single.
fn scaled(stored: &[u8], data_type: DataType, Scaling { slope, intercept }: Scaling) -> Vec<u8> {
    let values = stored.chunks_exact(data_type.size_bytes()).map(|voxel| {
        let bits = voxel.iter().rev().fold(0, |bits, byte| (bits << 8) | u64::from(*byte));
        slope * data_type.number(bits) + intercept
    });
    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest single")]
    values.flat_map(|value| (value as f32).to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;
    use crate::format::{Selection, VolumeSpec};
    use crate::store::MemoryStore;

    #[test]
    fn a_run_is_whole_rows_then_whole_planes() {
        // z, y, x
        assert_eq!(run(&[1000, 2048, 2048], 65536), [1, 32, 2048]);
        assert_eq!(run(&[1000, 64, 64], 65536), [16, 64, 64]);
        assert_eq!(run(&[7, 5, 4], 65536), [7, 5, 4]);
        assert_eq!(run(&[3, 3, 100_000], 65536), [1, 1, 50_000], "a long row in equal parts");
        assert_eq!(run(&[10, 33, 2048], 65536), [1, 17, 2048], "rows in equal parts");
        assert_eq!(run(&[1, 1, 1, 3], 0), [1, 1, 1, 1]);
    }

    /// A file of random bytes with a layout.
    fn laid_out() -> impl Strategy<Value = (Layout, Vec<u8>)> {
        let types = [DataType::Uint8, DataType::Int16, DataType::Uint32, DataType::Uint64];
        let shape = (1..400_u64, 1..200_u64, 1..12_u64);
        (0..100_u64, prop::sample::select(types.to_vec()), any::<bool>(), shape, 1..4_u64, 1..3_u64, any::<u64>()).prop_map(
            |(start, data_type, little_endian, (x, y, z), interleaved, times, seed)| {
                let outer = vec![OuterAxis { role: Role::Other("t".to_owned()), size: times, unit: None }];
                let layout = Layout { start, data_type, little_endian, shape: [x, y, z], interleaved, outer, scaling: None };
                let len = layout.len_bytes().unwrap() + start + 7;
                let bytes = (0..len).map(|at| (seed ^ at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()[7]);
                (layout, bytes.collect())
            },
        )
    }

    /// The bytes of a voxel, by the description of the layout.
    fn stored(layout: &Layout, bytes: &[u8], [x, y, z]: [u64; 3], channel: u64, time: u64) -> Vec<u8> {
        let [width, height, depth] = layout.shape;
        let size = layout.data_type.size_bytes() as u64;
        let at = (((time * depth + z) * height + y) * width + x) * layout.interleaved + channel;
        let at = usize::try_from(layout.start + at * size).unwrap();
        let mut voxel = bytes[at..at + layout.data_type.size_bytes()].to_vec();
        if !layout.little_endian {
            voxel.reverse();
        }
        voxel
    }

    fn check(source: &dyn ChunkSource, spec: &VolumeSpec, layout: &Layout, bytes: &[u8], channel: u64, time: u64) {
        let selection = Selection { channel: u32::try_from(channel).unwrap(), at: [("t".to_owned(), time)].into() };
        let (level, grid) = (&spec.levels[0], spec.levels[0].grid_box());
        let size = spec.data_type.size_bytes();
        for place in (0..grid.max[2]).flat_map(|z| (0..grid.max[1]).flat_map(move |y| (0..grid.max[0]).map(move |x| [x, y, z]))) {
            let block = pollster::block_on(source.chunk(0, place, &selection, &Cancel::never())).unwrap().unwrap();
            let chunk = level.chunk_box(place);
            assert_eq!(block.shape.map(i64::from), chunk.shape());
            assert!(level.chunk_shape.iter().map(|&n| u64::from(n)).product::<u64>() * size as u64 * layout.interleaved <= CHUNK_BYTES);
            let [width, height, _] = block.shape.map(|n| n as usize);
            for (number, voxel) in block.data.chunks_exact(size).enumerate() {
                let inside = [number % width, number / width % height, number / width / height];
                let at = std::array::from_fn(|axis| u64::try_from(chunk.min[axis]).unwrap() + inside[axis] as u64);
                assert_eq!(voxel, stored(layout, bytes, at, channel, time), "at {at:?} of chunk {place:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn chunks_hold_the_voxels_of_their_places((layout, bytes) in laid_out()) {
            let mut store = MemoryStore::default();
            store.insert("file", bytes.clone());
            let file = File { store: Rc::new(store), key: "file".to_owned(), size_bytes: bytes.len() as u64, url: "file".to_owned() };
            let source = open(file, SourceFormat::Raw, layout.clone(), Placement::at_origin([1.0; 3])).unwrap();
            let last = (layout.interleaved - 1, layout.outer[0].size - 1);
            for (channel, time) in [(0, 0), last] {
                check(&*source, source.spec(), &layout, &bytes, channel, time);
            }
        }
    }
}
