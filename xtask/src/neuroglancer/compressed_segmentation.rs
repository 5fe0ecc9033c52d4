//! Neuroglancer's compressed segmentation of 64-bit labels, one channel, blocks of 8×8×8.
//! Source: google/neuroglancer `src/sliceview/compressed_segmentation/README.md`.

use std::collections::HashMap;

use anyhow::{Result, ensure};

use crate::volume::Volume;

/// Edge of a block.
pub(crate) const BLOCK: usize = 8;

/// Encodes a chunk: the offset of its channel, then per block a header, its table and its packed indices.
pub(crate) fn encode(labels: &Volume<u64>) -> Result<Vec<u8>> {
    let grid = labels.shape.map(|n| n.div_ceil(BLOCK));
    let mut words = vec![0u32; 2 * grid.iter().product::<usize>()];
    let mut tables: HashMap<Vec<u64>, u32> = HashMap::new();
    let mut header = 0;
    for bz in 0..grid[2] {
        for by in 0..grid[1] {
            for bx in 0..grid[0] {
                let block = padded(labels, [bx * BLOCK, by * BLOCK, bz * BLOCK]);
                let mut table = block.clone();
                table.sort_unstable();
                table.dedup();
                let bits = [0u32, 1, 2, 4, 8, 16].into_iter().find(|b| table.len() <= 1 << b).unwrap_or(32);
                let values_at = u32::try_from(words.len())?;
                let mut packed = vec![0u32; BLOCK * BLOCK * BLOCK * usize::try_from(bits)? / 32];
                for (i, label) in block.iter().enumerate() {
                    let value = u32::try_from(table.partition_point(|t| t < label))?;
                    let bit = i * usize::try_from(bits)?;
                    if bits > 0 {
                        packed[bit / 32] |= value << (bit % 32);
                    }
                }
                words.extend(packed);
                let next = u32::try_from(words.len())?;
                let table_at = *tables.entry(table.clone()).or_insert(next);
                if table_at == next {
                    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a label")]
                    words.extend(table.iter().flat_map(|&l| [l as u32, (l >> 32) as u32]));
                }
                ensure!(table_at < 1 << 24, "a chunk's tables reach word {table_at}, past the 24 bits of its headers");
                words[header] = table_at | bits << 24;
                words[header + 1] = values_at;
                header += 2;
            }
        }
    }
    Ok(std::iter::once(&1u32).chain(&words).flat_map(|w| w.to_le_bytes()).collect())
}

/// A block; voxels past the volume's end repeat its last ones, so that they add no labels.
fn padded(labels: &Volume<u64>, min: [usize; 3]) -> Vec<u64> {
    let [w, h, d] = labels.shape;
    let mut block = Vec::with_capacity(BLOCK * BLOCK * BLOCK);
    for z in min[2]..min[2] + BLOCK {
        for y in min[1]..min[1] + BLOCK {
            for x in min[0]..min[0] + BLOCK {
                block.push(labels.voxels[x.min(w - 1) + w * (y.min(h - 1) + h * z.min(d - 1))]);
            }
        }
    }
    block
}
