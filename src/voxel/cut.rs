//! Cutting bricks out of a decoded chunk.

use rustc_hash::FxHashMap;

use super::{Brick, BrickVoxels, DataType, Palette, VoxelBlock};

/// See [`Brick::cut`].
pub(super) fn cut(block: &VoxelBlock, min: [u32; 3], shape: [u32; 3], as_labels: bool) -> Brick {
    let shape: [u32; 3] = std::array::from_fn(|axis| shape[axis].min(block.shape[axis].saturating_sub(min[axis])));
    let data_type = block.data_type;
    let voxels = if as_labels { labels(block, min, shape) } else { dense(block, min, shape) };
    Brick { shape, data_type, voxels }
}

/// The bytes of each row of the box along x, in order; a row that the block does not hold is left out.
fn rows(block: &VoxelBlock, min: [u32; 3], shape: [u32; 3]) -> impl Iterator<Item = &[u8]> {
    let size = block.data_type.size_bytes();
    let [width, height] = [block.shape[0] as usize, block.shape[1] as usize];
    let [x, y0, z0] = min.map(|n| n as usize);
    let [row_len, height_cut, depth_cut] = shape.map(|n| n as usize);
    (z0..z0 + depth_cut).flat_map(move |z| {
        (y0..y0 + height_cut).filter_map(move |y| {
            let start = (x + width * (y + height * z)) * size;
            block.data.get(start..start + row_len * size)
        })
    })
}

fn dense(block: &VoxelBlock, min: [u32; 3], shape: [u32; 3]) -> BrickVoxels {
    let size = block.data_type.size_bytes();
    let mut data = Vec::with_capacity(shape.iter().map(|&n| n as usize).product::<usize>() * size);
    for row in rows(block, min, shape) {
        data.extend_from_slice(row);
    }
    let first = data.get(..size).unwrap_or_default();
    if !first.is_empty() && data.chunks_exact(size).all(|voxel| voxel == first) {
        return BrickVoxels::Uniform(word(first));
    }
    BrickVoxels::Dense(data)
}

fn labels(block: &VoxelBlock, min: [u32; 3], shape: [u32; 3]) -> BrickVoxels {
    let mut entries = Vec::with_capacity(shape.iter().map(|&n| n as usize).product());
    let mut ids: Vec<u64> = Vec::new();
    let mut entry_of: FxHashMap<u64, u32> = FxHashMap::default();
    // Labels run: most voxels repeat the one before, and never touch the map.
    let mut last: Option<(u64, u32)> = None;
    let mut push = |id: u64| {
        let entry = match last {
            Some((last_id, entry)) if last_id == id => entry,
            _ => *entry_of.entry(id).or_insert_with(|| {
                ids.push(id);
                u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
            }),
        };
        last = Some((id, entry));
        entries.push(entry);
    };
    for row in rows(block, min, shape) {
        match block.data_type {
            DataType::Uint64 | DataType::Int64 | DataType::Float64 => {
                let (values, _) = row.as_chunks::<8>();
                values.iter().for_each(|bytes| push(u64::from_le_bytes(*bytes)));
            }
            DataType::Uint32 | DataType::Int32 | DataType::Float32 => {
                let (values, _) = row.as_chunks::<4>();
                values.iter().for_each(|bytes| push(u64::from(u32::from_le_bytes(*bytes))));
            }
            DataType::Uint16 | DataType::Int16 => {
                let (values, _) = row.as_chunks::<2>();
                values.iter().for_each(|bytes| push(u64::from(u16::from_le_bytes(*bytes))));
            }
            DataType::Uint8 | DataType::Int8 => row.iter().for_each(|&byte| push(u64::from(byte))),
        }
    }
    if ids.len() <= 1 {
        return BrickVoxels::Uniform(ids.first().copied().unwrap_or(0));
    }
    let bits: u8 = match ids.len() {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        17..=256 => 8,
        _ => 16,
    };
    let per_word = 32 / usize::from(bits);
    let words = entries
        .chunks(per_word)
        .map(|group| group.iter().enumerate().fold(0_u32, |word, (i, &entry)| word | (entry << (i * usize::from(bits)))))
        .collect();
    BrickVoxels::Palette(Palette { ids, bits, words })
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))
}
