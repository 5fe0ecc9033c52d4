//! `readVoxels`: a box of voxels, put together from the same bricks that are drawn.

use futures::channel::oneshot;
use rustc_hash::FxHashSet;

use crate::chunk::{ChunkKey, LevelGrid};
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::VoxelBox;
use crate::voxel::{Brick, DataType, VoxelBlock};

/// The most bytes that the reads under way may return together: a page's wasm has 4 GiB for all that it does, and what it
/// has taken once it never gives back.
const MOST_BYTES: u64 = 1 << 30;

/// A read that waits for chunks.
#[derive(Debug)]
pub(super) struct VoxelRead {
    pub(super) source: u32,
    voxels: VoxelBox,
    block: VoxelBlock,
    /// The chunks that are still to come.
    pub(super) missing: FxHashSet<ChunkKey>,
    sender: oneshot::Sender<Result<VoxelBlock, ViewerError>>,
}

impl VoxelRead {
    /// A read of a box, filled with the fill value; the box may reach outside the volume. `open_bytes` is what the reads
    /// take that are under way already.
    pub(super) fn new(
        source: u32,
        voxels: VoxelBox,
        data_type: DataType,
        fill_bits: u64,
        open_bytes: u64,
        sender: oneshot::Sender<Result<VoxelBlock, ViewerError>>,
    ) -> Result<Self, ViewerError> {
        let shape = voxels.shape();
        let bytes = voxels.volume().saturating_mul(data_type.size_bytes() as u64);
        let too_large = || {
            ViewerError::new(
                ErrorCode::OutOfMemory,
                format!("a box of {shape:?} voxels takes {bytes} bytes; at most {MOST_BYTES} can be read at once"),
            )
            .with_remedy("Read smaller boxes, or a coarser level.")
        };
        if voxels.is_empty() {
            return Err(ViewerError::new(
                ErrorCode::InvalidOptions,
                format!("the box from {:?} to {:?} holds no voxel", voxels.min, voxels.max),
            ));
        }
        if bytes > MOST_BYTES {
            return Err(too_large());
        }
        if open_bytes.saturating_add(bytes) > MOST_BYTES {
            return Err(ViewerError::new(
                ErrorCode::OutOfMemory,
                format!("a box of {bytes} bytes and the reads under way, of {open_bytes}, take more than {MOST_BYTES} bytes together"),
            )
            .with_remedy("Wait for the reads under way, then try again.")
            .retryable());
        }
        let mut lengths = [0; 3];
        for axis in 0..3 {
            lengths[axis] = u32::try_from(shape[axis]).map_err(|_| too_large())?;
        }
        let block = VoxelBlock::filled(data_type, lengths, fill_bits).ok_or_else(|| {
            ViewerError::new(ErrorCode::OutOfMemory, format!("there is no memory for a box of {bytes} bytes"))
                .with_remedy("Read smaller boxes, or a coarser level.")
        })?;
        Ok(Self { source, voxels, block, missing: FxHashSet::default(), sender })
    }

    /// Copies what a brick holds of the box.
    pub(super) fn take_brick(&mut self, grid: &LevelGrid, place: [i32; 3], brick: &Brick) {
        let brick_min = grid.brick_min(place);
        let shared = grid.brick_box(place).intersection(&self.voxels);
        let size = self.block.data_type.size_bytes();
        for z in shared.min[2]..shared.max[2] {
            for y in shared.min[1]..shared.max[1] {
                for x in shared.min[0]..shared.max[0] {
                    let voxel = [x, y, z];
                    let Some(bits) = offset(voxel, brick_min).and_then(|at| brick.bits(at)) else { continue };
                    let Some(at) = offset(voxel, self.voxels.min) else { continue };
                    let [ax, ay, az] = at.map(|n| n as usize);
                    let index = (ax + self.block.shape[0] as usize * (ay + self.block.shape[1] as usize * az)) * size;
                    if let (Some(target), Some(value)) = (self.block.data.get_mut(index..index + size), bits.to_le_bytes().get(..size)) {
                        target.copy_from_slice(value);
                    }
                }
            }
        }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.block.data.len() as u64
    }

    /// Whether whoever asked has gone.
    pub(super) fn abandoned(&self) -> bool {
        self.sender.is_canceled()
    }

    /// Ends the read.
    pub(super) fn finish(self, result: Result<(), ViewerError>) {
        // Whoever asked may have gone; then the answer is not needed.
        let _gone = self.sender.send(result.map(|()| self.block));
    }
}

fn offset(voxel: [i64; 3], min: [i64; 3]) -> Option<[u32; 3]> {
    let mut at = [0; 3];
    for axis in 0..3 {
        at[axis] = u32::try_from(voxel[axis] - min[axis]).ok()?;
    }
    Some(at)
}
