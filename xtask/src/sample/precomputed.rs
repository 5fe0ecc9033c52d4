//! The sample as Neuroglancer precomputed volumes: jpeg image and compressed_segmentation labels, sharded, four levels.
//! Source: google/neuroglancer `src/datasource/precomputed/volume.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, anyhow};
use neurolume::phantom::Phantom;

use super::pyramid::Pyramid;
use super::{LEVELS, PART, VOLUME, VOXEL_NM, put};
use crate::neuroglancer::shard::{Encoding, Sharding, morton};
use crate::neuroglancer::{self, CHUNK, Kind, Scale, compressed_segmentation, info, jpeg};
use crate::volume::Volume;

type Chunks = BTreeMap<u64, Vec<u8>>;

const IMAGE: Sharding = Sharding { preshift_bits: 3, minishard_bits: 3, shard_bits: 3, data: Encoding::Raw };
const LABELS: Sharding = Sharding { data: Encoding::Gzip, ..IMAGE };

/// What the threads that draw the finest level put together.
struct Drawn {
    image: Chunks,
    labels: Chunks,
    coarser: (Volume<u8>, Volume<u64>),
    part: (Volume<u8>, Volume<u64>),
}

/// Writes `image` and `segmentation` and returns the part that is kept, at every level.
pub(super) fn write(dir: &Path, phantom: &Phantom) -> Result<Pyramid> {
    let drawn = draw(phantom)?;
    let (image_dir, labels_dir) = (dir.join("image"), dir.join("segmentation"));
    put(&image_dir.join("info"), &serde_json::to_vec(&info(Kind::Image, &scales(&IMAGE)))?)?;
    put(&labels_dir.join("info"), &serde_json::to_vec(&info(Kind::Segmentation, &scales(&LABELS)))?)?;
    write_shards(&image_dir.join(key(0)), drawn.image, &IMAGE)?;
    write_shards(&labels_dir.join(key(0)), drawn.labels, &LABELS)?;
    let (mut image, mut labels) = drawn.coarser;
    let mut pyramid = Pyramid { image: vec![drawn.part.0], labels: vec![drawn.part.1] };
    for level in 1..LEVELS {
        let part = PART.map(|n| n >> level);
        pyramid.image.push(image.cut([0; 3], part));
        pyramid.labels.push(labels.cut([0; 3], part));
        let (mut image_chunks, mut labels_chunks) = (Chunks::new(), Chunks::new());
        for cell in cells(image.shape) {
            let min = cell.map(|c| c * CHUNK);
            let number = morton(cell, grid(image.shape));
            image_chunks.insert(number, jpeg(&image.cut(min, [CHUNK; 3]))?);
            labels_chunks.insert(number, compressed_segmentation::encode(&labels.cut(min, [CHUNK; 3]))?);
        }
        write_shards(&image_dir.join(key(level)), image_chunks, &IMAGE)?;
        write_shards(&labels_dir.join(key(level)), labels_chunks, &LABELS)?;
        (image, labels) = (image.mean(), labels.mode());
    }
    Ok(pyramid)
}

/// Draws and encodes the finest level chunk by chunk on all cores, so that it is never in memory as a whole.
fn draw(phantom: &Phantom) -> Result<Drawn> {
    let half = VOLUME.map(|n| n / 2);
    let drawn = Mutex::new(Drawn {
        image: Chunks::new(),
        labels: Chunks::new(),
        coarser: (Volume::new(half), Volume::new(half)),
        part: (Volume::new(PART), Volume::new(PART)),
    });
    let cells = cells(VOLUME);
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(&cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (mut image, mut labels) = (Volume::new([CHUNK; 3]), Volume::new([CHUNK; 3]));
            let min = cell.map(|c| c * CHUNK);
            let shape = [u32::try_from(CHUNK)?; 3];
            phantom.fill(
                [i64::try_from(min[0])?, i64::try_from(min[1])?, i64::try_from(min[2])?],
                shape,
                &mut image.voxels,
                &mut labels.voxels,
            )?;
            let number = morton(cell, grid(VOLUME));
            let (image_bytes, labels_bytes) = (jpeg(&image)?, compressed_segmentation::encode(&labels)?);
            let (image_half, labels_half) = (image.mean(), labels.mode());
            let mut drawn = drawn.lock().map_err(|_| anyhow!("another thread failed"))?;
            drawn.image.insert(number, image_bytes);
            drawn.labels.insert(number, labels_bytes);
            drawn.coarser.0.paste(min.map(|n| n / 2), &image_half);
            drawn.coarser.1.paste(min.map(|n| n / 2), &labels_half);
            if (0..3).all(|a| min[a] < PART[a]) {
                drawn.part.0.paste(min, &image);
                drawn.part.1.paste(min, &labels);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().try_for_each(|h| h.join().map_err(|_| anyhow!("a thread that draws the sample panicked"))?)
    })?;
    drawn.into_inner().map_err(|_| anyhow!("a thread that draws the sample panicked"))
}

/// Writes the shards of a scale from its encoded chunks by Morton number.
fn write_shards(dir: &Path, chunks: Chunks, sharding: &Sharding) -> Result<()> {
    let mut shards: BTreeMap<u64, Chunks> = BTreeMap::new();
    for (number, chunk) in chunks {
        shards.entry(sharding.shard_of(number)).or_default().insert(number, chunk);
    }
    shards.iter().try_for_each(|(&shard, chunks)| put(&dir.join(sharding.file_name(shard)), &sharding.encode(chunks)?))
}

fn scales(sharding: &Sharding) -> Vec<Scale> {
    let sharding = Some(sharding.specification());
    (0..LEVELS).map(|level| Scale { size: VOLUME.map(|n| n >> level), voxel_nm: voxel_nm(level), sharding: sharding.clone() }).collect()
}

/// Edge of a voxel of a level.
pub(super) fn voxel_nm(level: usize) -> f64 {
    (0..level).fold(VOXEL_NM, |nm, _| nm * 2.0)
}

fn key(level: usize) -> String {
    neuroglancer::key(voxel_nm(level))
}

fn grid(shape: [usize; 3]) -> [usize; 3] {
    shape.map(|n| n.div_ceil(CHUNK))
}

fn cells(shape: [usize; 3]) -> Vec<[usize; 3]> {
    let [w, h, d] = grid(shape);
    (0..w * h * d).map(|i| [i % w, i / w % h, i / (w * h)]).collect()
}
