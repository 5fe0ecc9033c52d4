//! Which bricks a panel's plane cuts.

use std::array::from_fn;

use crate::geometry::{DMat3, DVec3, PixelPlane};

use super::LevelGrid;

/// A brick that the plane cuts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisibleBrick {
    /// Its place in the level's brick grid.
    pub brick: [i32; 3],
    /// The chunk that it lies in.
    pub chunk: [i32; 3],
    /// From the middle of the panel to the middle of the brick, pixels.
    pub distance_px: f64,
}

/// The bricks of one level that a panel shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisibleSet {
    /// In no particular order.
    pub bricks: Vec<VisibleBrick>,
    /// The least and greatest chunk, both included; meaningless without bricks.
    pub chunk_range: [[i32; 3]; 2],
}

/// Linear filtering reads half a voxel beyond the plane's own voxels.
const MARGIN_VOXELS: f64 = 0.5 + 1e-3;

/// The bricks that a plane (in this level's voxel space) cuts, or `None` where there are more than `most_chunks` chunks of them.
/// `linear`: what lies between voxel centres is read from both sides; otherwise a plane along axes has one voxel across.
#[must_use]
pub fn visible_bricks(grid: &LevelGrid, plane: &PixelPlane, linear: bool, most_chunks: usize) -> Option<VisibleSet> {
    let normal = plane.du.cross(plane.dv);
    if !(normal.length_squared() > 0.0 && normal.is_finite() && plane.origin.is_finite()) || grid.voxel_box.is_empty() {
        return Some(VisibleSet::default());
    }
    let test = PlaneTest::new(plane, normal, linear);
    let mut set = VisibleSet { bricks: Vec::new(), chunk_range: [[i32::MAX; 3], [i32::MIN; 3]] };
    let mut chunks = 0_usize;
    for chunk in candidate_chunks(grid, plane, normal)? {
        let mut seen = false;
        for brick in grid.bricks_of_chunk(chunk) {
            let voxels = grid.brick_box(brick);
            let (min, max) = (DVec3::from_array(voxels.min.map(|n| n as f64)), DVec3::from_array(voxels.max.map(|n| n as f64)));
            if let Some(distance_px) = test.distance(min, max) {
                seen = true;
                set.bricks.push(VisibleBrick { brick, chunk, distance_px });
            }
        }
        if seen {
            chunks += 1;
            if chunks > most_chunks {
                return None;
            }
            let [min, max] = set.chunk_range;
            set.chunk_range = [from_fn(|axis| min[axis].min(chunk[axis])), from_fn(|axis| max[axis].max(chunk[axis]))];
        }
    }
    Some(set)
}

/// The plane as a test of boxes.
struct PlaneTest {
    plane_from_voxel: DMat3,
    origin: DVec3,
    size: [f64; 2],
    /// The axis across a plane that shows one voxel of it.
    across: Option<usize>,
}

impl PlaneTest {
    fn new(plane: &PixelPlane, normal: DVec3, linear: bool) -> Self {
        let negligible = normal.abs().max_element() * 1e-9;
        let mut tilted = (0..3).filter(|&axis| normal[axis].abs() > negligible);
        let across = tilted.next().filter(|_| tilted.next().is_none() && !linear);
        let voxel_from_plane = DMat3::from_cols(plane.du, plane.dv, normal.normalize());
        Self { plane_from_voxel: voxel_from_plane.inverse(), origin: plane.origin, size: [plane.size.x, plane.size.y], across }
    }

    /// How far the middle of the box is from the middle of the panel, where the panel cuts the box.
    fn distance(&self, min: DVec3, max: DVec3) -> Option<f64> {
        if self.across.is_some_and(|axis| !(min[axis]..max[axis]).contains(&self.origin[axis])) {
            return None;
        }
        let half = (max - min) * 0.5 + DVec3::splat(MARGIN_VOXELS);
        let at = self.plane_from_voxel * ((min + max) * 0.5 - self.origin);
        // A box reaches along a plane coordinate by the sum of its half edges' shares.
        let reach = DMat3::from_cols_array(&self.plane_from_voxel.to_cols_array().map(f64::abs)) * half;
        let inside = |axis: usize| at[axis] + reach[axis] >= 0.0 && at[axis] - reach[axis] <= self.size[axis];
        if at.z.abs() > reach.z || !inside(0) || !inside(1) {
            return None;
        }
        Some((at.x - self.size[0] * 0.5).hypot(at.y - self.size[1] * 0.5))
    }
}

/// The most chunk columns that are looked at: beyond it a coarser level must do.
const MOST_COLUMNS: f64 = 1e6;

/// Chunks near the plane: a column of chunks at a time along the axis that the plane is most across. `None`: too many.
fn candidate_chunks(grid: &LevelGrid, plane: &PixelPlane, normal: DVec3) -> Option<Vec<[i32; 3]>> {
    let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
        .map(|[u, v]| plane.origin + plane.du * (u * plane.size.x) + plane.dv * (v * plane.size.y));
    let margin = DVec3::splat(MARGIN_VOXELS);
    let low = corners.into_iter().fold(DVec3::INFINITY, DVec3::min) - margin;
    let high = corners.into_iter().fold(DVec3::NEG_INFINITY, DVec3::max) + margin;
    let shape = grid.chunk_shape.map(f64::from);
    let origin = grid.chunk_origin.map(|n| n as f64);
    let chunk_range = |axis: usize, low: f64, high: f64| {
        let first = ((low - origin[axis]) / shape[axis]).floor().max(grid.grid_box.min[axis] as f64);
        let last = ((high - origin[axis]) / shape[axis]).floor().min((grid.grid_box.max[axis] - 1) as f64);
        (first, last)
    };
    let across = (0..3).max_by(|&a, &b| (normal[a].abs() * shape[a]).total_cmp(&(normal[b].abs() * shape[b]))).unwrap_or(2);
    let (i, j) = ((across + 1) % 3, (across + 2) % 3);
    let (first_i, last_i) = chunk_range(i, low[i], high[i]);
    let (first_j, last_j) = chunk_range(j, low[j], high[j]);
    if first_i > last_i || first_j > last_j {
        return Some(Vec::new());
    }
    if (last_i - first_i + 1.0) * (last_j - first_j + 1.0) > MOST_COLUMNS {
        return None;
    }
    let slope = [i, j].map(|axis| normal[axis] / normal[across]);
    let mut chunks = Vec::new();
    for at_i in whole(first_i)..=whole(last_i) {
        for at_j in whole(first_j)..=whole(last_j) {
            let middle = [(i, at_i), (j, at_j)].map(|(axis, at)| origin[axis] + (f64::from(at) + 0.5) * shape[axis]);
            let height = plane.origin[across] - slope[0] * (middle[0] - plane.origin[i]) - slope[1] * (middle[1] - plane.origin[j]);
            let reach =
                slope[0].abs() * (shape[i] * 0.5 + MARGIN_VOXELS) + slope[1].abs() * (shape[j] * 0.5 + MARGIN_VOXELS) + MARGIN_VOXELS;
            let (first, last) = chunk_range(across, height - reach, height + reach);
            if first > last {
                continue;
            }
            for at in whole(first)..=whole(last) {
                let mut chunk = [0; 3];
                (chunk[i], chunk[j], chunk[across]) = (at_i, at_j, at);
                chunks.push(chunk);
            }
        }
    }
    Some(chunks)
}

/// A whole number that was clipped to a grid of `i32` places.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and grids have fewer than 2³¹ places")]
fn whole(n: f64) -> i32 {
    n as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{LevelSpec, Sharding};
    use crate::geometry::{DQuat, DVec2, VoxelBox};
    use proptest::prelude::*;

    fn grid(chunk_shape: [u32; 3], min: [i64; 3], shape: [i64; 3]) -> LevelGrid {
        LevelGrid::new(&LevelSpec {
            voxel_size_nm: [1.0; 3],
            offset_nm: [0.0; 3],
            voxel_box: VoxelBox::from_shape(min, shape),
            chunk_origin: min,
            chunk_shape,
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        })
    }

    proptest! {
        /// Every pixel that lies in the volume lies in a visible brick: nothing on screen is ever forgotten.
        #[test]
        fn covers_every_pixel(
            chunk in prop::array::uniform3(1_u32..70), min in prop::array::uniform3(-50_i64..50), shape in prop::array::uniform3(1_i64..150),
            angles in prop::array::uniform3(-3.0_f64..3.0), scale in 0.2_f64..4.0, at in prop::array::uniform3(-20.0_f64..150.0),
        ) {
            let grid = grid(chunk, min, shape);
            let turn = DQuat::from_euler(glam::EulerRot::XYZ, angles[0], angles[1], angles[2]);
            let plane = PixelPlane { origin: DVec3::from_array(at), du: turn * DVec3::X * scale, dv: turn * DVec3::Y * scale, size: DVec2::new(40.0, 30.0) };
            let set = visible_bricks(&grid, &plane, true, usize::MAX).unwrap();
            let seen: std::collections::HashSet<_> = set.bricks.iter().map(|brick| brick.brick).collect();
            prop_assert_eq!(seen.len(), set.bricks.len(), "no brick twice");
            for u in 0..40 {
                for v in 0..30 {
                    let point = plane.world_from_plane(DVec2::new(f64::from(u) + 0.5, f64::from(v) + 0.5));
                    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
                    let voxel = point.floor().to_array().map(|n| n as i64);
                    if grid.voxel_box.contains(voxel) {
                        let brick = grid.brick_of_voxel(voxel);
                        prop_assert!(grid.brick_box(brick).contains(voxel));
                        prop_assert!(seen.contains(&brick), "voxel {:?} in brick {:?}", voxel, brick);
                    }
                }
            }
        }
    }

    #[test]
    fn an_axis_aligned_slice_takes_one_layer_of_bricks() {
        let grid = grid([64; 3], [0; 3], [512; 3]);
        let plane = PixelPlane { origin: DVec3::new(0.0, 0.0, 100.5), du: DVec3::X, dv: DVec3::Y, size: DVec2::splat(512.0) };
        let set = visible_bricks(&grid, &plane, true, 10_000).unwrap();
        assert_eq!(set.bricks.len(), 16 * 16);
        assert_eq!(set.chunk_range, [[0, 0, 1], [7, 7, 1]]);
        assert!(visible_bricks(&grid, &plane, true, 63).is_none());
    }

    #[test]
    fn at_a_border_linear_filtering_needs_both_sides_and_a_voxel_is_on_one() {
        let grid = grid([16; 3], [0; 3], [64; 3]);
        let layers = |z: f64, linear: bool| {
            let plane = PixelPlane { origin: DVec3::new(0.0, 0.0, z), du: DVec3::X, dv: DVec3::Y, size: DVec2::splat(64.0) };
            let bricks = visible_bricks(&grid, &plane, linear, usize::MAX).unwrap().bricks;
            bricks.iter().map(|brick| brick.chunk[2]).collect::<std::collections::BTreeSet<i32>>().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(layers(32.0, true), [1, 2]);
        assert_eq!(layers(32.0, false), [2]);
        assert_eq!(layers(f64::from_bits(32.0_f64.to_bits() - 1), false), [1]);
        assert!(layers(64.0, false).is_empty());
    }
}
