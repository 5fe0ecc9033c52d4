//! Shards, made of chunks when they are asked for. A shard is a cube of 4³ chunks: to say where a chunk lies in it, all of them must be made.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

use super::address::Address;
use super::chunks::Chunks;
use super::made::Made;
use super::pyramid::{self, Place};
use crate::neuroglancer::shard::{Encoding, Sharding, cell_of, morton};
use crate::neuroglancer::{CHUNK, Kind};

/// Bits enough for the largest volume.
pub(super) const SHARDING: Sharding = Sharding { preshift_bits: 3, minishard_bits: 3, shard_bits: 27, data: Encoding::Raw };
const CHUNKS_OF_SHARD: u64 = 1 << (SHARDING.preshift_bits + SHARDING.minishard_bits);
const KEPT_BYTES: usize = 1 << 30;
/// What a shard counts for even where nothing is in it.
const LEAST_BYTES: usize = 64;

type Key = (u64, [usize; 3], Kind, usize, u64);

#[derive(Debug)]
pub(super) struct Shards {
    made: Made<Key, Vec<u8>>,
}

impl Default for Shards {
    fn default() -> Self {
        Self { made: Made::new(KEPT_BYTES, |shard: &Vec<u8>| shard.len() + LEAST_BYTES) }
    }
}

impl Shards {
    /// A shard, kept or made now; empty where no chunk is in it.
    ///
    /// # Errors
    /// A chunk that cannot be encoded.
    pub(super) fn get(&self, chunks: &Chunks, volume: &Address, level: usize, number: u64) -> Result<Arc<Vec<u8>>> {
        self.made.get((volume.seed, volume.size, volume.kind, level, number), || {
            let Some(scale) = pyramid::scales(volume.size).into_iter().nth(level) else { return Ok(Vec::new()) };
            let grid = scale.size.map(|n| n.div_ceil(CHUNK));
            let mut members = BTreeMap::new();
            for code in number * CHUNKS_OF_SHARD..(number + 1) * CHUNKS_OF_SHARD {
                let cell = cell_of(code, grid);
                if (0..3).any(|axis| cell[axis] >= grid[axis]) || morton(cell, grid) != code {
                    continue;
                }
                let min = cell.map(|n| n * CHUNK);
                let shape = [0, 1, 2].map(|axis| CHUNK.min(scale.size[axis] - min[axis]));
                let chunk = chunks.get(volume.seed, Place { level, min, shape })?;
                members.insert(code, if volume.kind == Kind::Image { chunk.image.clone() } else { chunk.labels.clone() });
            }
            if members.is_empty() { Ok(Vec::new()) } else { SHARDING.encode(&members) }
        })
    }
}
