//! What a slice shows of a part of its plane, and how that is read.

use super::Place;
use crate::render::layout::{Level, Reading, Slice, flag, shows};
use crate::scene::draw::page;

/// Which axes of a volume a plane runs along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axes {
    pub(super) u: usize,
    pub(super) v: usize,
    pub(super) across: usize,
}

/// What a slice shows of a part of its plane, the most demanding last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shows {
    Nothing,
    Brick,
    Mark,
    Several,
}

impl Axes {
    /// `None` where the plane is oblique to a level.
    pub(super) fn of(levels: &[Level]) -> Option<Self> {
        let only = |direction: &[f32; 3]| {
            let mut moved = (0..3).filter(|&axis| direction[axis] != 0.0);
            moved.next().filter(|_| moved.next().is_none())
        };
        let first = levels.first()?;
        let (u, v) = (only(&first.du)?, only(&first.dv)?);
        let same = levels.iter().all(|level| only(&level.du) == Some(u) && only(&level.dv) == Some(v));
        (u != v && same).then_some(Self { u, v, across: 3 - u - v })
    }
}

/// The voxel position along one axis: origin, and what a pixel adds.
pub(super) type Along = [f64; 2];

pub(super) fn along(level: &Level, axis: usize, direction: &[f32; 3]) -> Along {
    [f64::from(level.origin[axis]), f64::from(direction[axis])]
}

/// The voxels between which the box of a level lies along an axis.
pub(super) fn box_of(level: &Level, axis: usize) -> [f64; 2] {
    [f64::from(level.box_min[axis]), f64::from(level.box_last[axis]) + 1.0]
}

/// The first voxel of the brick that holds a voxel, and one past its last; parts of it may lie outside of the box.
fn whole_brick_of(level: &Level, axis: usize, voxel: f64) -> [f64; 2] {
    let (chunk, brick) = (f64::from(level.chunk_shape[axis]), f64::from(level.brick_shape[axis]));
    let chunk_min = (voxel / chunk).floor() * chunk;
    let first = chunk_min + ((voxel - chunk_min) / brick).floor() * brick;
    [first, (first + brick).min(chunk_min + chunk)]
}

/// The same, without what lies outside of the box.
pub(super) fn brick_of(level: &Level, axis: usize, voxel: f64) -> [f64; 2] {
    let ([first, end], [box_min, box_end]) = (whole_brick_of(level, axis, voxel), box_of(level, axis));
    [first.max(box_min), end.min(box_end)]
}

/// How far from a voxel's place a slice looks: voxels along u and v.
pub(super) fn reach(slice: &Slice, [_, step]: Along) -> f64 {
    let rim = if slice.flags & flag::OUTLINE != 0 { f64::from(slice.outline_px) * step.abs() } else { 0.0 };
    if slice.flags & flag::LINEAR != 0 { rim.max(0.5) } else { rim }
}

/// The weight of the further of the two voxels between whose centres the plane lies.
fn weight_across(level: &Level, axes: &Axes) -> f64 {
    let centred = f64::from(level.origin[axes.across]) - 0.5;
    centred - centred.floor()
}

/// The same walk through the levels as the `find` of `slice.wgsl`, for all of a part at once.
pub(super) fn shown(slice: &Slice, levels: &[Level], axes: &Axes, place: &Place, table: &[u32]) -> (Shows, Reading) {
    let segmentation = slice.flags & flag::SEGMENTATION != 0;
    let linear = slice.flags & flag::LINEAR != 0;
    let overlays = slice.flags & flag::OVERLAYS != 0;
    let nothing = (Shows::Nothing, Reading::default());
    let several = (Shows::Several, Reading::default());
    let mut worst = page::NOTHING;
    for (step, level) in levels.iter().enumerate() {
        let extent = Extent::of(level, axes, place);
        match extent.in_box(level, axes) {
            Some(true) => {}
            Some(false) if step == 0 => break,
            Some(false) => continue,
            None => return several,
        }
        let entry = entry_at(level, extent.middle, table);
        if !extent.in_brick(level, axes, [0.0; 2], false) {
            return several;
        }
        if entry >= page::FIRST_RECORD || entry == page::ABSENT {
            if entry == page::ABSENT && segmentation {
                return nothing;
            }
            let reach = [reach(slice, along(level, axes.u, &level.du)), reach(slice, along(level, axes.v, &level.dv))];
            if !extent.in_brick(level, axes, reach, linear) || (linear && !across_in_brick(level, axes)) {
                return several;
            }
            if entry == page::ABSENT {
                return (Shows::Mark, Reading::of_mark(shows::ABSENT));
            }
            return (Shows::Brick, reading(level, axes, &extent, entry, linear));
        }
        if entry == page::FAILED || (entry == page::LOADING && worst == page::NOTHING) {
            worst = entry;
        }
    }
    match worst {
        _ if !overlays => nothing,
        page::FAILED => (Shows::Mark, Reading::of_mark(shows::FAILED)),
        page::LOADING => (Shows::Mark, Reading::of_mark(shows::LOADING)),
        _ => nothing,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of voxels of a brick, and axes")]
fn reading(level: &Level, axes: &Axes, extent: &Extent, entry: u32, linear: bool) -> Reading {
    let origin = |axis: usize| whole_brick_of(level, axis, extent.middle[axis])[0];
    let last = |axis: usize| brick_of(level, axis, extent.middle[axis])[1] - 1.0 - origin(axis);
    let position = f64::from(level.origin[axes.across]) - origin(axes.across);
    let (first, weight) = if linear { ((position - 0.5).floor(), weight_across(level, axes)) } else { (position.floor(), 0.0) };
    let clamped = |n: f64| n.clamp(0.0, last(axes.across).max(0.0));
    let step_across = if weight > 0.0 { clamped(first + 1.0) - clamped(first) } else { 0.0 };
    let walk = |axis: usize, [from, step]: Along| [step as f32, (from - origin(axis)) as f32];
    let [du, u] = walk(axes.u, along(level, axes.u, &level.du));
    let [dv, v] = walk(axes.v, along(level, axes.v, &level.dv));
    Reading {
        walk: [du, u, dv, v],
        span: [last(axes.u) as f32, last(axes.v) as f32, shows::BRICK, weight as f32],
        source: [entry, (axes.u | axes.v << 8 | axes.across << 16) as u32, clamped(first) as u32, step_across as u32],
    }
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
