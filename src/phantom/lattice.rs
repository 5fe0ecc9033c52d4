//! Where voxels and lattice points of a block lie, and how values at lattice points become values at voxels.
//!
//! Lattice points lie at the centres of voxels whose absolute index is a multiple of the step, so that what is
//! interpolated does not depend on the block that it is interpolated for.

use glam::DVec3;

use super::hash::real;

/// How a volume is cut into blocks, bricks and lattice cells, per axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) voxel_nm: [f64; 3],
    /// Voxels of a block, the unit of generation.
    pub(super) block: [usize; 3],
    /// Voxels of a brick, a part of a block: the unit of competition.
    pub(super) brick: [usize; 3],
    /// Voxels between lattice points.
    pub(super) step: [usize; 3],
    /// Voxels between the points where space is warped.
    pub(super) knot_step: [usize; 3],
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
        let brick = block.map(|n| n.div_ceil(2));
        let step = [0, 1, 2].map(|a| halve(4, 22.0, voxel_nm[a]).min(brick[a]));
        let knot_step = [0, 1, 2].map(|a| halve(8, 44.0, voxel_nm[a]).min(block[a]));
        Self { voxel_nm, block, brick, step, knot_step }
    }

    /// Voxels of a block.
    pub(super) fn voxels(&self) -> usize {
        self.block.iter().product()
    }

    /// Edges of a block, nm.
    pub(super) fn block_nm(&self) -> DVec3 {
        DVec3::from_array([0, 1, 2].map(|a| self.voxel_nm[a] * f64::from(small(self.block[a]))))
    }

    /// Lattice points of a brick.
    pub(super) fn points(&self) -> [usize; 3] {
        [0, 1, 2].map(|a| self.brick[a] / self.step[a] + 1)
    }

    /// Lattice points of a block.
    pub(super) fn block_points(&self) -> [usize; 3] {
        [0, 1, 2].map(|a| self.block[a] / self.step[a] + 1)
    }

    /// Knots of a block.
    pub(super) fn knots(&self) -> [usize; 3] {
        [0, 1, 2].map(|a| self.block[a] / self.knot_step[a] + 1)
    }
}

/// Trilinear interpolation from a lattice to one `step` times as dense, x fastest.
#[derive(Debug, Default)]
pub(super) struct Expand {
    rows: Vec<f32>,
    planes: Vec<f32>,
}

impl Expand {
    /// Fills `fine`, of shape `to`, from `coarse`, of shape `from`; the first points of both coincide.
    pub(super) fn run(&mut self, coarse: &[f32], from: [usize; 3], step: [usize; 3], to: [usize; 3], fine: &mut [f32]) {
        self.rows.resize(to[0] * from[1] * from[2], 0.0);
        self.planes.resize(to[0] * to[1] * from[2], 0.0);
        for (source, target) in coarse.chunks_exact(from[0]).zip(self.rows.chunks_exact_mut(to[0])) {
            for (pair, out) in source.windows(2).zip(target.chunks_mut(step[0])) {
                let slope = (pair[1] - pair[0]) / small(step[0]);
                for (f, o) in out.iter_mut().enumerate() {
                    *o = pair[0] + slope * small(f);
                }
            }
            last(source, target, step[0]);
        }
        for (source, target) in self.rows.chunks_exact(to[0] * from[1]).zip(self.planes.chunks_exact_mut(to[0] * to[1])) {
            blend(source, target, to[0], step[1]);
        }
        blend(&self.planes, fine, to[0] * to[1], step[2]);
    }
}

/// The last point, where the denser lattice includes it.
fn last(source: &[f32], target: &mut [f32], step: usize) {
    if let (Some(&value), Some(slot)) = (source.last(), target.get_mut((source.len() - 1) * step)) {
        *slot = value;
    }
}

/// Interpolates between neighbouring runs of `length` values.
fn blend(source: &[f32], target: &mut [f32], length: usize, step: usize) {
    let cells = source.len() / length - 1;
    for (i, out) in target.chunks_exact_mut(length).enumerate() {
        let cell = (i / step).min(cells - 1);
        let weight = small(i - cell * step) / small(step);
        let (low, high) = (&source[cell * length..][..length], &source[(cell + 1) * length..][..length]);
        for ((o, a), b) in out.iter_mut().zip(low).zip(high) {
            *o = a + (b - a) * weight;
        }
    }
}

/// A count below 2¹⁶.
pub(super) fn small(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(0))
}
