//! Points sorted into cubic bins at absolute positions, so that a neighbourhood is visited in the same order whatever
//! region was gathered; sums over it are then equal bit for bit in every tile that computes them.

use glam::DVec3;

use super::hash::{floor, index};

/// Bins of equal edge over a box; each lists the items put into it in ascending order.
#[derive(Debug)]
pub(super) struct Grid {
    edge_nm: f64,
    min: [i64; 3],
    shape: [i64; 3],
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Grid {
    /// Sorts `points` (those outside the box are left out). `lower` and `upper` in nm.
    pub(super) fn new(edge_nm: f64, lower: DVec3, upper: DVec3, points: impl Iterator<Item = DVec3> + Clone) -> Self {
        let bin = |x: f64| floor(x / edge_nm);
        let min = [bin(lower.x), bin(lower.y), bin(lower.z)];
        let shape = [bin(upper.x) - min[0] + 1, bin(upper.y) - min[1] + 1, bin(upper.z) - min[2] + 1];
        let mut grid = Self { edge_nm, min, shape, starts: vec![0; index(shape[0] * shape[1] * shape[2]) + 1], items: Vec::new() };
        let slots: Vec<Option<usize>> = points.map(|p| grid.slot([bin(p.x), bin(p.y), bin(p.z)])).collect();
        for slot in slots.iter().flatten() {
            grid.starts[slot + 1] += 1;
        }
        for i in 1..grid.starts.len() {
            grid.starts[i] += grid.starts[i - 1];
        }
        let mut next = grid.starts.clone();
        grid.items = vec![0; slots.iter().flatten().count()];
        for (item, slot) in (0u32..).zip(&slots) {
            if let Some(slot) = slot {
                grid.items[next[*slot] as usize] = item;
                next[*slot] += 1;
            }
        }
        grid
    }

    fn slot(&self, bin: [i64; 3]) -> Option<usize> {
        let mut at = [0; 3];
        for axis in 0..3 {
            at[axis] = bin[axis] - self.min[axis];
            if at[axis] < 0 || at[axis] >= self.shape[axis] {
                return None;
            }
        }
        Some(index(at[0] + self.shape[0] * (at[1] + self.shape[1] * at[2])))
    }

    /// Calls `visit` with every item whose bin comes within `reach_nm` of `point` (a superset of those in reach).
    pub(super) fn near(&self, point: DVec3, reach_nm: f64, mut visit: impl FnMut(u32)) {
        let bounds = |c: f64| (floor((c - reach_nm) / self.edge_nm), floor((c + reach_nm) / self.edge_nm));
        let (x, y, z) = (bounds(point.x), bounds(point.y), bounds(point.z));
        for bz in z.0..=z.1 {
            for by in y.0..=y.1 {
                for bx in x.0..=x.1 {
                    if let Some(slot) = self.slot([bx, by, bz]) {
                        for &item in &self.items[self.starts[slot] as usize..self.starts[slot + 1] as usize] {
                            visit(item);
                        }
                    }
                }
            }
        }
    }
}
