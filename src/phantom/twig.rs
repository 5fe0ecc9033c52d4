//! The thin neurites: twigs leave the thick neurites, wind between them, branch, and end, some in a bouton.
//!
//! Invariant: as in `trunk`, the nodes inside the region asked for do not depend on that region.

use glam::DVec3;

use super::grid::Grid;
use super::hash::{Stream, real, short};
use super::trunk::{self, MAX_RADIUS_NM, Neuron, Node, ROOT};

const STEP_NM: f64 = 75.0;
/// No twig goes farther from the node that it left, nm.
const REACH_NM: f64 = 1300.0;
const MAX_TWIG_NM: f64 = 150.0;
/// Twigs per node of a thick neurite.
const PER_NODE: f64 = 1.0;
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
                let base = Base { node, index: short(i), grid: &grid };
                let side = stream.direction();
                grow_one(&mut stream, &mut arbor, &base, base.index, side, 0);
            }
        }
    }

    for round in (1..=ROUNDS).rev() {
        let exact = push * real(i64::try_from(round - 1).unwrap_or(0));
        settle(&mut arbor, &grid, lower - exact, upper + exact, lower - relax, upper + relax);
    }

    arbor
}

struct Base<'a> {
    node: Node,
    index: u32,
    grid: &'a Grid,
}

fn grow_one(stream: &mut Stream, arbor: &mut Arbor, base: &Base<'_>, from: u32, side: DVec3, depth: u32) {
    let radius = stream.log_normal(31.0, 0.35).clamp(27.0, 110.0);
    let length = stream.log_normal(1600.0, 0.5).clamp(250.0, 2600.0);
    let bouton = stream.chance(0.4).then(|| (stream.range(0.0, length), stream.range(1.3, 2.6)));
    let mut at = arbor.nodes[from as usize].at;
    let mut heading = side;
    let mut parent = from;
    let mut grown = 0.0;
    let mut to_branch = stream.range(200.0, 1000.0);
    // Leave the thick neurite in one stride, so that the twig starts at its surface.
    let mut stride = if depth == 0 { (base.node.radius * 0.8).max(STEP_NM) } else { STEP_NM };
    while grown < length {
        at += heading * stride;
        stride = STEP_NM;
        let own = (grown < 3.0 * STEP_NM).then_some(base.node.neuron);
        let push = trunk_push(&arbor.nodes[..arbor.thick], base.grid, at, radius, own);
        at += push.clamp_length_max(STEP_NM * 0.9);
        heading = (heading + stream.direction() * 0.42 + push / STEP_NM * 0.8).normalize_or(heading);
        if (at - base.node.at).length_squared() > REACH_NM * REACH_NM {
            break;
        }
        grown += STEP_NM;
        let swell = bouton.map_or(1.0, |(place, swell)| 1.0 + (swell - 1.0) * (1.0 - ((grown - place) / 220.0).powi(2)).max(0.0));
        let here = (radius * swell * stream.range(0.8, 1.2)).clamp(25.0, MAX_TWIG_NM);
        let index = short(arbor.nodes.len());
        arbor.nodes.push(Node { at, radius: here, parent, neuron: base.node.neuron, hash: stream.bits() });
        parent = index;
        to_branch -= STEP_NM;
        if to_branch < 0.0 && depth < 2 {
            to_branch = stream.range(400.0, 1600.0);
            let turn = stream.direction();
            grow_one(stream, arbor, base, parent, (turn + heading * 0.4).normalize_or(turn), depth + 1);
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
    let slack = DVec3::splat(2.0 * STEP_NM);
    let (thick, twigs) = arbor.nodes.split_at_mut(arbor.thick);
    let grid = Grid::new(TWIG_BIN_NM, lower, upper, twigs.iter().map(|n| n.at));
    let inside = |n: &Node| n.at.cmpge(exact_lower - slack).all() && n.at.cmple(exact_upper + slack).all();
    let moved: Vec<DVec3> = twigs
        .iter()
        .map(|node| {
            if !inside(node) {
                return node.at;
            }
            let mut direction = DVec3::ZERO;
            let mut deepest = 0.0f64;
            grid.near(node.at, node.radius + MAX_TWIG_NM, |other| {
                let other = &twigs[other as usize];
                if other.neuron == node.neuron {
                    return;
                }
                let apart = node.at - other.at;
                let touch = node.radius + other.radius;
                let square = apart.length_squared();
                if square < touch * touch && square > 1.0 {
                    let distance = square.sqrt();
                    let overlap = (touch - distance) * other.radius / touch;
                    direction += apart * (overlap / distance);
                    deepest = deepest.max(overlap);
                }
            });
            let push = trunk_push(thick, trunk_grid, node.at, node.radius, Some(node.neuron));
            node.at + direction.normalize_or_zero() * deepest + push * 0.5
        })
        .collect();
    let offset = short(thick.len());
    let before = |parent: u32| if parent < offset { thick[parent as usize].at } else { moved[(parent - offset) as usize] };
    let mut children = vec![(DVec3::ZERO, 0.0f64); twigs.len()];
    for (at, node) in moved.iter().zip(twigs.iter()) {
        if node.parent != ROOT && node.parent >= offset {
            let entry = &mut children[(node.parent - offset) as usize];
            *entry = (entry.0 + *at, entry.1 + 1.0);
        }
    }
    for (i, node) in twigs.iter_mut().enumerate() {
        let (sum, count) = children[i];
        node.at = if count == 0.0 || node.parent < offset { moved[i] } else { moved[i] * 0.5 + (before(node.parent) + sum / count) * 0.25 };
    }
}
