//! The ground truth as lists: centre lines, synapses, mitochondria.

use glam::{DVec3, Vec3};
use rustc_hash::FxHashMap;

use super::hash::{index, narrow, real, short};
use super::tile::{TILE_NM, Tile};
use super::trunk::ROOT;
use super::{Phantom, PhantomError, floor};

/// A node is listed only if its neuron owns the place by this much, nm; elsewhere a membrane may be drawn over it.
const CLEAR_NM: f32 = 36.0;

/// A point of a centre line.
#[derive(Debug, Clone, PartialEq)]
pub struct SkeletonNode {
    /// Position in nm; voxel `v` covers [`v`, `v + 1`) × voxel size.
    pub at_nm: [f64; 3],
    /// Radius that the neurite grew with; its outline differs where neighbours press.
    pub radius_nm: f64,
    /// Index of the node that it continues, in the same skeleton.
    pub parent: Option<u32>,
}

/// The centre lines of one neuron inside a box; several trees where it leaves the box and returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Skeleton {
    /// Its id in the labels.
    pub neuron: u64,
    /// Parents before or after their children.
    pub nodes: Vec<SkeletonNode>,
}

/// One side of a synapse.
#[derive(Debug, Clone, PartialEq)]
pub struct Partner {
    /// Neuron id.
    pub neuron: u64,
    /// A place inside that neuron, near the cleft, nm.
    pub at_nm: [f64; 3],
}

/// A synapse with one presynaptic neuron and at least one postsynaptic.
#[derive(Debug, Clone, PartialEq)]
pub struct Synapse {
    /// Its id in the cleft mask.
    pub id: u64,
    /// On the membrane, nm.
    pub at_nm: [f64; 3],
    /// Unit vector out of the presynaptic neuron.
    pub normal: [f64; 3],
    /// Radius of the cleft, nm.
    pub radius_nm: f64,
    /// The side with the T-bar.
    pub pre: Partner,
    /// The other side.
    pub post: Vec<Partner>,
}

/// A mitochondrion.
#[derive(Debug, Clone, PartialEq)]
pub struct MitochondrionShape {
    /// Its id in the mitochondria mask.
    pub id: u64,
    /// Neuron that it lies in.
    pub neuron: u64,
    /// Balls along it: centre and radius in nm; its outline follows their hull loosely.
    pub balls_nm: Vec<([f64; 3], f64)>,
}

/// The listed nodes of a neuron, the index of each by its hash, and the hashes of its nearest ancestors.
#[derive(Default)]
struct Lines {
    nodes: Vec<SkeletonNode>,
    by_hash: FxHashMap<u64, u32>,
    ancestors: Vec<Vec<u64>>,
}

impl Phantom {
    /// Centre lines of every neuron inside the box (voxels), sorted by neuron id.
    ///
    /// # Errors
    /// A box farther than 2⁵⁰ nm out.
    pub fn skeletons(&self, min: [i64; 3], shape: [u32; 3]) -> Result<Vec<Skeleton>, PhantomError> {
        let (lower, upper) = self.box_nm(min, shape)?;
        let mut skeletons: FxHashMap<u64, Lines> = FxHashMap::default();
        // The warp moves a node by little, so it is listed by a tile at most one away from the box.
        self.each_tile(lower, upper, 120.0, |tile, cell| {
            for node in &tile.nodes {
                if [0, 1, 2].iter().any(|&a| floor(node.at[a] / TILE_NM) != cell[a]) {
                    continue;
                }
                let local = tile.unwarp(narrow(node.at - tile.corner));
                let at = tile.corner + local.as_dvec3();
                let [best, second] = if holds(lower, upper, at) { tile.rivals(local) } else { continue };
                if best.1 != node.neuron || second.0 - best.0 < CLEAR_NM {
                    continue;
                }
                let neuron = &tile.neurons[node.neuron as usize];
                let Lines { nodes, by_hash, ancestors } = skeletons.entry(neuron.id).or_default();
                by_hash.insert(node.hash, short(nodes.len()));
                nodes.push(SkeletonNode { at_nm: at.to_array(), radius_nm: node.radius, parent: None });
                let mut line = Vec::new();
                let mut parent = node.parent;
                while parent != ROOT && line.len() < 6 {
                    let ancestor = &tile.nodes[parent as usize];
                    line.push(ancestor.hash);
                    parent = ancestor.parent;
                }
                ancestors.push(line);
            }
        });
        let mut list: Vec<Skeleton> = skeletons
            .into_iter()
            .map(|(neuron, Lines { mut nodes, by_hash, ancestors })| {
                for (node, line) in nodes.iter_mut().zip(&ancestors) {
                    node.parent = line.iter().find_map(|hash| by_hash.get(hash).copied());
                }
                Skeleton { neuron, nodes }
            })
            .collect();
        list.sort_by_key(|s| s.neuron);
        Ok(list)
    }

    /// Synapses whose site is inside the box (voxels), sorted by id.
    ///
    /// # Errors
    /// A box farther than 2⁵⁰ nm out.
    pub fn synapses(&self, min: [i64; 3], shape: [u32; 3]) -> Result<Vec<Synapse>, PhantomError> {
        let (lower, upper) = self.box_nm(min, shape)?;
        let mut list = Vec::new();
        self.each_tile(lower, upper, 0.0, |tile, cell| {
            let id = |neuron: u32| tile.neurons[neuron as usize].id;
            let place = |p: Vec3| (tile.corner + p.as_dvec3()).to_array();
            for site in &tile.sites {
                let at = tile.corner + site.at.as_dvec3();
                if !holds(lower, upper, at) || [0, 1, 2].iter().any(|&a| floor(at[a] / TILE_NM) != cell[a]) {
                    continue;
                }
                list.push(Synapse {
                    id: site.id,
                    at_nm: at.to_array(),
                    normal: site.normal.as_dvec3().to_array(),
                    radius_nm: f64::from(site.radius),
                    pre: Partner { neuron: id(site.pre), at_nm: place(site.pre_at) },
                    post: site.posts.iter().map(|&(n, p)| Partner { neuron: id(n), at_nm: place(p) }).collect(),
                });
            }
        });
        list.sort_by_key(|s| s.id);
        Ok(list)
    }

    /// Mitochondria that may touch the box (voxels), sorted by id.
    ///
    /// # Errors
    /// A box farther than 2⁵⁰ nm out.
    pub fn mitochondria(&self, min: [i64; 3], shape: [u32; 3]) -> Result<Vec<MitochondrionShape>, PhantomError> {
        let (lower, upper) = self.box_nm(min, shape)?;
        let mut list = Vec::new();
        self.each_tile(lower, upper, 0.0, |tile, _| {
            let (low, high) = (narrow(lower - tile.corner), narrow(upper - tile.corner));
            for m in &tile.mitochondria {
                if m.lower.cmple(high).all() && m.upper.cmpge(low).all() {
                    let balls_nm =
                        m.balls.iter().map(|&(p, r)| ((tile.corner + tile.unwarp(p).as_dvec3()).to_array(), f64::from(r))).collect();
                    list.push(MitochondrionShape { id: m.id, neuron: tile.neurons[m.neuron as usize].id, balls_nm });
                }
            }
        });
        list.sort_by_key(|m| m.id);
        list.dedup_by_key(|m| m.id);
        Ok(list)
    }

    fn box_nm(&self, min: [i64; 3], shape: [u32; 3]) -> Result<(DVec3, DVec3), PhantomError> {
        let max = self.checked_max(min, shape)?;
        let nm = |v: [i64; 3]| DVec3::from_array([0, 1, 2].map(|a| real(v[a]) * self.params().voxel_size_nm[a]));
        Ok((nm(min), nm(max)))
    }

    /// Visits every tile within `reach` nm of the box.
    fn each_tile(&self, lower: DVec3, upper: DVec3, reach: f64, mut visit: impl FnMut(&Tile, [i64; 3])) {
        let first = ((lower - reach) / TILE_NM).floor();
        let count = ((upper + reach) / TILE_NM).ceil() - first;
        let [w, h, d] = count.max(DVec3::ZERO).to_array().map(|c| index(floor(c)));
        for i in 0..w * h * d {
            let offset = [i % w, i / w % h, i / (w * h)];
            let cell = [0, 1, 2].map(|a| floor(first[a]) + i64::try_from(offset[a]).unwrap_or(0));
            visit(&self.tile(cell), cell);
        }
    }
}

fn holds(lower: DVec3, upper: DVec3, at: DVec3) -> bool {
    at.cmpge(lower).all() && at.cmplt(upper).all()
}
