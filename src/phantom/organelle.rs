//! Mitochondria: thick worms that lie along the thick neurites, off their centre line.

use glam::{DVec3, Vec3, Vec4};

use super::capsule::{Capsule, Points};
use super::hash::{Stream, mix, narrow, narrow1, unit_of};
use super::tile::Span;
use super::trunk::{MAX_RADIUS_NM, Neuron, Node, ROOT};

/// Mitochondria per node of a neurite thick enough.
const PER_NODE: f64 = 0.25;
const MAX_NODES: usize = 11;
/// Farther outside its surface a mitochondrion does not show, nm.
pub(super) const SHOWS_NM: f32 = 24.0;
/// Neighbouring pieces melt over this distance, nm.
const MELT_NM: f32 = 24.0;
/// They stay this far inside their neurite, nm.
pub(super) const INSET_NM: f32 = 19.0;

/// A mitochondrion; positions relative to the tile, before the warp.
#[derive(Debug, Clone)]
pub(super) struct Mitochondrion {
    pub(super) id: u64,
    pub(super) neuron: u32,
    /// Centre and radius of the balls along it.
    pub(super) balls: Vec<(Vec3, f32)>,
    /// Between neighbouring balls.
    shape: Vec<Capsule>,
    pub(super) lower: Vec3,
    pub(super) upper: Vec3,
    /// Offset of its grey value.
    pub(super) tone: f32,
    /// How much darker its membranes are.
    pub(super) rim: f32,
    /// Contrast of its cristae; the sign tells their orientation.
    pub(super) folds: f32,
}

impl Mitochondrion {
    /// Whether it may show in the box of warped points.
    pub(super) fn shows(&self, within: &Span) -> bool {
        let reach = within.half.length() + MELT_NM + SHOWS_NM;
        self.shape.iter().any(|piece| {
            let (offset, radius) = piece.offset(within.centre);
            offset.length() - radius < reach
        })
    }

    /// Distance outside its surface at warped points. The pieces melt into each other.
    pub(super) fn metric(&self, points: &Points) -> Vec4 {
        let mut least = Vec4::splat(1e6);
        for piece in &self.shape {
            let depth = piece.beyond(points);
            let melt = (Vec4::ONE - (depth - least).abs() / MELT_NM).max(Vec4::ZERO);
            least = least.min(depth) - melt * melt * (0.25 * MELT_NM);
        }
        least
    }
}

/// Those that touch the box.
pub(super) fn mitochondria(thick: &[Node], neurons: &[Neuron], corner: DVec3, lower: DVec3, upper: DVec3) -> Vec<Mitochondrion> {
    let mut found = Vec::new();
    let slack = DVec3::splat(2600.0);
    let (tile_lower, tile_upper) = (narrow(lower - corner), narrow(upper - corner));
    for start in thick {
        if start.radius < 105.0 || start.at.cmplt(lower - slack).any() || start.at.cmpgt(upper + slack).any() {
            continue;
        }
        let mut stream = Stream::new(mix(start.hash ^ 0x317c));
        if !stream.chance(PER_NODE) {
            continue;
        }
        let count = 3 + super::hash::index(super::hash::floor(stream.unit() * stream.unit() * 9.0));
        let fill = stream.range(0.45, 0.8);
        let side = stream.direction();
        let mut balls = Vec::new();
        let mut node = start;
        for _ in 0..count.min(MAX_NODES) {
            let radius = (node.radius * fill * stream.range(0.9, 1.1)).clamp(55.0, 310.0).min(node.radius - 30.0);
            let room = (node.radius - radius - 24.0).max(0.0);
            balls.push((narrow(node.at + side * room * 0.9 - corner), narrow1(radius)));
            if node.parent == ROOT {
                break;
            }
            node = &thick[node.parent as usize];
            if node.radius < 90.0 {
                break;
            }
        }
        if balls.len() < 2 {
            continue;
        }
        if let Some(last) = balls.last_mut() {
            last.1 *= 0.8;
        }
        balls[0].1 *= 0.8;
        let balls = smooth(&smooth(&balls));
        let reach = Vec3::splat(narrow1(MAX_RADIUS_NM) + 110.0);
        let low = balls.iter().fold(Vec3::MAX, |a, b| a.min(b.0)) - reach;
        let high = balls.iter().fold(Vec3::MIN, |a, b| a.max(b.0)) + reach;
        if low.cmple(tile_upper).all() && high.cmpge(tile_lower).all() {
            // Those of a neuron look much alike.
            let light = (unit_of(mix(neurons[start.neuron as usize].id ^ 0x317e)) + stream.range(-0.12, 0.12)).clamp(0.0, 1.0);
            let tone = narrow1(26.0 * light * light * light - 5.0 + stream.normal() * 1.5);
            // Lighter ones show more of what is in them.
            let folds = narrow1(stream.range(0.3, 1.3) + 0.9 * light * light);
            let folds = if stream.chance(0.5) { -folds } else { folds };
            let rim = narrow1(stream.range(6.0, 16.0));
            let shape = balls.windows(2).map(|pair| Capsule::new(pair[0], pair[1])).collect();
            let id = mix(start.hash ^ 0x317d) >> 16;
            found.push(Mitochondrion { id, neuron: start.neuron, balls, shape, lower: low, upper: high, tone, rim, folds });
        }
    }
    found
}

/// Cuts the corners of a chain, keeping its ends.
fn smooth(balls: &[(Vec3, f32)]) -> Vec<(Vec3, f32)> {
    let between = |a: (Vec3, f32), b: (Vec3, f32), t: f32| (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
    let [first, .., last] = balls else { return balls.to_vec() };
    let mut cut = vec![*first];
    for (i, pair) in balls.windows(2).enumerate() {
        if i > 0 {
            cut.push(between(pair[0], pair[1], 0.25));
        }
        if i + 2 < balls.len() {
            cut.push(between(pair[0], pair[1], 0.75));
        }
    }
    cut.push(*last);
    cut
}
