//! Neuroglancer's sharded format (`neuroglancer_uint64_sharded_v1`): identity hash, gzip minishard indices.
//! Source: google/neuroglancer `src/datasource/precomputed/sharded.md`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// How chunks are stored inside a shard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoding {
    Raw,
    Gzip,
}

/// How the chunks of a scale are spread over shards. The lowest bits of a chunk's number say which it is in its minishard, those above
/// which minishard of its shard, those above which shard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sharding {
    pub(crate) preshift_bits: u32,
    pub(crate) minishard_bits: u32,
    pub(crate) shard_bits: u32,
    pub(crate) data: Encoding,
}

impl Sharding {
    /// The `sharding` member of a scale.
    pub(crate) fn specification(&self) -> Value {
        json!({
            "@type": "neuroglancer_uint64_sharded_v1",
            "preshift_bits": self.preshift_bits,
            "hash": "identity",
            "minishard_bits": self.minishard_bits,
            "shard_bits": self.shard_bits,
            "minishard_index_encoding": "gzip",
            "data_encoding": match self.data { Encoding::Raw => "raw", Encoding::Gzip => "gzip" },
        })
    }

    /// The shard that holds a chunk; chunks of one shard have neighbouring numbers, for no scale here needs more shards than the bits allow.
    pub(crate) fn shard_of(&self, chunk: u64) -> u64 {
        (chunk >> (self.preshift_bits + self.minishard_bits)) & ((1 << self.shard_bits) - 1)
    }

    /// The name of a shard's file.
    pub(crate) fn file_name(&self, shard: u64) -> String {
        format!("{shard:0width$x}.shard", width = self.shard_bits.div_ceil(4) as usize)
    }

    /// A shard of these chunks by number: its index, the chunks minishard by minishard, and then the indices of all minishards side by side, so
    /// that one request gets them; all offsets count from the end of the index.
    pub(crate) fn encode(&self, chunks: &BTreeMap<u64, Vec<u8>>) -> Result<Vec<u8>> {
        let mut minishards: BTreeMap<u64, Vec<(u64, &[u8])>> = BTreeMap::new();
        for (&number, chunk) in chunks {
            let minishard = (number >> self.preshift_bits) & ((1 << self.minishard_bits) - 1);
            minishards.entry(minishard).or_default().push((number, chunk));
        }
        let mut index = vec![[0u64; 2]; 1 << self.minishard_bits];
        let mut body: Vec<u8> = Vec::new();
        let mut tables = Vec::new();
        for (&minishard, chunks) in &minishards {
            // Three rows: keys as differences, starts as differences from the end of the chunk before, sizes.
            let (mut ids, mut starts, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
            let (mut last_key, mut last_end) = (0, 0u64);
            for &(key, chunk) in chunks {
                let start = u64::try_from(body.len())?;
                match self.data {
                    Encoding::Raw => body.extend_from_slice(chunk),
                    Encoding::Gzip => body.extend_from_slice(&gzip(chunk)?),
                }
                let end = u64::try_from(body.len())?;
                ids.push(key - last_key);
                starts.push(start - last_end);
                sizes.push(end - start);
                (last_key, last_end) = (key, end);
            }
            let table: Vec<u8> = ids.iter().chain(&starts).chain(&sizes).flat_map(|v: &u64| v.to_le_bytes()).collect();
            tables.push((minishard, gzip(&table)?));
        }
        for (minishard, table) in tables {
            let start = u64::try_from(body.len())?;
            body.extend_from_slice(&table);
            index[usize::try_from(minishard)?] = [start, u64::try_from(body.len())?];
        }
        let mut file: Vec<u8> = index.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        file.append(&mut body);
        Ok(file)
    }
}

/// The chunk's number on a compressed Morton curve: bit i of each axis in turn, for axes whose grid still has that bit.
pub(crate) fn morton(cell: [usize; 3], grid: [usize; 3]) -> u64 {
    let (mut code, mut out) = (0u64, 0);
    for bit in 0..21 {
        for axis in 0..3 {
            if (1 << bit) < grid[axis] {
                code |= u64::from((cell[axis] >> bit) & 1 == 1) << out;
                out += 1;
            }
        }
    }
    code
}

/// The chunk of a number: [`morton`] the other way round. Of a number that is none of the grid's, a place outside or another's.
pub(crate) fn cell_of(morton: u64, grid: [usize; 3]) -> [usize; 3] {
    let (mut cell, mut rest) = ([0; 3], morton);
    for bit in 0..21 {
        for axis in 0..3 {
            if (1 << bit) < grid[axis] {
                cell[axis] |= usize::from(rest & 1 == 1) << bit;
                rest >>= 1;
            }
        }
    }
    cell
}

/// Gzip at a level that is fast and small enough.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_chunk() {
        let grid = [5, 2, 9];
        for cell in (0..90).map(|i| [i % 5, i / 5 % 2, i / 10]) {
            assert_eq!(cell_of(morton(cell, grid), grid), cell);
        }
        // From the lowest bits up: x, y, z, then x and z, for y has one bit.
        assert_eq!(morton([0b10, 1, 0b11], grid), 0b11_110);
    }
}
