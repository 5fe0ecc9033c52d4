//! One layer cut by one plane, on the CPU: the twin of `shaders/slice.wgsl`, function by function.
//!
//! Positions and voxels are worked out in double precision and whole numbers, from the draw list itself and not from the
//! layout that the shader reads.

use std::cell::Cell;

use super::memory::{Memory, voxel_index};
use super::overlay::{absent_mark, failed_mark, loading_mark};
use super::pages::{Page, in_box, page_entry, page_of, plane_position, voxel_at};
use crate::render::layout::shimmer_phase;
use crate::scene::draw::{DrawList, ImageStyle, LevelDraw, SegmentationStyle, SliceDraw, SliceStyle, page};
use crate::voxel::DataType;

/// How near to a face of a voxel, in voxels, single precision may decide otherwise.
const UNSURE_VOXELS: f64 = 1e-3;

/// A slice and what its pixels are made of.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    pub(super) list: &'a DrawList,
    pub(super) memory: &'a Memory,
    pub(super) draw: &'a SliceDraw,
    /// How far from its place a pixel may be sampled, in pixels of the plane.
    pub(super) blur: f64,
    /// Set where a position was so near to a face that single precision may name the voxel beyond.
    pub(super) unsure: Cell<bool>,
}

/// The first level that has the voxel, or what is known where none has it.
#[derive(Clone, Copy)]
struct Found<'a> {
    entry: u32,
    level: &'a LevelDraw,
    voxel: [i64; 3],
    page: Page,
}

impl<'a> Slice<'a> {
    /// The premultiplied colour of the slice at a place of its plane.
    pub(super) fn shade(&self, plane: [f64; 2]) -> [f64; 4] {
        let (entry, found) = self.find(plane);
        let px_ratio = f64::from(self.list.px_ratio);
        match (&self.draw.style, found) {
            (SliceStyle::Image(style), Some(found)) => self.shade_image(style, plane, &found),
            (SliceStyle::Segmentation(style), Some(found)) if found.entry >= page::FIRST_RECORD => self.shade_segment(style, plane, &found),
            (SliceStyle::Segmentation(_), Some(_)) => [0.0; 4],
            (_, None) if !self.list.overlays => [0.0; 4],
            (_, None) if entry == page::FAILED => failed_mark(plane, px_ratio),
            (_, None) if entry == page::LOADING => loading_mark(plane, px_ratio, f64::from(shimmer_phase(self.list.time_millis))),
            (_, None) => [0.0; 4],
        }
    }

    /// Whether the slice draws something there.
    pub(super) fn covers(&self, plane: [f64; 2]) -> bool {
        let (entry, found) = self.find(plane);
        match (&self.draw.style, found) {
            (SliceStyle::Image(_), Some(_)) => true,
            (SliceStyle::Segmentation(_), Some(found)) => {
                found.entry >= page::FIRST_RECORD && self.memory.palette(self.palette_index(found.entry, found.page.local)).1[3] > 0.0
            }
            (_, None) => matches!(entry, page::FAILED | page::LOADING) && self.list.overlays,
        }
    }

    fn find(&self, plane: [f64; 2]) -> (u32, Option<Found<'a>>) {
        let mut worst = page::NOTHING;
        for (number, level) in self.draw.levels.iter().enumerate() {
            let position = plane_position(level, plane);
            self.note_faces(level, position);
            let voxel = voxel_at(position);
            if !in_box(level, voxel) {
                if number == 0 {
                    break;
                }
                continue;
            }
            let page = page_of(level, voxel);
            let entry = page_entry(self.list, level, page.place);
            if entry >= page::FIRST_RECORD || entry == page::ABSENT {
                return (entry, Some(Found { entry, level, voxel, page }));
            }
            if entry == page::FAILED || (entry == page::LOADING && worst == page::NOTHING) {
                worst = entry;
            }
        }
        (worst, None)
    }

    fn shade_image(&self, style: &ImageStyle, plane: [f64; 2], found: &Found<'_>) -> [f64; 4] {
        let value =
            if style.linear { self.linear_value(style, plane, found) } else { self.entry_value(style, found.entry, found.page.local) };
        let level = window(style, value);
        let mut color = style.color.map(|channel| f64::from(channel) * level);
        if found.entry == page::ABSENT && self.list.overlays {
            color = absent_mark(color, plane, f64::from(self.list.px_ratio));
        }
        let opacity = f64::from(style.opacity.clamp(0.0, 1.0));
        let [red, green, blue] = color.map(|channel| channel * opacity);
        [red, green, blue, if style.additive { 0.0 } else { opacity }]
    }

    fn entry_value(&self, style: &ImageStyle, entry: u32, local: [i64; 3]) -> f64 {
        if entry < page::FIRST_RECORD {
            return f64::from(style.fill);
        }
        let record = self.memory.record(entry - page::FIRST_RECORD);
        let raw = self.memory.read_bits(record, voxel_index(record, local));
        Memory::read_number(record, raw, f64::from(style.window[0]))
    }

    fn linear_value(&self, style: &ImageStyle, plane: [f64; 2], found: &Found<'_>) -> f64 {
        let level = found.level;
        let centred = plane_position(level, plane).map(|n| n - 0.5);
        let below = voxel_at(centred);
        let last: [i64; 3] = std::array::from_fn(|axis| {
            let brick_end = found.voxel[axis] - found.page.local[axis] + i64::from(level.brick_shape[axis].max(1));
            let chunk_end = found.page.chunk_min[axis] + i64::from(level.chunk_shape[axis].max(1));
            brick_end.min(chunk_end).min(i64::from(level.box_max[axis])) - 1
        });
        // Beside a voxel's centre rounding may bring in the voxel beyond, and of an infinity the smallest part is much.
        if matches!(style.data_type, DataType::Float32 | DataType::Float64) {
            self.note_faces(level, centred);
        }
        let mut sum = 0.0;
        for corner in 0..8_u8 {
            let upper: [bool; 3] = std::array::from_fn(|axis| corner >> axis & 1 == 1);
            #[expect(clippy::cast_precision_loss, reason = "voxels in view are small numbers")]
            let factor: f64 = (0..3)
                .map(|axis| {
                    let weight = centred[axis] - below[axis] as f64;
                    if upper[axis] { weight } else { 1.0 - weight }
                })
                .product();
            let voxel: [i64; 3] = std::array::from_fn(|axis| {
                (below[axis] + i64::from(upper[axis])).clamp(i64::from(level.box_min[axis]), i64::from(level.box_max[axis]) - 1)
            });
            let page = page_of(level, voxel);
            let entry = page_entry(self.list, level, page.place);
            let value = if entry >= page::FIRST_RECORD || entry == page::ABSENT {
                self.entry_value(style, entry, page.local)
            } else {
                let local = std::array::from_fn(|axis| {
                    let first = found.voxel[axis] - found.page.local[axis];
                    voxel[axis].clamp(first, last[axis]) - first
                });
                self.entry_value(style, found.entry, local)
            };
            if factor > 0.0 {
                sum += factor * value;
            }
        }
        sum
    }

    fn palette_index(&self, entry: u32, local: [i64; 3]) -> u32 {
        let record = self.memory.record(entry - page::FIRST_RECORD);
        if record[2] & 255 == 0 { record[3] } else { record[3] + self.memory.read_bits(record, voxel_index(record, local)) }
    }

    fn shade_segment(&self, style: &SegmentationStyle, [u, v]: [f64; 2], found: &Found<'_>) -> [f64; 4] {
        let (segment, [red, green, blue, alpha]) = self.memory.palette(self.palette_index(found.entry, found.page.local));
        if alpha == 0.0 {
            return [0.0; 4];
        }
        let mut alpha = alpha * f64::from(style.opacity.clamp(0.0, 1.0));
        let px = f64::from(style.outline_px);
        let neighbours = [[u + px, v], [u - px, v], [u, v + px], [u, v - px]];
        if px > 0.0 && neighbours.into_iter().any(|plane| self.differs(plane, found, segment)) {
            alpha = f64::from(style.outline_opacity.clamp(0.0, 1.0));
        }
        [red * alpha, green * alpha, blue * alpha, alpha]
    }

    fn differs(&self, plane: [f64; 2], found: &Found<'_>, segment: u64) -> bool {
        let position = plane_position(found.level, plane);
        self.note_faces(found.level, position);
        let voxel = voxel_at(position);
        if !in_box(found.level, voxel) {
            return false;
        }
        let page = page_of(found.level, voxel);
        let entry = page_entry(self.list, found.level, page.place);
        entry >= page::FIRST_RECORD && self.memory.palette(self.palette_index(entry, page.local)).0 != segment
    }

    fn note_faces(&self, level: &LevelDraw, position: [f64; 3]) {
        let near = |axis: usize| {
            let blur = self.blur * f64::from(level.du[axis].abs() + level.dv[axis].abs());
            (position[axis] - position[axis].round()).abs() < UNSURE_VOXELS + blur
        };
        let moves = |axis: usize| level.du[axis] != 0.0 || level.dv[axis] != 0.0;
        if (0..3).any(|axis| moves(axis) && near(axis)) {
            self.unsure.set(true);
        }
    }
}

/// The value through the contrast window, gamma and inversion.
fn window(style: &ImageStyle, value: f64) -> f64 {
    let [low, high] = style.window.map(f64::from);
    let above = if high < low { low - value } else { value - low };
    let width = (high - low).abs();
    let level = if above <= 0.0 {
        0.0
    } else if above >= width {
        1.0
    } else {
        (above / width).powf(1.0 / f64::from(style.gamma.clamp(0.01, 100.0)))
    };
    if style.invert { 1.0 - level } else { level }
}
