//! What frames and chunks ask of the allocator, as far as it is the same on every machine.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use neurolume::engine::{Limits, View};
use neurolume::format::VolumeSpec;
use neurolume::geometry::DVec2;
use neurolume::job::{FromWorker, Outcome, PlacedBrick};
use neurolume::store::Traffic;
use neurolume::voxel::{Brick, VoxelBlock};
use support::fake_workers::{FakeWorkers, volume};

const FRAME_MILLIS: f64 = 16.0;

/// Four panels of 1280×800 with an image and labels at one voxel per pixel, and all that they show.
fn complete_view(workers: &FakeWorkers, spec: &VolumeSpec) -> View {
    let mut view = View::new(&workers.context);
    view.resize(DVec2::new(1280.0, 800.0), 1.0);
    workers.open(&mut view, "image", "image", spec);
    workers.open(&mut view, "labels", "segmentation", spec);
    let mut state = view.state().clone();
    state.cross_section_scale = 1.0;
    view.set_state(state, [true; 2], 0.0, 0.0);
    settle(workers, spec, &mut view, 0);
    view
}

/// Ticks until there is nothing more to do.
fn settle(workers: &FakeWorkers, spec: &VolumeSpec, view: &mut View, first_frame: u32) {
    for frame in first_frame..first_frame + 1000 {
        let report = view.tick(f64::from(frame) * FRAME_MILLIS);
        let _uploads = workers.context.take_uploads();
        let started = workers.started();
        if started.is_empty() && !report.again {
            return;
        }
        started.iter().for_each(|it| workers.deliver(it, spec));
    }
    panic!("the view does not become complete");
}

#[test]
fn frames_allocate_little() {
    let workers = FakeWorkers::new(Limits::default());
    let spec = volume([1024; 3], 4);
    let mut view = complete_view(&workers, &spec);

    let still = measure(|| assert!(view.tick(1e6).draw.is_none(), "nothing has changed"));
    assert_eq!(still.count_total, 0, "a tick that draws nothing");

    // Through the slice, within what is there.
    let mut state = view.state().clone();
    state.position.z += 1.0;
    view.set_state(state, [true; 2], 1e6, 0.0);
    let moved = measure(|| assert!(view.tick(1e6 + FRAME_MILLIS).draw.is_some()));
    let stats = view.stats();
    assert!(stats.gpu_bytes > 1_000_000, "{stats:?}");
    // 744 and 870 kB when this was written.
    assert!(moved.count_total <= 1000, "{} allocations in a frame", moved.count_total);
    assert!(moved.bytes_total <= 1_100_000, "{} bytes allocated in a frame", moved.bytes_total);
    assert!(workers.context.take_uploads().is_empty(), "what is there is not uploaded again");
}

/// From the decoded chunk in its worker to the bricks in the page, a voxel is written into fresh memory three times: into its brick, into the
/// message and out of it. (In a browser the message is copied twice more, out of the worker's memory and into the page's.)
#[test]
fn a_voxel_is_copied_three_times_on_its_way() {
    let workers = FakeWorkers::new(Limits::default());
    let spec = volume([1024; 3], 4);
    let mut view = View::new(&workers.context);
    view.resize(DVec2::splat(64.0), 1.0);
    workers.open(&mut view, "image", "image", &spec);
    view.tick(0.0);
    let started = workers.started();
    let started = started.first().unwrap();
    let shape = spec.levels[usize::from(started.chunk.level)].chunk_shape;
    let data: Vec<u8> = (0..32_u32.pow(3)).map(|n| (n % 251) as u8).collect();
    let block = VoxelBlock { data_type: spec.data_type, shape, data };

    let mut message = Vec::new();
    let worker = measure(|| {
        let placed = PlacedBrick { place: [0; 3], brick: Brick::cut(&block, [0; 3], shape, false) };
        let result = Ok(Outcome::Chunk(Some(vec![placed])));
        let done = FromWorker::Done { id: started.id, result, memory_bytes: 0, traffic: Traffic::default() };
        message = done.to_bytes().unwrap();
    });
    let page = measure(|| workers.context.on_message(started.at, postcard::from_bytes(&message).unwrap()));
    assert!(workers.context.usage().1 >= block.data.len() as u64, "the brick is kept");
    let copies = |bytes: u64| bytes as f64 / block.data.len() as f64;
    assert!((2.0..2.1).contains(&copies(worker.bytes_total)), "{} copies in the worker", copies(worker.bytes_total));
    assert!((1.0..1.1).contains(&copies(page.bytes_total)), "{} copies in the page", copies(page.bytes_total));
}
