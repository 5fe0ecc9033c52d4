//! Which file a chunk lies in: known wherever chunks are asked for, so that requests for one file can go to one worker.
//!
//! Source of the precomputed rules: `sharded.md` and `volume.md` of Neuroglancer (`neuroglancer_uint64_sharded_v1`).

use serde::{Deserialize, Serialize};

use super::per_axis::zip;
use super::spec::{LevelSpec, PrecomputedSharding, Sharding};

/// Names one shard of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ShardId {
    /// Precomputed: the number of the shard.
    Number(u64),
    /// Zarr and WKW: the file's place in the grid of files, x, y, z.
    Grid([i64; 3]),
}

impl LevelSpec {
    /// The shard that holds the chunk at this place of the chunk grid; `None` where every chunk is a file of its own.
    #[must_use]
    pub fn shard_of(&self, grid: [i64; 3]) -> Option<ShardId> {
        match &self.sharding {
            Sharding::None => None,
            Sharding::Grid(chunks) => Some(ShardId::Grid(zip(grid, *chunks, |place, n| place.div_euclid(i64::from(n.max(1)))))),
            Sharding::Precomputed(sharding) => {
                Some(ShardId::Number(sharding.locate(compressed_morton(grid, self.grid_box().shape())?).shard))
            }
        }
    }
}

/// Where a key lies among shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardPlace {
    /// The number of the shard.
    pub shard: u64,
    /// The number of the minishard in it.
    pub minishard: u64,
}

impl PrecomputedSharding {
    /// Where a key (for a volume: a chunk's [`compressed_morton`] code) lies.
    #[must_use]
    pub fn locate(&self, key: u64) -> ShardPlace {
        let shifted = key.checked_shr(self.preshift_bits).unwrap_or(0);
        let hash = if self.murmur { murmur_hash3_low64(shifted) } else { shifted };
        let rest = hash.checked_shr(self.minishard_bits).unwrap_or(0);
        ShardPlace { shard: rest & low_bits(self.shard_bits), minishard: hash & low_bits(self.minishard_bits) }
    }

    /// The name of a shard's file.
    #[must_use]
    pub fn file_name(&self, shard: u64) -> String {
        format!("{shard:0width$x}.shard", width = self.shard_bits.div_ceil(4) as usize)
    }
}

/// The compressed Morton code of a place in a grid of this shape: the bits of x, y, z interleaved, x lowest, leaving out
/// those that are 0 everywhere in the grid. `None` outside the grid, and for grids whose codes need more than 64 bits.
#[must_use]
pub fn compressed_morton(grid: [i64; 3], shape: [i64; 3]) -> Option<u64> {
    let axes = zip(grid, shape, |place, size| (place, size));
    if axes.iter().any(|(place, size)| !(0..*size).contains(place)) {
        return None;
    }
    let mut code = 0;
    let mut at = 0;
    for bit in 0..63 {
        for (place, size) in axes {
            if (1_i64 << bit) < size {
                if at == u64::BITS {
                    return None;
                }
                code |= ((place.unsigned_abs() >> bit) & 1) << at;
                at += 1;
            }
        }
    }
    Some(code)
}

fn low_bits(bits: u32) -> u64 {
    1_u64.checked_shl(bits).map_or(u64::MAX, |power| power - 1)
}

/// The low 64 bits of `MurmurHash3_x86_128` with seed 0 of the eight little-endian bytes of a number.
fn murmur_hash3_low64(number: u64) -> u64 {
    const C: [u32; 3] = [0x239b_961b, 0xab0e_9789, 0x38b3_4ae5];
    const BYTES: u32 = 8;
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the number")]
    let (k1, k2) = (number as u32, (number >> 32) as u32);
    let h2 = k2.wrapping_mul(C[1]).rotate_left(16).wrapping_mul(C[2]) ^ BYTES;
    let h1 = k1.wrapping_mul(C[0]).rotate_left(15).wrapping_mul(C[1]) ^ BYTES;
    let (h3, h4) = (BYTES, BYTES);
    // The four lanes are added into the first, and the first into the others, before and after they are mixed.
    let gather = |[h1, h2, h3, h4]: [u32; 4]| {
        let h1 = h1.wrapping_add(h2).wrapping_add(h3).wrapping_add(h4);
        [h1, h2.wrapping_add(h1), h3.wrapping_add(h1), h4.wrapping_add(h1)]
    };
    let [low, high, ..] = gather(gather([h1, h2, h3, h4]).map(mix));
    u64::from(low) | u64::from(high) << 32
}

fn mix(h: u32) -> u32 {
    let h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    let h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::VoxelBox;

    #[test]
    fn hashes_as_murmur_hash3_x86_128() {
        // Values of the pure Python implementation that cloud-volume carries.
        for (number, hash) in [
            (0, 0x4772_b084_e028_ae41),
            (1, 0xe8bd_67d6_16d4_ce9a),
            (2, 0xd62f_9cd2_1b01_3f5a),
            (0xff, 0x4e2f_c5b5_b87b_f79a),
            (0x0123_4567_89ab_cdef, 0x7080_3626_4c10_9d93),
            (1 << 63, 0x998a_35e4_316a_cfa8),
            (u64::MAX, 0x574f_66bd_212b_5d1a),
        ] {
            assert_eq!(murmur_hash3_low64(number), hash, "{number:#x}");
        }
    }

    #[test]
    fn interleaves_only_the_bits_that_the_grid_has() {
        // A grid of 5 × 2 × 3 has 3, 1 and 2 bits: x0 y0 z0 x1 z1 x2, lowest first.
        let shape = [5, 2, 3];
        for (grid, code) in [
            ([0, 0, 0], 0b00_0000),
            ([1, 0, 0], 0b00_0001),
            ([0, 1, 0], 0b00_0010),
            ([0, 0, 1], 0b00_0100),
            ([2, 0, 0], 0b00_1000),
            ([0, 0, 2], 0b01_0000),
            ([4, 0, 0], 0b10_0000),
            ([3, 1, 2], 0b01_1011),
        ] {
            assert_eq!(compressed_morton(grid, shape), Some(code), "{grid:?}");
        }
        assert_eq!(compressed_morton([5, 0, 0], shape), None);
        assert_eq!(compressed_morton([0, -1, 0], shape), None);
        assert_eq!(compressed_morton([0; 3], [1; 3]), Some(0));
        assert_eq!(compressed_morton([(1 << 31) - 1, 0, (1 << 31) - 1], [1 << 31, 1, 1 << 31]), Some((1 << 62) - 1));
        assert_eq!(compressed_morton([0; 3], [1 << 22, 1 << 22, 1 << 22]), None, "66 bits");
    }

    fn sharding(preshift_bits: u32, minishard_bits: u32, shard_bits: u32) -> PrecomputedSharding {
        PrecomputedSharding { preshift_bits, murmur: false, minishard_bits, shard_bits, gzip_index: false, gzip_data: false }
    }

    #[test]
    fn splits_hashes_into_shard_and_minishard() {
        assert_eq!(sharding(1, 2, 3).locate(0b0110_1101), ShardPlace { shard: 0b101, minishard: 0b10 });
        assert_eq!(sharding(64, 0, 64).locate(u64::MAX), ShardPlace { shard: 0, minishard: 0 });
        assert_eq!(sharding(0, 0, 64).locate(u64::MAX), ShardPlace { shard: u64::MAX, minishard: 0 });
        assert_eq!(sharding(0, 32, 32).locate(0xaaaa_bbbb_cccc_dddd), ShardPlace { shard: 0xaaaa_bbbb, minishard: 0xcccc_dddd });
    }

    #[test]
    fn names_shards_in_hexadecimal() {
        for (shard_bits, shard, name) in [(0, 0, "0.shard"), (1, 1, "1.shard"), (5, 0x1a, "1a.shard"), (9, 0x2, "002.shard")] {
            assert_eq!(sharding(0, 0, shard_bits).file_name(shard), name);
        }
    }

    #[test]
    fn finds_the_shard_of_a_chunk() {
        let mut level = LevelSpec {
            voxel_size_nm: [1.0; 3],
            offset_nm: [0.0; 3],
            voxel_box: VoxelBox { min: [-7, 0, 3], max: [33, 16, 27] },
            chunk_origin: [-7, 0, 3],
            chunk_shape: [8, 8, 8],
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        };
        assert_eq!(level.shard_of([1, 1, 1]), None);
        level.sharding = Sharding::Grid([2, 1, 4]);
        assert_eq!(level.shard_of([3, 1, 2]), Some(ShardId::Grid([1, 1, 0])));
        assert_eq!(level.shard_of([-1, -1, -1]), Some(ShardId::Grid([-1, -1, -1])));
        // The grid is 5 × 2 × 3, as above: (3, 1, 2) has the code 0b01_1011.
        level.sharding = Sharding::Precomputed(sharding(1, 2, 8));
        assert_eq!(level.shard_of([3, 1, 2]), Some(ShardId::Number(0b011)));
        assert_eq!(level.shard_of([5, 1, 2]), None);
    }
}
