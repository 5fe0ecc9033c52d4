//! Chunks on their way: from what is wanted to jobs, and from what workers say to bricks.

use std::hash::BuildHasher;
use std::rc::Rc;

use rustc_hash::FxBuildHasher;

use crate::chunk::{ChunkKey, Priority, Ticket};
use crate::engine::pool::WorkerId;
use crate::engine::read::VoxelRead;
use crate::engine::source::{VolumeStatus, check_spec};
use crate::error::{ErrorCode, ViewerError};
use crate::job::{ChunkJob, FromWorker, Job, Outcome, PlacedBrick};
use crate::voxel::BrickKey;

use super::{PageRequest, Purpose, Shared};

impl Shared {
    /// Takes in what a worker says.
    pub(super) fn on_message(&mut self, from: WorkerId, message: FromWorker) {
        match message {
            FromWorker::NeedsRequest { id, url, credentials, kind } => {
                self.requests.push(PageRequest { worker: from, id, url, credentials, kind });
            }
            FromWorker::Done { id, result, memory_bytes, traffic } => {
                self.traffic.requests += traffic.requests;
                self.traffic.bytes += traffic.bytes;
                if self.pool.finish(from, id, &result, memory_bytes) {
                    self.finish_job(id, result);
                }
                self.pump();
                self.pump_levels();
            }
        }
    }

    /// States what a view wants now, and works on it.
    pub(in crate::engine) fn set_wants(&mut self, ticket: Ticket, wants: Vec<(ChunkKey, Priority)>) {
        let cancelled = self.queue.set_wants(ticket, wants);
        for key in cancelled {
            self.cancel_chunk(&key);
        }
        self.pump();
    }

    pub(super) fn cancel_chunk(&mut self, key: &ChunkKey) {
        if let Some(job) = self.job_of.remove(key) {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
    }

    /// Gives waiting chunks to workers as far as the limits allow.
    pub(super) fn pump(&mut self) {
        while let Some(key) = self.queue.start_next() {
            if self.start_chunk(key) {
                for beside in self.queue.start_beside(&key) {
                    self.start_chunk(beside);
                }
            }
        }
    }

    /// Gives a chunk to a worker. Says whether it lies in a shard.
    fn start_chunk(&mut self, key: ChunkKey) -> bool {
        let Some(source) = self.sources.get(&key.source) else {
            self.queue.finish(&key);
            return false;
        };
        let level = source.spec.levels.get(usize::from(key.level));
        let shard = level.and_then(|level| level.shard_of(key.grid.map(i64::from)));
        let place = (source.volume, key.level);
        let affinity = match shard {
            // A shard of one volume and level is one file, and its index belongs into one worker.
            Some(shard) => Some(FxBuildHasher.hash_one((place, shard))),
            // Channels of one place may lie in one chunk, which is then decoded once.
            None if source.spec.channels > 1 || !source.spec.other_axes.is_empty() => Some(FxBuildHasher.hash_one((place, key.grid))),
            None => None,
        };
        let job = Job::Chunk(ChunkJob {
            volume: source.volume,
            level: key.level,
            grid: key.grid,
            selection: source.selection.clone(),
            as_labels: source.as_labels,
        });
        let id = self.pool.start(job, affinity);
        self.purposes.insert(id, Purpose::Chunk(key));
        self.job_of.insert(key, id);
        shard.is_some()
    }

    pub(super) fn finish_job(&mut self, job: u64, result: Result<Outcome, ViewerError>) {
        self.version += 1;
        match self.purposes.remove(&job) {
            Some(Purpose::Open(volume)) => {
                let status = match result {
                    Ok(Outcome::Opened(opened)) => match check_spec(&opened.spec) {
                        Ok(()) => VolumeStatus::Open(Rc::new(opened.spec)),
                        Err(error) => VolumeStatus::Failed(error),
                    },
                    Ok(_) => VolumeStatus::Failed(ViewerError::new(ErrorCode::Internal, "a worker answered another question")),
                    Err(error) => VolumeStatus::Failed(error),
                };
                if let Some(known) = self.volumes.get_mut(&volume) {
                    known.status = status;
                    self.find_levels(volume);
                }
            }
            Some(Purpose::Levels(volume, step)) => self.levels_done(volume, step, job, result),
            Some(Purpose::ClearScratch) => {
                if let Ok(Outcome::Scratch { bytes }) = result {
                    self.disk_bytes = bytes;
                }
            }
            Some(Purpose::Chunk(key)) => {
                self.job_of.remove(&key);
                if !self.queue.finish(&key) {
                    return;
                }
                match result {
                    Ok(Outcome::Chunk(bricks)) => self.take_chunk(key, bricks),
                    Ok(_) => self.fail_chunk(key, &ViewerError::new(ErrorCode::Internal, "a worker answered another question")),
                    Err(error) => self.fail_chunk(key, &error),
                }
            }
            None => {}
        }
    }

    fn take_chunk(&mut self, key: ChunkKey, bricks: Option<Vec<PlacedBrick>>) {
        let Some(source) = self.sources.get_mut(&key.source) else { return };
        source.failed.remove(&key);
        let Some(grid) = source.grids.get(usize::from(key.level)) else { return };
        let mut waiting: Vec<&mut VoxelRead> = self.reads.values_mut().filter(|read| read.missing.contains(&key)).collect();
        match bricks {
            None => {
                source.absent.insert(key);
            }
            Some(bricks) => {
                for placed in bricks {
                    let place = std::array::from_fn(|axis| {
                        key.grid[axis]
                            .saturating_mul(grid.bricks_per_chunk[axis].cast_signed())
                            .saturating_add(placed.place[axis].cast_signed())
                    });
                    for read in &mut waiting {
                        read.take_brick(grid, place, &placed.brick);
                    }
                    let brick_key = BrickKey { source: key.source, level: key.level, grid: place };
                    let brick = Rc::new(placed.brick);
                    if !self.bricks.insert(brick_key, Rc::clone(&brick)) {
                        // All that is there was used in this round: the oldest of it goes.
                        self.bricks.advance();
                        self.bricks.insert(brick_key, brick);
                    }
                }
            }
        }
        for read in waiting {
            read.missing.remove(&key);
        }
        self.finish_reads();
    }

    /// A brick that is there cannot be drawn: its chunk counts as failed until it is asked for again.
    pub(in crate::engine) fn refuse_brick(&mut self, chunk: ChunkKey, brick: &BrickKey, error: ViewerError) {
        self.bricks.remove(brick);
        if let Some(source) = self.sources.get_mut(&chunk.source) {
            source.failed.insert(chunk, error);
        }
    }

    fn fail_chunk(&mut self, key: ChunkKey, error: &ViewerError) {
        if let Some(source) = self.sources.get_mut(&key.source) {
            source.failed.insert(key, error.clone());
        }
        let failed: Vec<Ticket> = self.reads.iter().filter(|(_, read)| read.missing.contains(&key)).map(|(ticket, _)| *ticket).collect();
        for ticket in failed {
            self.end_read(ticket, Err(error.clone()));
        }
    }
}
