//! Making one region: batch by batch along z, each chunk of the level below read once.

use futures::stream::{self, StreamExt, TryStreamExt};
use rustc_hash::FxHashMap;

use crate::format::{ChunkSource, FormatError, LevelSpec, Selection};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::voxel::{VoxelBlock, downsample, paste};

use super::plan::MadeLevel;

/// What the voxels of one batch of the level below may take in memory, unless fewer planes of it make no voxel.
const BATCH_BYTES: u64 = 32 << 20;
/// Chunks that are fetched at once.
const AT_ONCE: usize = 8;

/// The voxels of a box of a made level, from those of the level below. `from`: that level's number.
pub(super) async fn make(
    source: &dyn ChunkSource,
    from: usize,
    level: &MadeLevel,
    voxels: VoxelBox,
    labels: bool,
    selection: &Selection,
    cancel: &Cancel,
) -> Result<VoxelBlock, FormatError> {
    let spec = source.spec();
    let below = spec.levels.get(from).ok_or_else(too_large)?;
    let factors = level.factors.map(i64::from);
    let (data_type, fill_bits) = (spec.data_type, spec.fill_bits);
    let shape = block_shape(&voxels)?;
    let mut made = VoxelBlock::filled(data_type, shape, fill_bits).ok_or_else(too_large)?;
    let plane_bytes = VoxelBlock::byte_len(data_type, [shape[0], shape[1], 1]).ok_or_else(too_large)?;
    let depth = batch_depth(&voxels, below, factors, data_type.size_bytes() as u64);
    let mut reader = Reader { source, from, below, selection, cancel, kept: FxHashMap::default() };
    let mut z = voxels.min[2];
    while z < voxels.max[2] {
        let end = (z + depth).min(voxels.max[2]);
        let corner = |voxel: [i64; 3]| std::array::from_fn(|axis| below.voxel_box.min[axis] + voxel[axis] * factors[axis]);
        let covered = VoxelBox { min: corner([voxels.min[0], voxels.min[1], z]), max: corner([voxels.max[0], voxels.max[1], end]) };
        let batch = reader.read(covered.intersection(&below.voxel_box)).await?;
        let coarse = downsample(&batch, level.factors, labels).ok_or_else(too_large)?;
        let start = usize::try_from(z - voxels.min[2]).unwrap_or(usize::MAX).saturating_mul(plane_bytes);
        let planes = made.data.get_mut(start..start.saturating_add(coarse.data.len())).ok_or_else(too_large)?;
        planes.copy_from_slice(&coarse.data);
        z = end;
    }
    Ok(made)
}

/// Planes of the made level that come from whole chunks below, or from fewer where those are many.
fn batch_depth(voxels: &VoxelBox, below: &LevelSpec, factors: [i64; 3], voxel_bytes: u64) -> i64 {
    let [width, height, _] = voxels.shape();
    let per_plane = u64::try_from(width * factors[0] * height * factors[1] * factors[2]).unwrap_or(u64::MAX).saturating_mul(voxel_bytes);
    let most = i64::try_from(BATCH_BYTES / per_plane.max(1)).unwrap_or(i64::MAX).max(1);
    let of_chunk = (i64::from(below.chunk_shape[2]) / factors[2]).max(1);
    if most > of_chunk { most / of_chunk * of_chunk } else { most }
}

fn block_shape(voxels: &VoxelBox) -> Result<[u32; 3], FormatError> {
    let mut shape = [0; 3];
    for (axis, n) in voxels.shape().into_iter().enumerate() {
        if let Some(edge) = shape.get_mut(axis) {
            *edge = u32::try_from(n).map_err(|_| too_large())?;
        }
    }
    Ok(shape)
}

fn too_large() -> FormatError {
    FormatError::BadData { reason: "a region of it is larger than memory".to_owned(), url: "a made level".to_owned() }
}

/// Reads boxes from below upwards, and keeps the chunks that the next box has part of.
struct Reader<'a> {
    source: &'a dyn ChunkSource,
    from: usize,
    below: &'a LevelSpec,
    selection: &'a Selection,
    cancel: &'a Cancel,
    kept: FxHashMap<[i64; 3], Option<VoxelBlock>>,
}

impl Reader<'_> {
    async fn read(&mut self, voxels: VoxelBox) -> Result<VoxelBlock, FormatError> {
        let spec = self.source.spec();
        let mut block = VoxelBlock::filled(spec.data_type, block_shape(&voxels)?, spec.fill_bits).ok_or_else(too_large)?;
        let part = LevelSpec { voxel_box: voxels, ..self.below.clone() };
        let grid = part.grid_box();
        let [xs, ys, zs] = [0, 1, 2].map(|axis| grid.min[axis]..grid.max[axis]);
        let places = zs.flat_map(|z| {
            ys.clone().flat_map({
                let xs = xs.clone();
                move |y| xs.clone().map(move |x| [x, y, z])
            })
        });
        let mut wanted = Vec::new();
        for place in places {
            match self.kept.get(&place) {
                Some(chunk) => self.paste(&mut block, &voxels, place, chunk.as_ref()),
                None => wanted.push(place),
            }
        }
        self.kept.retain(|place, _| self.below.chunk_box(*place).max[2] > voxels.max[2]);
        let (source, from, selection, cancel) = (self.source, self.from, self.selection, self.cancel);
        let fetch = |place| async move { Ok::<_, FormatError>((place, source.chunk(from, place, selection, cancel).await?)) };
        let mut chunks = stream::iter(wanted).map(fetch).buffer_unordered(AT_ONCE);
        while let Some((place, chunk)) = chunks.try_next().await? {
            self.paste(&mut block, &voxels, place, chunk.as_ref());
            if self.below.chunk_box(place).max[2] > voxels.max[2] {
                self.kept.insert(place, chunk);
            }
        }
        Ok(block)
    }

    /// Copies what a chunk has of a box; an absent chunk leaves the fill value.
    fn paste(&self, block: &mut VoxelBlock, voxels: &VoxelBox, place: [i64; 3], chunk: Option<&VoxelBlock>) {
        let Some(chunk) = chunk else { return };
        let chunk_box = self.below.chunk_box(place);
        paste(block, voxels, chunk, &chunk_box);
    }
}
