//! One block of voxels: distances on a coarse lattice, interpolated, then shaded.
//!
//! The block is the unit of generation: its content is a function of the parameters and its index alone, so that any
//! two boxes agree where they overlap.

use glam::Vec3;

use super::hash::{index, mix_cell, narrow1, real, short, unit_of};
use super::organelle::{INSET_NM, Mitochondrion};
use super::shade::{Shader, Surface};
use super::synapse::Site;
use super::tile::{RIVAL_NM, SYNAPSE_NM, Segment, Tile};

/// No neurite competes: farther than any membrane shows.
const FAR_NM: f32 = 120.0;
/// Half of the extracellular gap, nm.
const HALF_GAP_NM: f32 = 4.6;

/// How a volume is cut into blocks and lattice cells, per axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) voxel_nm: [f64; 3],
    /// Voxels of a block.
    pub(super) block: [usize; 3],
    /// Voxels between lattice points.
    step: [usize; 3],
    /// Lattice points.
    points: [usize; 3],
}

impl Layout {
    pub(super) fn new(voxel_nm: [f64; 3]) -> Self {
        let halve = |most: usize, limit_nm: f64, nm: f64| {
            let mut n = most;
            while n > 1 && real(i64::try_from(n).unwrap_or(1)) * nm > limit_nm {
                n /= 2;
            }
            n
        };
        let block = voxel_nm.map(|nm| halve(32, 640.0, nm));
        let step = [0, 1, 2].map(|a| halve(4, 42.0, voxel_nm[a]).min(block[a]));
        let points = [0, 1, 2].map(|a| block[a] / step[a] + 1);
        Self { voxel_nm, block, step, points }
    }

    pub(super) fn voxels(&self) -> usize {
        self.block[0] * self.block[1] * self.block[2]
    }
}

/// The voxels of a block, x fastest.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) image: Vec<u8>,
    pub(super) labels: Vec<u64>,
    pub(super) mitochondria: Vec<u64>,
    pub(super) clefts: Vec<u64>,
}

/// Distances to one thing at every lattice point.
struct Field {
    item: u32,
    values: Vec<f32>,
}

struct Lattice<'a> {
    layout: &'a Layout,
    neurites: Vec<Field>,
    mitochondria: Vec<Field>,
    /// Vesicle density, 0 to 1.
    cloud: Option<Vec<f32>>,
}

impl Block {
    pub(super) fn empty(layout: &Layout) -> Self {
        let n = layout.voxels();
        Self { image: vec![0; n], labels: vec![0; n], mitochondria: vec![0; n], clefts: vec![0; n] }
    }

    /// Fills the block whose lowest voxel is `min`, a multiple of the block's shape. `tile` holds its centre.
    pub(super) fn draw(&mut self, seed: u64, layout: &Layout, shader: &Shader, tile: &Tile, min: [i64; 3]) {
        let at = |v: [i64; 3]| {
            Vec3::new(
                narrow1((real(v[0]) + 0.5) * layout.voxel_nm[0] - tile.corner.x),
                narrow1((real(v[1]) + 0.5) * layout.voxel_nm[1] - tile.corner.y),
                narrow1((real(v[2]) + 0.5) * layout.voxel_nm[2] - tile.corner.z),
            )
        };
        let size = |a: usize| i64::try_from(layout.block[a]).unwrap_or(0);
        let (lower, upper) = (at(min), at([min[0] + size(0), min[1] + size(1), min[2] + size(2)]));
        let sites: Vec<(usize, &Site)> = tile
            .sites
            .iter()
            .enumerate()
            .filter(|(_, s)| {
                let reach = Vec3::splat(narrow1(SYNAPSE_NM));
                (s.at + reach).cmpge(lower).all() && (s.at - reach).cmple(upper).all()
            })
            .collect();
        let lattice = Lattice::new(layout, tile, min, lower, upper, &sites);
        let mut surfaces = vec![Surface::default(); layout.voxels()];
        self.mitochondria.fill(0);
        self.clefts.fill(0);
        lattice.resolve(tile, shader, &mut surfaces, self);
        for (_, site) in &sites {
            self.dress(layout, tile, site, lower, &mut surfaces, shader);
        }
        let block_hash = mix_cell(seed ^ 0xde7e, min);
        shader.finish(layout, min, block_hash, &surfaces, &mut self.image);
    }

    /// Draws the T-bar, the cleft and the densities of a synapse.
    fn dress(&mut self, layout: &Layout, tile: &Tile, site: &Site, lower: Vec3, surfaces: &mut [Surface], shader: &Shader) {
        let reach = site.radius + 70.0;
        let size = Vec3::new(narrow1(layout.voxel_nm[0]), narrow1(layout.voxel_nm[1]), narrow1(layout.voxel_nm[2]));
        let clip = |c: f32, n: usize| index(super::hash::floor(f64::from(c))).min(n);
        let from = (site.at - reach - lower) / size;
        let to = (site.at + reach - lower) / size + Vec3::ONE;
        let b = layout.block;
        let pre = tile.neurons[site.pre as usize].id;
        for z in clip(from.z, b[2])..clip(to.z, b[2]) {
            for y in clip(from.y, b[1])..clip(to.y, b[1]) {
                for x in clip(from.x, b[0])..clip(to.x, b[0]) {
                    let i = x + b[0] * (y + b[1] * z);
                    let cell = |n: usize| f32::from(u16::try_from(n).unwrap_or(0));
                    let p = lower + Vec3::new(cell(x), cell(y), cell(z)) * size - site.at;
                    let surface = &mut surfaces[i];
                    let label = self.labels[i];
                    let owner = surface.owner;
                    let is_post = label != pre && site.posts.iter().any(|q| tile.neurons[q.0 as usize].id == owner);
                    let is_pre = owner == pre;
                    let out = p.dot(site.normal);
                    let side = (p - site.normal * out).length();
                    if (is_pre || is_post) && surface.edge_nm < 13.0 && side < site.radius && out.abs() < 45.0 {
                        self.clefts[i] = site.id;
                    }
                    shader.density(site, p, out, side, is_pre, is_post, surface);
                }
            }
        }
    }
}

impl<'a> Lattice<'a> {
    fn new(layout: &'a Layout, tile: &Tile, min: [i64; 3], lower: Vec3, upper: Vec3, sites: &[(usize, &Site)]) -> Self {
        let centre = (lower + upper) * 0.5;
        let half = (upper - lower).length() * 0.5;
        let candidates = tile.candidates(centre, half);
        let mut points = Vec::with_capacity(layout.points.iter().product());
        let absolute =
            |axis: usize, i: usize| (real(min[axis] + i64::try_from(i * layout.step[axis]).unwrap_or(0)) + 0.5) * layout.voxel_nm[axis];
        let mut places = Vec::with_capacity(points.capacity());
        for z in 0..layout.points[2] {
            for y in 0..layout.points[1] {
                for x in 0..layout.points[0] {
                    let place = glam::DVec3::new(absolute(0, x), absolute(1, y), absolute(2, z));
                    let local = super::hash::narrow(place - tile.corner);
                    points.push(tile.warp_at(place, local));
                    places.push(local);
                }
            }
        }
        let mut lattice = Self { layout, neurites: Vec::new(), mitochondria: Vec::new(), cloud: None };
        lattice.neurites = compete(&candidates, &points);
        for (i, m) in tile.mitochondria.iter().enumerate() {
            if m.lower.cmple(upper).all() && m.upper.cmpge(lower).all() {
                let values: Vec<f32> = points.iter().map(|&p| m.metric(p)).collect();
                if values.iter().any(|&v| v < 40.0) {
                    lattice.mitochondria.push(Field { item: short(i), values });
                }
            }
        }
        if !sites.is_empty() {
            lattice.cloud = Some(places.iter().map(|&p| sites.iter().map(|(_, s)| cloud(s, p)).fold(0.0, f32::max)).collect());
        }
        lattice
    }

    /// Decides owner, distance to the boundary and organelle of every voxel.
    fn resolve(&self, tile: &Tile, shader: &Shader, surfaces: &mut [Surface], block: &mut Block) {
        let l = self.layout;
        let mut cell = Cell::new(l);
        for cz in 0..l.points[2] - 1 {
            for cy in 0..l.points[1] - 1 {
                for cx in 0..l.points[0] - 1 {
                    cell.gather(self, [cx, cy, cz]);
                    cell.resolve(self, tile, shader, [cx, cy, cz], surfaces, block);
                }
            }
        }
    }
}

/// Vesicle density about a synapse.
fn cloud(site: &Site, at: Vec3) -> f32 {
    let centre = site.at - site.normal * (site.cloud * 0.45);
    (1.25 - (at - centre).length() / site.cloud * 1.25).clamp(0.0, 1.0)
}

/// The metric of each neuron at each point; neurons that can never show are dropped.
fn compete(candidates: &[Segment], points: &[Vec3]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut best = vec![f32::MAX; points.len()];
    for group in candidates.chunk_by(|a, b| a.neuron == b.neuron) {
        let mut values = vec![f32::MAX; points.len()];
        for segment in group {
            for (v, &p) in values.iter_mut().zip(points) {
                *v = v.min(segment.metric(p));
            }
        }
        for (b, &v) in best.iter_mut().zip(&values) {
            *b = b.min(v);
        }
        fields.push(Field { item: group[0].neuron, values });
    }
    fields.retain(|f| f.values.iter().zip(&best).any(|(&v, &b)| v <= b + 2.0 * RIVAL_NM));
    fields
}

/// What competes in one lattice cell.
struct Cell {
    strides: [usize; 3],
    rivals: Vec<Rival>,
    mitochondria: Vec<Rival>,
}

struct Rival {
    item: u32,
    corners: [f32; 8],
    slope: Vec3,
}

impl Cell {
    fn new(l: &Layout) -> Self {
        Self { strides: [1, l.points[0], l.points[0] * l.points[1]], rivals: Vec::new(), mitochondria: Vec::new() }
    }

    fn corners(&self, values: &[f32], at: [usize; 3]) -> [f32; 8] {
        let s = self.strides;
        let base = at[0] + at[1] * s[1] + at[2] * s[2];
        [0, 1, s[1], s[1] + 1, s[2], s[2] + 1, s[2] + s[1], s[2] + s[1] + 1].map(|o| values[base + o])
    }

    fn gather(&mut self, lattice: &Lattice<'_>, at: [usize; 3]) {
        let l = lattice.layout;
        let nm = |a: usize| narrow1(l.voxel_nm[a]) * f32::from(u16::try_from(l.step[a]).unwrap_or(1));
        let rival = |f: &Field| {
            let c = self.corners(&f.values, at);
            let slope = Vec3::new(
                (c[1] - c[0] + c[3] - c[2] + c[5] - c[4] + c[7] - c[6]) / (4.0 * nm(0)),
                (c[2] - c[0] + c[3] - c[1] + c[6] - c[4] + c[7] - c[5]) / (4.0 * nm(1)),
                (c[4] - c[0] + c[5] - c[1] + c[6] - c[2] + c[7] - c[3]) / (4.0 * nm(2)),
            );
            Rival { item: f.item, corners: c, slope }
        };
        let mut best = [f32::MAX; 8];
        let all: Vec<Rival> = lattice.neurites.iter().map(rival).collect();
        let mitochondria: Vec<Rival> = lattice.mitochondria.iter().map(rival).filter(|r| r.corners.iter().any(|&c| c < 24.0)).collect();
        for r in &all {
            for (b, &c) in best.iter_mut().zip(&r.corners) {
                *b = b.min(c);
            }
        }
        self.rivals.clear();
        self.rivals.extend(all.into_iter().filter(|r| r.corners.iter().zip(&best).any(|(&c, &b)| c <= b + RIVAL_NM)));
        self.mitochondria = mitochondria;
    }

    fn resolve(&self, lattice: &Lattice<'_>, tile: &Tile, shader: &Shader, at: [usize; 3], surfaces: &mut [Surface], block: &mut Block) {
        let l = lattice.layout;
        let cloud = lattice.cloud.as_ref().map(|c| self.corners(c, at));
        for z in 0..l.step[2] {
            for y in 0..l.step[1] {
                for x in 0..l.step[0] {
                    let weights = weights(l, [x, y, z]);
                    let i = at[0] * l.step[0] + x + l.block[0] * (at[1] * l.step[1] + y + l.block[1] * (at[2] * l.step[2] + z));
                    let (mut best, mut second) = ((f32::MAX, 0usize), (f32::MAX, 0usize));
                    for (k, r) in self.rivals.iter().enumerate() {
                        let v = blend(&r.corners, &weights);
                        if v < best.0 {
                            second = best;
                            best = (v, k);
                        } else if v < second.0 {
                            second = (v, k);
                        }
                    }
                    let owner = &self.rivals[best.1];
                    let edge = if second.0 < f32::MAX {
                        let slope = (owner.slope - self.rivals[second.1].slope).length().max(0.35);
                        ((second.0 - best.0) / slope).min(FAR_NM)
                    } else {
                        FAR_NM
                    };
                    let neuron = &tile.neurons[owner.item as usize];
                    let mut surface = shader.neurite(neuron, edge);
                    block.labels[i] = if edge < HALF_GAP_NM { 0 } else { neuron.id };
                    for m in &self.mitochondria {
                        let inside: &Mitochondrion = &tile.mitochondria[m.item as usize];
                        if inside.neuron == owner.item {
                            let depth = blend(&m.corners, &weights).max(INSET_NM - edge);
                            if depth < 0.0 {
                                block.mitochondria[i] = inside.id;
                            }
                            shader.mitochondrion(inside, depth, &mut surface);
                        }
                    }
                    if let Some(cloud) = &cloud {
                        surface.vesicles = blend(cloud, &weights);
                    }
                    surfaces[i] = surface;
                }
            }
        }
    }
}

fn weights(l: &Layout, at: [usize; 3]) -> [f32; 8] {
    let f = |a: usize| f32::from(u16::try_from(at[a]).unwrap_or(0)) / f32::from(u16::try_from(l.step[a]).unwrap_or(1));
    let (x, y, z) = (f(0), f(1), f(2));
    let (u, v, w) = (1.0 - x, 1.0 - y, 1.0 - z);
    [u * v * w, x * v * w, u * y * w, x * y * w, u * v * z, x * v * z, u * y * z, x * y * z]
}

fn blend(corners: &[f32; 8], weights: &[f32; 8]) -> f32 {
    corners.iter().zip(weights).map(|(c, w)| c * w).sum()
}

/// A number in [0, 1) from the upper bits of a hash.
pub(super) fn fraction(hash: u64) -> f32 {
    narrow1(unit_of(hash))
}
