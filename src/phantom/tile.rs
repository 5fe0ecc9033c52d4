//! A cube of space with every neurite, mitochondrion and synapse that can show in it, ready to be asked for distances.
//!
//! Positions are kept relative to the tile's corner, in nm, so that they fit an f32. Space is warped before distances
//! are taken, which turns round tubes into the irregular outlines of real neurites.
//!
//! Invariant: two tiles that cover the same point agree on all that shows there.

use glam::{DVec3, Vec3, Vec4};

use super::capsule::{Capsule, Points};
use super::grid::Grid;
use super::hash::{mix, narrow, narrow1, noise3, real};
use super::organelle::{self, Mitochondrion};
use super::synapse::{self, Site};
use super::trunk::{MAX_RADIUS_NM, Neuron, ROOT};
use super::twig;

/// Edge of a tile, nm.
pub(super) const TILE_NM: f64 = 4096.0;
/// A block is drawn by the tile that holds its centre; it sticks out by no more than this.
pub(super) const OVERHANG_NM: f64 = 170.0;
/// Bound of the warp.
pub(super) const WARP_NM: f32 = 110.0;
/// Amplitude of the finer part of the warp.
const FINE_WARP_NM: f32 = 6.0;
/// No point lies farther outside the nearest neurite than this.
const GAP_NM: f64 = 150.0;
/// A slight segment is no thicker and no longer than this.
const SLIGHT_RADIUS_NM: f32 = 120.0;
const SLIGHT_LENGTH_NM: f32 = 150.0;
/// From farther than this a slight segment's middle, or another's, does not matter to a point.
const SLIGHT_NM: f64 = 120.0 + 75.0 + GAP_NM + 60.0;
const STOUT_NM: f64 = MAX_RADIUS_NM + 0.4 * MAX_RADIUS_NM + GAP_NM + 60.0;
/// Neurites that lag behind the nearest by no more than this still matter: their membranes may touch.
pub(super) const RIVAL_NM: f32 = 60.0;
/// Within this of its centre line a neurite is favoured, by up to the gain, nm.
const CORE_NM: f32 = 70.0;
const CORE_GAIN: f32 = 60.0;
/// A synapse shows no farther than this from its site.
pub(super) const SYNAPSE_NM: f64 = 360.0;

/// A piece of a neurite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    shape: Capsule,
    /// Inverse of the width of the core, and its change along the segment, 1/nm.
    core: f32,
    core_taper: f32,
    pub(super) neuron: u32,
}

/// Gradient of the metric (x, y, z) and the metric at four points.
pub(super) type Leads = [Vec4; 4];

impl Segment {
    fn new(from: (Vec3, f32), to: (Vec3, f32), neuron: u32) -> Self {
        let core = |radius: f32| 1.0 / (0.8 * radius).max(CORE_NM);
        Self { shape: Capsule::new(from, to), core: core(from.1), core_taper: core(to.1) - core(from.1), neuron }
    }

    /// Distance beyond the neurite's surface at warped points; the least owns the point. Near the centre line it drops
    /// steeply, so that a neurite is rarely cut through by a thicker one. Keeps what is less than `least`.
    #[inline]
    pub(super) fn lead(&self, points: &Points, least: &mut Leads) {
        let (t, [x, y, z], distance) = self.shape.offsets(points);
        let core = t * self.core_taper + self.core;
        let depth = (Vec4::ONE - distance * core).max(Vec4::ZERO);
        let metric = distance - self.shape.radius(t) - depth * depth * CORE_GAIN;
        let nearer = metric.cmplt(least[3]);
        if nearer.any() {
            let scale = (depth * core * (2.0 * CORE_GAIN) + 1.0) / distance;
            *least = [
                Vec4::select(nearer, x * scale, least[0]),
                Vec4::select(nearer, y * scale, least[1]),
                Vec4::select(nearer, z * scale, least[2]),
                Vec4::select(nearer, metric, least[3]),
            ];
        }
    }

    fn is_slight(&self) -> bool {
        self.shape.thickest() <= SLIGHT_RADIUS_NM && self.shape.length() <= SLIGHT_LENGTH_NM
    }

    fn metric(&self, point: Vec3) -> f32 {
        let mut least = [Vec4::MAX; 4];
        self.lead(&[Vec4::splat(point.x), Vec4::splat(point.y), Vec4::splat(point.z)], &mut least);
        least[3].x
    }
}

/// The contents of a tile.
#[derive(Debug)]
pub(super) struct Tile {
    seed: u64,
    pub(super) corner: DVec3,
    pub(super) neurons: Vec<Neuron>,
    pub(super) nodes: Vec<super::trunk::Node>,
    /// Sorted by neuron.
    segments: Vec<Segment>,
    /// Middles of the slight segments, and of the others.
    grids: [Grid; 2],
    pub(super) mitochondria: Vec<Mitochondrion>,
    pub(super) sites: Vec<Site>,
}

impl Tile {
    pub(super) fn new(seed: u64, cell: [i64; 3]) -> Self {
        let corner = DVec3::new(real(cell[0]), real(cell[1]), real(cell[2])) * TILE_NM;
        let margin = DVec3::splat(SYNAPSE_NM + OVERHANG_NM + f64::from(WARP_NM) + STOUT_NM);
        let (lower, upper) = (corner - margin, corner + DVec3::splat(TILE_NM) + margin);
        let arbor = twig::grow(seed, lower, upper);
        let mut segments = Vec::new();
        for node in &arbor.nodes {
            if node.parent == ROOT {
                continue;
            }
            let parent = arbor.nodes[node.parent as usize];
            let within = |p: DVec3| p.cmpge(lower).all() && p.cmple(upper).all();
            if !within(node.at) && !within(parent.at) {
                continue;
            }
            // A twig leaves a thick neurite with its own calibre.
            let base_radius = parent.radius.min(node.radius * 1.6);
            let ends = ((narrow(parent.at - corner), narrow1(base_radius)), (narrow(node.at - corner), narrow1(node.radius)));
            segments.push(Segment::new(ends.0, ends.1, node.neuron));
        }
        segments.sort_by_key(|s| s.neuron);
        let middles = segments.iter().map(|s| (s.is_slight(), corner + s.shape.middle().as_dvec3()));
        // Those of the other kind are put far outside the grid.
        let grids = [true, false].map(|slight| {
            let place = move |(is_slight, at): (bool, DVec3)| if is_slight == slight { at } else { upper + 1e6 };
            Grid::new(350.0, lower, upper, middles.clone().map(place))
        });
        let mut tile =
            Self { seed, corner, neurons: arbor.neurons, nodes: arbor.nodes, segments, grids, mitochondria: Vec::new(), sites: Vec::new() };
        let reach = DVec3::splat(OVERHANG_NM);
        tile.mitochondria = organelle::mitochondria(
            &tile.nodes[..arbor.thick],
            &tile.neurons,
            corner,
            corner - reach,
            corner + DVec3::splat(TILE_NM) + reach,
        );
        tile.sites = synapse::find(&tile, arbor.thick);
        tile
    }

    /// Calls `visit` with every segment that can matter within `reach` of the warped point `centre`, and with others.
    fn near(&self, centre: Vec3, reach: f32, mut visit: impl FnMut(u32)) {
        for (grid, extent) in self.grids.iter().zip([SLIGHT_NM, STOUT_NM]) {
            grid.near(self.corner + centre.as_dvec3(), extent + 2.01 * f64::from(reach), &mut visit);
        }
    }

    /// Segments that can matter in the box of warped points, sorted by neuron.
    pub(super) fn candidates(&self, within: &Span) -> Vec<Segment> {
        let mut found = Vec::new();
        self.near(within.centre, within.half.length(), |i| found.push(i));
        found.sort_unstable();
        let segments: Vec<Segment> = found.into_iter().map(|i| self.segments[i as usize]).collect();
        within.cull(&segments)
    }

    /// Where the field at a point (relative to the tile) is to be looked up.
    pub(super) fn warp(&self, point: Vec3) -> Vec3 {
        point + self.shift(self.corner + point.as_dvec3())
    }

    /// How far the warp moves an absolute position.
    pub(super) fn shift(&self, absolute: DVec3) -> Vec3 {
        shift(self.seed, absolute)
    }

    /// The place whose warped position is `point`.
    pub(super) fn unwarp(&self, point: Vec3) -> Vec3 {
        let mut place = point;
        for _ in 0..6 {
            place += point - self.warp(place);
        }
        place
    }

    /// The two neurites that compete for a point (relative to the tile): metric and neuron of the nearest, then of the
    /// nearest that belongs to another neuron.
    pub(super) fn rivals(&self, point: Vec3) -> [(f32, u32); 2] {
        let warped = self.warp(point);
        let mut best = [(f32::MAX, u32::MAX); 2];
        self.near(warped, 0.0, |i| {
            let segment = &self.segments[i as usize];
            let metric = segment.metric(warped);
            let neuron = segment.neuron;
            if metric < best[0].0 {
                if best[0].1 != neuron {
                    best[1] = best[0];
                }
                best[0] = (metric, neuron);
            } else if neuron != best[0].1 && metric < best[1].0 {
                best[1] = (metric, neuron);
            }
        });
        best
    }
}

/// How far the warp of a seed moves an absolute position.
pub(super) fn shift(seed: u64, absolute: DVec3) -> Vec3 {
    let wide = noise3(mix(seed ^ 0x31), absolute / 430.0) * 74.0;
    let fine = noise3(mix(seed ^ 0x32), absolute / 150.0) * FINE_WARP_NM;
    (wide + fine).clamp_length_max(WARP_NM)
}

/// A box of warped points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) centre: Vec3,
    /// Half of its edges.
    pub(super) half: Vec3,
}

impl Span {
    /// The smallest that holds the points.
    pub(super) fn about(points: &[Vec3]) -> Self {
        let low = points.iter().fold(Vec3::MAX, |a, &p| a.min(p));
        let high = points.iter().fold(Vec3::MIN, |a, &p| a.max(p));
        Self { centre: (low + high) * 0.5, half: (high - low) * 0.5 }
    }

    fn corners(&self) -> [Points; 2] {
        let (c, h) = (self.centre, self.half);
        let x = Vec4::new(-h.x, h.x, -h.x, h.x) + c.x;
        let y = Vec4::new(-h.y, -h.y, h.y, h.y) + c.y;
        [[x, y, Vec4::splat(c.z - h.z)], [x, y, Vec4::splat(c.z + h.z)]]
    }

    /// The segments that can matter in the box, in the same order.
    ///
    /// The distance to a segment is convex: never below its tangent at the centre, and never above what its values at
    /// the corners interpolate to. A segment matters only if its tangent, at some corner, is below the distance to the
    /// segment that is nearest to the centre.
    pub(super) fn cull(&self, segments: &[Segment]) -> Vec<Segment> {
        let reach = self.half.length();
        let tangents: Vec<Tangent> = segments
            .iter()
            .map(|segment| {
                let (offset, radius) = segment.shape.offset(self.centre);
                let distance = offset.length().max(0.1);
                let core = (1.0 - (distance - reach).max(0.0) * segment.core.min(segment.core + segment.core_taper)).max(0.0);
                (offset / distance, distance - radius, core * core * CORE_GAIN)
            })
            .collect();
        let corners = self.corners();
        let upper = |near: &Segment, slack: f32| corners.map(|at| near.shape.beyond(&at) + slack);
        let Some(first) = nearest(segments, &tangents) else { return Vec::new() };
        let bounds = upper(first, RIVAL_NM + 10.0 + 0.05 * reach);
        let h = self.half;
        let (x, y) = (Vec4::new(-h.x, h.x, -h.x, h.x), Vec4::new(-h.y, -h.y, h.y, h.y));
        let below = |(gradient, value, gain): &Tangent, bounds: &[Vec4; 2]| {
            let middle = x * gradient.x + y * gradient.y + (value - gain);
            let rise = gradient.z * h.z;
            ((middle - rise).cmple(bounds[0]) | (middle + rise).cmple(bounds[1])).any()
        };
        let mut kept = Vec::new();
        let mut rest = tangents.as_slice();
        for group in segments.chunk_by(|a, b| a.neuron == b.neuron) {
            let (tangents, others) = rest.split_at(group.len());
            rest = others;
            // Of one neurite's pieces only those matter that may be nearer than the others.
            let own = nearest(group, tangents).map_or(bounds, |near| upper(near, 10.0 + 0.05 * reach));
            let bounds = [bounds[0].min(own[0]), bounds[1].min(own[1])];
            kept.extend(group.iter().zip(tangents).filter(|(_, tangent)| below(tangent, &bounds)).map(|(segment, _)| *segment));
        }
        kept
    }
}

/// Gradient and value of the distance at a point, and how far the metric can be below it.
type Tangent = (Vec3, f32, f32);

fn nearest<'s>(segments: &'s [Segment], tangents: &[Tangent]) -> Option<&'s Segment> {
    segments.iter().zip(tangents).min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(segment, _)| segment)
}
