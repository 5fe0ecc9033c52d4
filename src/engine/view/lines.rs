//! Lines over the data: through the position, and around the volumes.

use crate::geometry::{DMat4, DVec3, PanelKind};
use crate::scene::draw::LineDraw;
use crate::scene::panels::Panel;

use super::View;
use super::planes::size_px;

/// Red, green and blue for x, y and z, as everywhere in the field.
const AXIS_COLORS: [[f32; 3]; 3] = [[0.93, 0.32, 0.31], [0.33, 0.76, 0.36], [0.36, 0.55, 0.96]];
/// The box around the data.
const BOUNDS_COLOR: [f32; 4] = [0.62, 0.62, 0.62, 0.55];
/// CSS pixels around the position that the lines leave free.
const GAP_PX: f64 = 14.0;

impl View {
    /// The lines of a panel.
    pub(super) fn lines(&self, panel: &Panel) -> Vec<LineDraw> {
        if self.layers.iter().all(|layer| layer.ready().is_none()) {
            return Vec::new();
        }
        match panel.kind {
            PanelKind::Space => self.space_lines(panel),
            kind => {
                let mut lines = if self.switches.bounds { self.outline(kind, panel) } else { Vec::new() };
                if self.switches.axis_lines {
                    lines.extend(self.cross_hair(kind, panel));
                }
                lines
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn cross_hair(&self, kind: PanelKind, panel: &Panel) -> Vec<LineDraw> {
        let size = [panel.rect_px[2], panel.rect_px[3]];
        let [width, height] = size.map(f64::from);
        let (x, y) = ((width * 0.5).floor() + 0.5, (height * 0.5).floor() + 0.5);
        let gap = GAP_PX * self.px_ratio;
        let [right, down, _] = kind.axes();
        let line = |from: [f64; 2], to: [f64; 2], axis: DVec3| {
            let [r, g, b] = AXIS_COLORS[axis.abs().max_position()];
            LineDraw::in_px(size, from.map(|n| n as f32), to.map(|n| n as f32), [r, g, b, 0.45], self.px_ratio as f32)
        };
        vec![
            line([0.0, y], [x - gap, y], right),
            line([x + gap, y], [width, y], right),
            line([x, 0.0], [x, y - gap], down),
            line([x, y + gap], [x, height], down),
        ]
    }

    /// Where the plane cuts the boxes of the volumes.
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn outline(&self, kind: PanelKind, panel: &Panel) -> Vec<LineDraw> {
        let plane = self.state.slice_plane(kind, size_px(panel), self.px_ratio);
        let normal = plane.du.cross(plane.dv).normalize_or_zero();
        let px = |point: DVec3| {
            let from_origin = point - plane.origin;
            [from_origin.dot(plane.du) / plane.du.length_squared(), from_origin.dot(plane.dv) / plane.dv.length_squared()].map(|n| n as f32)
        };
        let mut lines = Vec::new();
        // Layers of one dataset share their box: one outline is enough.
        if let Some(corners) = self.layers.iter().filter(|layer| layer.is_visible()).find_map(|layer| layer.corners()) {
            let height = |corner: usize| (corners[corner] - plane.origin).dot(normal);
            for face in FACES {
                // A plane cuts a convex face in at most one segment.
                let cuts: Vec<DVec3> = (0..4)
                    .filter_map(|i| {
                        let (a, b) = (face[i], face[(i + 1) % 4]);
                        let (from, to) = (height(a), height(b));
                        ((from < 0.0) != (to < 0.0)).then(|| corners[a].lerp(corners[b], from / (from - to)))
                    })
                    .collect();
                if let [from, to] = cuts.as_slice() {
                    lines.push(LineDraw::in_px(
                        [panel.rect_px[2], panel.rect_px[3]],
                        px(*from),
                        px(*to),
                        BOUNDS_COLOR,
                        self.px_ratio as f32,
                    ));
                }
            }
        }
        lines
    }

    fn space_lines(&self, panel: &Panel) -> Vec<LineDraw> {
        // Relative to the position, so that 32 bits suffice however far the data lies from the origin.
        let clip_from_world = self.state.clip_from_world(size_px(panel), self.switches.orthographic);
        let clip = (clip_from_world * DMat4::from_translation(self.state.position)).as_mat4();
        let near = |point: DVec3| (point - self.state.position).as_vec3().to_array();
        #[expect(clippy::cast_possible_truncation, reason = "a width in pixels")]
        let width = self.px_ratio as f32;
        let mut lines = Vec::new();
        if self.switches.bounds
            && let Some(corners) = self.layers.iter().filter(|layer| layer.is_visible()).find_map(|layer| layer.corners())
        {
            for (a, b) in EDGES {
                lines.push(LineDraw::in_space(clip, near(corners[a]), near(corners[b]), BOUNDS_COLOR, width));
            }
        }
        if self.switches.axis_lines
            && let Some((low, high)) = self.bounds()
        {
            for axis in 0..3 {
                let (mut from, mut to) = (self.state.position, self.state.position);
                (from[axis], to[axis]) = (low[axis], high[axis]);
                let [r, g, b] = AXIS_COLORS[axis];
                lines.push(LineDraw::in_space(clip, near(from), near(to), [r, g, b, 0.6], width));
            }
        }
        lines
    }
}

/// Corners are numbered by bits: 1 for the upper x, 2 for the upper y, 4 for the upper z.
const EDGES: [(usize, usize); 12] = [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7)];
/// The corners of each face, going around.
const FACES: [[usize; 4]; 6] = [[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]];
