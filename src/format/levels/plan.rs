//! Which levels a volume is to get, and how they are cut into chunks and regions.

use std::f64::consts::SQRT_2;

use crate::format::{LevelSpec, Sharding, VolumeSpec};
use crate::geometry::VoxelBox;

/// The coarsest level holds no more than this, which is one chunk.
const CHUNK_VOXELS: u64 = 1 << 18;
/// The chunks that levels may have, thick ones first. Thin ones are for sources whose chunks are whole planes: a region of such a level covers
/// the planes that it is made of, so that each is read once.
const CHUNK_SHAPES: [[u32; 3]; 3] = [[64, 64, 64], [128, 128, 16], [256, 256, 4]];
/// What the voxels of one region may take in memory.
const REGION_BYTES: u64 = 16 << 20;
/// What they may take rather than that planes are read several times.
const WIDE_REGION_BYTES: u64 = 64 << 20;
/// Coarser ones are seen by nobody.
const MOST_LEVELS: usize = 24;

/// A level that is made from the one below it.
#[derive(Clone, Debug, PartialEq)]
pub struct MadeLevel {
    /// What it is. Its voxels count from the lower corner of the level that the first is made of. Its regions are the shards.
    pub spec: LevelSpec,
    /// Voxels along x, y, z of the level below that become one.
    pub factors: [u32; 3],
    /// Chunks along x, y, z of a region, which is what is made at once and is one file.
    pub region_chunks: [u32; 3],
}

impl MadeLevel {
    /// The regions, by their place.
    pub fn regions(&self) -> impl Iterator<Item = [i64; 3]> + use<> {
        let chunks = self.spec.grid_box().max;
        let counts: [i64; 3] =
            std::array::from_fn(|axis| (chunks[axis] + i64::from(self.region_chunks[axis]) - 1) / i64::from(self.region_chunks[axis]));
        (0..counts[2]).flat_map(move |z| (0..counts[1]).flat_map(move |y| (0..counts[0]).map(move |x| [x, y, z])))
    }

    /// The voxels of a region that exist.
    #[must_use]
    pub fn region_box(&self, region: [i64; 3]) -> VoxelBox {
        let shape = std::array::from_fn(|axis| i64::from(self.region_chunks[axis]) * i64::from(self.spec.chunk_shape[axis]));
        let min = std::array::from_fn(|axis| region[axis] * shape[axis]);
        VoxelBox::from_shape(min, shape).intersection(&self.spec.voxel_box)
    }

    /// The region that a chunk lies in, and its number there.
    pub(super) fn place(&self, chunk: [i64; 3]) -> ([i64; 3], usize) {
        let counts = self.region_chunks.map(i64::from);
        let region = std::array::from_fn(|axis| chunk[axis].div_euclid(counts[axis]));
        let [x, y, z] = std::array::from_fn(|axis| chunk[axis].rem_euclid(counts[axis]));
        (region, usize::try_from(x + counts[0] * (y + counts[1] * z)).unwrap_or(usize::MAX))
    }

    /// Chunks of a region.
    pub(super) fn chunks_per_region(&self) -> usize {
        self.region_chunks.iter().map(|&n| n as usize).product()
    }
}

/// The levels that a volume lacks, finest first; none where its coarsest is small. Each halves the axes along which voxels are finest: those that
/// are at most √2 times as long as the shortest, so that voxels become as long as they are wide, and stay so.
#[must_use]
pub fn plan(spec: &VolumeSpec) -> Vec<MadeLevel> {
    let Some(coarsest) = spec.levels.last().filter(|_| spec.lacks_levels()) else { return Vec::new() };
    let corner_nm =
        std::array::from_fn(|axis| coarsest.offset_nm[axis] + coarsest.voxel_box.min[axis] as f64 * coarsest.voxel_size_nm[axis]);
    let voxel_bytes = spec.data_type.size_bytes() as u64;
    let mut made: Vec<MadeLevel> = Vec::new();
    let (mut below, mut shape) = (coarsest.clone(), coarsest.voxel_box.shape());
    while voxels(shape) > CHUNK_VOXELS && made.len() < MOST_LEVELS {
        let factors = factors(below.voxel_size_nm, shape);
        shape = std::array::from_fn(|axis| shape[axis].saturating_add(i64::from(factors[axis]) - 1) / i64::from(factors[axis]));
        let (chunk_shape, region_chunks) = cut(below.chunk_shape, factors, shape, voxel_bytes);
        below = LevelSpec {
            voxel_size_nm: std::array::from_fn(|axis| below.voxel_size_nm[axis] * f64::from(factors[axis])),
            offset_nm: corner_nm,
            voxel_box: VoxelBox::from_shape([0; 3], shape),
            chunk_origin: [0; 3],
            chunk_shape,
            encoding: "made here".to_owned(),
            sharding: Sharding::Grid(region_chunks),
        };
        made.push(MadeLevel { spec: below.clone(), factors, region_chunks });
    }
    made
}

fn voxels(shape: [i64; 3]) -> u64 {
    VoxelBox::from_shape([0; 3], shape).volume()
}

/// Along which axes a level is halved.
fn factors(voxel_size_nm: [f64; 3], shape: [i64; 3]) -> [u32; 3] {
    let finest = (0..3).filter(|&axis| shape[axis] > 1).map(|axis| voxel_size_nm[axis]).fold(f64::INFINITY, f64::min);
    // A little more, for sizes that are products.
    std::array::from_fn(|axis| if shape[axis] > 1 && voxel_size_nm[axis] <= finest * SQRT_2 * 1.000_001 { 2 } else { 1 })
}

/// The shape of chunks, voxels, and of regions, chunks.
fn cut(below_chunk: [u32; 3], factors: [u32; 3], shape: [i64; 3], voxel_bytes: u64) -> ([u32; 3], [u32; 3]) {
    // Along x and y as many chunks as cover what one chunk below covers, but no more than there are.
    let covering = |chunk: [u32; 3]| -> [u64; 3] {
        std::array::from_fn(|axis| {
            let covered = if axis < 2 { below_chunk[axis].div_ceil(factors[axis]).div_ceil(chunk[axis]) } else { 1 };
            u64::from(covered).clamp(1, in_chunks(shape[axis], chunk[axis]))
        })
    };
    let bytes = |chunk: [u32; 3], counts: [u64; 3]| {
        (0..3).fold(voxel_bytes, |product, axis| product.saturating_mul(counts[axis] * u64::from(chunk[axis])))
    };
    let thin = below_chunk[2].div_ceil(factors[2]) < 16;
    let fits = |chunk: &[u32; 3]| !thin || bytes(*chunk, covering(*chunk)) <= REGION_BYTES;
    let chunk = CHUNK_SHAPES.into_iter().find(fits).unwrap_or(CHUNK_SHAPES[2]);
    let mut counts = covering(chunk);
    let most = if thin { WIDE_REGION_BYTES } else { REGION_BYTES };
    while bytes(chunk, counts) > most && counts != [1; 3] {
        let longest = (0..3).max_by_key(|&axis| counts[axis] * u64::from(chunk[axis])).unwrap_or(0);
        let longest = if counts[longest] > 1 { longest } else { (0..3).find(|&axis| counts[axis] > 1).unwrap_or(0) };
        counts[longest] = counts[longest].div_ceil(2);
    }
    // What is left is filled, the shortest edge first.
    loop {
        let grows = |axis: &usize| {
            let mut more = counts;
            more[*axis] *= 2;
            counts[*axis] < in_chunks(shape[*axis], chunk[*axis]) && bytes(chunk, more) <= REGION_BYTES
        };
        let Some(shortest) = (0..3).filter(grows).min_by_key(|&axis| counts[axis] * u64::from(chunk[axis])) else { break };
        counts[shortest] = (counts[shortest] * 2).min(in_chunks(shape[shortest], chunk[shortest]));
    }
    (chunk, counts.map(|n| u32::try_from(n).unwrap_or(1)))
}

/// How many chunks of an edge cover a length.
fn in_chunks(length: i64, edge: u32) -> u64 {
    length.unsigned_abs().div_ceil(u64::from(edge)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Notes, SourceFormat};
    use crate::voxel::DataType;

    fn volume(shape: [i64; 3], voxel_size_nm: [f64; 3], chunk_shape: [u32; 3], data_type: DataType) -> VolumeSpec {
        let min = [7, -3, 2];
        let level = LevelSpec {
            voxel_size_nm,
            offset_nm: [100.0, 0.0, 0.0],
            voxel_box: VoxelBox::from_shape(min, shape),
            chunk_origin: min,
            chunk_shape,
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        };
        let levels = vec![level];
        VolumeSpec {
            format: SourceFormat::Zarr,
            data_type,
            kind: None,
            channels: 1,
            other_axes: Vec::new(),
            fill_bits: 0,
            levels,
            orientation: None,
            notes: Notes::default(),
        }
    }

    #[test]
    fn voxels_become_as_long_as_they_are_wide() {
        let made = plan(&volume([1001, 2000, 300], [4.0, 4.0, 40.0], [64; 3], DataType::Uint8));
        let all: Vec<_> = made.iter().map(|level| (level.spec.voxel_size_nm, level.spec.voxel_box.shape())).collect();
        assert_eq!(
            all,
            [
                ([8.0, 8.0, 40.0], [501, 1000, 300]),
                ([16.0, 16.0, 40.0], [251, 500, 300]),
                ([32.0, 32.0, 40.0], [126, 250, 300]),
                ([64.0, 64.0, 80.0], [63, 125, 150]),
                ([128.0, 128.0, 160.0], [32, 63, 75]),
            ]
        );
        // The corner of voxel (7, -3, 2), and there it stays.
        assert!(made.iter().all(|level| level.spec.offset_nm == [128.0, -12.0, 80.0]));
    }

    #[test]
    fn a_small_volume_needs_no_more_levels_and_a_flat_one_ends_at_a_chunk() {
        assert!(plan(&volume([256; 3], [1.0; 3], [64; 3], DataType::Uint8)).is_empty());
        let flat = plan(&volume([1 << 15, 1 << 13, 1], [1.0; 3], [1 << 15, 1, 1], DataType::Uint16));
        assert!(flat.iter().all(|level| level.factors == [2, 2, 1]));
        assert_eq!(flat.last().map(|level| level.spec.voxel_box.shape()), Some([1024, 256, 1]));
    }

    #[test]
    fn a_region_covers_the_planes_that_it_is_made_of() {
        for (width, chunk) in [(1024_u32, [64, 64, 64]), (2048, [128, 128, 16]), (4096, [256, 256, 4])] {
            let wide = i64::from(width);
            let planes = volume([wide, wide, 400], [8.0; 3], [width, width, 1], DataType::Uint8);
            let first = plan(&planes).swap_remove(0);
            let covered: Vec<i64> = (0..2).map(|axis| i64::from(first.region_chunks[axis] * first.spec.chunk_shape[axis] * 2)).collect();
            assert!(covered.iter().all(|&n| n >= wide), "{first:?}");
            assert_eq!(first.spec.chunk_shape, chunk, "{width}");
        }
    }

    #[test]
    fn regions_cover_a_level_once_and_stay_within_memory() {
        for (shape, below, data_type) in [
            ([700, 900, 600], [64, 64, 64], DataType::Uint8),
            ([700, 900, 600], [64, 64, 64], DataType::Uint64),
            ([3000, 3000, 40], [3000, 3000, 1], DataType::Uint16),
            ([70_000, 60_000, 3], [70_000, 1, 1], DataType::Uint8),
            ([500, 500, 500], [500, 500, 500], DataType::Float32),
        ] {
            for level in plan(&volume(shape, [5.0; 3], below, data_type)) {
                let boxes: Vec<VoxelBox> = level.regions().map(|region| level.region_box(region)).collect();
                assert!(boxes.iter().all(|region| !region.is_empty()), "{level:?}");
                assert_eq!(boxes.iter().map(VoxelBox::volume).sum::<u64>(), level.spec.voxel_box.volume(), "{level:?}");
                let most = boxes.iter().map(|region| region.volume() * data_type.size_bytes() as u64).max();
                assert!(most <= Some(WIDE_REGION_BYTES), "{most:?} bytes: {level:?}");
                let last = level.spec.grid_box().max.map(|n| n - 1);
                let (region, number) = level.place(last);
                assert!(level.regions().any(|other| other == region) && number < level.chunks_per_region());
            }
        }
    }
}
