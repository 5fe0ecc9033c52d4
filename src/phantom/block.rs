//! One block of voxels: brick by brick, who owns each voxel and what shows there, then the densities of synapses, then
//! grey values.
//!
//! The block is the unit of generation: its content is a function of the parameters and its index alone, so that any
//! two boxes agree where they overlap.

use glam::Vec3;

use super::brick::{Brick, FAR_NM};
use super::hash::{floor, index, narrow, narrow1, real};
use super::lattice::{Expand, Layout, small};
use super::organelle::{INSET_NM, Mitochondrion};
use super::shade::{Shader, Surface};
use super::synapse::Site;
use super::tile::{SYNAPSE_NM, Segment, Span, Tile};
use super::trunk::Neuron;

/// Half of the extracellular gap, nm.
const HALF_GAP_NM: f32 = 4.6;
/// Over this distance a mitochondrion's surface bends to follow a membrane.
const ROUND_NM: f32 = 90.0;

/// Keeps a mitochondrion, `depth` nm outside its surface, off the membrane `edge` nm away, with round corners.
fn inset(depth: f32, edge: f32) -> f32 {
    let wall = INSET_NM - edge;
    let melt = (1.0 - (depth - wall).abs() / ROUND_NM).max(0.0);
    depth.max(wall) + melt * melt * (0.25 * ROUND_NM)
}

/// The voxels of a block, x fastest, and the memory it takes to draw one.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) image: Vec<u8>,
    pub(super) labels: Vec<u64>,
    pub(super) mitochondria: Vec<u64>,
    pub(super) clefts: Vec<u64>,
    surfaces: Vec<Surface>,
    /// Warped lattice points.
    places: Vec<Vec3>,
    brick_places: Vec<Vec3>,
    brick: Brick,
    expand: Expand,
}

impl Block {
    pub(super) fn new(layout: &Layout) -> Self {
        let n = layout.voxels();
        let surfaces = vec![Surface::default(); n];
        Self { image: vec![0; n], labels: vec![0; n], mitochondria: vec![0; n], clefts: vec![0; n], surfaces, ..Self::default() }
    }

    /// Fills the block whose lowest voxel is `min`, a multiple of the block's shape. `tile` holds its centre, and `near`
    /// all of its segments that may matter.
    pub(super) fn draw(&mut self, layout: &Layout, shader: &Shader, tile: &Tile, near: &[Segment], min: [i64; 3]) {
        let size = Vec3::from_array([0, 1, 2].map(|a| narrow1(layout.voxel_nm[a])));
        let lower = narrow(glam::DVec3::from_array([0, 1, 2].map(|a| (real(min[a]) + 0.5) * layout.voxel_nm[a])) - tile.corner);
        let upper = lower + Vec3::from_array(layout.block.map(small)) * size;
        let touches = |low: Vec3, high: Vec3| low.cmple(upper).all() && high.cmpge(lower).all();
        let reach = Vec3::splat(narrow1(SYNAPSE_NM));
        let sites: Vec<&Site> = tile.sites.iter().filter(|s| touches(s.at - reach, s.at + reach)).collect();
        self.mitochondria.fill(0);
        self.clefts.fill(0);
        self.warp(layout, tile, min);
        let span = Span::about(&self.places);
        let near = span.cull(near);
        let organelles: Vec<(u32, &Mitochondrion)> = (0..).zip(&tile.mitochondria).filter(|(_, m)| m.shows(&span)).collect();
        let [w, h, d] = [0, 1, 2].map(|a| layout.block[a] / layout.brick[a]);
        for i in 0..w * h * d {
            let at = [i % w, i / w % h, i / (w * h)];
            self.gather(layout, at);
            let span = Span::about(&self.brick_places);
            let candidates = span.cull(&near);
            let organelles: Vec<_> = organelles.iter().filter(|(_, m)| m.shows(&span)).copied().collect();
            self.brick.fill(layout, &self.brick_places, &candidates, &organelles);
            self.place(layout, shader, tile, at);
        }
        for site in &sites {
            self.dress(layout, site, lower, size, shader);
        }
        shader.finish(layout, min, &self.surfaces, &mut self.image);
    }

    /// Finds where the fields at the block's lattice points are to be looked up.
    fn warp(&mut self, layout: &Layout, tile: &Tile, min: [i64; 3]) {
        let knots = layout.knots();
        let at = |knot: [usize; 3], step: [usize; 3]| {
            let nm = |a: usize| (real(min[a]) + 0.5 + f64::from(small(knot[a] * step[a]))) * layout.voxel_nm[a];
            glam::DVec3::new(nm(0), nm(1), nm(2))
        };
        let every = |n: [usize; 3]| (0..n[0] * n[1] * n[2]).map(move |i| [i % n[0], i / n[0] % n[1], i / (n[0] * n[1])]);
        let shifts: Vec<Vec3> = every(knots).map(|k| tile.shift(at(k, layout.knot_step))).collect();
        let points = layout.block_points();
        self.places.clear();
        self.places.extend(every(points).map(|p| narrow(at(p, layout.step) - tile.corner)));
        let step = [0, 1, 2].map(|a| layout.knot_step[a] / layout.step[a]);
        let mut fine = vec![0.0; self.places.len()];
        for axis in 0..3 {
            let coarse: Vec<f32> = shifts.iter().map(|s| s[axis]).collect();
            self.expand.run(&coarse, knots, step, points, &mut fine);
            for (place, shift) in self.places.iter_mut().zip(&fine) {
                place[axis] += shift;
            }
        }
    }

    /// Takes a brick's lattice points from the block's.
    fn gather(&mut self, layout: &Layout, at: [usize; 3]) {
        let (n, [w, h, _]) = (layout.points(), layout.block_points());
        let from = [0, 1, 2].map(|a| at[a] * (n[a] - 1));
        self.brick_places.clear();
        for z in 0..n[2] {
            for y in 0..n[1] {
                let start = from[0] + w * (from[1] + y + h * (from[2] + z));
                self.brick_places.extend_from_slice(&self.places[start..start + n[0]]);
            }
        }
    }

    /// Writes what shows in the brick.
    fn place(&mut self, layout: &Layout, shader: &Shader, tile: &Tile, at: [usize; 3]) {
        let (b, [w, h, _], brick) = (layout.block, layout.brick, &self.brick);
        let voxels = Brick::voxels(layout);
        let rivals: Vec<(u32, Neuron)> = brick.rivals.iter().map(|&r| (r, tile.neurons[r as usize])).collect();
        for (row, i) in (0..layout.brick.iter().product()).step_by(w).enumerate() {
            let start = at[0] * w + b[0] * (at[1] * h + row % h + b[1] * (at[2] * layout.brick[2] + row / h));
            let surfaces = &mut self.surfaces[start..start + w];
            let labels = &mut self.labels[start..start + w];
            if let [(only, its)] = rivals.as_slice() {
                surfaces.fill(shader.neurite(its, *only, FAR_NM));
                labels.fill(its.id);
            } else {
                let voxels = brick.owner[i..].iter().zip(&brick.edge_nm[i..]);
                for ((surface, label), (&owner, &edge)) in surfaces.iter_mut().zip(labels).zip(voxels) {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small index")]
                    let (owner, its) = &rivals[owner as usize];
                    *surface = shader.neurite(its, *owner, edge);
                    *label = if edge < HALF_GAP_NM { 0 } else { its.id };
                }
            }
            for (item, depths) in brick.mitochondria.iter().zip(brick.depths.chunks_exact(voxels)) {
                let it = &tile.mitochondria[*item as usize];
                let marks = &mut self.mitochondria[start..start + w];
                for ((surface, mark), &depth) in surfaces.iter_mut().zip(marks).zip(&depths[i..]) {
                    let depth = inset(depth, surface.edge_nm);
                    if it.neuron == surface.owner {
                        if depth < 0.0 {
                            *mark = it.id;
                        }
                        shader.mitochondrion(it, depth, surface);
                    }
                }
            }
        }
    }

    /// Draws the T-bar, the cleft, the densities and the vesicles of a synapse.
    fn dress(&mut self, layout: &Layout, site: &Site, lower: Vec3, size: Vec3, shader: &Shader) {
        let b = layout.block;
        let clip = |c: f32, n: usize| index(floor(f64::from(c))).min(n);
        // Vesicles reach farther than the densities.
        let (reach, near) = (narrow1(SYNAPSE_NM), site.radius + 70.0);
        let from = (site.at - reach - lower) / size;
        let to = (site.at + reach - lower) / size + Vec3::ONE;
        for z in clip(from.z, b[2])..clip(to.z, b[2]) {
            for y in clip(from.y, b[1])..clip(to.y, b[1]) {
                for x in clip(from.x, b[0])..clip(to.x, b[0]) {
                    let i = x + b[0] * (y + b[1] * z);
                    let surface = &mut self.surfaces[i];
                    let is_pre = surface.owner == site.pre;
                    let is_post = site.posts.iter().any(|q| q.0 == surface.owner);
                    if !is_pre && !is_post {
                        continue;
                    }
                    let p = lower + Vec3::new(small(x), small(y), small(z)) * size - site.at;
                    if p.length_squared() > if is_pre { reach * reach } else { near * near } {
                        continue;
                    }
                    let out = p.dot(site.normal);
                    let side = (p - site.normal * out).length();
                    if surface.edge_nm < 13.0 && side < site.radius && out.abs() < 45.0 {
                        self.clefts[i] = site.id;
                    }
                    shader.density(site, p, out, side, is_pre, surface);
                }
            }
        }
    }
}
