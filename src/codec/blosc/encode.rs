//! Writing buffers: LZ4 after a byte shuffle, one stream to a block.

use super::{CODEC, FLAG_NOT_SPLIT, FLAG_SHUFFLE, FLAG_STORED, HEADER_LEN, VERSION};
use crate::{CodecError, lz4, shuffle};

/// The codec's number in the upper bits of the flags, and the version of its format.
const LZ4: u8 = 1 << 5;
const LZ4_VERSION: u8 = 1;
/// Shuffled bytes of a block are still near in a processor's memory.
const BLOCK_LEN: usize = 1 << 18;
/// What c-blosc takes at most: `BLOSC_MAX_BUFFERSIZE`.
const MOST_BYTES: usize = (i32::MAX as usize) - HEADER_LEN;

/// Encodes voxels of `type_size` bytes, 1 to 255.
///
/// # Errors
/// [`CodecError::Unsupported`] for voxels of another size, and for more bytes than a buffer holds: 2 GiB.
pub fn encode(data: &[u8], type_size: usize) -> Result<Vec<u8>, CodecError> {
    let unsupported = |name: String| CodecError::Unsupported { codec: CODEC, name };
    let type_byte = u8::try_from(type_size).ok().filter(|size| *size > 0);
    let type_byte = type_byte.ok_or_else(|| unsupported(format!("a voxel of {type_size} bytes")))?;
    let len = u32::try_from(data.len()).ok().filter(|_| data.len() <= MOST_BYTES);
    let len = len.ok_or_else(|| unsupported(format!("a buffer of {} bytes", data.len())))?;
    let block_len = (BLOCK_LEN - BLOCK_LEN % type_size).min(data.len()).max(1);
    let filter = if type_size > 1 { FLAG_SHUFFLE } else { 0 };
    let blocks = data.len().div_ceil(block_len);
    let mut bytes = vec![0; HEADER_LEN + blocks * size_of::<u32>()];
    let mut starts = Vec::with_capacity(blocks);
    let mut shuffled = vec![0; block_len];
    for block in data.chunks(block_len) {
        starts.push(bytes.len());
        let block = match shuffled.get_mut(..block.len()) {
            Some(shuffled) if type_size > 1 => {
                shuffle::bytes(type_size, block, shuffled);
                shuffled
            }
            _ => block,
        };
        let packed = lz4::encode(block);
        let stream = if packed.len() < block.len() { &packed } else { block };
        bytes.extend(u32::try_from(stream.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(stream);
    }
    let mut flags = filter | FLAG_NOT_SPLIT | LZ4;
    if bytes.len() >= HEADER_LEN + data.len() {
        flags |= FLAG_STORED;
        bytes.truncate(HEADER_LEN);
        bytes.resize(HEADER_LEN, 0);
        bytes.extend_from_slice(data);
    } else {
        let places = bytes.get_mut(HEADER_LEN..).unwrap_or_default().as_chunks_mut::<4>().0;
        places.iter_mut().zip(starts).for_each(|(place, start)| *place = u32::try_from(start).unwrap_or(u32::MAX).to_le_bytes());
    }
    let lengths = [len, u32::try_from(block_len).unwrap_or(u32::MAX), u32::try_from(bytes.len()).unwrap_or(u32::MAX)];
    let header = [VERSION, LZ4_VERSION, flags, type_byte].into_iter().chain(lengths.into_iter().flat_map(u32::to_le_bytes));
    bytes.iter_mut().zip(header).for_each(|(to, from)| *to = from);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::decode;
    use super::*;

    #[test]
    fn blocks_and_what_does_not_pack_come_back() {
        // Two blocks and a part, which no shuffle divides.
        let data: Vec<u8> = (0..BLOCK_LEN * 2 + 1001).map(|i| ((i / 7) % 251) as u8).collect();
        let mut noise: u32 = 1;
        let random: Vec<u8> = (0..5000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.to_be_bytes()[0]
            })
            .collect();
        for type_size in [1, 2, 3, 4, 8, 255] {
            let bytes = encode(&data, type_size).unwrap();
            assert!(bytes.len() < data.len() / 2);
            assert_eq!(decode(&bytes, data.len()).unwrap(), data);
            let bytes = encode(&random, type_size).unwrap();
            assert_eq!(bytes.len(), random.len() + HEADER_LEN);
            assert_eq!(decode(&bytes, random.len()).unwrap(), random);
        }
        assert!(encode(&data, 0).is_err() && encode(&data, 256).is_err());
        assert_eq!(decode(&encode(&[], 4).unwrap(), 0).unwrap(), []);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(data in prop::collection::vec(0_u8..6, 0..3000), type_size in 1_usize..20) {
            prop_assert_eq!(decode(&encode(&data, type_size).unwrap(), data.len()).unwrap(), data);
        }
    }
}
