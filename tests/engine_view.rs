//! What commands and pictures make of a view, without any voxel.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use neurolume::engine::{Limits, View};
use neurolume::error::ErrorCode;
use neurolume::geometry::{DVec2, DVec3, PanelKind};
use neurolume::scene::panels::Layout;
use neurolume::tools::command::{PanelAxis, ViewCommand};
use support::fake_workers::{FakeWorkers, volume};

fn view(layout: Layout) -> (FakeWorkers, View) {
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    view.set_layout(layout);
    view.resize(DVec2::new(800.0, 600.0), 1.0);
    workers.open(&mut view, "image", "image", &volume([512, 512, 512], 3));
    (workers, view)
}

#[test]
fn centring_in_space_brings_what_was_picked_into_the_middle() {
    for reduced_motion in [true, false] {
        let (_workers, mut view) = view(Layout::Space);
        let mut state = view.state().clone();
        state.projection_orientation = glam::DQuat::from_euler(glam::EulerRot::XYZ, 0.5, 0.4, 0.0);
        view.set_state(state, [true; 2], 0.0, 0.0);
        let at = DVec2::new(430.0, 250.0);
        let picked = DVec3::from_array(view.pick(at).unwrap().position);
        assert!(picked.distance(view.state().position) > 10.0);
        view.dispatch(&ViewCommand::CentreOn { panel: PanelKind::Space, at }, 0.0, reduced_motion);
        for frame in 0..200 {
            view.tick(f64::from(frame) * 16.0);
        }
        assert!(view.state().position.distance(picked) < 1e-6);
        let middle = DVec3::from_array(view.pick(DVec2::new(400.0, 300.0)).unwrap().position);
        assert!(middle.distance(picked) < 1.0, "{middle} is in the middle instead of {picked}");
    }
}

#[test]
fn where_nothing_is_under_the_pointer_centring_does_nothing() {
    let (_workers, mut view) = view(Layout::Space);
    let before = view.state().clone();
    view.dispatch(&ViewCommand::CentreOn { panel: PanelKind::Space, at: DVec2::new(1.0, 1.0) }, 0.0, true);
    assert_eq!(*view.state(), before);
}

#[test]
fn a_panel_beside_another_is_maximised_and_one_key_goes_to_and_fro() {
    let (_workers, mut view) = view(Layout::XySpace);
    let mut after = |command| {
        view.dispatch(&command, 0.0, true);
        view.layout()
    };
    assert_eq!(after(ViewCommand::MaximizePanel { panel: PanelKind::Space }), Layout::Space);
    assert_eq!(after(ViewCommand::MaximizePanel { panel: PanelKind::Space }), Layout::Four);
    assert_eq!(after(ViewCommand::ToggleLayout), Layout::Space, "the single panel shown last");
    assert_eq!(after(ViewCommand::SetLayout(Layout::XySpace)), Layout::XySpace);
    assert_eq!(after(ViewCommand::ToggleLayout), Layout::Four);
    assert_eq!(after(ViewCommand::ToggleLayout), Layout::Space, "two panels are no single one");
}

#[test]
fn a_picture_of_one_side_has_the_shape_of_what_is_shown() {
    let (_workers, mut view) = view(Layout::Xy);
    let mut size = |size| {
        view.begin_picture(size, None).unwrap();
        let shown = view.size_px();
        view.end_picture();
        shown
    };
    assert_eq!(size([None, None]), [800, 600]);
    assert_eq!(size([Some(400.0), None]), [400, 300]);
    assert_eq!(size([None, Some(1200.0)]), [1600, 1200]);
    assert_eq!(size([Some(1.0), None]), [1, 1]);
    assert_eq!(size([Some(100.0), Some(100.0)]), [100, 100]);
    assert_eq!(view.begin_picture([Some(100_000.0), None], None).unwrap_err().code, ErrorCode::InvalidOptions);
    view.resize(DVec2::ZERO, 1.0);
    assert_eq!(view.begin_picture([Some(100.0), None], None).unwrap_err().code, ErrorCode::InvalidOptions);
}

#[test]
fn a_step_during_a_jump_does_not_leave_the_view_halfway() {
    let (_workers, mut view) = view(Layout::Xy);
    let mut tilted = view.state().clone();
    tilted.cross_section_orientation = glam::DQuat::from_rotation_x(0.3);
    view.set_state(tilted, [true; 2], 0.0, 0.0);
    let before = view.state().position;
    view.dispatch(&ViewCommand::SnapToAxes { panel: PanelKind::Xy }, 0.0, false);
    view.tick(20.0);
    assert!(view.state().cross_section_orientation.to_axis_angle().1 > 0.01, "still on its way");
    view.dispatch(&ViewCommand::Step { panel: PanelKind::Xy, axis: PanelAxis::Depth, voxels: 1.0 }, 30.0, false);
    view.tick(500.0);
    assert!(view.state().cross_section_orientation.to_axis_angle().1 < 1e-9);
    assert!((view.state().position.z - before.z).abs() > 0.5);
}

#[test]
fn a_turned_volume_lies_where_its_orientation_says() {
    let workers = FakeWorkers::new(Limits::default());
    let mut view = View::new(&workers.context);
    view.set_layout(Layout::Xy);
    view.resize(DVec2::new(800.0, 600.0), 1.0);
    let mut spec = volume([512, 256, 128], 1);
    // The world's x is -z of the volume, its y x, its z y.
    spec.orientation = Some([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    spec.levels[0].voxel_size_nm = [2.0, 3.0, 4.0];
    spec.levels[0].offset_nm = [10.0, 20.0, 30.0];
    workers.open(&mut view, "image", "image", &spec);
    assert_eq!(view.layer_info("image").unwrap().orientation.unwrap(), [0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    // All of it is shown: from 30 to 542 along z, 10 to 1034 along x, 20 to 788 along y.
    let middle = view.state().position;
    assert!((middle - DVec3::new(-286.0, 522.0, 404.0)).abs().cmple(DVec3::new(2.0, 1.0, 1.5)).all(), "{middle}");
    // Voxel (100, 50, 20), whose centre is at (211, 171.5, 112) of its own space.
    let mut state = view.state().clone();
    state.position = DVec3::new(-112.0, 211.0, 171.5);
    view.set_state(state, [true; 2], 0.0, 0.0);
    let picked = view.pick(DVec2::new(400.0, 300.0)).unwrap();
    assert_eq!(picked.values[0].voxel, Some([100, 50, 20]));
    // A step goes to the next voxel along the world's axis.
    view.dispatch(&ViewCommand::Step { panel: PanelKind::Xy, axis: PanelAxis::Depth, voxels: 1.0 }, 0.0, true);
    assert_eq!(view.pick(DVec2::new(400.0, 300.0)).unwrap().values[0].voxel, Some([100, 51, 20]));
}
