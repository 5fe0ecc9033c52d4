//! The thick neurites: each neuron grows from an anchor in a coarse lattice, both ways and with a few branches, and
//! neighbouring neurites push each other apart. Knows nothing of voxels, twigs or grey values.
//!
//! Invariant: the nodes inside the region asked for do not depend on that region.

use glam::DVec3;

use super::grid::Grid;
use super::hash::{Stream, exp, floor, mix, mix_cell, real};
use super::relax::{relax, within};

/// Edge of the lattice cells that hold the anchors, nm.
const CELL_NM: f64 = 2000.0;
/// Neurons per anchor cell, on average.
const PER_CELL: f64 = 0.95;
/// No thick neurite goes farther from its anchor than this, nm.
const REACH_NM: f64 = 5800.0;
const STEP_NM: f64 = 150.0;
pub(super) const MAX_RADIUS_NM: f64 = 560.0;
const MIN_RADIUS_NM: f64 = 62.0;
const ROUNDS: usize = 2;
const BIN_NM: f64 = 420.0;

/// Marks a node without parent.
pub(super) const ROOT: u32 = u32::MAX;

/// A point of a neurite's centre line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) at: DVec3,
    pub(super) radius: f64,
    /// Index of the node it grew from, in the same list, or `ROOT`.
    pub(super) parent: u32,
    /// Index of its neuron.
    pub(super) neuron: u32,
    /// Hash that names the node.
    pub(super) hash: u64,
}

/// A neuron, named by the anchor that it grew from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neuron {
    pub(super) id: u64,
    /// Mean grey value of its cytoplasm.
    pub(super) tone: f32,
    /// Contrast of its grain.
    pub(super) grain: f32,
    /// Grey value of its membrane.
    pub(super) membrane: f32,
}

/// The thick neurites that touch a region.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    pub(super) neurons: Vec<Neuron>,
    pub(super) nodes: Vec<Node>,
}

impl Neuron {
    /// The neuron of a hash, with neurites of the given girth, nm.
    pub(super) fn new(hash: u64, girth: f64) -> Self {
        let (tone, grain, membrane) = super::shade::cytoplasm(hash, girth);
        Self { id: id_of(hash), tone, grain, membrane }
    }
}

/// Ids between 2⁴¹ and 2⁵⁶ for most, all distinct but for hash collisions.
fn id_of(hash: u64) -> u64 {
    (mix(hash ^ 0x1d) >> (8 + (hash & 15))) | 1
}

/// Thick neurites whose nodes are final within [`lower`, `upper`] nm.
pub(super) fn grow(seed: u64, lower: DVec3, upper: DVec3) -> Trunks {
    let push_reach = 2.0 * MAX_RADIUS_NM + 2.0 * STEP_NM;
    let margin = DVec3::splat(real(i64::try_from(ROUNDS).unwrap_or(0)) * push_reach);
    let (outer_lower, outer_upper) = (lower - margin, upper + margin);
    let mut trunks = sprout(seed, outer_lower, outer_upper);
    for round in (1..=ROUNDS).rev() {
        let exact = DVec3::splat(real(i64::try_from(round - 1).unwrap_or(0)) * push_reach);
        let grid = Grid::new(BIN_NM, outer_lower, outer_upper, trunks.nodes.iter().map(|n| n.at));
        let inside = within(lower - exact, upper + exact, 2.0 * STEP_NM);
        relax(&mut trunks.nodes, 0, &grid, MAX_RADIUS_NM * 0.8, inside, |_| DVec3::ZERO);
    }
    trunks
}

/// Thick neurites that touch a region, as they grow before they push each other apart.
pub(super) fn sprout(seed: u64, lower: DVec3, upper: DVec3) -> Trunks {
    let mut trunks = Trunks::default();
    let first = |x: f64| floor((x - REACH_NM) / CELL_NM);
    let last = |x: f64| floor((x + REACH_NM) / CELL_NM);
    for z in first(lower.z)..=last(upper.z) {
        for y in first(lower.y)..=last(upper.y) {
            for x in first(lower.x)..=last(upper.x) {
                let cell = mix_cell(seed, [x, y, z]);
                let mut stream = Stream::new(cell);
                let mut count = PER_CELL + stream.range(-0.5, 0.5);
                while count > 0.0 && (count >= 1.0 || stream.chance(count)) {
                    count -= 1.0;
                    let place = DVec3::new(stream.unit(), stream.unit(), stream.unit());
                    let anchor = (DVec3::new(real(x), real(y), real(z)) + place) * CELL_NM;
                    grow_one(stream.bits(), anchor, lower, upper, &mut trunks);
                }
            }
        }
    }
    trunks
}

/// Adds the neuron unless it stays clear of the box.
fn grow_one(hash: u64, anchor: DVec3, lower: DVec3, upper: DVec3, trunks: &mut Trunks) {
    let mut stream = Stream::new(hash);
    let neuron = super::hash::short(trunks.neurons.len());
    let start = trunks.nodes.len();
    let radius = stream.log_normal(280.0, 0.7).clamp(80.0, 450.0);
    let direction = stream.direction();
    let root = super::hash::short(start);
    trunks.nodes.push(Node { at: anchor, radius, parent: ROOT, neuron, hash: mix(hash) });
    let mut growth = Growth { anchor, neuron, nodes: &mut trunks.nodes };
    growth.arm(&mut stream, root, direction, radius, 0);
    growth.arm(&mut stream, root, -direction, radius, 0);
    let slack = DVec3::splat(MAX_RADIUS_NM);
    let touches = trunks.nodes[start..].iter().any(|n| n.at.cmpge(lower - slack).all() && n.at.cmple(upper + slack).all());
    if touches {
        trunks.neurons.push(Neuron::new(hash, radius));
    } else {
        trunks.nodes.truncate(start);
    }
}

struct Growth<'a> {
    anchor: DVec3,
    neuron: u32,
    nodes: &'a mut Vec<Node>,
}

impl Growth<'_> {
    /// Grows one neurite from node `from`, and its branches.
    fn arm(&mut self, stream: &mut Stream, from: u32, direction: DVec3, radius: f64, depth: u32) {
        let length = if depth == 0 { stream.range(2600.0, 5600.0) } else { stream.range(900.0, 3200.0) };
        let mut at = self.nodes[from as usize].at;
        let mut heading = direction;
        let mut turn = DVec3::ZERO;
        let mut parent = from;
        let mut grown = 0.0;
        // Varicosities: the calibre swells and thins about every micrometre.
        let (mut swell_from, mut swell_to) = (0.0, stream.normal());
        let mut swell_length = stream.range(450.0, 1100.0);
        let mut swell_at = 0.0;
        let mut to_branch = stream.range(800.0, 4000.0);
        while grown < length {
            turn = turn * 0.72 + stream.direction() * 0.16;
            heading = (heading + turn).normalize();
            at += heading * STEP_NM;
            if (at - self.anchor).length_squared() > REACH_NM * REACH_NM {
                break;
            }
            grown += STEP_NM;
            swell_at += STEP_NM;
            if swell_at > swell_length {
                (swell_from, swell_to) = (swell_to, stream.normal());
                swell_at = 0.0;
                swell_length = stream.range(450.0, 1100.0);
            }
            let t = swell_at / swell_length;
            let swell = swell_from + (swell_to - swell_from) * (t * t * (3.0 - 2.0 * t));
            let taper = (1.0 - 0.35 * grown / length).min((length - grown + 250.0) / 700.0);
            let here = (radius * exp(0.42 * swell) * taper).clamp(MIN_RADIUS_NM, MAX_RADIUS_NM);
            let index = super::hash::short(self.nodes.len());
            let hash = stream.bits();
            self.nodes.push(Node { at, radius: here, parent, neuron: self.neuron, hash });
            parent = index;
            to_branch -= STEP_NM;
            if to_branch < 0.0 && depth < 2 {
                to_branch = stream.range(1500.0, 4500.0);
                let side = stream.direction();
                let away = (side - heading * side.dot(heading) + heading * 0.5).normalize_or(side);
                let thinner = (radius * stream.range(0.4, 0.85)).max(MIN_RADIUS_NM);
                self.arm(stream, parent, away, thinner, depth + 1);
            }
        }
    }
}
