//! The way of an export: boxes in, levels made, files out, in one pass whose memory does not grow with the volume.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::boxes::BoxReader;
use super::ome_zarr::OmeZarr;
use super::plan::{Level, Plan};
use super::precomputed::{self, Precomputed, Scales};
use super::zip::{Archive, Method};
use super::{ExportError, ExportFormat, Progress, VolumeExport, npy};
use crate::format::per_axis::zip;
use crate::format::{ChunkSource, Selection};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::voxel::{DataType, VoxelBlock, downsample, paste};

/// Boxes that are read ahead of the one that is being written.
const READ_AHEAD: usize = 8;
/// What is handed over at once, about.
const PIECE_BYTES: usize = 1 << 20;
/// The most bytes of slices of an npy that are put together at once.
const SLAB_BYTES: u64 = 128 << 20;

/// Where the bytes go.
pub trait Sink {
    /// Takes the next bytes, perhaps none, and how far the export is; resolves when it may go on.
    fn put(&self, bytes: Vec<u8>, progress: Progress) -> LocalBoxFuture<'_, Result<(), ExportError>>;
}

/// One file of an archive.
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) method: Method,
}

/// How a format lays a volume out in files.
pub(super) trait Layout {
    /// Its metadata, by path.
    fn documents(&self) -> Vec<(String, Value)>;

    /// The file of a chunk, which is clipped to the voxels that exist.
    fn chunk(&self, number: usize, level: &Level, at: [u64; 3], block: &VoxelBlock) -> Result<File, ExportError>;
}

/// An object with one more member.
pub(super) fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
    object
}

/// Writes a box of one channel and place of a volume. The box is clipped to the voxels that exist.
///
/// # Errors
/// [`ExportError`]: what is asked for cannot be written, or a chunk could not be read.
pub async fn export(
    source: Rc<dyn ChunkSource>,
    selection: Selection,
    request: &VolumeExport,
    sink: &dyn Sink,
    cancel: &Cancel,
) -> Result<(), ExportError> {
    let data_type = source.spec().data_type;
    let reader = BoxReader::new(source, usize::from(request.level), selection, cancel);
    let reader = reader.ok_or_else(|| ExportError::Invalid { reason: format!("there is no level {}", request.level) })?;
    let mut request = request.clone();
    let VoxelBox { min, max } = request.voxels;
    request.voxels = request.voxels.intersection(&reader.spec().voxel_box);
    if request.voxels.is_empty() {
        return Err(ExportError::Invalid { reason: format!("the box from {min:?} to {max:?} holds no voxel of the layer") });
    }
    match request.format {
        ExportFormat::Npy => write_npy(&reader, data_type, &request, sink).await,
        ExportFormat::OmeZarr => {
            let plan = Plan::new(request.voxels.shape().map(i64::unsigned_abs), request.voxel_size_nm, request.levels)?;
            let layout = OmeZarr { request: &request, plan: &plan, data_type };
            write_levels(&reader, &request, request.voxels.min, &plan, &layout, sink).await
        }
        ExportFormat::Precomputed => {
            let (voxels, plan) = precomputed::plan(&request)?;
            let layout = Scales { volume: Precomputed::new(&request, &voxels, data_type)?, plan: &plan };
            write_levels(&reader, &request, voxels.min, &plan, &layout, sink).await
        }
    }
}

/// Writes an archive. A box of the finest level that is read is written; what it makes of the chunk of the next level is put there, and a chunk that is complete
/// goes the same way.
async fn write_levels(
    reader: &BoxReader,
    request: &VolumeExport,
    min: [i64; 3],
    plan: &Plan,
    layout: &dyn Layout,
    sink: &dyn Sink,
) -> Result<(), ExportError> {
    let mut archive = Archive::default();
    for (name, document) in layout.documents() {
        archive.add(&name, document.to_string().as_bytes(), Method::Stored)?;
    }
    let mut progress = Progress { done: 0, total: plan.leaf_count() };
    let read = |at: [u64; 3]| async move {
        let Some(finest) = plan.finest() else { return Ok((at, None)) };
        let corner = zip(min, finest.chunk_min(at), i64::saturating_add_unsigned);
        let block = reader.read(VoxelBox::from_shape(corner, finest.chunk_shape(at).map(i64::from))).await?;
        Ok::<_, ExportError>((at, block))
    };
    let mut leaves = stream::iter(plan.leaves()).map(read).buffered(READ_AHEAD);
    let mut pending: Vec<Option<VoxelBlock>> = vec![None; plan.levels.len()];
    while let Some(leaf) = leaves.next().await {
        let (mut at, mut block) = leaf?;
        for (number, level) in plan.levels.iter().enumerate() {
            if let Some(block) = &block {
                let file = layout.chunk(number, level, at, block)?;
                archive.add(&file.name, &file.bytes, file.method)?;
            }
            let (Some(next), Some(place)) = (plan.levels.get(number + 1), pending.get_mut(number + 1)) else { break };
            let parent = plan.parent(number, at);
            if let Some(block) = &block {
                put(block, level.chunk_min(at), next, parent, place, request.as_labels)?;
            }
            if !plan.is_last(number, at) {
                break;
            }
            // What is 0 alone was never put there.
            (at, block) = (parent, place.take());
        }
        progress.done += 1;
        let bytes = if archive.waiting() >= PIECE_BYTES { archive.take() } else { Vec::new() };
        sink.put(bytes, progress).await?;
    }
    sink.put(archive.finish(), progress).await
}

/// Puts what a chunk makes of the chunk of the next level there.
fn put(
    block: &VoxelBlock,
    min: [u64; 3],
    next: &Level,
    parent: [u64; 3],
    place: &mut Option<VoxelBlock>,
    as_labels: bool,
) -> Result<(), ExportError> {
    let out_of_memory = || ExportError::OutOfMemory { bytes: block.data.len() as u64 };
    let coarser = downsample(block, next.step, as_labels).ok_or_else(out_of_memory)?;
    let into = match place.take() {
        Some(into) => place.insert(into),
        None => place.insert(VoxelBlock::filled(block.data_type, next.chunk_shape(parent), 0).ok_or_else(out_of_memory)?),
    };
    let box_at =
        |min: [u64; 3], shape: [u32; 3]| VoxelBox::from_shape(min.map(|n| i64::try_from(n).unwrap_or(i64::MAX)), shape.map(i64::from));
    let corner = zip(min, next.step, |min, step| min / u64::from(step));
    let into_box = box_at(next.chunk_min(parent), into.shape);
    paste(into, &into_box, &coarser, &box_at(corner, coarser.shape));
    Ok(())
}

/// Writes slices from the lowest on, as many at once as a chunk of the volume is high, or as memory allows.
async fn write_npy(reader: &BoxReader, data_type: DataType, request: &VolumeExport, sink: &dyn Sink) -> Result<(), ExportError> {
    if request.levels.is_some_and(|levels| levels != 1) {
        return Err(ExportError::Invalid { reason: "an npy file holds one level".to_owned() });
    }
    let voxels = request.voxels;
    let [width, height, depth] = voxels.shape().map(i64::unsigned_abs);
    let slice_bytes = width.saturating_mul(height).saturating_mul(data_type.size_bytes() as u64);
    if slice_bytes > SLAB_BYTES {
        return Err(ExportError::OutOfMemory { bytes: slice_bytes });
    }
    let [_, _, high] = reader.spec().chunk_shape.map(u64::from);
    let most = i64::try_from((SLAB_BYTES / slice_bytes.max(1)).clamp(1, high.max(1))).unwrap_or(1);
    let [_, _, origin] = reader.spec().chunk_origin;
    let mut progress = Progress { done: 0, total: depth };
    let mut bytes = npy::header(data_type, [width, height, depth]);
    let mut z = voxels.min[2];
    while z < voxels.max[2] {
        // Up to where the next chunks begin.
        let end = (z + most - (z - origin).rem_euclid(most)).min(voxels.max[2]);
        let slab = VoxelBox { min: [voxels.min[0], voxels.min[1], z], max: [voxels.max[0], voxels.max[1], end] };
        match reader.read(slab).await? {
            Some(block) => bytes.extend(block.data),
            None => bytes
                .resize(bytes.len() + VoxelBlock::byte_len(data_type, slab.shape().map(|n| u32::try_from(n).unwrap_or(0))).unwrap_or(0), 0),
        }
        progress.done += (end - z).unsigned_abs();
        sink.put(std::mem::take(&mut bytes), progress).await?;
        z = end;
    }
    Ok(())
}
