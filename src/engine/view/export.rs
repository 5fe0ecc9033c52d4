//! Exports of layers.

use crate::engine::export::{ExportOptions, Exporting};
use crate::error::{ErrorCode, ViewerError};
use crate::exchange::VolumeExport;
use crate::job::ExportJob;

use super::View;

impl View {
    /// Begins to write a layer as files, in a worker: one channel and place along the other axes, by default those that are shown.
    ///
    /// # Errors
    /// No such layer, level or channel, or a layer that is not ready.
    pub fn export_volume(&mut self, id: &str, options: ExportOptions) -> Result<Exporting, ViewerError> {
        let (layer, ready) = self.ready_layer(id)?;
        let spec =
            ready.spec.levels.get(usize::from(options.level)).ok_or_else(|| no_level(options.level.into(), ready.spec.levels.len()))?;
        let export = VolumeExport {
            format: options.format,
            ome_version: options.ome_version,
            name: id.to_owned(),
            level: options.level,
            voxels: options.voxels.unwrap_or(spec.voxel_box),
            levels: options.levels,
            as_labels: layer.is_segmentation(),
            voxel_size_nm: spec.voxel_size_nm,
            offset_nm: spec.offset_nm,
        };
        let mut shared = self.context.shared.borrow_mut();
        let source = layer.source_at(options.channel, options.at.as_ref(), &self.other_axes, &mut shared)?;
        let known = shared.sources.get(&source).map(|source| (source.volume, source.selection.clone()));
        drop(shared);
        let (volume, selection) = known.ok_or_else(|| ViewerError::new(ErrorCode::Internal, "the source is not known"))?;
        Ok(self.context.export(source, ExportJob { volume, selection, export }))
    }
}

/// There is no such level.
pub(super) fn no_level(level: usize, count: usize) -> ViewerError {
    ViewerError::new(ErrorCode::InvalidOptions, format!("there is no level {level}: the layer has {count} from 0"))
        .with_detail("key", "level")
}
