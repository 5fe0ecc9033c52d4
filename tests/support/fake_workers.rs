//! Workers that do nothing until the test answers for them, and volumes that exist nowhere.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use neurolume::engine::{Context, Limits, SpawnWorker, View, WorkerId, WorkerModule, WorkerPort};
use neurolume::error::ViewerError;
use neurolume::format::{LevelSpec, Notes, Sharding, SourceFormat, VolumeSpec};
use neurolume::geometry::VoxelBox;
use neurolume::job::{ChunkJob, Documents, FromWorker, Job, Opened, Outcome, PlacedBrick, ToWorker};
use neurolume::scene::layer::LayerOptions;
use neurolume::store::Traffic;
use neurolume::voxel::{Brick, DataType, VoxelBlock, brick_shape};

type Posted = Rc<RefCell<Vec<(WorkerId, ToWorker)>>>;

struct Silent(Posted);
struct SilentPort(WorkerId, Posted);

impl SpawnWorker for Silent {
    fn spawn(&self, at: WorkerId, _: WorkerModule) -> Box<dyn WorkerPort> {
        Box::new(SilentPort(at, Rc::clone(&self.0)))
    }

    fn first_module(&self) -> WorkerModule {
        WorkerModule::Full
    }

    fn fetch_full_module(&self) {}
}

impl WorkerPort for SilentPort {
    fn send(&self, message: ToWorker) {
        self.1.borrow_mut().push((self.0, message));
    }
}

/// A chunk that a worker was told to fetch.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) at: WorkerId,
    pub(crate) id: u64,
    pub(crate) chunk: ChunkJob,
}

impl Started {
    /// Level and place.
    pub(crate) fn key(&self) -> (u8, [i32; 3]) {
        (self.chunk.level, self.chunk.grid)
    }
}

/// A context whose workers are played by the test.
pub(crate) struct FakeWorkers {
    pub(crate) context: Context,
    posted: Posted,
}

impl FakeWorkers {
    pub(crate) fn new(limits: Limits) -> Self {
        let posted = Posted::default();
        let context = Context::new(limits, Box::new(Silent(Rc::clone(&posted))));
        Self { context, posted }
    }

    /// What was said to workers since the last call.
    pub(crate) fn take(&self) -> Vec<(WorkerId, ToWorker)> {
        std::mem::take(&mut self.posted.borrow_mut())
    }

    /// The chunks that were started since the last call and not cancelled since.
    pub(crate) fn started(&self) -> Vec<Started> {
        let messages = self.take();
        let cancelled: BTreeSet<u64> =
            messages.iter().filter_map(|(_, message)| if let ToWorker::Cancel { id } = message { Some(*id) } else { None }).collect();
        let started = messages.into_iter().filter_map(|(at, message)| match message {
            ToWorker::Start { id, job: Job::Chunk(chunk) } => Some(Started { at, id, chunk }),
            _ => None,
        });
        started.filter(|it| !cancelled.contains(&it.id)).collect()
    }

    /// A worker's last word on a job.
    pub(crate) fn answer(&self, at: WorkerId, id: u64, result: Result<Outcome, ViewerError>) {
        self.context.on_message(at, FromWorker::Done { id, result, memory_bytes: 0, traffic: Traffic::default() });
    }

    /// Answers a chunk with voxels.
    pub(crate) fn deliver(&self, started: &Started, spec: &VolumeSpec) {
        self.answer(started.at, started.id, Ok(Outcome::Chunk(Some(bricks(spec, &started.chunk)))));
    }

    /// Adds a layer of this volume.
    pub(crate) fn open(&self, view: &mut View, id: &str, kind: &str, spec: &VolumeSpec) {
        self.take();
        let options = serde_json::json!({ "id": id, "type": kind, "source": format!("https://localhost/{id}") });
        let options: LayerOptions = serde_json::from_value(options).unwrap();
        let _answer = view.add_layer(options, None, Documents::new()).unwrap();
        for (at, message) in self.take() {
            if let ToWorker::Start { id, job: Job::Open { .. } } = message {
                let opened = Opened { spec: spec.clone(), documents: Documents::new() };
                self.answer(at, id, Ok(Outcome::Opened(Box::new(opened))));
            }
        }
        view.settle();
    }
}

/// A volume of bytes with voxels of 1 nm and chunks of 32³; each level halves the one before.
pub(crate) fn volume(shape: [i64; 3], levels: u32) -> VolumeSpec {
    let level = |number: u32| LevelSpec {
        voxel_size_nm: [f64::from(1 << number); 3],
        offset_nm: [0.0; 3],
        voxel_box: VoxelBox::from_shape([0; 3], shape.map(|n| (n >> number).max(1))),
        chunk_origin: [0; 3],
        chunk_shape: [32; 3],
        encoding: "raw".to_owned(),
        sharding: Sharding::None,
    };
    VolumeSpec {
        format: SourceFormat::Zarr,
        data_type: DataType::Uint8,
        kind: None,
        channels: 1,
        other_axes: Vec::new(),
        fill_bits: 0,
        levels: (0..levels).map(level).collect(),
        notes: Notes::default(),
        orientation: None,
    }
}

/// The bricks of a chunk, of voxels that differ.
fn bricks(spec: &VolumeSpec, chunk: &ChunkJob) -> Vec<PlacedBrick> {
    let level = &spec.levels[usize::from(chunk.level)];
    let shape = level.chunk_shape;
    let len = VoxelBlock::byte_len(spec.data_type, shape).unwrap();
    let block = VoxelBlock { data_type: spec.data_type, shape, data: (0..len).map(|n| (n % 251) as u8).collect() };
    let brick = brick_shape(shape);
    let counts: [u32; 3] = std::array::from_fn(|axis| shape[axis].div_ceil(brick[axis]));
    let places = (0..counts[2]).flat_map(|z| (0..counts[1]).flat_map(move |y| (0..counts[0]).map(move |x| [x, y, z])));
    let cut = |place: [u32; 3]| Brick::cut(&block, std::array::from_fn(|axis| place[axis] * brick[axis]), brick, chunk.as_labels);
    places.map(|place| PlacedBrick { place, brick: cut(place) }).collect()
}
