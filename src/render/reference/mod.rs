//! Draws a list on the CPU, pixel by pixel: what the shaders must equal. Each file and function is named as its shader.
//!
//! Slow and plain; used by tests, and wherever a picture is wanted without a GPU.

mod lines;
mod memory;
mod overlay;
mod pages;
mod slice;

use std::cell::Cell;

pub use memory::Memory;
use slice::Slice;

use super::layout::visible_rect;
use crate::scene::draw::{DrawList, PanelDraw, SliceDraw};

/// A drawn list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub size_px: [u32; 2],
    /// Red, green, blue, alpha (premultiplied), 8 bits each, rows from the top.
    pub rgba: Vec<u8>,
    /// Pixels that single precision may decide otherwise: sampled within a thousandth of a voxel of a face, at the rim of a
    /// plane in space, or where two planes meet.
    pub unsure: Vec<bool>,
}

/// Draws a list.
#[must_use]
pub fn draw(list: &DrawList, memory: &Memory) -> Picture {
    let [width, height] = list.size_px;
    let pixels = width as usize * height as usize;
    let mut rgba = Vec::with_capacity(pixels * 4);
    let mut unsure = Vec::with_capacity(pixels);
    let rects: Vec<_> = list.panels.iter().filter_map(|panel| Some((visible_rect(panel.rect_px, list.size_px)?, panel))).collect();
    for y in 0..height {
        for x in 0..width {
            let inside = rects.iter().find(|([left, top, w, h], _)| (*left..left + w).contains(&x) && (*top..top + h).contains(&y));
            let mut pixel = Pixel { stored: [0; 4], unsure: false };
            pixel.store(list.clear.map(f64::from));
            if let Some((_, panel)) = inside {
                let [left, top, ..] = panel.rect_px;
                draw_pixel(list, memory, panel, [f64::from(x - left) + 0.5, f64::from(y - top) + 0.5], &mut pixel);
            }
            rgba.extend(pixel.stored);
            unsure.push(pixel.unsure);
        }
    }
    Picture { size_px: list.size_px, rgba, unsure }
}

/// A pixel as the target stores it: 8 bits per channel between planes and lines.
struct Pixel {
    stored: [u8; 4],
    unsure: bool,
}

impl Pixel {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 255")]
    fn store(&mut self, color: [f64; 4]) {
        self.stored = color.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8);
    }

    /// Blends a premultiplied colour over the pixel.
    fn blend(&mut self, color: [f64; 4]) {
        self.blend_all(std::iter::once(color));
    }

    /// Blends premultiplied colours over the pixel, one after the other, and stores the last.
    fn blend_all(&mut self, colors: impl Iterator<Item = [f64; 4]>) {
        let below = self.stored.map(|channel| f64::from(channel) / 255.0);
        self.store(colors.fold(below, |below, color| std::array::from_fn(|i| (color[i] + below[i] * (1.0 - color[3])).min(1.0))));
    }
}

fn draw_pixel(list: &DrawList, memory: &Memory, panel: &PanelDraw, px: [f64; 2], pixel: &mut Pixel) {
    let [red, green, blue, alpha] = panel.background.map(f64::from);
    pixel.blend([red * alpha, green * alpha, blue * alpha, alpha]);
    let [_, _, width, height] = panel.rect_px;
    let unit = [px[0] / f64::from(width) * 2.0 - 1.0, 1.0 - px[1] / f64::from(height) * 2.0];

    let planes: Vec<(Hit, Vec<Slice<'_>>)> = panel
        .slices
        .chunk_by(SliceDraw::in_plane_of)
        .filter_map(|slices| {
            let first = slices.first()?;
            let hit = hit(first, unit)?;
            let blur = if panel.depth { blur(first, unit, [width, height]) } else { 0.0 };
            Some((hit, slices.iter().map(|draw| Slice { list, memory, draw, blur, unsure: Cell::new(false) }).collect()))
        })
        .collect();
    let covered = |(hit, slices): &&(Hit, Vec<Slice<'_>>)| slices.iter().any(|slice| slice.covers(hit.plane));
    let depths: Vec<f64> = planes.iter().filter(|_| panel.depth).filter(covered).map(|(hit, _)| hit.depth).collect();
    let nearest = depths.iter().copied().fold(1.0, f64::min);
    pixel.unsure |= depths.iter().any(|&depth| depth > nearest && depth < nearest + 1e-5);
    for (hit, slices) in &planes {
        if !panel.depth || hit.depth <= nearest {
            pixel.blend_all(slices.iter().map(|slice| slice.shade(hit.plane)));
        }
        pixel.unsure |= slices.iter().any(|slice| slice.unsure.get()) || (panel.depth && hit.at_rim);
    }
    if !list.overlays {
        return;
    }
    for tested in [true, false] {
        for line in panel.lines.iter().filter(|line| (line.depth_tested && panel.depth) == tested) {
            let Some(part) = lines::visible_part(line, [width, height]) else { continue };
            let depth = lines::depth(&part, px);
            if tested && depth > nearest {
                continue;
            }
            pixel.unsure |= tested && (depth - nearest).abs() < 1e-5;
            let [red, green, blue, alpha] = line.color.map(f64::from);
            let alpha = alpha * lines::coverage(&part, px, f64::from(line.width_px));
            pixel.blend([red * alpha, green * alpha, blue * alpha, alpha]);
        }
    }
}

/// Where a pixel's ray meets a plane.
struct Hit {
    plane: [f64; 2],
    depth: f64,
    at_rim: bool,
}

/// How far apart on a plane in space two places are that rasterisation may not tell apart: a device rounds corners to this
/// part of a pixel.
fn blur(draw: &SliceDraw, unit: [f64; 2], size_px: [u32; 2]) -> f64 {
    const PARTS: f64 = 256.0;
    let step = size_px.map(|n| 2.0 / f64::from(n) / PARTS);
    let Some(at) = hit(draw, unit) else { return 0.0 };
    let beside = [[unit[0] + step[0], unit[1]], [unit[0], unit[1] + step[1]]].into_iter().filter_map(|unit| hit(draw, unit));
    beside.map(|hit| (hit.plane[0] - at.plane[0]).abs() + (hit.plane[1] - at.plane[1]).abs()).sum()
}

/// Meets the plane of a slice: of `clip = u c₀ + v c₁ + c₃`, x and y are given in units of w.
fn hit(draw: &SliceDraw, unit: [f64; 2]) -> Option<Hit> {
    let [c0, c1, _, c3] = draw.clip_from_plane.as_dmat4().to_cols_array_2d();
    let row = |axis: usize| [c0, c1, c3].map(|column| column[axis] - unit[axis] * column[3]);
    let ([a, b, e], [c, d, f]) = (row(0), row(1));
    let determinant = a * d - b * c;
    let plane = [(b * f - d * e) / determinant, (c * e - a * f) / determinant];
    let at = |axis: usize| plane[0] * c0[axis] + plane[1] * c1[axis] + c3[axis];
    let (w, [u0, v0, u1, v1]) = (at(3), draw.plane_rect.map(f64::from));
    let depth = at(2) / w;
    let inside = |margin: f64| (u0 - margin..u1 + margin).contains(&plane[0]) && (v0 - margin..v1 + margin).contains(&plane[1]);
    let rim = 1e-2 * (u1 - u0).abs().max((v1 - v0).abs()) / 100.0;
    (w > 0.0 && (0.0..=1.0).contains(&depth) && inside(rim))
        .then(|| Hit { plane, depth, at_rim: inside(rim) != inside(-rim) })
        .filter(|hit| hit.at_rim || inside(0.0))
}
