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
use super::trunk::{Neuron, ROOT};
use super::twig;

/// Edge of a tile, nm.
pub(super) const TILE_NM: f64 = 4096.0;
/// A block is drawn by the tile that holds its centre; it sticks out by no more than this.
pub(super) const OVERHANG_NM: f64 = 170.0;
const BIN_NM: f32 = 512.0;
const BINS: usize = 10;
/// Corner of the bins relative to that of the tile.
const BINS_FROM_NM: f32 = -512.0;
/// Bound of the warp.
const WARP_NM: f32 = 110.0;
/// Amplitude of the finer part of the warp.
const FINE_WARP_NM: f32 = 18.0;
/// A neurite farther than this from a point never owns it, nor has its membrane there.
const CLEAR_NM: f64 = 900.0;
/// Neurites within this of the nearest one still matter: their membranes may touch.
pub(super) const RIVAL_NM: f32 = 120.0;
/// Within this of its centre line a neurite is favoured, by up to the gain, nm.
const CORE_NM: f32 = 70.0;
const CORE_GAIN: f32 = 60.0;
/// A synapse shows no farther than this from its site.
pub(super) const SYNAPSE_NM: f64 = 360.0;

/// A piece of a neurite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    shape: Capsule,
    pub(super) neuron: u32,
}

/// Gradient of the metric (x, y, z) and the metric at four points.
pub(super) type Leads = [Vec4; 4];

impl Segment {
    /// Distance beyond the neurite's surface at warped points; the least owns the point. Near the centre line it drops
    /// steeply, so that a neurite is rarely cut through by a thicker one. Keeps what is less than `least`.
    #[inline]
    pub(super) fn lead(&self, points: &Points, least: &mut Leads) {
        let ([x, y, z], distance, radius) = self.shape.offsets(points);
        let inverse = (radius * 0.8).max(Vec4::splat(CORE_NM)).recip();
        let depth = (Vec4::ONE - distance * inverse).max(Vec4::ZERO);
        let scale = (depth * inverse * (2.0 * CORE_GAIN) + 1.0) / distance;
        let metric = distance - radius - depth * depth * CORE_GAIN;
        let nearer = metric.cmplt(least[3]);
        *least = [
            Vec4::select(nearer, x * scale, least[0]),
            Vec4::select(nearer, y * scale, least[1]),
            Vec4::select(nearer, z * scale, least[2]),
            Vec4::select(nearer, metric, least[3]),
        ];
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
    segments: Vec<Segment>,
    bins: Vec<Vec<u32>>,
    pub(super) mitochondria: Vec<Mitochondrion>,
    pub(super) sites: Vec<Site>,
}

impl Tile {
    pub(super) fn new(seed: u64, cell: [i64; 3]) -> Self {
        let corner = DVec3::new(real(cell[0]), real(cell[1]), real(cell[2])) * TILE_NM;
        let margin = DVec3::splat(SYNAPSE_NM + OVERHANG_NM + f64::from(WARP_NM) + CLEAR_NM);
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
            let shape =
                Capsule::new((narrow(parent.at - corner), narrow1(base_radius)), (narrow(node.at - corner), narrow1(node.radius)));
            segments.push(Segment { shape, neuron: node.neuron });
        }
        segments.sort_by_key(|s| s.neuron);
        let mut tile = Self {
            seed,
            corner,
            neurons: arbor.neurons,
            nodes: arbor.nodes,
            segments,
            bins: Vec::new(),
            mitochondria: Vec::new(),
            sites: Vec::new(),
        };

        tile.fill_bins(lower, upper);
        let reach = DVec3::splat(OVERHANG_NM);
        tile.mitochondria =
            organelle::mitochondria(&tile.nodes[..arbor.thick], corner, corner - reach, corner + DVec3::splat(TILE_NM) + reach);
        tile.sites = synapse::find(&tile, arbor.thick);
        tile
    }

    fn fill_bins(&mut self, lower: DVec3, upper: DVec3) {
        let middles: Vec<DVec3> = self.segments.iter().map(|s| self.corner + s.shape.middle().as_dvec3()).collect();
        let grid = Grid::new(350.0, lower, upper, middles.iter().copied());
        let half = BIN_NM * 0.866_03;
        let mut bins = Vec::with_capacity(BINS * BINS * BINS);
        let edge = |i: usize| BINS_FROM_NM + BIN_NM * (f32::from(u16::try_from(i).unwrap_or(0)) + 0.5);
        for z in 0..BINS {
            for y in 0..BINS {
                for x in 0..BINS {
                    let centre = Vec3::new(edge(x), edge(y), edge(z));
                    let mut found = Vec::new();
                    grid.near(self.corner + centre.as_dvec3(), CLEAR_NM + f64::from(half), |i| found.push(i));
                    found.sort_unstable();
                    let segments = found.iter().map(|&i| &self.segments[i as usize]);
                    let shows = showing(segments, centre, half + WARP_NM + narrow1(OVERHANG_NM));
                    bins.push(found.iter().zip(shows).filter(|(_, shows)| *shows).map(|(&i, _)| i).collect());
                }
            }
        }
        self.bins = bins;
    }

    /// Segments that can matter within `reach` of the warped point `centre`, the warp of `place`; sorted by neuron.
    pub(super) fn candidates(&self, place: Vec3, centre: Vec3, reach: f32) -> Vec<Segment> {
        let at = (place - Vec3::splat(BINS_FROM_NM)) / BIN_NM;
        let bin = |c: f32| super::hash::index(super::hash::floor(f64::from(c))).min(BINS - 1);
        let list = &self.bins[bin(at.x) + BINS * (bin(at.y) + BINS * bin(at.z))];
        let segments = list.iter().map(|&i| &self.segments[i as usize]);
        let shows = showing(segments.clone(), centre, reach);
        segments.zip(shows).filter(|(_, shows)| *shows).map(|(s, _)| *s).collect()
    }

    /// Where the field at a point (relative to the tile) is to be looked up.
    pub(super) fn warp(&self, point: Vec3) -> Vec3 {
        point + self.shift(self.corner + point.as_dvec3())
    }

    /// How far the warp moves an absolute position.
    pub(super) fn shift(&self, absolute: DVec3) -> Vec3 {
        let wide = noise3(mix(self.seed ^ 0x31), absolute / 430.0) * 74.0;
        let fine = noise3(mix(self.seed ^ 0x32), absolute / 150.0) * FINE_WARP_NM;
        (wide + fine).clamp_length_max(WARP_NM)
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
        for segment in self.candidates(point, warped, 0.0) {
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
        }
        best
    }
}

/// Which segments can matter within `reach` of the warped point `centre`.
pub(super) fn showing<'s>(segments: impl Iterator<Item = &'s Segment>, centre: Vec3, reach: f32) -> impl Iterator<Item = bool> {
    let distances: Vec<(f32, f32)> = segments
        .map(|segment| {
            let (distance, radius) = segment.shape.distance(centre);
            (distance - radius, distance)
        })
        .collect();
    let bound = distances.iter().map(|d| d.0).fold(f32::MAX, f32::min) + 2.01 * reach + RIVAL_NM;
    distances.into_iter().map(move |d| d.0 <= bound || d.1 <= reach + CORE_NM)
}
