//! Blosc 1 buffers: a header, then blocks that were shuffled and compressed by one of several codecs.
//!
//! Format: `README_CHUNK_FORMAT.rst` of c-blosc 1.21. Snappy inside and Blosc 2 buffers are refused by name. Nothing outside
//! this module knows of blocks; the filters are in [`super::shuffle`] and the codec of Blosc's own in [`blosclz`]. Written is LZ4 alone.

mod blosclz;
#[cfg(feature = "encode")]
mod encode;

#[cfg(feature = "encode")]
pub use encode::encode;

use super::{CodecError, lz4, shuffle, zlib, zstd};

const CODEC: &str = "blosc";
const HEADER_LEN: usize = 16;
/// The newest version of the format that Blosc 1 writes.
const VERSION: u8 = 2;

const FLAG_SHUFFLE: u8 = 0x01;
const FLAG_STORED: u8 = 0x02;
const FLAG_BIT_SHUFFLE: u8 = 0x04;
const FLAG_NOT_SPLIT: u8 = 0x10;

/// Blocks are split into one stream per byte of a voxel only up to this type size …
const MAX_SPLITS: usize = 16;
/// … and only where a stream holds at least this many bytes.
const MIN_SPLIT_LEN: usize = 128;

#[derive(Clone, Copy, Debug)]
enum Inner {
    BloscLz,
    Lz4,
    Zlib,
    Zstd,
}

#[derive(Debug)]
struct Header {
    inner: Inner,
    flags: u8,
    type_size: usize,
    decoded_len: usize,
    block_len: usize,
}

/// Decodes a Blosc 1 buffer into at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where the buffer is damaged, [`CodecError::WrongSize`] where more than `max_len` bytes would come
/// out, [`CodecError::Unsupported`] for snappy and Blosc 2.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<Vec<u8>, CodecError> {
    let (header, bytes) = read_header(bytes)?;
    if header.decoded_len > max_len {
        return Err(CodecError::WrongSize { codec: CODEC, got: header.decoded_len as u64, expected: max_len as u64 });
    }
    if header.flags & FLAG_STORED != 0 {
        let stored = bytes.get(HEADER_LEN..).and_then(|rest| rest.get(..header.decoded_len));
        return stored.map(<[u8]>::to_vec).ok_or_else(|| corrupt("the stored bytes end too early"));
    }
    let mut data = vec![0; header.decoded_len];
    let mut scratch = vec![0; header.block_len.min(header.decoded_len)];
    for (index, block) in data.chunks_mut(header.block_len).enumerate() {
        let at = HEADER_LEN + index * 4;
        let start = bytes.get(at..).and_then(<[u8]>::first_chunk).map(|start| u32::from_le_bytes(*start) as usize);
        let streams =
            start.and_then(|start| bytes.get(start..)).ok_or_else(|| corrupt(format!("block {index} lies outside the buffer")))?;
        decode_block(&header, streams, block, &mut scratch).map_err(|reason| corrupt(format!("block {index}: {reason}")))?;
    }
    Ok(data)
}

/// The header, and the buffer cut to the length that it states.
fn read_header(bytes: &[u8]) -> Result<(Header, &[u8]), CodecError> {
    let &[version, _, flags, type_size, lengths @ ..] =
        bytes.first_chunk::<HEADER_LEN>().ok_or_else(|| corrupt(format!("{} bytes are too few for a header", bytes.len())))?;
    let ([decoded_len, block_len, encoded_len], _) = lengths.as_chunks::<4>() else {
        return Err(corrupt("the header is too short"));
    };
    let [decoded_len, block_len, encoded_len] = [decoded_len, block_len, encoded_len].map(|len| u32::from_le_bytes(*len) as usize);
    if version > VERSION {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("format version {version} (Blosc 2)") });
    }
    let inner = match flags >> 5 {
        0 => Inner::BloscLz,
        1 => Inner::Lz4,
        2 => return Err(CodecError::Unsupported { codec: CODEC, name: "snappy".to_owned() }),
        3 => Inner::Zlib,
        4 => Inner::Zstd,
        other => return Err(CodecError::Unsupported { codec: CODEC, name: format!("codec number {other}") }),
    };
    let bytes = bytes.get(..encoded_len).ok_or_else(|| corrupt(format!("{} bytes are there of the {encoded_len} stated", bytes.len())))?;
    let header = Header { inner, flags, type_size: usize::from(type_size).max(1), decoded_len, block_len };
    if header.flags & FLAG_STORED == 0 && header.decoded_len > 0 {
        // Each block has a start of four bytes: so few bytes cannot promise many blocks.
        let blocks = header.decoded_len.checked_div(header.block_len).ok_or_else(|| corrupt("the block length is 0"))?;
        if blocks > bytes.len() / 4 {
            return Err(corrupt(format!("{} bytes cannot hold {blocks} blocks", bytes.len())));
        }
    }
    Ok((Header { block_len: header.block_len.max(1), ..header }, bytes))
}

/// Decodes the streams of one block and undoes its filter. `scratch` is at least as long as the block.
fn decode_block(header: &Header, streams: &[u8], block: &mut [u8], scratch: &mut [u8]) -> Result<(), String> {
    let scratch = scratch.get_mut(..block.len()).ok_or("it is longer than the block length")?;
    if header.flags & FLAG_SHUFFLE != 0 && header.type_size > 1 {
        decode_streams(header, streams, scratch)?;
        shuffle::undo_bytes(header.type_size, scratch, block);
    } else if header.flags & FLAG_BIT_SHUFFLE != 0 && block.len() >= header.type_size {
        decode_streams(header, streams, scratch)?;
        shuffle::undo_bits(header.type_size, scratch, block);
    } else {
        decode_streams(header, streams, block)?;
    }
    Ok(())
}

fn decode_streams(header: &Header, mut streams: &[u8], block: &mut [u8]) -> Result<(), String> {
    // Buffers older than the flag were split by the same sizes, so the sizes decide as well.
    let is_split = header.flags & FLAG_NOT_SPLIT == 0
        && block.len() == header.block_len
        && header.type_size <= MAX_SPLITS
        && header.block_len / header.type_size >= MIN_SPLIT_LEN;
    let count = if is_split { header.type_size } else { 1 };
    let stream_len = block.len() / count;
    if stream_len * count != block.len() {
        return Err(format!("{} bytes do not split into {count} streams", block.len()));
    }
    for output in block.chunks_exact_mut(stream_len.max(1)) {
        let (len, rest) = streams.split_first_chunk().ok_or("it ends too early")?;
        let (stream, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or("a stream ends too early")?;
        if stream.len() == output.len() {
            output.copy_from_slice(stream);
        } else {
            decode_stream(header.inner, stream, output)?;
        }
        streams = rest;
    }
    Ok(())
}

fn decode_stream(inner: Inner, stream: &[u8], output: &mut [u8]) -> Result<(), String> {
    match inner {
        Inner::BloscLz => blosclz::decode_into(stream, output).map_err(|reason| format!("blosclz: {reason}")),
        Inner::Lz4 => lz4::decode_into(stream, output).map_err(|reason| format!("lz4: {reason}")),
        Inner::Zlib => zlib::decode_into(stream, output).map_err(|reason| format!("zlib: {reason}")),
        Inner::Zstd => zstd::decode_into(stream, output).map_err(|reason| format!("zstd: {reason}")),
    }
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}

#[cfg(test)]
mod tests;
