//! What a command makes of a view state. Pure; a command that does not move the view, or that would make a number infinite,
//! gives `None`.
//!
//! Angles per pixel and per key, and which way things turn, are Neuroglancer's: a quarter of a degree per pixel.

use crate::geometry::{DMat3, DQuat, DVec2, DVec3, PanelKind, ViewState};

use super::command::{PanelAxis, ViewCommand};

/// Nanometres per pixel in slices: beyond, there is nothing to see and numbers lose their last digits.
pub const SLICE_SCALE_NM: [f64; 2] = [1e-3, 1e7];
/// Nanometres across the 3D panel.
pub const SPACE_SCALE_NM: [f64; 2] = [1.0, 1e10];

const RADIANS_PER_PX: f64 = std::f64::consts::PI / 720.0;

/// What a panel's commands depend on beside the view state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surroundings {
    /// Width and height of the command's panel, CSS pixels.
    pub size_px: DVec2,
    /// The finest voxel size of the data, nm.
    pub voxel_nm: DVec3,
}

/// The view state after a command.
///
/// [`ViewCommand::CentreOn`] in the 3D panel depends on what is drawn there: the engine picks the point and calls
/// [`centred`]. [`ViewCommand::ZoomToFit`] depends on the data: [`fitted`].
#[must_use]
pub fn navigated(state: &ViewState, command: &ViewCommand, around: Surroundings) -> Option<ViewState> {
    let size = around.size_px;
    let mut next = state.clone();
    match *command {
        ViewCommand::Pan { panel, by } => {
            let [right, down, _] = axes(state, panel);
            next.position -= (right * by.x + down * by.y) * nm_per_px(state, panel, size);
        }
        ViewCommand::RotateSlice { panel, at, by } => {
            let pivot = point_under(state, panel, at, size);
            let [right, down, _] = state.slice_axes(panel);
            let turn = DQuat::from_axis_angle(down, -by.x * RADIANS_PER_PX) * DQuat::from_axis_angle(right, -by.y * RADIANS_PER_PX);
            turn_slices(&mut next, turn, pivot);
        }
        ViewCommand::Roll { panel: PanelKind::Space, radians, .. } => turn_space(&mut next, DQuat::from_rotation_z(radians)),
        ViewCommand::Roll { panel, at, radians } => {
            let pivot = point_under(state, panel, at, size);
            // The picture turns clockwise when the plane turns the other way.
            turn_slices(&mut next, DQuat::from_axis_angle(state.slice_axes(panel)[2], -radians), pivot);
        }
        ViewCommand::Orbit { by } => {
            turn_space(&mut next, DQuat::from_rotation_x(by.y * RADIANS_PER_PX) * DQuat::from_rotation_y(-by.x * RADIANS_PER_PX));
        }
        ViewCommand::ZoomAt { panel, at, factor } => zoom(&mut next, panel, point_under(state, panel, at, size), factor),
        ViewCommand::Zoom { panel, factor } => zoom(&mut next, panel, state.position, factor),
        ViewCommand::Step { panel, axis, voxels } => {
            let direction = axes(state, panel)[axis.index()];
            next.position += direction * (voxels * voxel_along(direction, around.voxel_nm));
        }
        ViewCommand::RotateAxis { panel: PanelKind::Space, axis, radians } => {
            turn_space(&mut next, DQuat::from_axis_angle(unit(axis), -radians));
        }
        ViewCommand::RotateAxis { panel, axis, radians } => {
            turn_slices(&mut next, DQuat::from_axis_angle(state.slice_axes(panel)[axis.index()], radians), state.position);
        }
        ViewCommand::CentreOn { panel: PanelKind::Space, .. } => return None,
        ViewCommand::CentreOn { panel, at } => next.position = point_under(state, panel, at, size),
        ViewCommand::SnapToAxes { panel: PanelKind::Space } => next.projection_orientation = snapped(state.projection_orientation),
        ViewCommand::SnapToAxes { .. } => next.cross_section_orientation = snapped(state.cross_section_orientation),
        _ => return None,
    }
    is_sound(&next).then_some(next)
}

/// The view with another point in the middle.
#[must_use]
pub fn centred(state: &ViewState, point: DVec3) -> ViewState {
    ViewState { position: point, ..state.clone() }
}

/// The view with a box (nm) just inside: the slices in a panel of `slice_px`, the 3D view in one of `space_px`.
#[must_use]
pub fn fitted(state: &ViewState, lower: DVec3, upper: DVec3, slice_px: DVec2, space_px: DVec2) -> Option<ViewState> {
    const MARGIN: f64 = 1.05;
    let half = (upper - lower) * 0.5;
    // Half the extent of the turned box along a direction, and so what each panel needs to hold it.
    let reach = |direction: DVec3| direction.abs().dot(half);
    let per_px = [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz].map(|kind| {
        let [right, down, _] = state.slice_axes(kind);
        (2.0 * reach(right) / slice_px.x).max(2.0 * reach(down) / slice_px.y)
    });
    let scale = per_px.into_iter().fold(0.0, f64::max) * MARGIN;
    // The sphere around the box: no corner leaves the picture when it is turned.
    let across = 2.0 * half.length() * MARGIN * (space_px.y / space_px.x).max(1.0);
    let next = ViewState {
        position: (lower + upper) * 0.5,
        cross_section_scale: clamped(scale, SLICE_SCALE_NM),
        projection_scale: clamped(across, SPACE_SCALE_NM),
        ..state.clone()
    };
    (half.cmpgt(DVec3::ZERO).all() && is_sound(&next)).then_some(next)
}

/// The world point at a place in a panel; in the 3D panel, at the depth of the position.
#[must_use]
pub fn point_under(state: &ViewState, panel: PanelKind, at: DVec2, size_px: DVec2) -> DVec3 {
    let [right, down, _] = axes(state, panel);
    let from_middle = (at - size_px * 0.5) * nm_per_px(state, panel, size_px);
    state.position + right * from_middle.x + down * from_middle.y
}

/// The directions to the right, down and into the screen of a panel.
#[must_use]
pub fn axes(state: &ViewState, panel: PanelKind) -> [DVec3; 3] {
    if panel == PanelKind::Space { state.projection_axes() } else { state.slice_axes(panel) }
}

/// Nanometres per CSS pixel of a panel; in the 3D panel, at the position.
#[must_use]
pub fn nm_per_px(state: &ViewState, panel: PanelKind, size_px: DVec2) -> f64 {
    if panel == PanelKind::Space { state.projection_scale / size_px.y.max(1.0) } else { state.cross_section_scale }
}

/// The extent of a voxel along a unit direction, nm: that of the ellipsoid with the voxel's sides as axes, so that it is the
/// side along an axis, and the same in every direction when voxels are cubes.
#[must_use]
pub fn voxel_along(direction: DVec3, voxel_nm: DVec3) -> f64 {
    (direction / voxel_nm).length().recip()
}

/// The nearest orientation that maps axes to axes.
#[must_use]
pub fn snapped(orientation: DQuat) -> DQuat {
    const UNITS: [DVec3; 6] = [DVec3::X, DVec3::Y, DVec3::Z, DVec3::NEG_X, DVec3::NEG_Y, DVec3::NEG_Z];
    let turned = DMat3::from_quat(orientation);
    let mut best = (f64::NEG_INFINITY, DMat3::IDENTITY);
    for x in UNITS {
        for y in UNITS.into_iter().filter(|y| y.dot(x).abs() < 0.5) {
            let z = x.cross(y);
            // The trace of the rotation from one to the other: the greater, the smaller its angle.
            let nearness = x.dot(turned.x_axis) + y.dot(turned.y_axis) + z.dot(turned.z_axis);
            // Strictly, by more than rounding: a tie must not depend on the last digit.
            if nearness > best.0 + 1e-9 {
                best = (nearness, DMat3::from_cols(x, y, z));
            }
        }
    }
    DQuat::from_mat3(&best.1).normalize()
}

fn unit(axis: PanelAxis) -> DVec3 {
    [DVec3::X, DVec3::Y, DVec3::Z][axis.index()]
}

fn turn_slices(state: &mut ViewState, turn: DQuat, pivot: DVec3) {
    state.position = pivot + turn * (state.position - pivot);
    state.cross_section_orientation = (turn * state.cross_section_orientation).normalize();
}

fn turn_space(state: &mut ViewState, turn: DQuat) {
    state.projection_orientation = (turn * state.projection_orientation).normalize();
}

/// In the 3D panel the position stays, or the slices would slide away under a zoom elsewhere.
fn zoom(state: &mut ViewState, panel: PanelKind, fixed: DVec3, factor: f64) {
    if panel == PanelKind::Space {
        state.projection_scale = clamped(state.projection_scale * factor, SPACE_SCALE_NM);
    } else {
        let scale = clamped(state.cross_section_scale * factor, SLICE_SCALE_NM);
        state.position = fixed + (state.position - fixed) * (scale / state.cross_section_scale);
        state.cross_section_scale = scale;
    }
}

fn clamped(value: f64, [least, most]: [f64; 2]) -> f64 {
    value.clamp(least, most)
}

fn is_sound(state: &ViewState) -> bool {
    state.position.is_finite()
        && state.cross_section_orientation.is_finite()
        && state.projection_orientation.is_finite()
        && state.cross_section_scale.is_finite()
        && state.projection_scale.is_finite()
}

#[cfg(test)]
mod tests;
