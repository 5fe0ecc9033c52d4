//! The cells of a plane: parts within which every slice shows one brick, one kind of mark, or nothing, so that `cell.wgsl`
//! can draw them. What is left over is drawn by `slice.wgsl`, which can draw everything, at ten times the work.
//!
//! Works on planes as they are laid out for the shader, with its numbers. Only a plane along axes of every volume in it has
//! cells. The parts cover the plane once, except where no slice shows anything.

mod shown;

use super::layout::{Level, MAX_SLICES, Plane, Reading, Rect, Slice};
use shown::{Along, Axes, Shows, along, box_of, brick_of, reach, shown};

/// The parts of a plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// Cells that show bricks or nothing.
    pub(super) plain: CellList,
    /// Cells in which some slice shows a mark: loading, failed, absent.
    pub(super) marked: CellList,
    /// Everything else.
    pub(super) rest: Vec<Rect>,
    /// Which slices lie between voxel centres somewhere.
    pub(super) between: [bool; MAX_SLICES],
}

/// Cells, and of each how it reads the plane's slices, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CellList {
    pub(super) rects: Vec<Rect>,
    pub(super) readings: Vec<Reading>,
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

impl Cells {
    /// A cell of no size that shows this many slices: devices make a pipeline ready when it is first drawn with.
    pub(super) fn of_no_size(slices: usize) -> Self {
        Self { plain: CellList { rects: vec![[0.0; 4]], readings: vec![Reading::default(); slices] }, ..Self::default() }
    }

    /// The parts of a plane with this rectangle.
    pub(super) fn new(plane: &Plane, rect: Rect, table: &[u32], lie: Lie) -> Self {
        Self::cut(plane, rect, table, lie).unwrap_or_else(|| Self { rest: vec![rect], ..Self::default() })
    }

    fn cut(plane: &Plane, rect: Rect, table: &[u32], lie: Lie) -> Option<Self> {
        let slices: Vec<(&Slice, &[Level], Axes)> =
            plane.slices().map(|(slice, levels)| Some((slice, levels, Axes::of(levels)?))).collect::<Option<_>>()?;
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
        let mut readings = Vec::with_capacity(slices.len());
        for rows in at_v.windows(2) {
            let &[v0, v1] = rows else { continue };
            let mut joined: Option<Rect> = None;
            for columns in at_u.windows(2) {
                let &[u0, u1] = columns else { continue };
                let place = Place { u: [u0, u1], v: [v0, v1], lie };
                let mut shows = Shows::Nothing;
                readings.clear();
                for (slice, levels, axes) in &slices {
                    let (this, reading) = shown(slice, levels, axes, &place, table);
                    shows = shows.max(this);
                    readings.push(reading);
                }
                let rect = place.rect();
                let before = if shows == Shows::Several && lie == Lie::Pixels { joined.take() } else { None };
                cells.rest.extend(joined.take());
                let list = match shows {
                    Shows::Nothing => continue,
                    Shows::Brick => &mut cells.plain,
                    Shows::Mark => &mut cells.marked,
                    Shows::Several => {
                        joined = Some(before.map_or(rect, |[left, top, ..]| [left, top, rect[2], rect[3]]));
                        continue;
                    }
                };
                for (between, reading) in cells.between.iter_mut().zip(&readings) {
                    *between |= reading.lies_between();
                }
                list.rects.push(rect);
                list.readings.append(&mut readings);
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
