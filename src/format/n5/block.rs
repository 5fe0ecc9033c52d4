//! Blocks: a header, then the voxels, big-endian and compressed.
//!
//! The header is big-endian: the mode (16 bits), the number of dimensions (16 bits), and the voxels along each (32 bits). Mode 0 is the
//! default; blocks of a length or a kind of their own (modes 1 and 2) hold something else than voxels.

use std::num::NonZeroU64;

use super::attributes::{Compression, Dataset};
use crate::codec::{CodecError, blosc, bzip2, gzip, lz4, xz, zlib, zstd};
use crate::format::boxes::fit;

const CODEC: &str = "N5 block";
const MODES: [&str; 3] = ["default", "varlength", "object"];

/// The voxels of a chunk, the dataset's first dimension fastest, little-endian. What a block at an edge does not hold is 0.
pub(super) fn decode(bytes: &[u8], dataset: &Dataset) -> Result<Vec<u8>, CodecError> {
    let (size, payload) = read_header(bytes, dataset)?;
    let voxel_size = dataset.data_type.size_bytes();
    // Not more than the dataset's block, which was bounded.
    let expected = size.iter().fold(voxel_size, |len, n| len.saturating_mul(usize::try_from(n.get()).unwrap_or(usize::MAX)));
    let mut data = decompress(payload, dataset.compression, expected)?;
    if data.len() != expected {
        return Err(CodecError::WrongSize { codec: CODEC, got: data.len() as u64, expected: expected as u64 });
    }
    if voxel_size > 1 {
        data.chunks_exact_mut(voxel_size).for_each(<[u8]>::reverse);
    }
    let chunk: Vec<NonZeroU64> = dataset.chunk_shape().rev().filter_map(NonZeroU64::new).collect();
    if size == chunk { Ok(data) } else { fit(&data, &size, &chunk, voxel_size).ok_or_else(|| corrupt("its voxels do not fit it")) }
}

/// The voxels that a block holds, the fastest dimension last, and its compressed bytes.
fn read_header<'a>(bytes: &'a [u8], dataset: &Dataset) -> Result<(Vec<NonZeroU64>, &'a [u8]), CodecError> {
    let early = || corrupt(format!("{} bytes are too few for the header", bytes.len()));
    let (mode, rest) = bytes.split_first_chunk().ok_or_else(early)?;
    let (dimensions, mut rest) = rest.split_first_chunk().ok_or_else(early)?;
    let (mode, dimensions) = (u16::from_be_bytes(*mode), u16::from_be_bytes(*dimensions));
    if mode != 0 {
        let name = MODES.get(usize::from(mode)).unwrap_or(&"unknown");
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("mode {mode} ({name})") });
    }
    if usize::from(dimensions) != dataset.block_size.len() {
        return Err(corrupt(format!("it has {dimensions} dimensions in a dataset of {}", dataset.block_size.len())));
    }
    let mut size = Vec::with_capacity(dataset.block_size.len());
    for most in &dataset.block_size {
        let n = u64::from(u32::from_be_bytes(*rest.split_off(..4).and_then(<[u8]>::first_chunk).ok_or_else(early)?));
        let n = NonZeroU64::new(n).filter(|n| n.get() <= *most);
        size.push(n.ok_or_else(|| corrupt(format!("its size does not lie between 1 and the {:?} voxels of a block", dataset.block_size)))?);
    }
    size.reverse();
    Ok((size, rest))
}

fn decompress(payload: &[u8], compression: Compression, expected: usize) -> Result<Vec<u8>, CodecError> {
    match compression {
        Compression::Raw if payload.len() == expected => Ok(payload.to_vec()),
        Compression::Raw => Err(CodecError::WrongSize { codec: "raw", got: payload.len() as u64, expected: expected as u64 }),
        Compression::Gzip => gzip::decode(payload, expected),
        Compression::Zlib => zlib::decode(payload, expected),
        Compression::Bzip2 => bzip2::decode(payload, expected),
        // Java's N5 writes the stream of lz4-java, z5 the bare block.
        Compression::Lz4 => lz4::decode_java(payload, expected).unwrap_or_else(|| lz4::decode(payload, expected)),
        Compression::Xz => xz::decode(payload, expected),
        Compression::Blosc => blosc::decode(payload, expected),
        Compression::Zstd => zstd::decode(payload, expected),
    }
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
