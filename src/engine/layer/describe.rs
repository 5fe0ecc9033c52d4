//! What is known of a layer: where it lies, what it holds.

use crate::engine::auto_contrast::{self, Histogram};
use crate::engine::context::Shared;
use crate::engine::info::{LayerInfo, LayerState, LevelInfo};
use crate::geometry::{DAffine3, DMat3, DVec3};

use super::{Status, ViewLayer};

impl ViewLayer {
    /// The layer's transform, which was checked with the options, of the volume as its source says it is turned.
    pub(in crate::engine) fn world_from_volume(&self) -> DAffine3 {
        let world_from_turned = self.options.world_from_volume().unwrap_or(DAffine3::IDENTITY);
        let orientation = self.ready().and_then(|ready| ready.spec.orientation);
        orientation.map_or(world_from_turned, |rows| world_from_turned * DAffine3::from_mat3(DMat3::from_cols_array_2d(&rows).transpose()))
    }

    /// The size of a voxel of the finest level along the world's x, y, z, nm: the longest of what its edges measure there.
    pub(in crate::engine) fn voxel_nm(&self) -> Option<DVec3> {
        let size = DVec3::from_array(self.ready()?.spec.levels.first()?.voxel_size_nm);
        let edges = self.world_from_volume().matrix3 * DMat3::from_diagonal(size);
        Some(edges.x_axis.abs().max(edges.y_axis.abs()).max(edges.z_axis.abs()))
    }

    /// The corners of the volume in the world, nm: where it lies.
    pub(in crate::engine) fn corners(&self) -> Option<[DVec3; 8]> {
        let finest = self.ready()?.spec.levels.first()?;
        let world_from_volume = self.world_from_volume();
        Some(std::array::from_fn(|corner| {
            let nm: [f64; 3] = std::array::from_fn(|axis| {
                let voxel = if corner >> axis & 1 == 1 { finest.voxel_box.max[axis] } else { finest.voxel_box.min[axis] };
                finest.offset_nm[axis] + voxel as f64 * finest.voxel_size_nm[axis]
            });
            world_from_volume.transform_point3(DVec3::from_array(nm))
        }))
    }

    /// What is known of the layer.
    pub(in crate::engine) fn info(&self, shared: &Shared) -> LayerInfo {
        let spec = self.ready().map(|ready| &*ready.spec);
        LayerInfo {
            format: spec.map(|spec| spec.format),
            data_type: spec.map(|spec| spec.data_type),
            kind: spec.and_then(|spec| spec.kind),
            channels: spec.map_or(0, |spec| spec.channels),
            offset_nm: spec.and_then(|spec| spec.levels.first()).map_or([0.0; 3], |level| level.offset_nm),
            levels: spec
                .into_iter()
                .flat_map(|spec| spec.levels.iter().enumerate().map(|(at, level)| level_info(level, spec.notes.level_urls.get(at))))
                .collect(),
            zarr_format: spec.and_then(|spec| spec.notes.zarr_format),
            channel_notes: spec.map(|spec| spec.notes.channels.clone()).unwrap_or_default(),
            orientation: spec.and_then(|spec| spec.orientation).map(|rows| rows.concat()),
            other_axes: spec.map(|spec| spec.other_axes.clone()).unwrap_or_default(),
            state: match self.status {
                Status::Opening => LayerState::Loading,
                Status::Ready(_) => LayerState::Ready,
                Status::Failed(_) => LayerState::Error,
            },
            error: match &self.status {
                Status::Failed(error) => Some(error.clone()),
                Status::Opening | Status::Ready(_) => None,
            },
            chunks: self.counts,
            window: self.window(),
            made_levels: shared.levels_info(self.volume),
        }
    }

    /// How often values occur in what is loaded.
    pub(in crate::engine) fn histogram(&self, shared: &Shared) -> Option<Histogram> {
        let ready = self.ready().filter(|_| !self.is_segmentation())?;
        let sorted = auto_contrast::sample(shared.bricks.of_source(ready.source).map(|(_, brick)| brick));
        auto_contrast::histogram(&sorted, ready.spec.data_type)
    }
}

fn level_info(level: &crate::format::LevelSpec, url: Option<&String>) -> LevelInfo {
    LevelInfo {
        voxel_size_nm: level.voxel_size_nm,
        voxel_box: level.voxel_box,
        chunk_shape: level.chunk_shape,
        encoding: level.encoding.clone(),
        url: url.cloned(),
    }
}
