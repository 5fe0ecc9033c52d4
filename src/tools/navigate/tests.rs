//! Navigation against views worked out by hand.

use proptest::prelude::*;

use super::super::animation::{Animation, between};
use super::*;

const SIZE: DVec2 = DVec2::new(640.0, 420.0);
const AROUND: Surroundings = Surroundings { size_px: SIZE, voxel_nm: DVec3::new(4.0, 4.0, 40.0) };

fn quaternion() -> impl Strategy<Value = DQuat> {
    prop::array::uniform4(-1.0..1.0f64)
        .prop_filter("long enough to be a direction", |q| q.iter().map(|c| c * c).sum::<f64>() > 0.01)
        .prop_map(|q| DQuat::from_array(q).normalize())
}

prop_compose! {
    fn any_state()(
        position in prop::array::uniform3(-1e6..1e6f64),
        scale in 0.1..1e3f64,
        slices in quaternion(),
        across in 100.0..1e6f64,
        space in quaternion(),
    ) -> ViewState {
        ViewState {
            position: position.into(),
            cross_section_scale: scale,
            cross_section_orientation: slices,
            projection_scale: across,
            projection_orientation: space,
        }
    }
}

fn any_panel() -> impl Strategy<Value = PanelKind> {
    prop::sample::select(vec![PanelKind::Xy, PanelKind::Xz, PanelKind::Yz, PanelKind::Space])
}

fn slice_panel() -> impl Strategy<Value = PanelKind> {
    prop::sample::select(vec![PanelKind::Xy, PanelKind::Xz, PanelKind::Yz])
}

fn place() -> impl Strategy<Value = DVec2> {
    (0.0..SIZE.x, 0.0..SIZE.y).prop_map(|(x, y)| DVec2::new(x, y))
}

fn after(state: &ViewState, command: &ViewCommand) -> ViewState {
    navigated(state, command, AROUND).unwrap_or_else(|| panic!("{command:?} gives nothing"))
}

/// Where a world point is seen, by the matrix that draws the 3D panel or the plane that draws a slice.
fn seen(state: &ViewState, panel: PanelKind, orthographic: bool, point: DVec3) -> DVec2 {
    if panel == PanelKind::Space {
        let clip = state.clip_from_world(SIZE, orthographic).project_point3(point);
        (DVec2::new(clip.x, -clip.y) * 0.5 + 0.5) * SIZE
    } else {
        let plane = state.slice_plane(panel, SIZE, 1.0);
        let from_corner = point - plane.origin;
        DVec2::new(from_corner.dot(plane.du) / plane.du.length_squared(), from_corner.dot(plane.dv) / plane.dv.length_squared())
    }
}

/// Angle between two orientations.
fn apart(a: DQuat, b: DQuat) -> f64 {
    2.0 * a.dot(b).abs().min(1.0).acos()
}

proptest! {
    #[test]
    fn a_pan_keeps_the_point_under_the_pointer(state in any_state(), panel in any_panel(), at in place(), to in place(), orthographic: bool) {
        let point = point_under(&state, panel, at, SIZE);
        prop_assert!(seen(&state, panel, orthographic, point).distance(at) < 1e-3);
        let panned = after(&state, &ViewCommand::Pan { panel, by: to - at });
        prop_assert!(seen(&panned, panel, orthographic, point).distance(to) < 1e-3);
        let back = after(&panned, &ViewCommand::Pan { panel, by: at - to });
        prop_assert!(back.position.distance(state.position) < 1e-6);
    }

    #[test]
    fn a_zoom_keeps_the_point_under_the_pointer(state in any_state(), panel in slice_panel(), at in place(), factor in 1e-9..1e9f64) {
        let point = point_under(&state, panel, at, SIZE);
        let zoomed = after(&state, &ViewCommand::ZoomAt { panel, at, factor });
        prop_assert!(seen(&zoomed, panel, false, point).distance(at) < 1e-3);
        prop_assert!((SLICE_SCALE_NM[0]..=SLICE_SCALE_NM[1]).contains(&zoomed.cross_section_scale));
        prop_assert_eq!(zoomed.projection_scale, state.projection_scale);
    }

    #[test]
    fn a_zoom_in_space_leaves_the_slices_alone(state in any_state(), at in place(), factor in 0.1..10.0f64) {
        let zoomed = after(&state, &ViewCommand::ZoomAt { panel: PanelKind::Space, at, factor });
        prop_assert!((zoomed.projection_scale / state.projection_scale - factor).abs() < 1e-9);
        prop_assert_eq!(ViewState { projection_scale: state.projection_scale, ..zoomed }, state);
    }

    #[test]
    fn turns_keep_their_point_and_stay_turns(state in any_state(), panel in slice_panel(), at in place(), to in place(), radians in -3.0..3.0f64) {
        let point = point_under(&state, panel, at, SIZE);
        for command in [
            ViewCommand::RotateSlice { panel, at, by: to - at },
            ViewCommand::Roll { panel, at, radians },
        ] {
            let turned = after(&state, &command);
            prop_assert!(seen(&turned, panel, false, point).distance(at) < 1e-3, "{command:?}");
            let depth = (point - turned.position).dot(turned.slice_axes(panel)[2]);
            prop_assert!(depth.abs() < 1e-4, "still in the plane, {depth} nm off");
            prop_assert!(turned.cross_section_orientation.is_normalized());
        }
        for axis in [PanelAxis::Right, PanelAxis::Down, PanelAxis::Depth] {
            for panel in [panel, PanelKind::Space] {
                let turned = after(&state, &ViewCommand::RotateAxis { panel, axis, radians });
                prop_assert_eq!(turned.position, state.position);
                prop_assert!(turned.cross_section_orientation.is_normalized() && turned.projection_orientation.is_normalized());
                let own = axes(&state, panel)[axis.index()];
                prop_assert!(axes(&turned, panel)[axis.index()].distance(own) < 1e-9, "its axis stays");
                let back = after(&turned, &ViewCommand::RotateAxis { panel, axis, radians: -radians });
                prop_assert!(apart(back.cross_section_orientation, state.cross_section_orientation) < 1e-6);
                prop_assert!(apart(back.projection_orientation, state.projection_orientation) < 1e-6);
            }
        }
        let orbited = after(&state, &ViewCommand::Orbit { by: to - at });
        prop_assert!(orbited.projection_orientation.is_normalized());
        prop_assert_eq!(orbited.cross_section_orientation, state.cross_section_orientation);
    }

    #[test]
    fn a_twist_turns_the_picture_with_the_fingers(state in any_state(), panel in any_panel(), offset in place(), radians in -1.5..1.5f64) {
        let middle = SIZE * 0.5;
        let point = point_under(&state, panel, offset, SIZE);
        let turned = after(&state, &ViewCommand::Roll { panel, at: middle, radians });
        let expected = middle + DVec2::from_angle(radians).rotate(offset - middle);
        prop_assert!(seen(&turned, panel, true, point).distance(expected) < 1e-3);
    }

    #[test]
    fn what_is_centred_is_in_the_middle(state in any_state(), panel in slice_panel(), at in place()) {
        let centred = after(&state, &ViewCommand::CentreOn { panel, at });
        prop_assert!(centred.position.distance(point_under(&state, panel, at, SIZE)) < 1e-9);
    }

    #[test]
    fn snapping_is_to_the_nearest_and_once_is_enough(orientation in quaternion()) {
        let once = snapped(orientation);
        prop_assert!(once.is_normalized());
        prop_assert!(apart(snapped(once), once) < 1e-7);
        for axis in [DVec3::X, DVec3::Y, DVec3::Z] {
            prop_assert!(((once * axis).abs().max_element() - 1.0).abs() < 1e-9, "an axis goes to an axis");
        }
        // The largest distance to the nearest of the 24 rotations of a cube is 62.8 degrees.
        prop_assert!(apart(orientation, once) < 1.0962);
        let half = std::f64::consts::FRAC_1_SQRT_2;
        for other in [DQuat::IDENTITY, DQuat::from_xyzw(half, 0.0, 0.0, half), DQuat::from_xyzw(0.5, 0.5, 0.5, 0.5), DQuat::from_xyzw(half, half, 0.0, 0.0)] {
            prop_assert!(apart(orientation, once) <= apart(orientation, other) + 1e-6);
        }
    }

    #[test]
    fn a_zoom_glides_about_its_point(state in any_state(), panel in slice_panel(), at in place(), factor in 0.05..20.0f64, t in 0.0..1.0f64) {
        let point = point_under(&state, panel, at, SIZE);
        let zoomed = after(&state, &ViewCommand::ZoomAt { panel, at, factor });
        prop_assert!(seen(&between(&state, &zoomed, t), panel, false, point).distance(at) < 1e-2);
    }

    #[test]
    fn a_glide_begins_and_ends_where_it_should(from in any_state(), to in any_state(), now in 0.0..1.0f64) {
        let glide = Animation::new(from.clone(), to.clone(), 1000.0, 150.0);
        prop_assert!(glide.at(1000.0).position.distance(from.position) < 1e-3);
        prop_assert_eq!(glide.at(1150.0), to.clone());
        let middle = glide.at(1000.0 + now * 150.0);
        prop_assert!(middle.cross_section_orientation.is_normalized() && middle.projection_orientation.is_normalized());
        prop_assert!(middle.position.is_finite() && middle.cross_section_scale > 0.0);
        prop_assert_eq!(Animation::new(from, to.clone(), 5.0, 0.0).at(5.0), to, "at once with reduced motion");
    }
}

#[test]
fn a_step_is_a_voxel_along_its_axis() {
    let state = ViewState::default();
    let step = |panel, axis, voxels| after(&state, &ViewCommand::Step { panel, axis, voxels }).position;
    assert_eq!(step(PanelKind::Xy, PanelAxis::Depth, 1.0), DVec3::new(0.0, 0.0, 40.0));
    assert_eq!(step(PanelKind::Xy, PanelAxis::Right, -1.0), DVec3::new(-4.0, 0.0, 0.0));
    assert_eq!(step(PanelKind::Xz, PanelAxis::Down, 10.0), DVec3::new(0.0, 0.0, 400.0));
    // Isotropic voxels: the same in every direction.
    let direction = DVec3::new(1.0, 2.0, -2.0) / 3.0;
    assert!((voxel_along(direction, DVec3::splat(8.0)) - 8.0).abs() < 1e-12);
}

#[test]
fn what_fits_is_inside_and_fills() {
    let state = ViewState { cross_section_orientation: DQuat::from_rotation_x(0.4), ..ViewState::default() };
    let (lower, upper) = (DVec3::new(-100.0, 0.0, 50.0), DVec3::new(5000.0, 900.0, 700.0));
    let fit = fitted(&state, lower, upper, SIZE, SIZE).unwrap();
    let mut most: f64 = 0.0;
    for corner in 0..8 {
        let pick = |bit: usize, low: f64, high: f64| if corner >> bit & 1 == 0 { low } else { high };
        let point = DVec3::new(pick(0, lower.x, upper.x), pick(1, lower.y, upper.y), pick(2, lower.z, upper.z));
        for panel in [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz, PanelKind::Space] {
            let at = seen(&fit, panel, true, point);
            assert!(at.cmpge(DVec2::ZERO).all() && at.cmple(SIZE).all(), "{panel:?} {at}");
            if panel != PanelKind::Space {
                most = most.max(((at / SIZE - 0.5).abs() * 2.0).max_element());
            }
        }
    }
    assert!(most > 0.9, "fills {most} of a slice");
    assert!(fitted(&state, upper, lower, SIZE, SIZE).is_none() && fitted(&state, DVec3::NAN, upper, SIZE, SIZE).is_none());
}

#[test]
fn numbers_that_are_none_change_nothing() {
    let state = ViewState::default();
    let panel = PanelKind::Xy;
    for command in [
        ViewCommand::Pan { panel, by: DVec2::NAN },
        ViewCommand::ZoomAt { panel, at: DVec2::ZERO, factor: f64::NAN },
        ViewCommand::Step { panel, axis: PanelAxis::Depth, voxels: f64::INFINITY },
        ViewCommand::RotateAxis { panel, axis: PanelAxis::Depth, radians: f64::NAN },
        ViewCommand::Recolor,
    ] {
        assert_eq!(navigated(&state, &command, AROUND), None, "{command:?}");
    }
    let none = Surroundings { voxel_nm: DVec3::ZERO, ..AROUND };
    assert_eq!(
        navigated(&state, &ViewCommand::Step { panel, axis: PanelAxis::Depth, voxels: 1.0 }, none).map(|s| s.position.is_finite()),
        None
    );
}
