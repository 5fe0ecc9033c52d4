//! The structs that Rust writes and WGSL reads, and a draw list laid out in them.
//!
//! `tests/render_shaders.rs` compares every field with the shaders by reflection.

use bytemuck::{Pod, Zeroable};

use super::cells::{Cells, Lie};
use crate::scene::draw::{DrawList, ImageStyle, LevelDraw, PanelDraw, SegmentationStyle, SliceDraw, SliceStyle, clip_from_panel_px};
use crate::voxel::DataType;

/// The flags of [`Slice`].
#[expect(missing_docs, reason = "named as in the shader, where each is used once")]
pub mod flag {
    pub const SEGMENTATION: u32 = 1;
    pub const LINEAR: u32 = 2;
    pub const OUTLINE: u32 = 4;
    pub const GAMMA: u32 = 8;
    pub const INVERT: u32 = 16;
    pub const ADDITIVE: u32 = 32;
    pub const OVERLAYS: u32 = 64;
    pub const SIGNED: u32 = 128;
    pub const FLOAT: u32 = 256;
    pub const MARKS: u32 = 512;
    pub const BETWEEN: u32 = 1024;
    /// The flags that every shader of slices is composed for.
    pub const KIND: u32 = SEGMENTATION | LINEAR | OUTLINE | GAMMA;
    /// Those that shaders of cells are composed for besides.
    pub const CELL_KIND: u32 = KIND | SIGNED | FLOAT | MARKS | BETWEEN;
}

/// What a cell shows of a slice, as [`Reading::span`] says it.
#[expect(missing_docs, reason = "named as in the shader, where each is used once")]
pub mod shows {
    pub const NOTHING: f32 = 0.0;
    pub const BRICK: f32 = 1.0;
    pub const LOADING: f32 = 2.0;
    pub const FAILED: f32 = 3.0;
    pub const ABSENT: f32 = 4.0;
}

/// Stands for the infinities in the shaders; values of a style are kept within it.
pub const LARGEST: f32 = 1e38;

/// The period of the loading shimmer.
pub const SHIMMER_PERIOD_MILLIS: f64 = 2800.0;

/// One layer cut by one plane.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[expect(missing_docs, reason = "named as in scene::draw and the shader")]
pub struct Slice {
    pub color: [f32; 3],
    pub opacity: f32,
    pub window_low: f32,
    pub window_sign: f32,
    pub window_width: f32,
    pub inverse_gamma: f32,
    pub fill: f32,
    pub outline_px: f32,
    pub outline_opacity: f32,
    pub phase: f32,
    pub px_ratio: f32,
    pub flags: u32,
    pub level_count: u32,
    pub pad: u32,
}

/// Where the voxels of one level are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[expect(missing_docs, reason = "named as in scene::draw and the shader")]
pub struct Level {
    pub origin: [f32; 3],
    pub table_offset: u32,
    pub du: [f32; 3],
    pub pad0: u32,
    pub dv: [f32; 3],
    pub pad1: u32,
    pub box_min: [f32; 3],
    pub pad2: u32,
    pub box_last: [f32; 3],
    pub pad3: u32,
    pub chunk_shape: [f32; 3],
    pub pad4: u32,
    pub chunk_inverse: [f32; 3],
    pub pad5: u32,
    pub brick_shape: [f32; 3],
    pub pad6: u32,
    pub brick_inverse: [f32; 3],
    pub pad7: u32,
    pub bricks_per_chunk: [f32; 3],
    pub pad8: u32,
    pub table_shape: [u32; 3],
    pub pad9: u32,
}

/// How a cell reads a slice.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Reading {
    /// The voxel position in the brick: along u, what a pixel adds and where the plane begins; the same along v.
    pub walk: [f32; 4],
    /// The brick's last voxel along u and v; what is shown, of [`shows`]; the weight of the next voxel across the plane.
    pub span: [f32; 4],
    /// The page entry; the volume's axes along u, v and across, 8 bits each; the voxel across the plane, and how far the next is.
    pub source: [u32; 4],
}

impl Reading {
    pub(super) fn of_mark(shows: f32) -> Self {
        Self { span: [0.0, 0.0, shows, 0.0], ..Self::default() }
    }

    pub(super) fn lies_between(&self) -> bool {
        self.span[3] > 0.0
    }
}

/// The most slices of a [`Plane`]; more become another plane in the same place.
pub const MAX_SLICES: usize = 4;
/// The most levels of a slice; of more, the first ones and the last are kept.
pub const MAX_LEVELS: usize = 4;

/// A plane and the slices in it; without slices, the background of a panel.
///
/// Its size is a multiple of 256 bytes, at which a uniform buffer may be read on every device.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[expect(missing_docs, reason = "named as in scene::draw and the shader")]
pub struct Plane {
    pub clip_from_plane: [[f32; 4]; 4],
    pub background: [f32; 4],
    pub slice_count: u32,
    /// The number of the first rectangle of its cells, and of their first reading.
    pub first_cell: u32,
    pub first_reading: u32,
    pub pad: u32,
    pub slices: [Slice; MAX_SLICES],
    pub levels: [Level; MAX_SLICES * MAX_LEVELS],
    pub pad_end: [[u32; 10]; 4],
}

impl Plane {
    /// The slices with their levels.
    pub(super) fn slices(&self) -> impl Iterator<Item = (&Slice, &[Level])> {
        let levels = self.levels.chunks(MAX_LEVELS);
        let slices = self.slices.iter().zip(levels).take(self.slice_count as usize);
        slices.map(|(slice, levels)| (slice, levels.get(..slice.level_count as usize).unwrap_or(levels)))
    }

    /// What the shader that draws it is composed for: slices, levels and the kind of each slice. Levels are rounded up to a
    /// power of two, so that few pipelines do for a view that fills.
    #[must_use]
    pub fn variant(&self) -> Variant {
        let most_levels = self.slices().map(|(slice, _)| slice.level_count).max().unwrap_or(0);
        self.variant_of(most_levels.max(1).next_power_of_two(), flag::KIND, 0)
    }

    /// The same for its cells, with or without marks.
    #[must_use]
    pub fn cell_variant(&self, marks: bool) -> Variant {
        self.variant_of(0, flag::CELL_KIND, if marks { flag::MARKS } else { 0 })
    }

    fn variant_of(&self, level_count: u32, mask: u32, more: u32) -> Variant {
        let mut kinds = [0; MAX_SLICES];
        kinds.iter_mut().zip(self.slices()).for_each(|(kind, (slice, _))| *kind = (slice.flags & mask) | more);
        Variant { slice_count: self.slice_count, level_count, kinds }
    }
}

/// What a shader is composed for, and a pipeline made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Slices of the plane.
    pub slice_count: u32,
    /// The most levels of any of them.
    pub level_count: u32,
    /// The flags of each that shaders are composed for.
    pub kinds: [u32; MAX_SLICES],
}

/// One line of one panel.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[expect(missing_docs, reason = "named as in scene::draw and the shader")]
pub struct Line {
    pub start: [f32; 4],
    pub end: [f32; 4],
    pub color: [f32; 4],
    pub panel: [f32; 4],
    pub width_px: f32,
    /// 1 where slices in front hide it, 0 where nothing does.
    pub depth_scale: f32,
    pub pad: [u32; 2],
}

/// A rectangle of a plane: u0, v0, u1, v1.
pub type Rect = [f32; 4];

/// What draws a part of a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartShader {
    /// `slice.wgsl`, which can draw everything.
    #[default]
    Slice,
    /// `cell.wgsl`, for cells.
    Cell,
}

/// Rectangles of a plane that are drawn at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The plane.
    pub plane: u32,
    /// What draws it.
    pub shader: PartShader,
    /// Whether it is drawn at once with its depth, opaque; otherwise where it is nearest is found first.
    pub at_once: bool,
    /// What the shader is composed for.
    pub variant: Variant,
    /// First rectangle and one past the last.
    pub rects: [u32; 2],
}

/// Which instances a panel draws. The ranges follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// x, y, width, height in pixels.
    pub rect_px: [u32; 4],
    /// The part of it within the target.
    pub scissor_px: [u32; 4],
    /// Whether slices hide each other by depth.
    pub depth: bool,
    /// The part that is the background; the parts of slices follow it.
    pub background: u32,
    /// One past the last part.
    pub parts_end: u32,
    /// Its lines: first and one past the last.
    pub lines: [u32; 2],
}

/// A draw list as the shaders read it; the table goes as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// What to draw where.
    pub panels: Vec<Panel>,
    /// Backgrounds and planes of all panels.
    pub planes: Vec<Plane>,
    /// What of them is drawn how, in drawing order.
    pub parts: Vec<Part>,
    /// The rectangles of all parts.
    pub rects: Vec<Rect>,
    /// How the cells of all planes read their slices.
    pub readings: Vec<Reading>,
    /// Lines of all panels.
    pub lines: Vec<Line>,
}

impl Frame {
    /// Lays a draw list out. Panels that lie outside the target are left out, tables that lie outside the list's words, or
    /// span too far, read as nothing.
    #[must_use]
    pub fn new(list: &DrawList) -> Self {
        let mut frame = Self::default();
        for panel in &list.panels {
            frame.add_panel(list, panel);
        }
        frame
    }

    fn add_panel(&mut self, list: &DrawList, panel: &PanelDraw) {
        let Some(scissor_px) = visible_rect(panel.rect_px, list.size_px) else { return };
        let background = index(self.parts.len());
        let [red, green, blue, alpha] = panel.background;
        let color = [red * alpha, green * alpha, blue * alpha, alpha];
        let behind = Plane { clip_from_plane: glam::Mat4::IDENTITY.to_cols_array_2d(), background: color, ..Plane::default() };
        self.add_plane(behind, Cells { rest: vec![[-1.0, -1.0, 1.0, 1.0]], ..Cells::default() }, true);
        for looks in panel.looks.chunks(MAX_SLICES) {
            let mut plane = Plane { slice_count: index(looks.len()), ..Plane::default() };
            plane.slices.iter_mut().zip(looks).for_each(|(slice, style)| *slice = slice_of(list, style));
            self.add_plane(plane, Cells::of_no_size(looks.len()), true);
        }
        let mut flat_planes = 0.0;
        for (number, slices) in panel.slices.chunk_by(SliceDraw::in_plane_of).enumerate() {
            let slices_here = slices.len();
            for (part, slices) in slices.chunks(MAX_SLICES).enumerate() {
                // Blended in the shader over the background, where that is opaque and still what lies below: no rounding
                // to 8 bits between.
                let over_background = alpha >= 1.0 && part == 0 && (number == 0 || panel.depth);
                let Some(mut plane) = plane_of(list, slices, if over_background { color } else { [0.0; 4] }) else { continue };
                let (rect, lie) = slices.first().map_or(([0.0; 4], Lie::Space), |slice| (slice.plane_rect, lie(panel, slice)));
                if !panel.depth {
                    // Each plane lies before those that were drawn, and behind the lines.
                    flat_planes += 1.0;
                    lay_flat(&mut plane.clip_from_plane, 1.0 / (1.0 + flat_planes));
                }
                // What is drawn at once with its depth must be opaque, and all there is of its plane.
                let sole = !panel.depth || (over_background && slices_here <= MAX_SLICES);
                let cells = if sole { Cells::new(&plane, rect, &list.table, lie) } else { Cells { rest: vec![rect], ..Cells::default() } };
                self.add_plane(plane, cells, sole);
            }
        }
        let first_line = index(self.lines.len());
        let lines = if list.overlays { panel.lines.as_slice() } else { &[] };
        // Those that slices may hide first.
        for tested in [true, false] {
            self.lines.extend(lines.iter().filter(|line| (line.depth_tested && panel.depth) == tested).map(|line| Line {
                start: line.from,
                end: line.to,
                color: line.color,
                panel: rect_to_f32(panel.rect_px),
                width_px: line.width_px,
                depth_scale: if tested { 1.0 } else { 0.0 },
                pad: [0; 2],
            }));
        }
        if self.lines.len() == first_line as usize && !panel.looks.is_empty() {
            // One that is not seen, for the same reason as cells of no size.
            self.lines.push(Line { start: [0.0, 0.0, 0.0, 1.0], end: [1.0, 0.0, 0.0, 1.0], ..Line::default() });
        }
        self.panels.push(Panel {
            rect_px: panel.rect_px,
            scissor_px,
            depth: panel.depth,
            background,
            parts_end: index(self.parts.len()),
            lines: [first_line, index(self.lines.len())],
        });
    }

    fn add_plane(&mut self, mut plane: Plane, cells: Cells, at_once: bool) {
        let number = index(self.planes.len());
        for (slice, between) in plane.slices.iter_mut().zip(cells.between) {
            slice.flags |= if between { flag::BETWEEN } else { 0 };
        }
        (plane.first_cell, plane.first_reading) = (index(self.rects.len()), index(self.readings.len()));
        self.readings.extend(cells.plain.readings.into_iter().chain(cells.marked.readings));
        let parts = [
            (PartShader::Cell, plane.cell_variant(false), cells.plain.rects),
            (PartShader::Cell, plane.cell_variant(true), cells.marked.rects),
            (PartShader::Slice, plane.variant(), cells.rest),
        ];
        for (shader, variant, rects) in parts {
            if !rects.is_empty() {
                let first = index(self.rects.len());
                self.rects.extend(rects);
                self.parts.push(Part { plane: number, shader, at_once, variant, rects: [first, index(self.rects.len())] });
            }
        }
        self.planes.push(plane);
    }
}

/// Gives all of a plane one depth.
fn lay_flat(clip_from_plane: &mut [[f32; 4]; 4], depth: f32) {
    for column in clip_from_plane {
        column[2] = column[3] * depth;
    }
}

/// How the plane of a slice lies in its panel.
fn lie(panel: &PanelDraw, slice: &SliceDraw) -> Lie {
    let [_, _, width, height] = panel.rect_px;
    let whole = slice.plane_rect.iter().all(|n| n.fract() == 0.0);
    if whole && slice.clip_from_plane == clip_from_panel_px([width, height]) { Lie::Pixels } else { Lie::Space }
}

/// The plane of a few slices that lie in it.
fn plane_of(list: &DrawList, slices: &[SliceDraw], background: [f32; 4]) -> Option<Plane> {
    let first = slices.first()?;
    let mut plane = Plane {
        clip_from_plane: first.clip_from_plane.to_cols_array_2d(),
        background,
        slice_count: index(slices.len()),
        // Levels that are not there hold nothing.
        levels: [Level { box_last: [-1.0; 3], ..Level::default() }; MAX_SLICES * MAX_LEVELS],
        ..Plane::default()
    };
    for (slice, (to, levels)) in slices.iter().zip(plane.slices.iter_mut().zip(plane.levels.chunks_mut(MAX_LEVELS))) {
        *to = slice_of(list, &slice.style);
        let beyond = slice.levels.len().saturating_sub(MAX_LEVELS);
        // What is wholly there comes last and ends the list: it must stay.
        let kept = slice.levels.iter().take(MAX_LEVELS - 1).chain(slice.levels.iter().skip(MAX_LEVELS - 1 + beyond));
        for (level, to_level) in kept.zip(levels) {
            *to_level = level_of(level, list.table.len());
            to.level_count += 1;
        }
    }
    Some(plane)
}

fn slice_of(list: &DrawList, style: &SliceStyle) -> Slice {
    let mut laid_out = Slice { phase: shimmer_phase(list.time_millis), px_ratio: list.px_ratio.clamp(0.25, 16.0), ..Slice::default() };
    match style {
        SliceStyle::Image(style) => set_image(&mut laid_out, style),
        SliceStyle::Segmentation(style) => set_segmentation(&mut laid_out, style),
    }
    if list.overlays {
        laid_out.flags |= flag::OVERLAYS;
    }
    laid_out
}

fn set_image(slice: &mut Slice, style: &ImageStyle) {
    let [low, high] = style.window.map(finite);
    slice.color = style.color;
    slice.opacity = style.opacity.clamp(0.0, 1.0);
    slice.window_low = low;
    slice.window_sign = if high < low { -1.0 } else { 1.0 };
    slice.window_width = (high - low).abs();
    slice.inverse_gamma = 1.0 / style.gamma.clamp(0.01, 100.0);
    slice.fill = if style.fill.is_nan() { low } else { finite(style.fill) };
    let flags = [
        (style.linear, flag::LINEAR),
        (slice.inverse_gamma != 1.0, flag::GAMMA),
        (style.invert, flag::INVERT),
        (style.additive, flag::ADDITIVE),
        (matches!(style.data_type, DataType::Int8 | DataType::Int16 | DataType::Int32), flag::SIGNED),
        // Eight bytes are drawn as floats (`cache::residency`).
        (style.data_type == DataType::Float32 || style.data_type.size_bytes() == 8, flag::FLOAT),
    ];
    for (set, flag) in flags {
        slice.flags |= if set { flag } else { 0 };
    }
}

fn set_segmentation(slice: &mut Slice, style: &SegmentationStyle) {
    slice.opacity = style.opacity.clamp(0.0, 1.0);
    slice.outline_px = style.outline_px.max(0.0);
    slice.outline_opacity = style.outline_opacity.clamp(0.0, 1.0);
    slice.flags |= flag::SEGMENTATION | if slice.outline_px > 0.0 { flag::OUTLINE } else { 0 };
}

#[expect(
    clippy::cast_precision_loss,
    reason = "within the span of a table every whole number has its float; a box beyond it only needs to lie beyond"
)]
fn level_of(level: &LevelDraw, table_words: usize) -> Level {
    let held = level.table_len().is_some_and(|len| (level.table_offset as usize).checked_add(len).is_some_and(|end| end <= table_words));
    let spans = level.span().iter().all(|&n| n <= u64::from(LevelDraw::MAX_SPAN));
    let [chunk, brick, per_chunk] =
        [level.chunk_shape, level.brick_shape, level.bricks_per_chunk].map(|shape| shape.map(|n| n.max(1) as f32));
    Level {
        origin: level.origin,
        table_offset: level.table_offset,
        du: level.du,
        dv: level.dv,
        box_min: level.box_min.map(|n| n as f32),
        box_last: level.box_max.map(|n| n.saturating_sub(1) as f32),
        chunk_shape: chunk,
        chunk_inverse: chunk.map(|n| 1.0 / n),
        brick_shape: brick,
        brick_inverse: brick.map(|n| 1.0 / n),
        bricks_per_chunk: per_chunk,
        table_shape: if held && spans { level.table_shape } else { [0; 3] },
        ..Level::default()
    }
}

/// Where in its period the shimmer is, 0 to 1.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the phase needs no more than single precision")]
pub fn shimmer_phase(time_millis: f64) -> f32 {
    let phase = (time_millis / SHIMMER_PERIOD_MILLIS).rem_euclid(1.0) as f32;
    if phase.is_finite() { phase } else { 0.0 }
}

/// The part of a panel within the target; `None` where there is none.
#[must_use]
pub fn visible_rect([x, y, width, height]: [u32; 4], size_px: [u32; 2]) -> Option<[u32; 4]> {
    let right = x.saturating_add(width).min(size_px[0]);
    let bottom = y.saturating_add(height).min(size_px[1]);
    (right > x && bottom > y).then(|| [x, y, right - x, bottom - y])
}

fn finite(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

#[expect(clippy::cast_precision_loss, reason = "no target is wider than 2^24 pixels")]
fn rect_to_f32(rect: [u32; 4]) -> [f32; 4] {
    rect.map(|n| n as f32)
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
