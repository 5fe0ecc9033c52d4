//! Neuroglancer's compressed segmentation: blocks of voxels as indices of 0 to 32 bits into tables of ids.
//!
//! A file begins with one offset per channel; a channel with two words per block: where its table lies and how wide its
//! indices are, and where its indices lie. All offsets count 32-bit words. Source: `compressed_segmentation/README.md` of Neuroglancer.

#[cfg(feature = "encode")]
mod encode;

#[cfg(feature = "encode")]
pub use encode::encode;

use super::CodecError;

const CODEC: &str = "compressed_segmentation";
const WORD_BYTES: usize = 4;
/// Words of a block's header.
const HEADER_WORDS: usize = 2;
/// The most voxels along an axis of a block: keeps every position within 64 bits.
pub const MOST_BLOCK_EDGE: u32 = 1 << 16;

/// What the metadata says of an encoded chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Voxels of the chunk along x, y, z.
    pub shape: [u32; 3],
    /// Voxels of a block along x, y, z.
    pub block_shape: [u32; 3],
    /// How many channels there are.
    pub channels: u32,
}

/// Decodes one channel into little-endian ids of `N` bytes, 4 or 8; x fastest. The caller has bounded the shape.
///
/// # Errors
/// [`CodecError::Corrupt`] where an offset or an index points outside, [`CodecError::Unsupported`] for blocks that are empty or huge.
pub fn decode_channel<const N: usize>(bytes: &[u8], layout: &Layout, channel: u32) -> Result<Vec<u8>, CodecError> {
    let channel = Channel::<N>::find(bytes, layout, channel)?;
    let mut data = vec![0; product(layout.shape).and_then(|voxels| voxels.checked_mul(N)).ok_or_else(too_large)?];
    let (voxels, _) = data.as_chunks_mut::<N>();
    channel.decode_into(voxels)?;
    Ok(data)
}

/// One channel of a file, its headers known to be there.
struct Channel<'a, const N: usize> {
    /// From the channel's start to the file's end.
    bytes: &'a [u8],
    headers: &'a [[u8; WORD_BYTES]],
    shape: [usize; 3],
    block: [usize; 3],
    blocks: [usize; 3],
}

/// What a block's header points at.
struct Block<'a, const N: usize> {
    bits: u32,
    indices: &'a [[u8; WORD_BYTES]],
    table: &'a [[u8; N]],
}

impl<'a, const N: usize> Channel<'a, N> {
    fn find(bytes: &'a [u8], layout: &Layout, channel: u32) -> Result<Self, CodecError> {
        const { assert!(N == 4 || N == 8, "ids have 4 or 8 bytes") };
        if layout.block_shape.iter().any(|&n| n == 0 || n > MOST_BLOCK_EDGE) {
            return Err(CodecError::Unsupported { codec: CODEC, name: format!("a block of {:?} voxels", layout.block_shape) });
        }
        let outside =
            || CodecError::Corrupt { codec: CODEC, reason: format!("the file of {} bytes ends before its headers do", bytes.len()) };
        let (offsets, rest) = bytes.as_chunks::<WORD_BYTES>();
        if !rest.is_empty() {
            return Err(CodecError::Corrupt { codec: CODEC, reason: format!("{} bytes are no whole number of words", bytes.len()) });
        }
        let offset = offsets.get(..layout.channels as usize).and_then(|all| all.get(channel as usize)).ok_or_else(outside)?;
        let bytes = from_word(bytes, u32::from_le_bytes(*offset)).ok_or_else(outside)?;
        let shape = layout.shape.map(|n| n as usize);
        let block = layout.block_shape.map(|n| n as usize);
        let [bx, by, bz] = block;
        let [sx, sy, sz] = shape;
        let blocks = [sx.div_ceil(bx), sy.div_ceil(by), sz.div_ceil(bz)];
        let header_words = blocks.iter().try_fold(HEADER_WORDS, |product, &n| product.checked_mul(n)).ok_or_else(too_large)?;
        let headers = bytes.as_chunks::<WORD_BYTES>().0.get(..header_words).ok_or_else(outside)?;
        Ok(Self { bytes, headers, shape, block, blocks })
    }

    fn decode_into(&self, voxels: &mut [[u8; N]]) -> Result<(), CodecError> {
        let [blocks_x, blocks_y, blocks_z] = self.blocks;
        let (headers, _) = self.headers.as_chunks::<HEADER_WORDS>();
        let places = (0..blocks_z).flat_map(|z| (0..blocks_y).flat_map(move |y| (0..blocks_x).map(move |x| [x, y, z])));
        for (place, header) in places.zip(headers) {
            self.block(header).and_then(|block| self.decode_block(place, &block, voxels)).ok_or_else(|| CodecError::Corrupt {
                codec: CODEC,
                reason: format!("block {place:?} points outside the {} bytes of its channel", self.bytes.len()),
            })?;
        }
        Ok(())
    }

    /// `None` where the header points outside the file or the width of the indices is none of those that exist.
    fn block(&self, [first, second]: &[[u8; WORD_BYTES]; HEADER_WORDS]) -> Option<Block<'a, N>> {
        let first = u32::from_le_bytes(*first);
        let bits = first >> 24;
        let table = from_word(self.bytes, first & 0x00ff_ffff)?.as_chunks::<N>().0;
        // A block of one id has no indices, and its second word may be anything.
        let indices = if bits == 0 { &[] } else { from_word(self.bytes, u32::from_le_bytes(*second))?.as_chunks::<WORD_BYTES>().0 };
        Some(Block { bits, indices, table })
    }

    /// Writes the voxels of a block, clipped to the chunk; `None` where an index points outside.
    fn decode_block(&self, place: [usize; 3], block: &Block<'_, N>, voxels: &mut [[u8; N]]) -> Option<()> {
        let [width, height, depth] = self.shape;
        let [bx, by, bz] = self.block;
        let [px, py, pz] = place;
        let (x0, y0, z0) = (px * bx, py * by, pz * bz);
        let row_len = bx.min(width - x0);
        for z in z0..(z0 + bz).min(depth) {
            for y in y0..(y0 + by).min(height) {
                let start = x0 + width * (y + height * z);
                let row = voxels.get_mut(start..start + row_len)?;
                let index = bx as u64 * ((y - y0) as u64 + by as u64 * (z - z0) as u64);
                match block.bits {
                    0 => row.fill(*block.table.first()?),
                    1 => look_up::<N, 1>(block, index, row)?,
                    2 => look_up::<N, 2>(block, index, row)?,
                    4 => look_up::<N, 4>(block, index, row)?,
                    8 => look_up::<N, 8>(block, index, row)?,
                    16 => look_up::<N, 16>(block, index, row)?,
                    32 => look_up::<N, 32>(block, index, row)?,
                    _ => return None,
                }
            }
        }
        Some(())
    }
}

/// Writes the ids of a row whose first voxel is voxel number `first` of its block.
#[inline]
fn look_up<const N: usize, const BITS: u32>(block: &Block<'_, N>, first: u64, row: &mut [[u8; N]]) -> Option<()> {
    let per_word = 32 / BITS;
    let mask = u32::MAX >> (32 - BITS);
    let mut words = block.indices.get(usize::try_from(first / u64::from(per_word)).ok()?..)?.iter();
    let mut lanes = per_word - u32::try_from(first % u64::from(per_word)).ok()?;
    let mut word = u32::from_le_bytes(*words.next()?) >> ((per_word - lanes) * BITS);
    for voxel in row {
        if lanes == 0 {
            word = u32::from_le_bytes(*words.next()?);
            lanes = per_word;
        }
        *voxel = *block.table.get((word & mask) as usize)?;
        word = word.checked_shr(BITS).unwrap_or(0);
        lanes -= 1;
    }
    Some(())
}

/// The bytes from this word on.
fn from_word(bytes: &[u8], word: u32) -> Option<&[u8]> {
    bytes.get((word as usize).checked_mul(WORD_BYTES)?..)
}

fn product(shape: [u32; 3]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n as usize))
}

fn too_large() -> CodecError {
    CodecError::Unsupported { codec: CODEC, name: "a chunk larger than memory".to_owned() }
}
