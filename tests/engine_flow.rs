//! What the engine asks of its workers, and when: the test plays the workers.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use neurolume::engine::{Limits, View};
use neurolume::error::{ErrorCode, ViewerError};
use neurolume::geometry::DVec2;
use neurolume::job::{Documents, Outcome, PlacedBrick, ToWorker};
use neurolume::scene::panels::Layout;
use neurolume::voxel::{Brick, BrickVoxels};
use support::fake_workers::{FakeWorkers, volume};

const FRAME_MILLIS: f64 = 16.0;

/// A view of one slice, 256 pixels wide, in the middle of a wide volume; one voxel per pixel.
fn slice_view(workers: &FakeWorkers, spec: &neurolume::format::VolumeSpec) -> View {
    let mut view = View::new(&workers.context);
    view.set_layout(Layout::Xy);
    view.resize(DVec2::splat(256.0), 1.0);
    workers.open(&mut view, "image", "image", spec);
    let mut state = view.state().clone();
    state.position = neurolume::geometry::DVec3::new(2048.0, 1024.0, 16.0);
    state.cross_section_scale = 1.0;
    view.set_state(state, [true; 2], 0.0, 0.0);
    view
}

#[test]
fn what_is_held_is_never_fetched_ahead() {
    let spec = volume([8192, 2048, 32], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = slice_view(&workers, &spec);
    let (mut held, mut ahead, mut now) = (BTreeSet::new(), 0, 0.0);
    for frame in 0..120 {
        now += FRAME_MILLIS;
        if frame < 30 {
            let mut state = view.state().clone();
            state.position.x += 16.0;
            view.set_state(state, [true; 2], now, 0.0);
        }
        view.tick(now);
        let right = view.state().position.x + 128.0;
        for started in workers.started() {
            assert!(held.insert(started.key()), "frame {frame}: {:?} is fetched twice", started.key());
            ahead += usize::from(f64::from(started.chunk.grid[0]) * 32.0 > right + 32.0);
            workers.deliver(&started, &spec);
        }
        // Still for longer than it takes to notice, and what was under way has come.
        if frame > 60 {
            assert_eq!((workers.started().len(), view.stats().pending + view.stats().in_flight), (0, 0), "frame {frame}");
        }
    }
    assert!(ahead > 0, "a view that moves looks ahead");
}

#[test]
fn nothing_lies_ahead_of_a_view_at_rest() {
    let spec = volume([8192, 2048, 32], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = slice_view(&workers, &spec);
    let wanted = |view: &View| (view.stats().pending + view.stats().in_flight, view.layer_info("image").unwrap().chunks.visible);
    view.tick(0.0);
    let mut state = view.state().clone();
    state.position.x += 512.0;
    view.set_state(state.clone(), [true; 2], 0.0, 160.0);
    let mut now = 0.0;
    while *view.state() != state {
        now += FRAME_MILLIS;
        view.tick(now);
    }
    let (asked, visible) = wanted(&view);
    assert!(visible > 0);
    assert_eq!(asked, visible, "the last frame of a glide is no movement");
    // Dragged, and let go: nothing comes from any worker, and still it is noticed.
    for _ in 0..4 {
        now += FRAME_MILLIS;
        state.position.x += 16.0;
        view.set_state(state.clone(), [true; 2], now, 0.0);
        view.tick(now);
    }
    let (asked, visible) = wanted(&view);
    assert!(asked > visible, "a view that moves looks ahead");
    while now < 1000.0 {
        now += FRAME_MILLIS;
        assert!(view.tick(now).again);
    }
    let (asked, visible) = wanted(&view);
    assert_eq!(asked, visible);
}

/// Ticks until nothing more is wanted of workers, who give whatever is asked.
fn settle(workers: &FakeWorkers, view: &mut View, spec: &neurolume::format::VolumeSpec, now: &mut f64) {
    for _ in 0..200 {
        *now += FRAME_MILLIS;
        let report = view.tick(*now);
        let started = workers.started();
        for chunk in &started {
            workers.deliver(chunk, spec);
        }
        if started.is_empty() && !report.again {
            return;
        }
    }
    panic!("it never settles: {:?}", view.stats());
}

#[test]
fn a_brick_larger_than_a_frame_may_upload_is_drawn_all_the_same() {
    let spec = volume([8192, 2048, 32], 1);
    // A brick is 32 KiB here.
    let workers = FakeWorkers::new(Limits { max_upload_bytes_per_frame: 1 << 10, ..Limits::default() });
    let mut view = slice_view(&workers, &spec);
    let mut idle = view.idle();
    settle(&workers, &mut view, &spec, &mut 0.0);
    assert_eq!(idle.try_recv(), Ok(Some(())));
    let counts = view.layer_info("image").unwrap().chunks;
    assert!(counts.visible > 0 && counts.loaded == counts.visible, "{counts:?}");
    assert!(view.stats().gpu_bytes >= 32 * 1024 * counts.visible as u64, "all of it is on the GPU");
}

#[test]
fn a_brick_that_cannot_be_drawn_is_a_failed_chunk() {
    let spec = volume([8192, 2048, 32], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = slice_view(&workers, &spec);
    let mut idle = view.idle();
    let (mut now, mut spoilt) = (0.0, 0);
    for _ in 0..60 {
        now += FRAME_MILLIS;
        view.tick(now);
        for started in workers.started() {
            if spoilt < 3 {
                spoilt += 1;
                let brick = Brick { shape: [32; 3], data_type: spec.data_type, voxels: BrickVoxels::Dense(vec![1; 5]) };
                workers.answer(started.at, started.id, Ok(Outcome::Chunk(Some(vec![PlacedBrick { place: [0; 3], brick }]))));
            } else {
                workers.deliver(&started, &spec);
            }
        }
    }
    assert_eq!(idle.try_recv(), Ok(Some(())));
    let counts = view.layer_info("image").unwrap().chunks;
    assert_eq!((counts.failed, counts.loaded), (3, counts.visible - 3), "{counts:?}");
    let failures = view.failures("image");
    let told: Vec<_> = failures.iter().map(|it| (it.error.code, it.count, &*it.example)).collect();
    assert_eq!(told, [(ErrorCode::BadData, 3, "https://localhost/image")]);
    // Asked for again, they come.
    view.retry_failed(None);
    settle(&workers, &mut view, &spec, &mut now);
    assert_eq!(view.layer_info("image").unwrap().chunks.loaded, counts.visible);
}

#[test]
fn a_view_without_size_is_idle_once_its_layers_are_known() {
    let spec = volume([8192, 2048, 32], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    let mut idle = view.idle();
    let options = serde_json::json!({ "id": "image", "type": "image", "source": "https://localhost/image" });
    let _answer = view.add_layer(serde_json::from_value(options).unwrap(), None, Documents::new()).unwrap();
    assert!(view.tick(0.0).draw.is_none());
    assert_eq!(idle.try_recv(), Ok(None), "its layer is being opened");
    for (at, message) in workers.take() {
        if let ToWorker::Start { id, .. } = message {
            workers.answer(at, id, Err(ViewerError::new(ErrorCode::NotFound, "nothing is there")));
        }
    }
    view.tick(FRAME_MILLIS);
    assert_eq!(idle.try_recv(), Ok(Some(())));
    // One that shrinks to nothing wants nothing any more.
    let mut view = slice_view(&workers, &spec);
    view.tick(0.0);
    assert!(view.stats().in_flight > 0);
    view.resize(DVec2::ZERO, 1.0);
    let mut idle = view.idle();
    view.tick(FRAME_MILLIS);
    assert_eq!((idle.try_recv(), view.stats().in_flight), (Ok(Some(())), 0));
}

#[test]
fn slices_in_space_take_no_chunks_that_the_panels_beside_them_do_not() {
    let spec = volume([1024, 1024, 1024], 1);
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    view.set_layout(Layout::Four);
    view.resize(DVec2::splat(512.0), 1.0);
    workers.open(&mut view, "image", "image", &spec);
    let mut state = view.state().clone();
    state.position = neurolume::geometry::DVec3::splat(512.5);
    (state.cross_section_scale, state.projection_scale) = (1.0, 512.0);
    view.set_state(state, [true; 2], 0.0, 0.0);
    let (mut started, mut now) = (0, 0.0);
    for _ in 0..60 {
        now += FRAME_MILLIS;
        view.tick(now);
        for chunk in workers.started() {
            started += 1;
            // Panels reach 128 voxels to each side of 512, and a filter one more; chunks have an edge of 32.
            assert!(chunk.chunk.grid.iter().all(|place| (11..=20).contains(place)), "{:?}", chunk.chunk.grid);
            workers.deliver(&chunk, &spec);
        }
    }
    assert!(started >= 3 * 8 * 8 - 2 * 8, "{started}");
}
