//! Runs jobs. One in each worker; natively, one in the test's own thread.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, Shared};
use rustc_hash::FxHashMap;

use crate::error::{ErrorCode, ViewerError};
#[cfg(feature = "levels")]
use crate::format::levels::WithLevels;
use crate::format::{self, ChunkSource, FormatError};
use crate::runtime::{Cancel, CancelSource};
use crate::store::Provider;
#[cfg(feature = "levels")]
use crate::store::scratch::Scratch;
use crate::voxel::{Brick, VoxelBlock, brick_shape};

use super::documents::RememberedDocuments;
use super::{ChunkJob, Documents, Job, OpenJob, Opened, Outcome, PlacedBrick};

/// A volume that is open, and the levels that it lacked, where those are known.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) chunks: Rc<dyn ChunkSource>,
    #[cfg(feature = "levels")]
    pub(super) levels: Option<Rc<WithLevels>>,
}

impl Source {
    fn without_levels(chunks: Rc<dyn ChunkSource>) -> Self {
        Self {
            chunks,
            #[cfg(feature = "levels")]
            levels: None,
        }
    }
}

/// A volume that this worker knows.
#[derive(Clone)]
pub(super) struct Volume {
    pub(super) source: Shared<LocalBoxFuture<'static, Result<Source, FormatError>>>,
    #[cfg(feature = "levels")]
    pub(super) open: OpenJob,
    #[cfg(feature = "levels")]
    pub(super) provider: Rc<RememberedDocuments>,
}

/// The volumes that a worker knows and the jobs that it runs.
pub struct JobRunner {
    provider: Rc<dyn Provider>,
    #[cfg(feature = "levels")]
    pub(super) scratch: Option<Rc<dyn Scratch>>,
    pub(super) volumes: RefCell<FxHashMap<u32, Volume>>,
    running: RefCell<FxHashMap<u64, CancelSource>>,
}

impl std::fmt::Debug for JobRunner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("JobRunner")
            .field("volumes", &self.volumes.borrow().len())
            .field("running", &self.running.borrow().len())
            .finish_non_exhaustive()
    }
}

impl JobRunner {
    /// A runner that reads through this provider.
    #[must_use]
    pub fn new(provider: Rc<dyn Provider>) -> Self {
        Self {
            provider,
            #[cfg(feature = "levels")]
            scratch: None,
            volumes: RefCell::default(),
            running: RefCell::default(),
        }
    }

    /// A runner that also makes levels, and keeps them here.
    #[cfg(feature = "levels")]
    #[must_use]
    pub fn with_scratch(mut self, scratch: Rc<dyn Scratch>) -> Self {
        self.scratch = Some(scratch);
        self
    }

    /// Runs a job to its end. A cancelled job ends with [`ErrorCode::Disposed`]; its answer need not be sent.
    ///
    /// # Errors
    /// What went wrong, ready to show.
    pub async fn run(&self, id: u64, job: Job) -> Result<Outcome, ViewerError> {
        let source = CancelSource::new();
        let cancel = source.token();
        self.running.borrow_mut().insert(id, source);
        let result = match job {
            Job::Open { volume, open, documents } => self.open(volume, open, documents, cancel).await,
            Job::Chunk(job) => self.chunk(job, &cancel).await,
            #[cfg(feature = "levels")]
            Job::Levels { volume, work } => self.levels(volume, work, &cancel).await,
            #[cfg(feature = "levels")]
            Job::ClearScratch => self.clear_scratch().await,
            #[cfg(not(feature = "levels"))]
            Job::Levels { .. } | Job::ClearScratch => Ok(Outcome::NeedsFullModule),
        };
        self.running.borrow_mut().remove(&id);
        match result {
            Err(Failure::Format(FormatError::NeedsFullModule { .. })) => Ok(Outcome::NeedsFullModule),
            Err(Failure::Format(error)) => Err(error.into()),
            Err(Failure::Internal(what)) => Err(ViewerError::new(ErrorCode::Internal, what)),
            Ok(outcome) => Ok(outcome),
        }
    }

    /// Knows a volume from the documents that another worker has read; nothing is fetched before a chunk is asked for. `levels`: the entry of
    /// scratch space that holds levels made of it.
    pub fn attach(&self, volume: u32, open: OpenJob, documents: Documents, levels: Option<String>) {
        let provider = Rc::new(RememberedDocuments::new(Rc::clone(&self.provider), documents));
        #[cfg(feature = "levels")]
        let scratch = levels.zip(self.scratch.clone());
        #[cfg(not(feature = "levels"))]
        let _ = levels;
        let opening = {
            let (provider, open) = (Rc::clone(&provider) as Rc<dyn Provider>, open.clone());
            async move {
                let chunks = open_volume(provider, &open, &Cancel::never()).await?;
                #[cfg(feature = "levels")]
                if let Some((entry, scratch)) = scratch {
                    return Source::with_levels(chunks, scratch, &entry, open.labels).await;
                }
                Ok(Source::without_levels(chunks))
            }
        };
        self.remember(volume, opening.boxed_local(), open, provider);
    }

    fn remember(
        &self,
        volume: u32,
        source: LocalBoxFuture<'static, Result<Source, FormatError>>,
        open: OpenJob,
        provider: Rc<RememberedDocuments>,
    ) {
        #[cfg(not(feature = "levels"))]
        let _ = (open, provider);
        let known = Volume {
            source: source.shared(),
            #[cfg(feature = "levels")]
            open,
            #[cfg(feature = "levels")]
            provider,
        };
        self.volumes.borrow_mut().insert(volume, known);
    }

    /// Forgets a volume.
    pub fn detach(&self, volume: u32) {
        self.volumes.borrow_mut().remove(&volume);
    }

    /// Stops a job.
    pub fn cancel(&self, id: u64) {
        if let Some(source) = self.running.borrow_mut().remove(&id) {
            source.cancel();
        }
    }

    async fn open(&self, volume: u32, open: OpenJob, known: Documents, cancel: Cancel) -> Result<Outcome, Failure> {
        let provider = Rc::new(RememberedDocuments::new(Rc::clone(&self.provider), known));
        let source = open_volume(Rc::clone(&provider) as Rc<dyn Provider>, &open, &cancel).await?;
        let spec = source.spec().clone();
        let opened = async move { Ok(Source::without_levels(source)) }.boxed_local();
        self.remember(volume, opened, open, Rc::clone(&provider));
        Ok(Outcome::Opened(Box::new(Opened { spec, documents: provider.documents() })))
    }

    pub(super) fn volume(&self, number: u32) -> Result<Volume, Failure> {
        let known = self.volumes.borrow().get(&number).cloned();
        known.ok_or_else(|| Failure::Internal(format!("volume {number} is not known to this worker")))
    }

    async fn chunk(&self, job: ChunkJob, cancel: &Cancel) -> Result<Outcome, Failure> {
        let source = self.volume(job.volume)?.source.await?.chunks;
        let level = source
            .spec()
            .levels
            .get(usize::from(job.level))
            .ok_or_else(|| Failure::Internal(format!("there is no level {}", job.level)))?;
        let shape = brick_shape(level.chunk_shape);
        let grid = job.grid.map(i64::from);
        let block = source.chunk(usize::from(job.level), grid, &job.selection, cancel).await?;
        let Some(block) = block else { return Ok(Outcome::Chunk(None)) };
        let block = anchored(block, level.missing_below(grid), source.spec().fill_bits);
        let block = block.ok_or_else(|| Failure::Internal("a chunk is larger than memory".to_owned()))?;
        Ok(Outcome::Chunk(Some(cut(&block, shape, job.as_labels))))
    }
}

/// Why a job gave nothing.
pub(super) enum Failure {
    Format(FormatError),
    /// A defect of this program.
    Internal(String),
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

async fn open_volume(provider: Rc<dyn Provider>, open: &OpenJob, cancel: &Cancel) -> Result<Rc<dyn ChunkSource>, FormatError> {
    let source = format::open(provider, &open.url, &open.said, cancel).await?;
    Ok(Rc::from(source))
}

/// A block that begins so many voxels earlier along each axis, where it holds the fill value: bricks are cut from the corner of their chunk,
/// also where the volume begins within it.
fn anchored(block: VoxelBlock, before: [u32; 3], fill_bits: u64) -> Option<VoxelBlock> {
    if before == [0; 3] {
        return Some(block);
    }
    let mut shape = [0; 3];
    for axis in 0..3 {
        shape[axis] = block.shape[axis].checked_add(before[axis])?;
    }
    let mut whole = VoxelBlock::filled(block.data_type, shape, fill_bits)?;
    let size = block.data_type.size_bytes();
    let [width, height, _] = shape.map(|n| n as usize);
    let [x, y, z] = before.map(|n| n as usize);
    let [row_voxels, rows, _] = block.shape.map(|n| n as usize);
    for (number, row) in block.data.chunks_exact((row_voxels * size).max(1)).enumerate() {
        let start = (x + width * (y + number % rows + height * (z + number / rows))) * size;
        whole.data.get_mut(start..start + row.len())?.copy_from_slice(row);
    }
    Some(whole)
}

fn cut(block: &VoxelBlock, shape: [u32; 3], as_labels: bool) -> Vec<PlacedBrick> {
    let counts: [u32; 3] = std::array::from_fn(|axis| block.shape[axis].div_ceil(shape[axis]));
    let mut bricks = Vec::with_capacity(counts.iter().map(|&n| n as usize).product());
    for z in 0..counts[2] {
        for y in 0..counts[1] {
            for x in 0..counts[0] {
                let place = [x, y, z];
                let min = std::array::from_fn(|axis| place[axis] * shape[axis]);
                bricks.push(PlacedBrick { place, brick: Brick::cut(block, min, shape, as_labels) });
            }
        }
    }
    bricks
}
