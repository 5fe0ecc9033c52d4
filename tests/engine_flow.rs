//! What the engine asks of its workers, and when: the test plays the workers.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use neurolume::engine::{Limits, View};
use neurolume::geometry::DVec2;
use neurolume::scene::panels::Layout;
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
