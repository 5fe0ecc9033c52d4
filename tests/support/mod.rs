//! What tests of volumes share: the expected values of `tests/data`, whole levels.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod expected;
pub(crate) mod fake_workers;
pub(crate) mod recorder;

use std::path::PathBuf;

use neurolume::format::{ChunkSource, FormatError, Selection};
use neurolume::runtime::Cancel;
use neurolume::voxel::VoxelBlock;

/// The project's own test data.
pub(crate) fn data_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The shared fixtures, where they are; says loudly where they are not.
pub(crate) fn fixtures_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    if folder.is_dir() {
        return folder.canonicalize().ok();
    }
    eprintln!("SKIPPED: no fixtures at {}", folder.display());
    None
}

/// One level put together chunk by chunk, and the boxes of its absent chunks.
pub(crate) struct Level {
    pub(crate) block: VoxelBlock,
    pub(crate) absent: Vec<neurolume::geometry::VoxelBox>,
}

/// Reads a whole level.
///
/// # Errors
/// The first chunk's that fails.
pub(crate) fn read_level(source: &dyn ChunkSource, level: usize, selection: &Selection) -> Result<Level, FormatError> {
    let spec = &source.spec().levels[level];
    let data_type = source.spec().data_type;
    let shape = spec.voxel_box.shape().map(|n| u32::try_from(n).unwrap());
    let mut block = VoxelBlock::filled(data_type, shape, source.spec().fill_bits).unwrap();
    let mut absent = Vec::new();
    let grid = spec.grid_box();
    for z in grid.min[2]..grid.max[2] {
        for y in grid.min[1]..grid.max[1] {
            for x in grid.min[0]..grid.max[0] {
                let chunk_box = spec.chunk_box([x, y, z]);
                let chunk = pollster::block_on(source.chunk(level, [x, y, z], selection, &Cancel::never()))?;
                let Some(chunk) = chunk else {
                    absent.push(chunk_box);
                    continue;
                };
                assert_eq!(chunk.shape.map(i64::from), chunk_box.shape(), "the shape of chunk {:?} of level {level}", [x, y, z]);
                assert_eq!(Some(chunk.data.len()), VoxelBlock::byte_len(data_type, chunk.shape));
                let at: [usize; 3] = std::array::from_fn(|axis| usize::try_from(chunk_box.min[axis] - spec.voxel_box.min[axis]).unwrap());
                paste(&mut block, &chunk, at);
            }
        }
    }
    Ok(Level { block, absent })
}

fn paste(into: &mut VoxelBlock, chunk: &VoxelBlock, at: [usize; 3]) {
    let size = chunk.data_type.size_bytes();
    let [width, height, depth] = chunk.shape.map(|n| n as usize);
    let [into_width, into_height, _] = into.shape.map(|n| n as usize);
    for z in 0..depth {
        for y in 0..height {
            let from = width * (y + height * z) * size;
            let to = (at[0] + into_width * (at[1] + y + into_height * (at[2] + z))) * size;
            into.data[to..to + width * size].copy_from_slice(&chunk.data[from..from + width * size]);
        }
    }
}
