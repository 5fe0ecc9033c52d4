//! One block of voxels: distances on a coarse lattice, interpolated, then shaded.
//!
//! The block is the unit of generation: its content is a function of the parameters and its index alone, so that any
//! two boxes agree where they overlap.

use glam::{Vec3, Vec4};

use super::hash::{index, narrow1, real, short};
use super::organelle::{INSET_NM, Mitochondrion};
use super::shade::{Shader, Surface};
use super::synapse::Site;
use super::tile::{Leads, Points, RIVAL_NM, SYNAPSE_NM, Segment, Tile};

/// No neurite competes: farther than any membrane shows.
const FAR_NM: f32 = 120.0;
/// Organelles farther than this do not show.
const ORGANELLE_NM: f32 = 24.0;
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
        let block = voxel_nm.map(|nm| halve(16, 320.0, nm));
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

/// Distance (last) and its gradient to one thing at every lattice point.
struct Field {
    item: u32,
    values: Vec<[f32; 4]>,
}

struct Lattice<'a> {
    layout: &'a Layout,
    neurites: Vec<Field>,
    mitochondria: Vec<Field>,
    /// Vesicle density, 0 to 1, last.
    cloud: Option<Field>,
}

impl Block {
    pub(super) fn empty(layout: &Layout) -> Self {
        let n = layout.voxels();
        Self { image: vec![0; n], labels: vec![0; n], mitochondria: vec![0; n], clefts: vec![0; n] }
    }

    /// Fills the block whose lowest voxel is `min`, a multiple of the block's shape. `tile` holds its centre.
    pub(super) fn draw(&mut self, layout: &Layout, shader: &Shader, tile: &Tile, min: [i64; 3]) {
        let at = |v: [i64; 3]| {
            Vec3::new(
                narrow1((real(v[0]) + 0.5) * layout.voxel_nm[0] - tile.corner.x),
                narrow1((real(v[1]) + 0.5) * layout.voxel_nm[1] - tile.corner.y),
                narrow1((real(v[2]) + 0.5) * layout.voxel_nm[2] - tile.corner.z),
            )
        };
        let size = |a: usize| i64::try_from(layout.block[a]).unwrap_or(0);
        let (lower, upper) = (at(min), at([min[0] + size(0), min[1] + size(1), min[2] + size(2)]));
        let sites: Vec<&Site> = tile
            .sites
            .iter()
            .filter(|s| {
                let reach = Vec3::splat(narrow1(SYNAPSE_NM));
                (s.at + reach).cmpge(lower).all() && (s.at - reach).cmple(upper).all()
            })
            .collect();
        let lattice = Lattice::new(layout, tile, min, lower, upper, &sites);
        let mut surfaces = vec![Surface::default(); layout.voxels()];
        self.mitochondria.fill(0);
        self.clefts.fill(0);
        lattice.resolve(tile, shader, &mut surfaces, self);
        for site in &sites {
            self.dress(layout, site, lower, &mut surfaces, shader);
        }
        shader.finish(layout, min, &surfaces, &mut self.image);
    }

    /// Draws the T-bar, the cleft and the densities of a synapse.
    fn dress(&mut self, layout: &Layout, site: &Site, lower: Vec3, surfaces: &mut [Surface], shader: &Shader) {
        let reach = site.radius + 70.0;
        let size = Vec3::new(narrow1(layout.voxel_nm[0]), narrow1(layout.voxel_nm[1]), narrow1(layout.voxel_nm[2]));
        let clip = |c: f32, n: usize| index(super::hash::floor(f64::from(c))).min(n);
        let from = (site.at - reach - lower) / size;
        let to = (site.at + reach - lower) / size + Vec3::ONE;
        let b = layout.block;
        for z in clip(from.z, b[2])..clip(to.z, b[2]) {
            for y in clip(from.y, b[1])..clip(to.y, b[1]) {
                for x in clip(from.x, b[0])..clip(to.x, b[0]) {
                    let i = x + b[0] * (y + b[1] * z);
                    let p = lower + Vec3::new(small(x), small(y), small(z)) * size - site.at;
                    let surface = &mut surfaces[i];
                    let is_pre = surface.owner == site.pre;
                    let is_post = site.posts.iter().any(|q| q.0 == surface.owner);
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
    fn new(layout: &'a Layout, tile: &Tile, min: [i64; 3], lower: Vec3, upper: Vec3, sites: &[&Site]) -> Self {
        let absolute =
            |axis: usize, i: usize| (real(min[axis] + i64::try_from(i * layout.step[axis]).unwrap_or(0)) + 0.5) * layout.voxel_nm[axis];
        let mut points = Vec::with_capacity(layout.points.iter().product());
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
        let low = points.iter().fold(Vec3::MAX, |a, &p| a.min(p));
        let high = points.iter().fold(Vec3::MIN, |a, &p| a.max(p));
        let centre = (low + high) * 0.5;
        let reach = points.iter().map(|p| (*p - centre).length_squared()).fold(0.0, f32::max).sqrt();
        let candidates = tile.candidates((lower + upper) * 0.5, centre, reach);
        let mut mitochondria = Vec::new();
        for (i, m) in tile.mitochondria.iter().enumerate() {
            if m.lower.cmple(upper).all() && m.upper.cmpge(lower).all() {
                let metric = |i: usize| [0.0, 0.0, 0.0, m.metric(points[i])];
                let values: Vec<[f32; 4]> = (0..places.len()).map(metric).collect();
                if values.iter().any(|v| v[3] < ORGANELLE_NM) {
                    mitochondria.push(Field { item: short(i), values });
                }
            }
        }
        let density = |p: &Vec3| [0.0, 0.0, 0.0, sites.iter().map(|s| cloud(s, *p)).fold(0.0, f32::max)];
        let cloud = (!sites.is_empty()).then(|| Field { item: 0, values: places.iter().map(density).collect() });
        Self { layout, neurites: compete(&candidates, &points), mitochondria, cloud }
    }

    /// Decides owner, distance to the boundary and organelle of every voxel.
    fn resolve(&self, tile: &Tile, shader: &Shader, surfaces: &mut [Surface], block: &mut Block) {
        let l = self.layout;
        let mut cell = Cell::new(self, tile, shader);
        for cz in 0..l.points[2] - 1 {
            for cy in 0..l.points[1] - 1 {
                for cx in 0..l.points[0] - 1 {
                    cell.gather([cx, cy, cz]);
                    cell.resolve([cx, cy, cz], surfaces, block);
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
    let fours: Vec<Points> = points
        .chunks(4)
        .map(|chunk| {
            let at = |l: usize| chunk[l.min(chunk.len() - 1)];
            let (a, b, c, d) = (at(0), at(1), at(2), at(3));
            [Vec4::new(a.x, b.x, c.x, d.x), Vec4::new(a.y, b.y, c.y, d.y), Vec4::new(a.z, b.z, c.z, d.z)]
        })
        .collect();
    let mut best = vec![Vec4::MAX; fours.len()];
    let mut fields: Vec<Field> = Vec::new();
    let mut leads: Vec<Leads> = vec![[Vec4::ZERO; 4]; fours.len()];
    for group in candidates.chunk_by(|a, b| a.neuron == b.neuron) {
        let mut shows = false;
        for ((at, least), best) in fours.iter().zip(&mut leads).zip(&mut best) {
            *least = [Vec4::MAX; 4];
            for segment in group {
                segment.lead(at, least);
            }
            shows |= least[3].cmple(*best + RIVAL_NM).any();
            *best = best.min(least[3]);
        }
        if shows {
            let mut values = Vec::with_capacity(4 * fours.len());
            for lead in &leads {
                let [x, y, z, m] = lead.map(|v| v.to_array());
                values.extend((0..4).map(|l| [x[l], y[l], z[l], m[l]]));
            }
            fields.push(Field { item: group[0].neuron, values });
        }
    }
    let best: Vec<f32> = best.iter().flat_map(|v| v.to_array()).collect();
    fields.retain(|f| f.values.iter().zip(&best).any(|(v, &b)| v[3] <= b + RIVAL_NM));
    fields
}

/// What competes in one lattice cell.
struct Cell<'a> {
    lattice: &'a Lattice<'a>,
    tile: &'a Tile,
    shader: &'a Shader,
    /// Offsets of the corners from the lowest: x fastest.
    corners: [usize; 8],
    rivals: Vec<Rival<'a>>,
    organelles: Vec<Rival<'a>>,
    /// Grey value and grain of the only rival, where there is one.
    plain: Surface,
}

/// A field at the corners of the cell.
struct Rival<'a> {
    item: u32,
    corners: [&'a [f32; 4]; 8],
}

impl Rival<'_> {
    /// The distance at both ends of a row of the cell.
    fn ends(&self, weights: &[f32; 4]) -> (f32, f32) {
        let c = &self.corners;
        let w = weights;
        (
            c[0][3] * w[0] + c[2][3] * w[1] + c[4][3] * w[2] + c[6][3] * w[3],
            c[1][3] * w[0] + c[3][3] * w[1] + c[5][3] * w[2] + c[7][3] * w[3],
        )
    }
}

impl<'a> Cell<'a> {
    fn new(lattice: &'a Lattice<'a>, tile: &'a Tile, shader: &'a Shader) -> Self {
        let [w, h, _] = lattice.layout.points;
        let corners = [0, 1, w, w + 1, w * h, w * h + 1, w * h + w, w * h + w + 1];
        Self { lattice, tile, shader, corners, rivals: Vec::new(), organelles: Vec::new(), plain: Surface::default() }
    }

    fn gather(&mut self, at: [usize; 3]) {
        let [w, h, _] = self.lattice.layout.points;
        let base = at[0] + at[1] * w + at[2] * w * h;
        let corners = self.corners.map(|o| base + o);
        let rival = |f: &'a Field| Rival { item: f.item, corners: corners.map(|c| &f.values[c]) };
        let mut best = [f32::MAX; 8];
        for f in &self.lattice.neurites {
            for (b, &c) in best.iter_mut().zip(&corners) {
                *b = b.min(f.values[c][3]);
            }
        }
        self.rivals.clear();
        for f in &self.lattice.neurites {
            if corners.iter().zip(&best).any(|(&c, &b)| f.values[c][3] <= b + RIVAL_NM) {
                self.rivals.push(rival(f));
            }
        }
        self.organelles.clear();
        for f in &self.lattice.mitochondria {
            if corners.iter().any(|&c| f.values[c][3] < ORGANELLE_NM) {
                self.organelles.push(rival(f));
            }
        }
        if let [only] = self.rivals.as_slice() {
            self.plain = self.shader.neurite(&self.tile.neurons[only.item as usize], only.item, FAR_NM);
        }
    }

    fn resolve(&self, at: [usize; 3], surfaces: &mut [Surface], block: &mut Block) {
        let l = self.lattice.layout;
        let cloud = self.lattice.cloud.as_ref().map(|f| {
            let [w, h, _] = l.points;
            let base = at[0] + at[1] * w + at[2] * w * h;
            Rival { item: 0, corners: self.corners.map(|o| &f.values[base + o]) }
        });
        let inverse = 1.0 / small(l.step[0]);
        for z in 0..l.step[2] {
            for y in 0..l.step[1] {
                let (fy, fz) = (small(y) / small(l.step[1]), small(z) / small(l.step[2]));
                let weights = [(1.0 - fy) * (1.0 - fz), fy * (1.0 - fz), (1.0 - fy) * fz, fy * fz];
                let start = at[0] * l.step[0] + l.block[0] * (at[1] * l.step[1] + y + l.block[1] * (at[2] * l.step[2] + z));
                let row = Row { start, inverse, weights: &weights, cloud: cloud.as_ref().map(|c| c.ends(&weights)) };
                if self.rivals.len() == 1 && self.organelles.is_empty() && row.cloud.is_none() {
                    let id = self.tile.neurons[self.rivals[0].item as usize].id;
                    surfaces[start..start + l.step[0]].fill(self.plain);
                    block.labels[start..start + l.step[0]].fill(id);
                } else {
                    self.row(&row, surfaces, block);
                }
            }
        }
    }

    /// How fast the lead of one rival over another changes across the cell. Across a thin neurite the gradients at the
    /// corners oppose each other, and only this shows that it changes at all.
    fn slope(&self, a: &Rival<'_>, b: &Rival<'_>) -> f32 {
        let lead = |c: usize| b.corners[c][3] - a.corners[c][3];
        let across = |odd: [usize; 4], bit: usize| odd.iter().map(|&c| lead(c + bit) - lead(c)).sum::<f32>();
        let l = self.lattice.layout;
        let per_nm = |a: usize| 0.25 / (narrow1(l.voxel_nm[a]) * small(l.step[a]));
        let slope =
            Vec3::new(across([0, 2, 4, 6], 1) * per_nm(0), across([0, 1, 4, 5], 2) * per_nm(1), across([0, 1, 2, 3], 4) * per_nm(2));
        slope.length()
    }

    fn row(&self, row: &Row<'_>, surfaces: &mut [Surface], block: &mut Block) {
        let most = 4;
        let far = (f32::MAX, 0usize);
        let mut winners = [(far, far); 4];
        for (k, r) in self.rivals.iter().enumerate() {
            let (from, to) = r.ends(row.weights);
            let step = (to - from) * row.inverse;
            for (x, (best, second)) in winners.iter_mut().enumerate().take(most) {
                let v = from + step * small(x);
                if v < best.0 {
                    *second = *best;
                    *best = (v, k);
                } else if v < second.0 {
                    *second = (v, k);
                }
            }
        }
        for (x, (best, second)) in winners.iter().enumerate().take(self.lattice.layout.step[0]) {
            let i = row.start + x;
            let f = small(x) * row.inverse;
            let owner = &self.rivals[best.1];
            let lead = second.0 - best.0;
            let edge = if lead < RIVAL_NM {
                let w = row.weights;
                let across =
                    [(1.0 - f) * w[0], f * w[0], (1.0 - f) * w[1], f * w[1], (1.0 - f) * w[2], f * w[2], (1.0 - f) * w[3], f * w[3]];
                let other = &self.rivals[second.1];
                let mut slope = [0.0f32; 4];
                for (c, w) in across.iter().enumerate() {
                    for (s, (a, b)) in slope.iter_mut().zip(owner.corners[c].iter().zip(other.corners[c])) {
                        *s += (a - b) * w;
                    }
                }
                let square = slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2];
                lead / square.sqrt().max(self.slope(owner, other)).max(0.6)
            } else {
                FAR_NM
            };
            let neuron = &self.tile.neurons[owner.item as usize];
            let mut surface = self.shader.neurite(neuron, owner.item, edge);
            block.labels[i] = if edge < HALF_GAP_NM { 0 } else { neuron.id };
            for o in &self.organelles {
                let it: &Mitochondrion = &self.tile.mitochondria[o.item as usize];
                if it.neuron == owner.item {
                    let (from, to) = o.ends(row.weights);
                    let depth = (from + (to - from) * f).max(INSET_NM - edge);
                    if depth < 0.0 {
                        block.mitochondria[i] = it.id;
                    }
                    self.shader.mitochondrion(it, depth, &mut surface);
                }
            }
            if let Some((from, to)) = row.cloud {
                self.shader.vesicles(from + (to - from) * f, &mut surface);
            }
            surfaces[i] = surface;
        }
    }
}

/// A row of a lattice cell.
struct Row<'a> {
    start: usize,
    inverse: f32,
    weights: &'a [f32; 4],
    cloud: Option<(f32, f32)>,
}

/// A count below 2¹⁶.
fn small(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(0))
}
