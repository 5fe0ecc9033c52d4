//! Decoders by name, each as chunks are decoded by it: what `cargo xtask bench --decoders` measures, natively and as wasm.

use super::checksum::Checksum;
use super::compressed_segmentation::{self, Layout};
use super::{CodecError, blosc, gzip, jpeg, zlib, zstd};

/// Decodes a chunk that holds `len` bytes: of 64×64×64 voxels, 64-bit labels in blocks of 8×8×8 where it matters.
///
/// # Errors
/// Those of the decoder; [`CodecError::Unsupported`] where none has this name.
pub fn decode(codec: &str, bytes: &[u8], len: usize) -> Result<Vec<u8>, CodecError> {
    match codec {
        "jpeg" => jpeg::decode_channel(bytes, len, 1, 0),
        "jpeg-full" => jpeg::decode_full(bytes, len, 1, 0),
        "compressed_segmentation" => {
            compressed_segmentation::decode_channel::<8>(bytes, &Layout { shape: [64; 3], block_shape: [8; 3], channels: 1 }, 0)
        }
        "gzip" => gzip::decode(bytes, len),
        "zlib" => zlib::decode(bytes, len),
        "zstd" => zstd::decode(bytes, len),
        "blosc" => blosc::decode(bytes, len),
        "crc32c" => crc32c(bytes),
        _ => Err(CodecError::Unsupported { codec: "bench", name: codec.to_owned() }),
    }
}

/// The bytes before a checksum that is theirs.
fn crc32c(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    let (data, checksum) = bytes.split_last_chunk().unwrap_or((&[], &[0; 4]));
    if Checksum::Crc32c.of(data) != u32::from_le_bytes(*checksum) {
        return Err(CodecError::Corrupt { codec: "crc32c", reason: "the checksum is another".to_owned() });
    }
    Ok(data.to_vec())
}
