//! A procedural neuropil: any voxel of an unbounded volume, with its ground truth, from a seed.
//!
//! Owns how the volume is made; knows nothing of chunks, formats or files. Neurons grow from a lattice of anchors
//! ([`trunk`], [`twig`]), compete for space ([`tile`]), and are drawn block by block ([`block`], [`shade`]). For levels
//! of wide voxels there is a stand-in ([`afar`]).
//!
//! Invariants: everything is a pure function of [`PhantomParams`], bit for bit the same natively and in wasm; any two
//! boxes agree where they overlap.

mod afar;
mod block;
mod brick;
mod capsule;
mod grid;
mod hash;
mod lattice;
mod organelle;
mod region;
mod relax;
mod shade;
mod synapse;
mod texture;
mod tile;
mod trunk;
mod truth;
mod twig;

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use block::Block;
use hash::{floor, real};
use lattice::Layout;
use shade::Shader;
use tile::Tile;

pub use truth::{MitochondrionShape, Partner, Skeleton, SkeletonNode, Synapse};

/// Positions farther than this from the origin, in nm along any axis, are refused: 2⁵⁰.
const FARTHEST_NM: f64 = 1_125_899_906_842_624.0;
/// Tiles kept; each is a few megabytes.
const TILES_KEPT: usize = 32;

/// What a phantom is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomParams {
    /// Two phantoms with the same seed are the same.
    pub seed: u64,
    /// Edges of a voxel along x, y, z in nm, each 1 to 1000. The tissue does not change with it.
    pub voxel_size_nm: [f64; 3],
}

impl Default for PhantomParams {
    fn default() -> Self {
        Self { seed: 1, voxel_size_nm: [8.0; 3] }
    }
}

/// Why a phantom refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PhantomError {
    /// A voxel edge out of range.
    #[error("voxel size {0:?} nm: each edge must be from 1 to 1000 nm")]
    VoxelSize([f64; 3]),
    /// A voxel edge out of range, from afar.
    #[error("voxel size {0} nm: from afar an edge must be from 1 to 1048576 nm")]
    AfarVoxelSize(f64),
    /// A buffer of another length than the box.
    #[error("a buffer of {actual} voxels was given for a box of {expected}")]
    BufferLength {
        /// Voxels of the box.
        expected: u64,
        /// Length of the buffer.
        actual: usize,
    },
    /// A box too far out.
    #[error("the box at voxel {min:?} of shape {shape:?} reaches farther than 2^50 nm from the origin")]
    TooFar {
        /// Lowest voxel.
        min: [i64; 3],
        /// Voxels along x, y, z.
        shape: [u32; 3],
    },
}

/// The neuropil of one seed at one voxel size. Shared freely between threads.
#[derive(Debug)]
pub struct Phantom {
    params: PhantomParams,
    layout: Layout,
    shader: Shader,
    tiles: Arc<Mutex<Tiles>>,
}

#[derive(Debug, Default)]
struct Tiles {
    by_cell: FxHashMap<[i64; 3], Arc<Tile>>,
    order: std::collections::VecDeque<[i64; 3]>,
}

/// Which buffers to write, each x fastest and as long as the box, or empty.
#[derive(Debug, Default)]
pub struct Buffers<'a> {
    /// Grey values.
    pub image: &'a mut [u8],
    /// Neuron ids; 0 is extracellular space.
    pub labels: &'a mut [u64],
    /// Mitochondrion ids; 0 outside.
    pub mitochondria: &'a mut [u64],
    /// Synapse ids in the cleft and the membranes at it; 0 elsewhere.
    pub clefts: &'a mut [u64],
}

impl Phantom {
    /// Prepares the textures; neurons grow when they are first asked for.
    ///
    /// # Errors
    /// A voxel edge below 1 nm, above 1000 nm or not a number.
    pub fn new(params: PhantomParams) -> Result<Self, PhantomError> {
        if !params.voxel_size_nm.iter().all(|nm| (1.0..=1000.0).contains(nm)) {
            return Err(PhantomError::VoxelSize(params.voxel_size_nm));
        }
        let layout = Layout::new(params.voxel_size_nm);
        let shader = Shader::new(params.seed, params.voxel_size_nm);
        Ok(Self { params, layout, shader, tiles: Arc::default() })
    }

    /// The same tissue at another voxel size. The two share the neurites that they grow.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn at_voxel_size(&self, voxel_size_nm: [f64; 3]) -> Result<Self, PhantomError> {
        let other = Self::new(PhantomParams { voxel_size_nm, ..self.params })?;
        Ok(Self { tiles: Arc::clone(&self.tiles), ..other })
    }

    /// What it was made from.
    #[must_use]
    pub fn params(&self) -> &PhantomParams {
        &self.params
    }

    /// Fills image and labels of the box of `shape` voxels (x, y, z) whose lowest voxel is `min`; x fastest.
    ///
    /// # Errors
    /// A buffer that is not as long as the box; a box farther than 2⁵⁰ nm out.
    pub fn fill(&self, min: [i64; 3], shape: [u32; 3], image: &mut [u8], labels: &mut [u64]) -> Result<(), PhantomError> {
        let expected = shape.iter().map(|&n| u64::from(n)).product();
        for actual in [image.len(), labels.len()] {
            check_length(expected, actual)?;
        }
        self.fill_all(min, shape, &mut Buffers { image, labels, ..Buffers::default() })
    }

    /// As [`Self::fill`], for any of the buffers; empty ones are left out.
    ///
    /// # Errors
    /// A buffer that is neither empty nor as long as the box; a box farther than 2⁵⁰ nm out.
    pub fn fill_all(&self, min: [i64; 3], shape: [u32; 3], buffers: &mut Buffers<'_>) -> Result<(), PhantomError> {
        let expected = shape.iter().map(|&n| u64::from(n)).product();
        for actual in [buffers.image.len(), buffers.labels.len(), buffers.mitochondria.len(), buffers.clefts.len()] {
            if actual > 0 {
                check_length(expected, actual)?;
            }
        }
        let max = self.checked_max(min, shape)?;
        if expected == 0 {
            return Ok(());
        }
        let edge = self.layout.block.map(|n| i64::try_from(n).unwrap_or(1));
        let first = [0, 1, 2].map(|a| min[a].div_euclid(edge[a]));
        let last = [0, 1, 2].map(|a| (max[a] - 1).div_euclid(edge[a]));
        let mut drawn = Block::new(&self.layout);
        region::each_block(self, first, last, |tile, near, block| {
            let corner = [0, 1, 2].map(|a| block[a] * edge[a]);
            drawn.draw(&self.layout, &self.shader, tile, near, corner);
            copy(&drawn, &self.layout, corner, min, max, buffers);
        });
        Ok(())
    }

    /// Grey value and neuron id of one voxel. It draws a whole block: for more than a few voxels use [`Self::fill`].
    ///
    /// # Errors
    /// A voxel farther than 2⁵⁰ nm out.
    pub fn voxel(&self, at: [i64; 3]) -> Result<(u8, u64), PhantomError> {
        let (mut image, mut labels) = ([0], [0]);
        self.fill(at, [1; 3], &mut image, &mut labels)?;
        Ok((image[0], labels[0]))
    }

    fn checked_max(&self, min: [i64; 3], shape: [u32; 3]) -> Result<[i64; 3], PhantomError> {
        checked_max(self.params.voxel_size_nm, min, shape)
    }

    fn tile(&self, cell: [i64; 3]) -> Arc<Tile> {
        // Held while a tile grows, so that two threads never grow the same one.
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tile) = tiles.by_cell.get(&cell) {
            return Arc::clone(tile);
        }
        let tile = Arc::new(Tile::new(self.params.seed, cell));
        if tiles.order.len() >= TILES_KEPT
            && let Some(oldest) = tiles.order.pop_front()
        {
            tiles.by_cell.remove(&oldest);
        }
        tiles.order.push_back(cell);
        tiles.by_cell.insert(cell, Arc::clone(&tile));
        tile
    }
}

/// The first voxel past a box, unless that is out of reach.
fn checked_max(voxel_nm: [f64; 3], min: [i64; 3], shape: [u32; 3]) -> Result<[i64; 3], PhantomError> {
    let mut max = [0; 3];
    for axis in 0..3 {
        let nm = voxel_nm[axis];
        max[axis] = min[axis]
            .checked_add(i64::from(shape[axis]))
            .filter(|&end| real(min[axis]).abs() * nm < FARTHEST_NM && real(end).abs() * nm < FARTHEST_NM)
            .ok_or(PhantomError::TooFar { min, shape })?;
    }
    Ok(max)
}

fn check_length(expected: u64, actual: usize) -> Result<(), PhantomError> {
    if u64::try_from(actual) == Ok(expected) { Ok(()) } else { Err(PhantomError::BufferLength { expected, actual }) }
}

/// Copies the part of a block that lies in the box [`min`, `max`).
fn copy(block: &Block, layout: &Layout, corner: [i64; 3], min: [i64; 3], max: [i64; 3], buffers: &mut Buffers<'_>) {
    let edge = layout.block.map(|n| i64::try_from(n).unwrap_or(1));
    let from = [0, 1, 2].map(|a| min[a].max(corner[a]));
    let to = [0, 1, 2].map(|a| max[a].min(corner[a] + edge[a]));
    let shape = [0, 1, 2].map(|a| max[a] - min[a]);
    let length = hash::index(to[0] - from[0]);
    for z in from[2]..to[2] {
        for y in from[1]..to[1] {
            let source = hash::index(from[0] - corner[0] + edge[0] * (y - corner[1] + edge[1] * (z - corner[2])));
            let target = hash::index(from[0] - min[0] + shape[0] * (y - min[1] + shape[1] * (z - min[2])));
            row(buffers.image, target, &block.image[source..source + length]);
            row(buffers.labels, target, &block.labels[source..source + length]);
            row(buffers.mitochondria, target, &block.mitochondria[source..source + length]);
            row(buffers.clefts, target, &block.clefts[source..source + length]);
        }
    }
}

fn row<T: Copy>(target: &mut [T], at: usize, source: &[T]) {
    if let Some(slice) = target.get_mut(at..at + source.len()) {
        slice.copy_from_slice(source);
    }
}
