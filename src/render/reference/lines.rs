//! Straight lines with soft edges: the twin of `shaders/lines.wgsl`.

use crate::scene::draw::LineDraw;

/// How much nearer than it is a line is drawn.
const NEARER: f64 = 2e-5;

/// A line's part in front of the near plane: its ends as x, y in pixels of the panel and depth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visible {
    start: [f64; 3],
    end: [f64; 3],
}

pub(super) fn visible_part(line: &LineDraw, panel_size_px: [u32; 2]) -> Option<Visible> {
    let mut start = line.from.map(f64::from);
    let mut end = line.to.map(f64::from);
    let ahead = |clip: [f64; 4]| clip[2].min(clip[3] - 1e-6);
    let (start_ahead, end_ahead) = (ahead(start), ahead(end));
    if start_ahead < 0.0 && end_ahead < 0.0 {
        return None;
    }
    let mix = |a: [f64; 4], b: [f64; 4], t: f64| std::array::from_fn(|i| a[i] * (1.0 - t) + b[i] * t);
    if start_ahead < 0.0 {
        start = mix(start, end, start_ahead / (start_ahead - end_ahead));
    } else if end_ahead < 0.0 {
        end = mix(end, start, end_ahead / (end_ahead - start_ahead));
    }
    Some(Visible { start: pixel_of(start, panel_size_px), end: pixel_of(end, panel_size_px) })
}

fn pixel_of([x, y, z, w]: [f64; 4], [width, height]: [u32; 2]) -> [f64; 3] {
    let w = w.max(1e-6);
    [(x / w * 0.5 + 0.5) * f64::from(width), (0.5 - y / w * 0.5) * f64::from(height), z / w]
}

/// How much of the pixel around a point the line covers.
pub(super) fn coverage(part: &Visible, px: [f64; 2], width_px: f64) -> f64 {
    let span = [part.end[0] - part.start[0], part.end[1] - part.start[1]];
    let length_px = span[0].hypot(span[1]);
    if length_px <= 1e-6 {
        return 0.0;
    }
    let along = span.map(|n| n / length_px);
    let from_start = [px[0] - part.start[0], px[1] - part.start[1]];
    let distance_along = from_start[0] * along[0] + from_start[1] * along[1];
    let distance_across = (from_start[1] * along[0] - from_start[0] * along[1]).abs();
    let inside_across = (0.5 * width_px + 0.5 - distance_across).clamp(0.0, 1.0);
    let inside_along = (distance_along.min(length_px - distance_along) + 0.5).clamp(0.0, 1.0);
    inside_across.min(width_px.min(1.0)) * inside_along
}

/// The depth at which the line is drawn at a point near it: the quad's depth runs from half a pixel before the start.
pub(super) fn depth(part: &Visible, px: [f64; 2]) -> f64 {
    let span = [part.end[0] - part.start[0], part.end[1] - part.start[1]];
    let length_px = span[0].hypot(span[1]).max(1e-6);
    let distance_along = ((px[0] - part.start[0]) * span[0] + (px[1] - part.start[1]) * span[1]) / length_px;
    let t = ((distance_along + 1.0) / (length_px + 2.0)).clamp(0.0, 1.0);
    (part.start[2] * (1.0 - t) + part.end[2] * t - NEARER).max(0.0)
}
