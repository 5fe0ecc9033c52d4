//! What a Neuroglancer precomputed volume consists of: its `info`, and chunks as jpeg or compressed_segmentation.
//! Source: google/neuroglancer `src/datasource/precomputed/volume.md`.
//!
//! Encoded here from the specification, with none of the crate's code, so that what is written also tests its readers.
//! Knows nothing of files or of where voxels come from.

pub(crate) mod compressed_segmentation;
pub(crate) mod shard;

use anyhow::{Context, Result};
use jpeg_encoder::{ColorType, Encoder};
use serde_json::{Value, json};

use crate::volume::Volume;

/// Edge of a chunk, voxels.
pub(crate) const CHUNK: usize = 64;
const JPEG_QUALITY: u8 = 85;

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Grey values as jpeg.
    Image,
    /// 64-bit labels as compressed_segmentation.
    Segmentation,
}

/// A level of a volume that begins at voxel 0.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// Voxels along x, y, z.
    pub(crate) size: [usize; 3],
    /// Edge of a voxel.
    pub(crate) voxel_nm: f64,
    /// Its `sharding` member, unless each chunk is a file.
    pub(crate) sharding: Option<Value>,
}

/// The `info` file; the finest scale comes first.
pub(crate) fn info(kind: Kind, scales: &[Scale]) -> Value {
    let (name, data_type) = match kind {
        Kind::Image => ("image", "uint8"),
        Kind::Segmentation => ("segmentation", "uint64"),
    };
    let scales: Vec<Value> = scales.iter().map(|scale| member(kind, scale)).collect();
    json!({ "@type": "neuroglancer_multiscale_volume", "type": name, "data_type": data_type, "num_channels": 1, "scales": scales })
}

fn member(kind: Kind, scale: &Scale) -> Value {
    let mut member = json!({
        "key": key(scale.voxel_nm),
        "size": scale.size,
        "voxel_offset": [0, 0, 0],
        "resolution": ([scale.voxel_nm; 3]),
        "chunk_sizes": [([CHUNK; 3])],
    });
    match kind {
        Kind::Image => {
            member["encoding"] = json!("jpeg");
            member["jpeg_quality"] = json!(JPEG_QUALITY);
        }
        Kind::Segmentation => {
            member["encoding"] = json!("compressed_segmentation");
            member["compressed_segmentation_block_size"] = json!(([compressed_segmentation::BLOCK; 3]));
        }
    }
    if let Some(sharding) = &scale.sharding {
        member["sharding"] = sharding.clone();
    }
    member
}

/// The folder of a scale.
pub(crate) fn key(voxel_nm: f64) -> String {
    format!("{voxel_nm}_{voxel_nm}_{voxel_nm}")
}

/// The file of a chunk: its lowest voxel, and the first past it, along x, y, z.
pub(crate) fn chunk_name(min: [usize; 3], max: [usize; 3]) -> String {
    format!("{}-{}_{}-{}_{}-{}", min[0], max[0], min[1], max[1], min[2], max[2])
}

/// The image as one picture, as wide as the chunk, its slices one below the other.
///
/// # Errors
/// A chunk of more than 65,535 rows or columns.
pub(crate) fn jpeg(image: &Volume<u8>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let [w, h, d] = image.shape;
    Encoder::new(&mut bytes, JPEG_QUALITY)
        .encode(&image.voxels, u16::try_from(w)?, u16::try_from(h * d)?, ColorType::Luma)
        .context("cannot encode a chunk as jpeg")?;
    tables_first(&bytes).context("the jpeg encoder wrote something else than segments")
}

/// Moves the quantization tables before the frame header. Behind it they are as good by the standard (ITU T.81, B.2.1), but
/// Neuroglancer's decoder looks them up when it meets the header.
fn tables_first(jpeg: &[u8]) -> Option<Vec<u8>> {
    const START_OF_FRAME: u8 = 0xc0;
    const TABLES: u8 = 0xdb;
    const START_OF_SCAN: u8 = 0xda;
    let (mut before, mut tables, mut after) = (jpeg.get(..2)?.to_vec(), Vec::new(), Vec::new());
    let mut rest = jpeg.get(2..)?;
    while let [0xff, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            break;
        }
        let (segment, next) = rest.split_at_checked(2 + usize::from(u16::from_be_bytes([high, low])))?;
        match marker {
            TABLES => tables.extend_from_slice(segment),
            START_OF_FRAME => after.extend_from_slice(segment),
            _ if after.is_empty() => before.extend_from_slice(segment),
            _ => after.extend_from_slice(segment),
        }
        rest = next;
    }
    Some([before, tables, after, rest.to_vec()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_before_the_frame_that_names_them() {
        let image = Volume { shape: [16, 16, 2], voxels: (0..=255).chain(0..=255).collect() };
        let bytes = jpeg(&image).unwrap();
        let at = |marker: u8| bytes.windows(2).position(|two| two == [0xff, marker]).unwrap();
        assert!(at(0xdb) < at(0xc0) && at(0xc0) < at(0xc4) && at(0xc4) < at(0xda));
    }
}
