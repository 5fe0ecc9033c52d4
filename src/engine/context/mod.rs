//! What viewers of one page share: limits, workers, queue, caches, opened volumes.

mod chunks;
mod contents;
mod documents;
mod levels;
mod reads;
mod volumes;

pub use contents::ContentRead;
pub(in crate::engine) use levels::LevelsOfVolume;

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use rustc_hash::FxHashMap;

use crate::cache::BrickCache;
use crate::cache::residency::{GpuBudget, Residency, Uploads};
use crate::chunk::{ChunkKey, Queue, QueuePolicy, Ticket};
use crate::error::ViewerError;
use crate::job::{FromWorker, RequestKind, ToWorker};
use crate::store::{RequestPatch, Traffic};

use crate::engine::export::OpenExport;
use crate::engine::limits::Limits;
use crate::engine::pool::{Pool, PoolPolicy, SpawnWorker, WorkerId};
use crate::engine::read::VoxelRead;
use crate::engine::source::{Source, Volume};

/// A question of a worker that the page's request hook has to answer, with [`Context::answer_request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Who asks.
    pub worker: WorkerId,
    /// Names the question.
    pub id: u64,
    /// The URL.
    pub url: String,
    /// What the page keeps to sign it with, by number.
    pub credentials: Option<u32>,
    /// What is asked for.
    pub kind: RequestKind,
}

/// What viewers of one page share. Cloning gives another handle to the same.
#[derive(Clone, Debug)]
pub struct Context {
    pub(in crate::engine) shared: Rc<RefCell<Shared>>,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Open(u32),
    Chunk(ChunkKey),
    Document,
    Content,
    Levels(u32, levels::Step),
    ClearScratch,
}

/// Everything inside a context.
#[derive(Debug)]
pub(in crate::engine) struct Shared {
    pub(in crate::engine) limits: Limits,
    pub(in crate::engine) pool: Pool,
    pub(in crate::engine) queue: Queue,
    pub(in crate::engine) bricks: BrickCache,
    pub(in crate::engine) residency: Residency,
    pub(in crate::engine) volumes: FxHashMap<u32, Volume>,
    pub(in crate::engine) sources: FxHashMap<u32, Source>,
    reads: FxHashMap<Ticket, VoxelRead>,
    /// Who waits for documents, by job.
    documents: FxHashMap<u64, documents::Answer>,
    /// Who waits for what is no volume, by job.
    contents: FxHashMap<u64, oneshot::Sender<contents::Answer>>,
    pub(in crate::engine) exports: FxHashMap<u64, OpenExport>,
    purposes: FxHashMap<u64, Purpose>,
    job_of: FxHashMap<ChunkKey, u64>,
    requests: Vec<PageRequest>,
    next_id: u32,
    next_ticket: u64,
    pub(in crate::engine) traffic: Traffic,
    /// What scratch space holds, as far as is known.
    pub(in crate::engine) disk_bytes: u64,
    /// Grows whenever data has come or gone: views compare it.
    pub(in crate::engine) version: u64,
    /// Grows with every tick of any view.
    pub(in crate::engine) frame: u64,
}

impl Context {
    /// A context with these limits, and no graphics device yet: see [`Context::device_changed`].
    #[must_use]
    pub fn new(limits: Limits, spawn: Box<dyn SpawnWorker>) -> Self {
        let in_flight = limits.max_concurrent_requests as usize;
        // Rounded down: a single place is not for what is only perhaps needed.
        let queue = QueuePolicy { most_in_flight: in_flight, most_prefetch: in_flight / 4 };
        let pool = PoolPolicy { workers: limits.workers as usize, ..PoolPolicy::default() };
        let shared = Shared {
            limits,
            pool: Pool::new(pool, spawn),
            queue: Queue::new(queue),
            bricks: BrickCache::new(usize::try_from(limits.cpu_bytes).unwrap_or(usize::MAX)),
            residency: Residency::new(GpuBudget::within(limits.gpu_bytes, u64::MAX)),
            volumes: FxHashMap::default(),
            sources: FxHashMap::default(),
            reads: FxHashMap::default(),
            documents: FxHashMap::default(),
            contents: FxHashMap::default(),
            exports: FxHashMap::default(),
            purposes: FxHashMap::default(),
            job_of: FxHashMap::default(),
            requests: Vec::new(),
            next_id: 1,
            next_ticket: 1,
            traffic: Traffic::default(),
            disk_bytes: 0,
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
        self.fail_jobs(|pool| pool.crashed(at, reason));
    }

    /// Takes in that the full module of the workers is there, or why it cannot be had.
    pub fn on_full_module(&self, fetched: Result<(), ViewerError>) {
        self.fail_jobs(|pool| pool.full_module(fetched));
    }

    fn fail_jobs(&self, failed: impl FnOnce(&mut Pool) -> Vec<(u64, ViewerError)>) {
        let mut shared = self.shared.borrow_mut();
        for (job, error) in failed(&mut shared.pool) {
            shared.finish_job(job, Err(error));
        }
        shared.pump();
        shared.pump_levels();
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

    /// Bytes in use: on the GPU, in memory, on disk as far as is known.
    #[must_use]
    pub fn usage(&self) -> (u64, u64, u64) {
        let shared = self.shared.borrow();
        (shared.residency.used_bytes(), shared.bricks.used_bytes() as u64, shared.disk_bytes)
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.shared.borrow().limits
    }

    /// Drops every brick that was fetched, and every level that was made; what is in view is fetched again.
    pub fn clear_cache(&self) {
        let mut shared = self.shared.borrow_mut();
        shared.clear_levels();
        shared.bricks.clear();
        shared.residency.clear();
        for source in shared.sources.values_mut() {
            source.absent.clear();
            source.failed.clear();
        }
        shared.version += 1;
    }

    /// There is a graphics device, the first or another, one buffer of which may hold `largest_buffer_bytes`: bricks in memory are uploaded
    /// to it. Views are to be told: [`super::View::device_changed`].
    pub fn device_changed(&self, largest_buffer_bytes: u64) {
        let mut shared = self.shared.borrow_mut();
        shared.residency = Residency::new(GpuBudget::within(shared.limits.gpu_bytes, largest_buffer_bytes));
        shared.version += 1;
    }

    /// Forgets what was to be on the graphics device and is not: bricks in memory are uploaded again.
    pub fn uploads_lost(&self) {
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
    pub(in crate::engine) fn new_layer(&mut self) -> u32 {
        self.new_id()
    }

    pub(in crate::engine) fn new_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
}
