//! Opened volumes, and the sources of bricks made from them.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::{ChunkKey, LevelGrid};
use crate::error::{ErrorCode, ViewerError};
use crate::format::{Selection, VolumeSpec};
use crate::geometry::DVec3;
use crate::job::OpenJob;

/// A volume that is being opened, or was.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) open: OpenJob,
    pub(super) status: VolumeStatus,
    pub(super) users: usize,
    /// The levels that it lacks.
    pub(super) levels: Option<super::context::LevelsOfVolume>,
}

/// How far a volume is.
#[derive(Clone, Debug)]
pub(super) enum VolumeStatus {
    Opening,
    Open(Rc<VolumeSpec>),
    Failed(ViewerError),
}

/// One channel and place along the other axes of a volume, as bricks of one kind.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) volume: u32,
    pub(super) selection: Selection,
    pub(super) as_labels: bool,
    pub(super) spec: Rc<VolumeSpec>,
    pub(super) grids: Rc<Vec<LevelGrid>>,
    pub(super) users: usize,
    pub(super) absent: FxHashSet<ChunkKey>,
    pub(super) failed: FxHashMap<ChunkKey, ViewerError>,
}

/// Checks what the rest relies on: places that fit 32 bits, at most 255 levels, at least one.
pub(super) fn check_spec(spec: &VolumeSpec) -> Result<(), ViewerError> {
    if spec.levels.is_empty() || spec.levels.len() > 255 {
        return Err(ViewerError::new(
            ErrorCode::BadMetadata,
            format!("the volume has {} levels; 1 to 255 can be shown", spec.levels.len()),
        ));
    }
    for level in &spec.levels {
        let grid = LevelGrid::new(level);
        let fits = (0..3).all(|axis| {
            let places = i64::from(grid.bricks_per_chunk[axis])
                .saturating_mul(grid.grid_box.max[axis].saturating_abs().max(grid.grid_box.min[axis].saturating_abs()));
            places < i64::from(i32::MAX)
        });
        let measured = level.voxel_size_nm.iter().all(|nm| nm.is_finite() && *nm > 0.0) && level.offset_nm.iter().all(|nm| nm.is_finite());
        if !fits || !measured {
            return Err(ViewerError::new(
                ErrorCode::BadMetadata,
                format!("a level of {:?} voxels of {:?} nm cannot be shown", level.voxel_box.shape(), level.voxel_size_nm),
            ));
        }
    }
    Ok(())
}

/// The specification with another voxel size of the finest level; the other levels keep their ratios to it.
pub(super) fn rescaled(spec: &VolumeSpec, voxel_size_nm: [f64; 3]) -> VolumeSpec {
    let mut spec = spec.clone();
    let Some(finest) = spec.levels.first() else { return spec };
    let factor = DVec3::from_array(voxel_size_nm) / DVec3::from_array(finest.voxel_size_nm);
    for level in &mut spec.levels {
        level.voxel_size_nm = (DVec3::from_array(level.voxel_size_nm) * factor).to_array();
        level.offset_nm = (DVec3::from_array(level.offset_nm) * factor).to_array();
    }
    spec
}
