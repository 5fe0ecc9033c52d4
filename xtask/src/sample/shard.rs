//! Neuroglancer's sharded format (`neuroglancer_uint64_sharded_v1`): identity hash, gzip minishard indices.
//! Source: google/neuroglancer `src/datasource/precomputed/sharded.md`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::put;

const PRESHIFT_BITS: u32 = 3;
const MINISHARD_BITS: u32 = 3;
const SHARD_BITS: u32 = 3;

/// How chunks are stored inside a shard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    Raw,
    Gzip,
}

/// The `sharding` member of a scale.
pub(super) fn specification(data: Encoding) -> Value {
    json!({
        "@type": "neuroglancer_uint64_sharded_v1",
        "preshift_bits": PRESHIFT_BITS,
        "hash": "identity",
        "minishard_bits": MINISHARD_BITS,
        "shard_bits": SHARD_BITS,
        "minishard_index_encoding": "gzip",
        "data_encoding": match data { Encoding::Raw => "raw", Encoding::Gzip => "gzip" },
    })
}

/// The chunk's number on a compressed Morton curve: bit i of each axis in turn, for axes whose grid still has that bit.
pub(super) fn morton(cell: [usize; 3], grid: [usize; 3]) -> u64 {
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

/// Writes the shards of a scale from its encoded chunks by Morton number.
pub(super) fn write(dir: &Path, chunks: &BTreeMap<u64, Vec<u8>>, data: Encoding) -> Result<()> {
    let mut shards: BTreeMap<u64, BTreeMap<u64, Vec<u64>>> = BTreeMap::new();
    for &key in chunks.keys() {
        let hash = key >> PRESHIFT_BITS;
        let minishard = hash & ((1 << MINISHARD_BITS) - 1);
        let shard = (hash >> MINISHARD_BITS) & ((1 << SHARD_BITS) - 1);
        shards.entry(shard).or_default().entry(minishard).or_default().push(key);
    }
    for (shard, minishards) in &shards {
        put(&dir.join(format!("{shard:x}.shard")), &encode(minishards, chunks, data)?)?;
    }
    Ok(())
}

/// The index of a shard, the chunks of its minishards, and then all their indices side by side, so that one request gets them; all
/// offsets count from the end of the index.
fn encode(minishards: &BTreeMap<u64, Vec<u64>>, chunks: &BTreeMap<u64, Vec<u8>>, data: Encoding) -> Result<Vec<u8>> {
    let mut index = [[0u64; 2]; 1 << MINISHARD_BITS];
    let mut body: Vec<u8> = Vec::new();
    let mut tables = Vec::new();
    for (&minishard, keys) in minishards {
        // Three rows: keys as differences, starts as differences from the end of the chunk before, sizes.
        let (mut ids, mut starts, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut last_key, mut last_end) = (0, 0u64);
        for key in keys {
            let start = u64::try_from(body.len())?;
            match data {
                Encoding::Raw => body.extend_from_slice(&chunks[key]),
                Encoding::Gzip => body.extend_from_slice(&gzip(&chunks[key])?),
            }
            let end = u64::try_from(body.len())?;
            ids.push(key - last_key);
            starts.push(start - last_end);
            sizes.push(end - start);
            (last_key, last_end) = (*key, end);
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

/// Gzip at a level that is fast and small enough.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
