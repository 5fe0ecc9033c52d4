//! What viewers of one page share: limits, workers, queue, caches, opened volumes.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::rc::Rc;

use futures::channel::oneshot;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::cache::BrickCache;
use crate::cache::residency::{GpuBudget, Residency, Uploads};
use crate::chunk::{ChunkKey, Priority, Queue, QueuePolicy, Rank, Ticket};
use crate::error::{ErrorCode, ViewerError};
use crate::format::{Selection, VolumeSpec};
use crate::geometry::VoxelBox;
use crate::job::{ChunkJob, FromWorker, Job, OpenJob, Outcome, PlacedBrick, RequestKind, RequestPatch, ToWorker, Traffic};
use crate::voxel::{BrickKey, VoxelBlock};

use super::limits::Limits;
use super::pool::{Pool, PoolPolicy, SpawnWorker, WorkerId};
use super::read::VoxelRead;
use super::source::{Source, Volume, VolumeStatus, check_spec};

/// A question of a worker that the page's request hook has to answer, with [`Context::answer_request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Who asks.
    pub worker: WorkerId,
    /// Names the question.
    pub id: u64,
    /// The URL.
    pub url: String,
    /// What is asked for.
    pub kind: RequestKind,
}

/// What viewers of one page share. Cloning gives another handle to the same.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) shared: Rc<RefCell<Shared>>,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Open(u32),
    Chunk(ChunkKey),
}

/// Everything inside a context.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) pool: Pool,
    pub(super) queue: Queue,
    pub(super) bricks: BrickCache,
    pub(super) residency: Residency,
    pub(super) volumes: FxHashMap<u32, Volume>,
    pub(super) sources: FxHashMap<u32, Source>,
    reads: FxHashMap<Ticket, VoxelRead>,
    purposes: FxHashMap<u64, Purpose>,
    job_of: FxHashMap<ChunkKey, u64>,
    requests: Vec<PageRequest>,
    next_id: u32,
    next_ticket: u64,
    pub(super) traffic: Traffic,
    /// Grows whenever data has come or gone: views compare it.
    pub(super) version: u64,
    /// Grows with every tick of any view.
    pub(super) frame: u64,
}

impl Context {
    /// A context with these limits; `largest_buffer_bytes` is what one buffer of the graphics device may hold.
    #[must_use]
    pub fn new(limits: Limits, largest_buffer_bytes: u64, spawn: Box<dyn SpawnWorker>) -> Self {
        let in_flight = limits.max_concurrent_requests as usize;
        let queue = QueuePolicy { most_in_flight: in_flight, most_prefetch: in_flight.div_ceil(4) };
        let pool = PoolPolicy { workers: limits.workers as usize, ..PoolPolicy::default() };
        let shared = Shared {
            limits,
            pool: Pool::new(pool, spawn),
            queue: Queue::new(queue),
            bricks: BrickCache::new(usize::try_from(limits.cpu_bytes).unwrap_or(usize::MAX)),
            residency: Residency::new(GpuBudget::within(limits.gpu_bytes, largest_buffer_bytes)),
            volumes: FxHashMap::default(),
            sources: FxHashMap::default(),
            reads: FxHashMap::default(),
            purposes: FxHashMap::default(),
            job_of: FxHashMap::default(),
            requests: Vec::new(),
            next_id: 1,
            next_ticket: 1,
            traffic: Traffic::default(),
            version: 0,
            frame: 0,
        };
        Self { shared: Rc::new(RefCell::new(shared)) }
    }

    /// Takes in what a worker says.
    pub fn on_message(&self, from: WorkerId, message: FromWorker) {
        self.shared.borrow_mut().on_message(from, message);
    }

    /// Takes in that a worker died.
    pub fn on_crash(&self, at: WorkerId, reason: &str) {
        let mut shared = self.shared.borrow_mut();
        let failed = shared.pool.crashed(at, reason);
        for (job, error) in failed {
            shared.finish_job(job, Err(error));
        }
        shared.pump();
    }

    /// The questions for the page's request hook since the last call.
    #[must_use]
    pub fn take_requests(&self) -> Vec<PageRequest> {
        std::mem::take(&mut self.shared.borrow_mut().requests)
    }

    /// The hook's answer to a question.
    pub fn answer_request(&self, request: &PageRequest, patch: Result<RequestPatch, ViewerError>) {
        self.shared.borrow().pool.answer(request.worker, ToWorker::Request { id: request.id, patch });
    }

    /// What must be written into the graphics buffers before the next draw.
    #[must_use]
    pub fn take_uploads(&self) -> Uploads {
        self.shared.borrow_mut().residency.take_uploads()
    }

    /// The graphics budget that bricks are kept under: buffers are made this large.
    #[must_use]
    pub fn gpu_budget(&self) -> GpuBudget {
        self.shared.borrow().residency.budget()
    }

    /// Bytes in use: on the GPU, in memory.
    #[must_use]
    pub fn usage(&self) -> (u64, u64) {
        let shared = self.shared.borrow();
        (shared.residency.used_bytes(), shared.bricks.used_bytes() as u64)
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.shared.borrow().limits
    }

    /// Drops every brick that was fetched; what is in view is fetched again.
    pub fn clear_cache(&self) {
        let mut shared = self.shared.borrow_mut();
        shared.bricks.clear();
        shared.residency.clear();
        for source in shared.sources.values_mut() {
            source.absent.clear();
            source.failed.clear();
        }
        shared.version += 1;
    }

    /// Forgets what was on the graphics device, which was lost: bricks in memory are uploaded again.
    pub fn device_lost(&self) {
        let mut shared = self.shared.borrow_mut();
        shared.residency.clear();
        shared.version += 1;
    }
}

impl Shared {
    fn new_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// A number for a layer's bricks on the GPU.
    pub(super) fn new_layer(&mut self) -> u32 {
        self.new_id()
    }

    pub(super) fn new_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// Opens a volume, or gives the number of one that is open already. A failed one is tried again.
    pub(super) fn open_volume(&mut self, open: OpenJob) -> u32 {
        let known = self.volumes.iter_mut().find(|(_, volume)| volume.open == open && !matches!(volume.status, VolumeStatus::Failed(_)));
        if let Some((id, volume)) = known {
            volume.users += 1;
            return *id;
        }
        let id = self.new_id();
        self.volumes.insert(id, Volume { open: open.clone(), status: VolumeStatus::Opening, users: 1 });
        let job = self.pool.start(Job::Open { volume: id, open }, None);
        self.purposes.insert(job, Purpose::Open(id));
        id
    }

    /// One user of a volume less.
    pub(super) fn close_volume(&mut self, id: u32) {
        let Some(volume) = self.volumes.get_mut(&id) else { return };
        volume.users -= 1;
        if volume.users > 0 {
            return;
        }
        self.volumes.remove(&id);
        let opening: Vec<u64> = self
            .purposes
            .iter()
            .filter(|(_, purpose)| matches!(purpose, Purpose::Open(volume) if *volume == id))
            .map(|(job, _)| *job)
            .collect();
        for job in opening {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
        self.pool.detach(id);
    }

    /// The source for a selection of an open volume; made when new.
    pub(super) fn use_source(&mut self, volume: u32, spec: &Rc<VolumeSpec>, selection: &Selection, as_labels: bool) -> u32 {
        let known = self.sources.iter_mut().find(|(_, source)| {
            source.volume == volume && source.selection == *selection && source.as_labels == as_labels && Rc::ptr_eq(&source.spec, spec)
        });
        if let Some((id, source)) = known {
            source.users += 1;
            return *id;
        }
        let id = self.new_id();
        let grids = Rc::new(spec.levels.iter().map(crate::chunk::LevelGrid::new).collect());
        let source = Source {
            volume,
            selection: selection.clone(),
            as_labels,
            spec: Rc::clone(spec),
            grids,
            users: 1,
            absent: rustc_hash::FxHashSet::default(),
            failed: FxHashMap::default(),
        };
        self.sources.insert(id, source);
        id
    }

    /// One user of a source less.
    pub(super) fn release_source(&mut self, id: u32) {
        let Some(source) = self.sources.get_mut(&id) else { return };
        source.users -= 1;
        if source.users == 0 {
            self.sources.remove(&id);
            self.bricks.remove_source(id);
        }
    }

    /// States what a view wants now, and works on it.
    pub(super) fn set_wants(&mut self, ticket: Ticket, wants: Vec<(ChunkKey, Priority)>) {
        let cancelled = self.queue.set_wants(ticket, wants);
        for key in cancelled {
            self.cancel_chunk(&key);
        }
        self.pump();
    }

    fn cancel_chunk(&mut self, key: &ChunkKey) {
        if let Some(job) = self.job_of.remove(key) {
            self.purposes.remove(&job);
            self.pool.cancel(job);
        }
    }

    /// Gives waiting chunks to workers as far as the limits allow.
    pub(super) fn pump(&mut self) {
        while let Some(key) = self.queue.start_next() {
            let Some(source) = self.sources.get(&key.source) else {
                self.queue.finish(&key);
                continue;
            };
            let affinity = source.spec.levels.get(usize::from(key.level)).and_then(|level| {
                let (spec, place) = (&source.spec, (source.volume, key.level));
                match level.shard_of(key.grid.map(i64::from)) {
                    // A shard of one volume and level is one file, and its index belongs into one worker.
                    Some(shard) => Some(FxBuildHasher.hash_one((place, shard))),
                    // Channels of one place may lie in one chunk, which is then decoded once.
                    None if spec.channels > 1 || !spec.other_axes.is_empty() => Some(FxBuildHasher.hash_one((place, key.grid))),
                    None => None,
                }
            });
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
        }
    }

    fn on_message(&mut self, from: WorkerId, message: FromWorker) {
        match message {
            FromWorker::NeedsRequest { id, url, kind } => self.requests.push(PageRequest { worker: from, id, url, kind }),
            FromWorker::Done { id, result, memory_bytes, traffic } => {
                self.traffic.requests += traffic.requests;
                self.traffic.bytes += traffic.bytes;
                if self.pool.finish(from, id, &result, memory_bytes) {
                    self.finish_job(id, result);
                }
                self.pump();
            }
        }
    }

    fn finish_job(&mut self, job: u64, result: Result<Outcome, ViewerError>) {
        self.version += 1;
        match self.purposes.remove(&job) {
            Some(Purpose::Open(volume)) => {
                let status = match result {
                    Ok(Outcome::Opened(opened)) => match check_spec(&opened.spec) {
                        Ok(()) => VolumeStatus::Open(Rc::new(opened.spec)),
                        Err(error) => VolumeStatus::Failed(error),
                    },
                    Ok(Outcome::Chunk(_)) => {
                        VolumeStatus::Failed(ViewerError::new(ErrorCode::Internal, "a worker answered another question"))
                    }
                    Err(error) => VolumeStatus::Failed(error),
                };
                if let Some(volume) = self.volumes.get_mut(&volume) {
                    volume.status = status;
                }
            }
            Some(Purpose::Chunk(key)) => {
                self.job_of.remove(&key);
                if !self.queue.finish(&key) {
                    return;
                }
                match result {
                    Ok(Outcome::Chunk(bricks)) => self.take_chunk(key, bricks),
                    Ok(Outcome::Opened(_)) => {
                        self.fail_chunk(key, &ViewerError::new(ErrorCode::Internal, "a worker answered another question"))
                    }
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

    fn fail_chunk(&mut self, key: ChunkKey, error: &ViewerError) {
        if let Some(source) = self.sources.get_mut(&key.source) {
            source.failed.insert(key, error.clone());
        }
        let failed: Vec<Ticket> = self.reads.iter().filter(|(_, read)| read.missing.contains(&key)).map(|(ticket, _)| *ticket).collect();
        for ticket in failed {
            self.end_read(ticket, Err(error.clone()));
        }
    }

    /// Begins a read from a source that it then owns; the answer comes through the receiver. Dropping the receiver gives it up.
    pub(super) fn read(
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
        let internal = || ViewerError::new(ErrorCode::Internal, "the source is not known");
        let source = self.sources.get_mut(&source_id).ok_or_else(internal)?;
        let grid = source.grids.get(usize::from(level)).ok_or_else(internal)?.clone();
        let (sender, receiver) = oneshot::channel();
        let mut read = VoxelRead::new(source_id, voxels, source.spec.data_type, source.spec.fill_bits, sender)?;
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
    pub(super) fn finish_reads(&mut self) {
        let ended: Vec<Ticket> =
            self.reads.iter().filter(|(_, read)| read.missing.is_empty() || read.abandoned()).map(|(ticket, _)| *ticket).collect();
        for ticket in ended {
            self.end_read(ticket, Ok(()));
        }
    }

    fn end_read(&mut self, ticket: Ticket, result: Result<(), ViewerError>) {
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

    /// Lets failed chunks of a source be asked for again.
    pub(super) fn retry_failed(&mut self, source: u32) {
        if let Some(source) = self.sources.get_mut(&source) {
            source.failed.clear();
            self.version += 1;
        }
    }
}
