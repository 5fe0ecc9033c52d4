//! The ground truth as lists: centre lines, synapses, mitochondria.

use glam::{DVec3, Vec3};
use rustc_hash::FxHashMap;

use super::hash::{index, narrow, real, short};
use super::tile::{TILE_NM, Tile};
use super::trunk::ROOT;
use super::{Buffers, Phantom, PhantomError, floor};

/// A node whose parent is not listed continues the nearest listed of this many ancestors.
const ANCESTORS: usize = 6;
/// Where a partner is looked for, further in than its first place, nm.
const DEPTHS_NM: [f32; 6] = [0.0, 8.0, 16.0, -8.0, 26.0, 38.0];

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
        let mut found = Vec::new();
        // The warp moves a node by little, so it is listed by a tile at most one away from the box.
        self.each_tile(lower, upper, 120.0, |tile, cell| {
            for node in &tile.nodes {
                if [0, 1, 2].iter().any(|&a| floor(node.at[a] / TILE_NM) != cell[a]) {
                    continue;
                }
                let at = tile.corner + tile.unwarp(narrow(node.at - tile.corner)).as_dvec3();
                if !holds(lower, upper, at) {
                    continue;
                }
                let mut line = Vec::new();
                let mut parent = node.parent;
                while parent != ROOT && line.len() < ANCESTORS {
                    let ancestor = &tile.nodes[parent as usize];
                    line.push(ancestor.hash);
                    parent = ancestor.parent;
                }
                found.push((self.block_of(at), node.hash, at, node.radius, tile.neurons[node.neuron as usize].id, line));
            }
        });
        // Block by block, so that each is drawn once.
        found.sort_unstable_by_key(|f| (f.0, f.1));
        let mut skeletons: FxHashMap<u64, Lines> = FxHashMap::default();
        let mut looker = Looker::new(self);
        for (_, hash, at, radius_nm, neuron, line) in found {
            // Where a neighbour has pressed it aside, a centre line may leave its neurite.
            if looker.label(at) == neuron {
                let Lines { nodes, by_hash, ancestors } = skeletons.entry(neuron).or_default();
                by_hash.insert(hash, short(nodes.len()));
                nodes.push(SkeletonNode { at_nm: at.to_array(), radius_nm, parent: None });
                ancestors.push(line);
            }
        }
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
        let mut looker = Looker::new(self);
        self.each_tile(lower, upper, 0.0, |tile, cell| {
            let id = |neuron: u32| tile.neurons[neuron as usize].id;
            for site in &tile.sites {
                let at = tile.corner + site.at.as_dvec3();
                if !holds(lower, upper, at) || [0, 1, 2].iter().any(|&a| floor(at[a] / TILE_NM) != cell[a]) {
                    continue;
                }
                let mut side = |neuron: u32, near: Vec3, out: Vec3| {
                    let neuron = id(neuron);
                    let tries = DEPTHS_NM.iter().map(|&nm| tile.corner + (near + out * nm).as_dvec3());
                    tries.into_iter().find(|&p| looker.label(p) == neuron).map(|p| Partner { neuron, at_nm: p.to_array() })
                };
                let pre = side(site.pre, site.pre_at, -site.normal);
                let post: Vec<Partner> = site.posts.iter().filter_map(|&(n, p)| side(n, p, site.normal)).collect();
                if let (Some(pre), false) = (pre, post.is_empty()) {
                    let normal = site.normal.as_dvec3().to_array();
                    list.push(Synapse { id: site.id, at_nm: at.to_array(), normal, radius_nm: f64::from(site.radius), pre, post });
                }
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

    fn voxel_of(&self, at: DVec3) -> [i64; 3] {
        [0, 1, 2].map(|a| floor(at[a] / self.params().voxel_size_nm[a]))
    }

    fn block_of(&self, at: DVec3) -> [i64; 3] {
        let voxel = self.voxel_of(at);
        [0, 1, 2].map(|a| voxel[a].div_euclid(i64::try_from(self.layout.block[a]).unwrap_or(1)))
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

/// Reads labels of single voxels; near ones in turn are cheap, since it keeps the last block.
struct Looker<'a> {
    phantom: &'a Phantom,
    block: Option<[i64; 3]>,
    labels: Vec<u64>,
}

impl<'a> Looker<'a> {
    fn new(phantom: &'a Phantom) -> Self {
        Self { phantom, block: None, labels: vec![0; phantom.layout.voxels()] }
    }

    /// Label of the voxel that holds a place; 0 where that is out of reach.
    fn label(&mut self, at: DVec3) -> u64 {
        let (voxel, block) = (self.phantom.voxel_of(at), self.phantom.block_of(at));
        let edge = self.phantom.layout.block.map(|n| i64::try_from(n).unwrap_or(1));
        let corner = [0, 1, 2].map(|a| block[a] * edge[a]);
        if self.block != Some(block) {
            let shape = self.phantom.layout.block.map(short);
            let mut buffers = Buffers { labels: &mut self.labels, ..Buffers::default() };
            if self.phantom.fill_all(corner, shape, &mut buffers).is_err() {
                return 0;
            }
            self.block = Some(block);
        }
        let [x, y, z] = [0, 1, 2].map(|a| voxel[a] - corner[a]);
        self.labels[index(x + edge[0] * (y + edge[1] * z))]
    }
}

fn holds(lower: DVec3, upper: DVec3, at: DVec3) -> bool {
    at.cmpge(lower).all() && at.cmplt(upper).all()
}
