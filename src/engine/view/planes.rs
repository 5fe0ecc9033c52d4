//! The planes that the panels show.

use crate::geometry::{DMat4, DVec2, DVec3, PanelKind, PixelPlane};
use crate::scene::draw::clip_from_panel_px;
use crate::scene::panels::Panel;
use crate::scene::plan::PlaneView;

use super::View;

/// Slices in space are worked on after the flat panels.
const SPACE_HANDICAP_PX: f64 = 2000.0;

impl View {
    /// The planes of all panels.
    pub(super) fn plane_views(&self) -> Vec<PlaneView> {
        let views = self.panels.iter().enumerate().flat_map(|(index, panel)| match panel.kind {
            PanelKind::Space => {
                let mut views = if self.switches.slices_in_space { self.space_planes(size_px(panel)) } else { Vec::new() };
                for view in &mut views {
                    view.panel = index;
                }
                views
            }
            kind => {
                let plane = self.state.slice_plane(kind, size_px(panel), self.px_ratio);
                let clip_from_plane = clip_from_panel_px([panel.rect_px[2], panel.rect_px[3]]).as_dmat4();
                vec![PlaneView { panel: index, plane, clip_from_plane, handicap_px: 0.0 }]
            }
        });
        views.collect()
    }

    /// The three slices in a 3D panel of this size, device pixels: what the flat panels beside it show, so that it takes no chunks of its
    /// own; where a slice has no panel, as far as the data reaches, or the view.
    pub(super) fn space_planes(&self, size: DVec2) -> Vec<PlaneView> {
        let Some((low, high)) = self.bounds() else { return Vec::new() };
        let clip_from_world = self.state.clip_from_world(size, self.switches.orthographic);
        let space_nm_per_px = self.state.projection_scale / size.y.max(1.0);
        let space_reach = DVec2::splat(self.state.projection_scale * 2.0);
        [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz]
            .into_iter()
            .map(|kind| {
                let [right, down, _] = self.state.slice_axes(kind);
                let panel = self.panels.iter().find(|panel| panel.kind == kind);
                let (nm_per_px, reach) = panel.map_or((space_nm_per_px, space_reach), |panel| {
                    let shown = self.state.slice_plane(kind, size_px(panel), self.px_ratio);
                    let [u, v] = [shown.du.length(), shown.dv.length()];
                    // Nor finer than there.
                    (space_nm_per_px.max(u), shown.size * DVec2::new(u, v) * 0.5)
                });
                let (left, right_end) = extent(right, self.state.position, low, high, reach.x);
                let (top, bottom) = extent(down, self.state.position, low, high, reach.y);
                let plane = PixelPlane {
                    origin: self.state.position + right * left + down * top,
                    du: right * nm_per_px,
                    dv: down * nm_per_px,
                    size: DVec2::new(right_end - left, bottom - top) / nm_per_px,
                };
                let world_from_plane =
                    DMat4::from_cols(plane.du.extend(0.0), plane.dv.extend(0.0), DVec3::ZERO.extend(0.0), plane.origin.extend(1.0));
                PlaneView { panel: 0, plane, clip_from_plane: clip_from_world * world_from_plane, handicap_px: SPACE_HANDICAP_PX }
            })
            .collect()
    }
}

pub(super) fn size_px(panel: &Panel) -> DVec2 {
    DVec2::new(f64::from(panel.rect_px[2]), f64::from(panel.rect_px[3]))
}

/// How far a box reaches from a point along a direction, at most `reach`.
fn extent(direction: DVec3, from: DVec3, low: DVec3, high: DVec3, reach: f64) -> (f64, f64) {
    let (middle, half) = ((low + high) * 0.5, (high - low) * 0.5);
    let centre = (middle - from).dot(direction);
    let radius = direction.abs().dot(half);
    let (first, last) = ((centre - radius).clamp(-reach, reach), (centre + radius).clamp(-reach, reach));
    (first, last.max(first))
}
