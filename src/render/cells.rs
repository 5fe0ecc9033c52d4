//! The cells of a plane: parts within which every slice shows one brick, one kind of mark, or nothing, so that `cell.wgsl`
//! can draw them. What is left over is drawn by `slice.wgsl`, which can draw everything, at ten times the work.
//!
//! Works on planes as they are laid out for the shader, with its numbers. Only a plane along axes of every volume in it has
//! cells. The parts cover the plane once, except where no slice shows anything.

use super::layout::{Level, MAX_SLICES, Plane, Rect, Slice, flag};
use crate::scene::draw::page;

/// The parts of a plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// Cells that show bricks or nothing.
    pub(super) plain: Vec<Rect>,
    /// Cells in which some slice shows a mark: loading, failed, absent.
    pub(super) marked: Vec<Rect>,
    /// Everything else.
    pub(super) rest: Vec<Rect>,
    /// Which slices lie between voxel centres.
    pub(super) between: [bool; MAX_SLICES],
}

/// Boundaries nearer than this, in pixels of the plane, are one.
const SAME_PX: f64 = 2e-4;
/// A plane that falls into more cells than this along an axis is drawn without.
const MOST_BREAKS: usize = 1500;
/// The same for all its cells.
const MOST_CELLS: usize = 20_000;

/// How a plane lies on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Pixel on pixel, with its corner at a pixel's. Cells then end between pixels, which no rounding gives to the wrong one,
    /// and neighbours of the rest are joined.
    Pixels,
    /// Somewhere in space: every corner of a part is a corner of its neighbours too, so that no gaps open between them.
    Space,
}

impl Lie {
    /// A cell may reach this far out of its brick, in voxels: by as much as single precision is off.
    fn slack(self) -> f64 {
        match self {
            Self::Pixels => 5e-4,
            Self::Space => 2e-3,
        }
    }
}

/// Which axes of a volume a plane runs along.
#[derive(Clone, Copy, Debug)]
struct Axes {
    u: usize,
    v: usize,
    across: usize,
}

impl Cells {
    /// The parts of a plane with this rectangle.
    pub(super) fn new(plane: &Plane, rect: Rect, table: &[u32], lie: Lie) -> Self {
        Self::cut(plane, rect, table, lie).unwrap_or_else(|| Self { rest: vec![rect], ..Self::default() })
    }

    fn cut(plane: &Plane, rect: Rect, table: &[u32], lie: Lie) -> Option<Self> {
        let slices: Vec<(&Slice, &[Level], Axes)> =
            plane.slices().map(|(slice, levels)| Some((slice, levels, axes(levels)?))).collect::<Option<_>>()?;
        let [u0, v0, u1, v1] = rect.map(f64::from);
        let (mut at_u, mut at_v) = (vec![u0, u1], vec![v0, v1]);
        for (slice, levels, axes) in &slices {
            let level = levels.first()?;
            at_u.extend(breaks(slice, level, axes.u, along(level, axes.u, &level.du), [u0, u1])?);
            at_v.extend(breaks(slice, level, axes.v, along(level, axes.v, &level.dv), [v0, v1])?);
        }
        let (at_u, at_v) = (in_order(at_u, [u0, u1], lie), in_order(at_v, [v0, v1], lie));
        if at_u.len().saturating_mul(at_v.len()) > MOST_CELLS {
            return None;
        }
        let mut cells = Self::default();
        for (between, (slice, levels, axes)) in cells.between.iter_mut().zip(&slices) {
            *between = slice.flags & flag::LINEAR != 0 && levels.iter().any(|level| weight_across(level, axes) != 0.0);
        }
        for rows in at_v.windows(2) {
            let &[v0, v1] = rows else { continue };
            let mut joined: Option<Rect> = None;
            for columns in at_u.windows(2) {
                let &[u0, u1] = columns else { continue };
                let place = Place { u: [u0, u1], v: [v0, v1], lie };
                let shown = slices.iter().map(|(slice, levels, axes)| shows(slice, levels, axes, &place, table)).max();
                let rect = place.rect();
                let before = if shown == Some(Shows::Several) && lie == Lie::Pixels { joined.take() } else { None };
                cells.rest.extend(joined.take());
                match shown.unwrap_or(Shows::Nothing) {
                    Shows::Nothing => {}
                    Shows::Brick => cells.plain.push(rect),
                    Shows::Mark => cells.marked.push(rect),
                    Shows::Several => joined = Some(before.map_or(rect, |[left, top, ..]| [left, top, rect[2], rect[3]])),
                }
            }
            cells.rest.extend(joined);
        }
        Some(cells)
    }
}

/// A part of the plane.
struct Place {
    u: [f64; 2],
    v: [f64; 2],
    lie: Lie,
}

impl Place {
    #[expect(clippy::cast_possible_truncation, reason = "numbers of pixels, as the shader reads them")]
    fn rect(&self) -> Rect {
        [self.u[0], self.v[0], self.u[1], self.v[1]].map(|n| n as f32)
    }

    /// Between which places along one direction it is looked at: the centres of its pixels.
    fn looked_at(&self, [from, to]: [f64; 2]) -> [f64; 2] {
        match self.lie {
            Lie::Pixels => [from + 0.5, to - 0.5],
            Lie::Space => [from, to],
        }
    }
}

/// What a slice shows of a part of its plane, the most demanding last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shows {
    Nothing,
    Brick,
    Mark,
    Several,
}

/// `None` where the plane is oblique to a level.
fn axes(levels: &[Level]) -> Option<Axes> {
    let only = |direction: &[f32; 3]| {
        let mut moved = (0..3).filter(|&axis| direction[axis] != 0.0);
        moved.next().filter(|_| moved.next().is_none())
    };
    let first = levels.first()?;
    let (u, v) = (only(&first.du)?, only(&first.dv)?);
    let same = levels.iter().all(|level| only(&level.du) == Some(u) && only(&level.dv) == Some(v));
    (u != v && same).then_some(Axes { u, v, across: 3 - u - v })
}

/// The voxel position along one axis: origin, and what a pixel adds.
type Along = [f64; 2];

fn along(level: &Level, axis: usize, direction: &[f32; 3]) -> Along {
    [f64::from(level.origin[axis]), f64::from(direction[axis])]
}

/// The voxels between which the box of a level lies along an axis.
fn box_of(level: &Level, axis: usize) -> [f64; 2] {
    [f64::from(level.box_min[axis]), f64::from(level.box_last[axis]) + 1.0]
}

/// The brick that holds a voxel position: its first voxel and one past its last.
fn brick_of(level: &Level, axis: usize, voxel: f64) -> [f64; 2] {
    let (chunk, brick) = (f64::from(level.chunk_shape[axis]), f64::from(level.brick_shape[axis]));
    let chunk_min = (voxel / chunk).floor() * chunk;
    let first = chunk_min + ((voxel - chunk_min) / brick).floor() * brick;
    let end = (first + brick).min(chunk_min + chunk);
    let [box_min, box_end] = box_of(level, axis);
    [first.max(box_min), end.min(box_end)]
}

/// How far from a voxel's place a slice looks: voxels along u and v.
fn reach(slice: &Slice, [_, step]: Along) -> f64 {
    let rim = if slice.flags & flag::OUTLINE != 0 { f64::from(slice.outline_px) * step.abs() } else { 0.0 };
    if slice.flags & flag::LINEAR != 0 { rim.max(0.5) } else { rim }
}

/// Where the cells of a slice's target level meet along one direction of the plane; `None` where there are too many.
fn breaks(slice: &Slice, level: &Level, axis: usize, along: Along, [from, to]: [f64; 2]) -> Option<Vec<f64>> {
    let [origin, step] = along;
    let (a, b) = (origin + step * from, origin + step * to);
    let [box_min, box_end] = box_of(level, axis);
    let (low, high) = (a.min(b).max(box_min), a.max(b).min(box_end));
    let reach = reach(slice, along);
    let mut found = Vec::new();
    let mut add = |voxel: f64| found.push((voxel - origin) / step);
    if low >= high {
        return Some(Vec::new());
    }
    add(box_min);
    add(box_end);
    let mut at = low;
    let mut count = 0;
    while at < high {
        let [first, end] = brick_of(level, axis, at.floor().max(box_min));
        for boundary in [first + reach, end - reach] {
            add(boundary);
        }
        at = end.max(at + 1.0);
        count += 1;
        if count > MOST_BREAKS {
            return None;
        }
    }
    Some(found)
}

fn in_order(mut at: Vec<f64>, [from, to]: [f64; 2], lie: Lie) -> Vec<f64> {
    if lie == Lie::Pixels {
        // The first pixel whose centre lies beyond.
        at.iter_mut().for_each(|n| *n = (*n - 0.5).ceil());
        at.extend([from, to]);
    }
    at.retain(|n| n.is_finite() && *n >= from && *n <= to);
    at.sort_by(f64::total_cmp);
    at.dedup_by(|next, kept| *next - *kept < SAME_PX);
    // The rectangle's own edges stay as they are.
    if let Some(last) = at.last_mut() {
        *last = to;
    }
    at
}

/// The weight of the further of the two voxels between whose centres the plane lies.
fn weight_across(level: &Level, axes: &Axes) -> f64 {
    let centred = f64::from(level.origin[axes.across]) - 0.5;
    centred - centred.floor()
}

/// The same walk through the levels as the shader's `find`, for all of a part at once.
fn shows(slice: &Slice, levels: &[Level], axes: &Axes, place: &Place, table: &[u32]) -> Shows {
    let segmentation = slice.flags & flag::SEGMENTATION != 0;
    let overlays = slice.flags & flag::OVERLAYS != 0;
    let mut worst = page::NOTHING;
    for (step, level) in levels.iter().enumerate() {
        let extent = Extent::of(level, axes, place);
        match extent.in_box(level, axes) {
            Some(true) => {}
            Some(false) if step == 0 => break,
            Some(false) => continue,
            None => return Shows::Several,
        }
        let entry = entry_at(level, extent.middle, table);
        if !extent.in_brick(level, axes, [0.0; 2], false) {
            return Shows::Several;
        }
        if entry >= page::FIRST_RECORD || entry == page::ABSENT {
            let linear = slice.flags & flag::LINEAR != 0;
            let reach = [reach(slice, along(level, axes.u, &level.du)), reach(slice, along(level, axes.v, &level.dv))];
            return match (entry, segmentation) {
                (page::ABSENT, true) => Shows::Nothing,
                _ if !extent.in_brick(level, axes, reach, linear) || (linear && !across_in_brick(level, axes)) => Shows::Several,
                (page::ABSENT, false) => Shows::Mark,
                _ => Shows::Brick,
            };
        }
        if entry == page::FAILED || (entry == page::LOADING && worst == page::NOTHING) {
            worst = entry;
        }
    }
    if worst != page::NOTHING && overlays { Shows::Mark } else { Shows::Nothing }
}

/// A part of the plane in voxels of a level.
struct Extent {
    u: [f64; 2],
    v: [f64; 2],
    /// The voxel under the middle.
    middle: [f64; 3],
    slack: f64,
}

impl Extent {
    fn of(level: &Level, axes: &Axes, place: &Place) -> Self {
        let span = |[origin, step]: Along, [from, to]: [f64; 2]| {
            let (a, b) = (origin + step * from, origin + step * to);
            [a.min(b), a.max(b)]
        };
        let u = span(along(level, axes.u, &level.du), place.looked_at(place.u));
        let v = span(along(level, axes.v, &level.dv), place.looked_at(place.v));
        let mut middle = level.origin.map(|n| f64::from(n).floor());
        middle[axes.u] = (0.5 * (u[0] + u[1])).floor();
        middle[axes.v] = (0.5 * (v[0] + v[1])).floor();
        Self { u, v, middle, slack: place.lie.slack() }
    }

    /// Whether all of it lies in the box of the level, or none; `None` where some does.
    fn in_box(&self, level: &Level, axes: &Axes) -> Option<bool> {
        let [across_min, across_end] = box_of(level, axes.across);
        let mut inside = true;
        if !(across_min..across_end).contains(&self.middle[axes.across]) {
            return Some(false);
        }
        for ([low, high], axis) in [(self.u, axes.u), (self.v, axes.v)] {
            let [box_min, box_end] = box_of(level, axis);
            if high <= box_min + self.slack || low >= box_end - self.slack {
                return Some(false);
            }
            inside &= low >= box_min - self.slack && high <= box_end + self.slack;
        }
        inside.then_some(true)
    }

    /// Whether all of it, and what is looked at around it, lies in the brick under its middle. What `clamps` repeats the
    /// voxels at the edge of the box and looks no further.
    fn in_brick(&self, level: &Level, axes: &Axes, reach: [f64; 2], clamps: bool) -> bool {
        [(self.u, axes.u, reach[0]), (self.v, axes.v, reach[1])].into_iter().all(|([low, high], axis, reach)| {
            let [first, end] = brick_of(level, axis, self.middle[axis]);
            let [box_min, box_end] = box_of(level, axis);
            let at_start = clamps && first <= box_min;
            let at_end = clamps && end >= box_end;
            let (reach_low, reach_high) = (if at_start { 0.0 } else { reach }, if at_end { 0.0 } else { reach });
            low - reach_low >= first - self.slack && high + reach_high <= end + self.slack
        })
    }
}

/// Whether both voxels between whose centres the plane lies are in one brick, or the same by the edge of the box.
fn across_in_brick(level: &Level, axes: &Axes) -> bool {
    let axis = axes.across;
    let position = f64::from(level.origin[axis]);
    let [first, end] = brick_of(level, axis, position.floor());
    let [box_min, box_end] = box_of(level, axis);
    let below = (position - 0.5).floor();
    let above = if weight_across(level, axes) > 0.0 { below + 1.0 } else { below };
    (below >= first || first <= box_min) && (above < end || end >= box_end)
}

/// The page entry of a voxel; nothing beside the table.
fn entry_at(level: &Level, voxel: [f64; 3], table: &[u32]) -> u32 {
    let mut at = 0.0;
    for axis in [2, 1, 0] {
        let (chunk, brick) = (f64::from(level.chunk_shape[axis]), f64::from(level.brick_shape[axis]));
        let number = (voxel[axis] / chunk).floor();
        let place = number * f64::from(level.bricks_per_chunk[axis]) + ((voxel[axis] - number * chunk) / brick).floor();
        let count = f64::from(level.table_shape[axis]);
        if !(0.0..count).contains(&place) {
            return page::NOTHING;
        }
        at = at * count + place;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the table")]
    let at = level.table_offset as usize + at as usize;
    table.get(at).copied().unwrap_or(page::NOTHING)
}
