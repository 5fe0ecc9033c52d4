//! Where the viewer looks: position, scales and orientations; the plane of each panel.

use serde::{Deserialize, Serialize};

use super::{DMat4, DQuat, DVec2, DVec3, PixelPlane};

/// One of the four ways to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PanelKind {
    /// x to the right, y down.
    Xy,
    /// x to the right, z down.
    Xz,
    /// z to the right, y down: beside the xy panel, rows line up.
    Yz,
    /// Slices in space.
    #[serde(rename = "3d")]
    Space,
}

impl PanelKind {
    /// The directions to the right, down and into the screen before the view's rotation.
    #[must_use]
    pub fn axes(self) -> [DVec3; 3] {
        match self {
            Self::Xy | Self::Space => [DVec3::X, DVec3::Y, DVec3::Z],
            Self::Xz => [DVec3::X, DVec3::Z, DVec3::NEG_Y],
            Self::Yz => [DVec3::Z, DVec3::Y, DVec3::NEG_X],
        }
    }

    /// The name in the public API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xy => "xy",
            Self::Xz => "xz",
            Self::Yz => "yz",
            Self::Space => "3d",
        }
    }
}

/// Where the viewer looks.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewState {
    /// The point in the middle of every panel, nm.
    pub position: DVec3,
    /// Nanometres per CSS pixel in the slice panels.
    pub cross_section_scale: f64,
    /// Rotation of the slice panels.
    pub cross_section_orientation: DQuat,
    /// Nanometres across the height of the 3D panel, at the position.
    pub projection_scale: f64,
    /// Rotation of the 3D panel: world directions seen from the camera.
    pub projection_orientation: DQuat,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            position: DVec3::ZERO,
            cross_section_scale: 1.0,
            cross_section_orientation: DQuat::IDENTITY,
            projection_scale: 1000.0,
            // From the upper right, so that all three slices show.
            projection_orientation: DQuat::from_rotation_x(-0.5) * DQuat::from_rotation_y(0.6),
        }
    }
}

/// Half the vertical opening of the 3D panel's camera, radians.
const HALF_FIELD: f64 = 0.3;

impl ViewState {
    /// The world directions to the right, down and into the screen of a slice panel (unit vectors).
    #[must_use]
    pub fn slice_axes(&self, kind: PanelKind) -> [DVec3; 3] {
        kind.axes().map(|axis| self.cross_section_orientation * axis)
    }

    /// The plane of a slice panel of this size in device pixels.
    #[must_use]
    pub fn slice_plane(&self, kind: PanelKind, size: DVec2, device_pixel_ratio: f64) -> PixelPlane {
        let [right, down, _] = self.slice_axes(kind);
        let nm_per_px = self.cross_section_scale / device_pixel_ratio;
        let (du, dv) = (right * nm_per_px, down * nm_per_px);
        PixelPlane { origin: self.position - du * (size.x * 0.5) - dv * (size.y * 0.5), du, dv, size }
    }

    /// The map from the world to clip space of the 3D panel (x right, y up, z 0 near to 1 far).
    #[must_use]
    pub fn clip_from_world(&self, size: DVec2, orthographic: bool) -> DMat4 {
        let aspect = (size.x / size.y.max(1.0)).max(1e-3);
        let half_height = self.projection_scale * 0.5;
        let distance = half_height / HALF_FIELD.tan();
        // Far enough for a whole brain seen from inside, near enough that the nearest slice is not cut.
        let (near, far) = (distance * 0.01, distance * 100.0);
        let flip = DMat4::from_scale(DVec3::new(1.0, -1.0, 1.0));
        let view = DMat4::from_translation(DVec3::new(0.0, 0.0, distance))
            * DMat4::from_quat(self.projection_orientation)
            * DMat4::from_translation(-self.position);
        let clip_from_view = if orthographic {
            DMat4::from_cols_array(&[
                1.0 / (half_height * aspect),
                0.0,
                0.0,
                0.0, //
                0.0,
                1.0 / half_height,
                0.0,
                0.0, //
                0.0,
                0.0,
                1.0 / (far + far),
                0.0, //
                0.0,
                0.0,
                0.5,
                1.0,
            ])
        } else {
            let focal = 1.0 / HALF_FIELD.tan();
            let depth = far / (far - near);
            DMat4::from_cols_array(&[
                focal / aspect,
                0.0,
                0.0,
                0.0, //
                0.0,
                focal,
                0.0,
                0.0, //
                0.0,
                0.0,
                depth,
                1.0, //
                0.0,
                0.0,
                -near * depth,
                0.0,
            ])
        };
        clip_from_view * flip * view
    }

    /// World directions to the right, down and into the screen of the 3D panel.
    #[must_use]
    pub fn projection_axes(&self) -> [DVec3; 3] {
        let world_from_view = self.projection_orientation.inverse();
        [DVec3::X, DVec3::Y, DVec3::Z].map(|axis| world_from_view * axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_in_the_middle_of_every_panel() {
        let state = ViewState { position: DVec3::new(100.0, -20.0, 7.0), cross_section_scale: 4.0, ..ViewState::default() };
        for kind in [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz] {
            let plane = state.slice_plane(kind, DVec2::new(640.0, 480.0), 2.0);
            assert!(plane.centre().abs_diff_eq(state.position, 1e-9));
            assert!((plane.du.length() - 2.0).abs() < 1e-12, "4 nm per CSS pixel are 2 nm per device pixel");
        }
        for orthographic in [false, true] {
            let clip = state.clip_from_world(DVec2::new(640.0, 480.0), orthographic).project_point3(state.position);
            assert!(clip.x.abs() < 1e-9 && clip.y.abs() < 1e-9 && clip.z > 0.0 && clip.z < 1.0, "{clip}");
        }
    }

    #[test]
    fn the_projection_scale_spans_the_height() {
        let state = ViewState { projection_orientation: DQuat::IDENTITY, projection_scale: 500.0, ..ViewState::default() };
        for orthographic in [false, true] {
            let clip = state.clip_from_world(DVec2::new(300.0, 200.0), orthographic);
            // y points down in the world of a slice and up in clip space.
            let low = clip.project_point3(DVec3::new(0.0, 250.0, 0.0));
            let right = clip.project_point3(DVec3::new(375.0, 0.0, 0.0));
            assert!((low.y + 1.0).abs() < 1e-9 && (right.x - 1.0).abs() < 1e-9);
        }
    }
}
