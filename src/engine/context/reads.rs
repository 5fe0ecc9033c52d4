//! Reads of voxels that wait for chunks.

use futures::channel::oneshot;

use crate::chunk::{ChunkKey, Priority, Rank, Ticket};
use crate::engine::read::VoxelRead;
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::VoxelBox;
use crate::voxel::{BrickKey, VoxelBlock};

use super::Shared;

impl Shared {
    /// Begins a read from a source that it then owns; the answer comes through the receiver. Dropping the receiver gives it up.
    pub(in crate::engine) fn read(
        &mut self,
        source: u32,
        level: u8,
        voxels: VoxelBox,
    ) -> Result<oneshot::Receiver<Result<VoxelBlock, ViewerError>>, ViewerError> {
        let begun = self.begin_read(source, level, voxels);
        if begun.is_err() {
            self.release_source(source);
        }
        begun
    }

    fn begin_read(
        &mut self,
        source_id: u32,
        level: u8,
        voxels: VoxelBox,
    ) -> Result<oneshot::Receiver<Result<VoxelBlock, ViewerError>>, ViewerError> {
        // Reads given up are not under way any more.
        self.finish_reads();
        let open_bytes = self.reads.values().map(VoxelRead::bytes).sum();
        let internal = || ViewerError::new(ErrorCode::Internal, "the source is not known");
        let source = self.sources.get_mut(&source_id).ok_or_else(internal)?;
        let grid = source.grids.get(usize::from(level)).ok_or_else(internal)?.clone();
        let (sender, receiver) = oneshot::channel();
        let mut read = VoxelRead::new(source_id, voxels, source.spec.data_type, source.spec.fill_bits, open_bytes, sender)?;
        let mut wants = Vec::new();
        for chunk in grid.chunks_of_box(&voxels) {
            let key = ChunkKey { source: source_id, level, grid: chunk };
            if source.absent.contains(&key) {
                continue;
            }
            // What failed is tried again: somebody asks for it by name.
            source.failed.remove(&key);
            let mut bricks = Vec::new();
            for place in grid.bricks_of_chunk(chunk).filter(|place| !grid.brick_box(*place).intersection(&voxels).is_empty()) {
                bricks.push((place, self.bricks.get(&BrickKey { source: source_id, level, grid: place })));
            }
            if bricks.iter().all(|(_, brick)| brick.is_some()) {
                for (place, brick) in bricks {
                    brick.inspect(|brick| read.take_brick(&grid, place, brick));
                }
            } else {
                #[expect(clippy::cast_precision_loss, reason = "an order is all that is wanted")]
                wants.push((key, Priority { rank: Rank::Read, distance_px: wants.len() as f64 }));
                read.missing.insert(key);
            }
        }
        let ticket = self.new_ticket();
        self.reads.insert(ticket, read);
        self.set_wants(ticket, wants);
        self.finish_reads();
        Ok(receiver)
    }

    /// Drops reads that nobody waits for and answers those that are complete.
    pub(in crate::engine) fn finish_reads(&mut self) {
        let ended: Vec<Ticket> =
            self.reads.iter().filter(|(_, read)| read.missing.is_empty() || read.abandoned()).map(|(ticket, _)| *ticket).collect();
        for ticket in ended {
            self.end_read(ticket, Ok(()));
        }
    }

    pub(super) fn end_read(&mut self, ticket: Ticket, result: Result<(), ViewerError>) {
        if let Some(read) = self.reads.remove(&ticket) {
            let source = read.source;
            read.finish(result);
            let cancelled = self.queue.set_wants(ticket, []);
            for key in cancelled {
                self.cancel_chunk(&key);
            }
            self.release_source(source);
        }
    }
}
