//! Boxes of a level, put together from its chunks: those that the next boxes need too are kept for a while.

use std::rc::Rc;

use futures::future::{FutureExt, try_join_all};

use super::ExportError;
use crate::format::memo::{Memo, SHARED_CHUNKS_BYTES};
use crate::format::per_axis::zip;
use crate::format::{ChunkSource, LevelSpec, Selection};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::voxel::{VoxelBlock, paste};

/// One channel and place of a level of a volume.
pub(super) struct BoxReader {
    source: Rc<dyn ChunkSource>,
    level: usize,
    spec: LevelSpec,
    selection: Rc<Selection>,
    chunks: Memo<[i64; 3], VoxelBlock>,
    cancel: Cancel,
}

impl BoxReader {
    /// `None` where the volume has no such level.
    pub(super) fn new(source: Rc<dyn ChunkSource>, level: usize, selection: Selection, cancel: &Cancel) -> Option<Self> {
        let spec = source.spec().levels.get(level)?.clone();
        let chunks = Memo::new(SHARED_CHUNKS_BYTES);
        Some(Self { source, level, spec, selection: Rc::new(selection), chunks, cancel: cancel.clone() })
    }

    pub(super) fn spec(&self) -> &LevelSpec {
        &self.spec
    }

    /// The voxels of a box; where the volume has none, its fill value. `None` where all are 0.
    pub(super) async fn read(&self, voxels: VoxelBox) -> Result<Option<VoxelBlock>, ExportError> {
        let volume = self.source.spec();
        let inside = voxels.intersection(&self.spec.voxel_box);
        let places = if inside.is_empty() { Vec::new() } else { self.chunks_of(&inside) };
        let chunks = try_join_all(places.iter().map(|place| self.chunk(*place))).await?;
        if volume.fill_bits == 0 && chunks.iter().all(Option::is_none) {
            return Ok(None);
        }
        let bytes = voxels.volume().saturating_mul(volume.data_type.size_bytes() as u64);
        let too_large = || ExportError::OutOfMemory { bytes };
        let [x, y, z] = voxels.shape().map(u32::try_from);
        let (Ok(x), Ok(y), Ok(z)) = (x, y, z) else { return Err(too_large()) };
        let mut block = VoxelBlock::filled(volume.data_type, [x, y, z], volume.fill_bits).ok_or_else(too_large)?;
        for (place, chunk) in places.iter().zip(&chunks) {
            if let Some(chunk) = chunk {
                paste(&mut block, &voxels, chunk, &self.spec.chunk_box(*place));
            }
        }
        Ok(block.data.iter().any(|byte| *byte != 0).then_some(block))
    }

    fn chunks_of(&self, voxels: &VoxelBox) -> Vec<[i64; 3]> {
        let chunk_of = |voxel: [i64; 3]| {
            let from_origin = zip(voxel, self.spec.chunk_origin, |voxel, origin| voxel - origin);
            zip(from_origin, self.spec.chunk_shape, |voxel, edge| voxel.div_euclid(i64::from(edge.max(1))))
        };
        let ([x0, y0, z0], [x1, y1, z1]) = (chunk_of(voxels.min), chunk_of(voxels.max.map(|n| n - 1)));
        (z0..=z1).flat_map(|z| (y0..=y1).flat_map(move |y| (x0..=x1).map(move |x| [x, y, z]))).collect()
    }

    async fn chunk(&self, place: [i64; 3]) -> Result<Option<Rc<VoxelBlock>>, ExportError> {
        let (source, selection, level) = (Rc::clone(&self.source), Rc::clone(&self.selection), self.level);
        let read = move || async move { Ok(source.chunk(level, place, &selection, &Cancel::never()).await?.map(Rc::new)) }.boxed_local();
        Ok(self.chunks.get(place, &self.cancel, read).await?)
    }
}
