//! Relaxes centre lines: neurites push each other apart, and their lines are smoothed.

use glam::DVec3;

use super::grid::Grid;
use super::trunk::{Node, ROOT};

/// One round over `nodes`, whose parents are counted from `offset`. Nodes that `inside` leaves out stay in place. A node
/// is pushed off those of other neurons within `reach`, the thinner one more, and by what `extra` says.
pub(super) fn relax(
    nodes: &mut [Node],
    offset: u32,
    grid: &Grid,
    reach: f64,
    inside: impl Fn(&Node) -> bool,
    extra: impl Fn(&Node) -> DVec3,
) {
    let push = |node: &Node| {
        let mut direction = DVec3::ZERO;
        let mut deepest = 0.0f64;
        grid.near(node.at, node.radius + reach, |other| {
            let other = &nodes[other as usize];
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
        node.at + direction.normalize_or_zero() * deepest + extra(node)
    };
    let moved: Vec<DVec3> = nodes.iter().map(|node| if inside(node) { push(node) } else { node.at }).collect();
    // The parent, where it is one of these.
    let parent = |node: &Node| (node.parent != ROOT && node.parent >= offset).then(|| (node.parent - offset) as usize);
    let mut children = vec![(DVec3::ZERO, 0.0f64); nodes.len()];
    for (at, node) in moved.iter().zip(nodes.iter()) {
        if let Some(parent) = parent(node) {
            children[parent].0 += *at;
            children[parent].1 += 1.0;
        }
    }
    for ((node, at), (sum, count)) in nodes.iter_mut().zip(&moved).zip(children) {
        node.at = match parent(node) {
            Some(parent) if count > 0.0 => *at * 0.5 + (moved[parent] + sum / count) * 0.25,
            _ => *at,
        };
    }
}

/// Whether a node lies in a box, with some slack.
pub(super) fn within(lower: DVec3, upper: DVec3, slack: f64) -> impl Fn(&Node) -> bool {
    move |node| node.at.cmpge(lower - slack).all() && node.at.cmple(upper + slack).all()
}
