//! Synapses: sites on the membrane of a thick neurite that faces several partners, with a T-bar on the inside, a dark
//! cleft, densities on the far side and a cloud of vesicles.

use glam::Vec3;

use super::hash::{Stream, mix, narrow, narrow1};
use super::tile::{OVERHANG_NM, SYNAPSE_NM, TILE_NM, Tile};

/// Sites tried per node of a thick neurite.
const PER_NODE: f64 = 0.4;
const STRIDE_NM: f32 = 12.0;

/// A synapse; positions relative to the tile, in unwarped space.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) id: u64,
    /// On the membrane, nm.
    pub(super) at: Vec3,
    /// Out of the presynaptic neurite.
    pub(super) normal: Vec3,
    /// Across the plate of the T-bar.
    pub(super) across: Vec3,
    pub(super) pre: u32,
    /// Partners, each with a place just inside it.
    pub(super) posts: Vec<(u32, Vec3)>,
    /// Places just inside the presynaptic neurite.
    pub(super) pre_at: Vec3,
    pub(super) radius: f32,
    /// Radius of the cloud of vesicles.
    pub(super) cloud: f32,
}

/// Finds the sites that show in the tile.
pub(super) fn find(tile: &Tile, thick: usize) -> Vec<Site> {
    let mut sites = Vec::new();
    let reach = narrow1(SYNAPSE_NM + OVERHANG_NM);
    let (lower, upper) = (Vec3::splat(-reach), Vec3::splat(narrow1(TILE_NM) + reach));
    let shows = |p: Vec3| p.cmpge(lower).all() && p.cmple(upper).all();
    for node in &tile.nodes[..thick] {
        let start = narrow(node.at - tile.corner);
        let slack = Vec3::splat(760.0);
        if start.cmplt(lower - slack).any() || start.cmpgt(upper + slack).any() || node.radius < 85.0 {
            continue;
        }
        let mut stream = Stream::new(mix(node.hash ^ 0x5a1a));
        if !stream.chance(PER_NODE) {
            continue;
        }
        let out = narrow(stream.direction());
        let first = tile.unwarp(start);
        if !shows(first + out * narrow1(node.radius)) {
            continue;
        }
        if let Some(site) = cross(tile, node.neuron, first, out, &mut stream, node.hash)
            && shows(site.at)
        {
            sites.push(site);
        }
    }
    sites
}

/// Walks out from a centre line to the membrane.
fn cross(tile: &Tile, pre: u32, first: Vec3, out: Vec3, stream: &mut Stream, hash: u64) -> Option<Site> {
    let mut last = 0.0;
    let mut at = 0.0;
    while at < 700.0 {
        if tile.rivals(first + out * at)[0].1 != pre {
            break;
        }
        last = at;
        at += STRIDE_NM * 2.0;
    }
    if !(40.0..700.0).contains(&at) {
        return None;
    }
    for _ in 0..6 {
        let middle = 0.5 * (last + at);
        if tile.rivals(first + out * middle)[0].1 == pre { last = middle } else { at = middle }
    }
    let place = first + out * at;
    let post = tile.rivals(place + out * 2.0)[0].1;
    let lead = |p: Vec3| {
        let [best, second] = tile.rivals(p);
        if best.1 == pre { second.0 - best.0 } else { best.0 - second.0 }
    };
    let step = 8.0;
    let slope = Vec3::new(
        lead(place + Vec3::X * step) - lead(place - Vec3::X * step),
        lead(place + Vec3::Y * step) - lead(place - Vec3::Y * step),
        lead(place + Vec3::Z * step) - lead(place - Vec3::Z * step),
    );
    let normal = -slope.normalize_or_zero();
    if normal == Vec3::ZERO || normal.dot(out) < 0.2 {
        return None;
    }
    let turn = narrow(stream.direction());
    let across = (turn - normal * turn.dot(normal)).normalize_or_zero();
    let pre_at = place - normal * 34.0;
    if tile.rivals(pre_at)[0].1 != pre {
        return None;
    }
    let mut posts: Vec<(u32, Vec3)> = Vec::new();
    let binormal = normal.cross(across);
    for (u, v) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)] {
        let p = place + normal * 34.0 + (across * u + binormal * v) * 60.0;
        let [best, second] = tile.rivals(p);
        if best.1 != pre && second.0 - best.0 > 24.0 && posts.iter().all(|q| q.0 != best.1) {
            posts.push((best.1, p));
        }
    }
    if posts.is_empty() || post == pre {
        return None;
    }
    let radius = narrow1(stream.range(48.0, 95.0));
    let cloud = narrow1(stream.range(120.0, 235.0));
    Some(Site { id: mix(hash ^ 0x5a1b) >> 16, at: place, normal, across, pre, posts, pre_at, radius, cloud })
}
