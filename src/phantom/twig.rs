//! The thin neurites: twigs leave the thick neurites, wind between them, branch, and end, some in a bouton.
//!
//! Invariant: as in `trunk`, the nodes inside the region asked for do not depend on that region.

use glam::DVec3;

use super::grid::Grid;
use super::hash::{Stream, mix, noise3, real, short};
use super::relax::{relax, within};
use super::trunk::{self, MAX_RADIUS_NM, Neuron, Node, ROOT};

const STEP_NM: f64 = 75.0;
/// No twig goes farther from the node that it left, nm.
const REACH_NM: f64 = 1300.0;
const MAX_TWIG_NM: f64 = 150.0;
/// Twigs per node of a thick neurite.
const PER_NODE: f64 = 0.64;
/// Share of the twigs that belong to neurons of which nothing else is near.
const FOREIGN: f64 = 0.6;
/// Median radius of a twig, nm.
const MEDIAN_NM: f64 = 29.0;
/// Twigs near each other bend towards one line, which changes over this distance, by this much a step.
const FLOW_NM: f64 = 1500.0;
const FLOW: f64 = 0.2;
const ROUNDS: usize = 1;
const BIN_NM: f64 = 420.0;
const TWIG_BIN_NM: f64 = 200.0;

/// All neurites near a region.
#[derive(Debug)]
pub(super) struct Arbor {
    pub(super) neurons: Vec<Neuron>,
    /// Thick neurites first; a twig's first node has a node of a thick neurite as parent.
    pub(super) nodes: Vec<Node>,
    pub(super) thick: usize,
}

/// Neurites whose nodes are final within [`lower`, `upper`] nm.
pub(super) fn grow(seed: u64, lower: DVec3, upper: DVec3) -> Arbor {
    let push = DVec3::splat(2.0 * MAX_TWIG_NM + 2.0 * STEP_NM);
    let relax = push * real(i64::try_from(ROUNDS).unwrap_or(0));
    let steer = DVec3::splat(MAX_RADIUS_NM + MAX_TWIG_NM);
    let base = relax + DVec3::splat(REACH_NM);
    let (trunk_lower, trunk_upper) = (lower - base - steer, upper + base + steer);

    let trunks = trunk::grow(seed, trunk_lower, trunk_upper);

    let thick = trunks.nodes.len();
    let grid = Grid::new(BIN_NM, trunk_lower, trunk_upper, trunks.nodes.iter().map(|n| n.at));
    let mut arbor = Arbor { neurons: trunks.neurons, nodes: trunks.nodes, thick };
    for i in 0..thick {
        let node = arbor.nodes[i];
        if node.at.cmpge(lower - base).all() && node.at.cmple(upper + base).all() {
            let mut stream = Stream::new(node.hash ^ 0x7419);
            let mut count = PER_NODE;
            while count >= 1.0 || (count > 0.0 && stream.chance(count)) {
                count -= 1.0;
                let side = stream.direction();
                let neuron = if stream.chance(FOREIGN) { arbor.add_neuron(stream.bits()) } else { node.neuron };
                let base = Base { node, neuron, grid: &grid, seed: mix(seed ^ 0x41) };
                let from = if neuron == node.neuron { short(i) } else { ROOT };
                grow_one(&mut stream, &mut arbor, &base, from, node.at, side, 0);
            }
        }
    }

    for round in (1..=ROUNDS).rev() {
        let exact = push * real(i64::try_from(round - 1).unwrap_or(0));
        settle(&mut arbor, &grid, lower - exact, upper + exact, lower - relax, upper + relax);
    }

    arbor
}

impl Arbor {
    /// A neuron of which no thick neurite is near.
    fn add_neuron(&mut self, hash: u64) -> u32 {
        self.neurons.push(Neuron::new(hash, MEDIAN_NM));
        short(self.neurons.len() - 1)
    }
}

struct Base<'a> {
    /// The node of a thick neurite at which the twig starts.
    node: Node,
    /// The neuron that it belongs to.
    neuron: u32,
    grid: &'a Grid,
    /// Of the direction that twigs share.
    seed: u64,
}

/// Grows a twig from `start`, the place of the node `from` unless that is `ROOT`, and its branches.
fn grow_one(stream: &mut Stream, arbor: &mut Arbor, base: &Base<'_>, from: u32, start: DVec3, side: DVec3, depth: u32) {
    let radius = stream.log_normal(MEDIAN_NM, 0.5).clamp(28.0, 110.0);
    let length = stream.log_normal(1600.0, 0.5).clamp(250.0, 2600.0);
    let bouton = stream.chance(0.4).then(|| (stream.range(0.0, length), stream.range(1.3, 2.6)));
    let mut at = start;
    let mut heading = side;
    let mut parent = from;
    let mut grown = 0.0;
    let mut to_branch = stream.range(200.0, 1000.0);
    // Leave the thick neurite in one stride, so that the twig starts at its surface.
    let mut stride = if depth == 0 { (base.node.radius * if from == ROOT { 1.1 } else { 0.8 }).max(STEP_NM) } else { STEP_NM };
    while grown < length {
        at += heading * stride;
        stride = STEP_NM;
        let own = (grown < 3.0 * STEP_NM && base.neuron == base.node.neuron).then_some(base.neuron);
        let push = trunk_push(&arbor.nodes[..arbor.thick], base.grid, at, radius, own);
        at += push.clamp_length_max(STEP_NM * 0.9);
        let flow = noise3(base.seed, at / FLOW_NM).as_dvec3();
        let along = flow * if flow.dot(heading) < 0.0 { -FLOW } else { FLOW };
        heading = (heading + stream.direction() * 0.26 + along + push / STEP_NM * 0.8).normalize_or(heading);
        if (at - base.node.at).length_squared() > REACH_NM * REACH_NM {
            break;
        }
        grown += STEP_NM;
        let swell = bouton.map_or(1.0, |(place, swell)| 1.0 + (swell - 1.0) * (1.0 - ((grown - place) / 220.0).powi(2)).max(0.0));
        let here = (radius * swell * stream.range(0.9, 1.1)).clamp(25.0, MAX_TWIG_NM);
        let index = short(arbor.nodes.len());
        arbor.nodes.push(Node { at, radius: here, parent, neuron: base.neuron, hash: stream.bits() });
        parent = index;
        to_branch -= STEP_NM;
        if to_branch < 0.0 && depth < 2 {
            to_branch = stream.range(400.0, 1600.0);
            let turn = stream.direction();
            grow_one(stream, arbor, base, parent, at, (turn + heading * 0.4).normalize_or(turn), depth + 1);
        }
    }
}

/// How far and where to move a twig point so that it leaves the thick neurites.
fn trunk_push(thick: &[Node], grid: &Grid, at: DVec3, radius: f64, own: Option<u32>) -> DVec3 {
    let mut direction = DVec3::ZERO;
    let mut deepest = 0.0f64;
    grid.near(at, MAX_RADIUS_NM, |other| {
        let other = &thick[other as usize];
        if own == Some(other.neuron) {
            return;
        }
        let apart = at - other.at;
        let touch = other.radius + radius;
        let square = apart.length_squared();
        if square < touch * touch && square > 1.0 {
            let distance = square.sqrt();
            direction += apart * ((touch - distance) / distance);
            deepest = deepest.max(touch - distance);
        }
    });
    direction.normalize_or_zero() * deepest
}

/// One round: twig nodes inside the exact box are pushed off thick neurites and off each other, then smoothed.
fn settle(arbor: &mut Arbor, trunk_grid: &Grid, exact_lower: DVec3, exact_upper: DVec3, lower: DVec3, upper: DVec3) {
    let (thick, twigs) = arbor.nodes.split_at_mut(arbor.thick);
    let grid = Grid::new(TWIG_BIN_NM, lower, upper, twigs.iter().map(|n| n.at));
    let inside = within(exact_lower, exact_upper, 2.0 * STEP_NM);
    let off_thick = |node: &Node| trunk_push(thick, trunk_grid, node.at, node.radius, Some(node.neuron)) * 0.5;
    relax(twigs, short(thick.len()), &grid, MAX_TWIG_NM, inside, off_thick);
}
