//! Which level to draw.

use crate::geometry::{DAffine3, DVec3, PixelPlane};

use super::LevelGrid;

/// Voxels may be this much larger than a pixel before the next finer level is taken.
const SLACK: f64 = 1.1;

/// The coarsest level whose voxels, along the plane's two directions, are not larger than a pixel, or where no level
/// goes finer in that direction, not larger than the finest level's. `volume_from_world` maps nm to nm.
///
/// Each direction counts by itself: in a section across 4×4×40 nm voxels a coarser level is right as soon as its 8 nm edge is.
#[must_use]
pub fn choose_level(levels: &[LevelGrid], plane: &PixelPlane, volume_from_world: &DAffine3) -> usize {
    let Some(finest) = levels.first() else { return 0 };
    let plane = plane.transformed(volume_from_world);
    let fits = |level: &LevelGrid| {
        [plane.du, plane.dv].into_iter().all(|step| {
            let voxels_per_px = |grid: &LevelGrid| voxel_steps(grid.voxel_from_nm.transform_vector3(step));
            // Less than one voxel per pixel means that a voxel is larger than a pixel.
            let (here, best) = (voxels_per_px(level), voxels_per_px(finest));
            here * SLACK >= 1.0_f64.min(best)
        })
    };
    levels.iter().rposition(fits).unwrap_or(0)
}

/// How many voxels a step passes: along the axis where it passes most.
fn voxel_steps(step: DVec3) -> f64 {
    step.abs().max_element()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{LevelSpec, Sharding};
    use crate::geometry::{DVec2, VoxelBox};

    fn level(voxel_size_nm: [f64; 3]) -> LevelGrid {
        LevelGrid::new(&LevelSpec {
            voxel_size_nm,
            offset_nm: [0.0; 3],
            voxel_box: VoxelBox { min: [0; 3], max: [1000; 3] },
            chunk_origin: [0; 3],
            chunk_shape: [64; 3],
            encoding: "raw".to_owned(),
            sharding: Sharding::None,
        })
    }

    fn chosen(levels: &[LevelGrid], du: DVec3, dv: DVec3) -> usize {
        let plane = PixelPlane { origin: DVec3::ZERO, du, dv, size: DVec2::splat(100.0) };
        choose_level(levels, &plane, &DAffine3::IDENTITY)
    }

    #[test]
    fn takes_the_coarsest_level_that_loses_nothing() {
        let levels = [level([8.0; 3]), level([16.0; 3]), level([32.0; 3])];
        for (nm_per_px, expected) in [(1.0, 0), (8.0, 0), (14.0, 0), (16.0, 1), (30.0, 2), (31.0, 2), (500.0, 2)] {
            assert_eq!(chosen(&levels, DVec3::X * nm_per_px, DVec3::Y * nm_per_px), expected, "{nm_per_px} nm per pixel");
        }
    }

    #[test]
    fn a_thick_axis_does_not_force_the_finest_level() {
        let levels = [level([4.0, 4.0, 40.0]), level([8.0, 8.0, 40.0]), level([16.0, 16.0, 40.0])];
        assert_eq!(chosen(&levels, DVec3::X * 8.0, DVec3::Z * 8.0), 1);
        assert_eq!(chosen(&levels, DVec3::X * 3.0, DVec3::Z * 3.0), 0);
    }
}
