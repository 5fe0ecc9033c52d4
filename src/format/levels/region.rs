//! A region as a file: its chunks one after the other, then an index of them, then a footer that proves that the file was written to its end.
//!
//! Of each chunk the index has its start (8 bytes), its length (4), and the CRC-32 of its bytes (4), little-endian; of a chunk that holds no
//! voxels, zeros. A chunk is one byte that says how it is kept, and then its voxels as they are, one voxel that all are like, or deflated.
//! Labels are deflated, for they repeat themselves; what a microscope gives hardly shrinks and would only take time.

use crate::codec::deflate;
use crate::voxel::{DataType, VoxelBlock};

/// The version is part of it.
const MAGIC: [u8; 8] = *b"nlmlev01";
/// CRC-32 of the index (4), chunks (4), the magic number.
pub(super) const FOOTER_BYTES: u64 = 16;
const ENTRY_BYTES: usize = 16;

const RAW: u8 = 0;
const UNIFORM: u8 = 1;
const DEFLATED: u8 = 2;

/// Writes the file. `None` for a chunk without voxels.
pub(super) fn write<'a>(chunks: impl Iterator<Item = Option<&'a VoxelBlock>>, pack: bool) -> Vec<u8> {
    let (mut file, mut index, mut count) = (Vec::new(), Vec::new(), 0_u32);
    for chunk in chunks {
        count += 1;
        let start = file.len();
        if let Some(chunk) = chunk {
            pack_chunk(chunk, pack, &mut file);
        }
        let bytes = file.get(start..).unwrap_or_default();
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let sum = if bytes.is_empty() { 0 } else { deflate::crc32(bytes) };
        index.extend_from_slice(&(if bytes.is_empty() { 0 } else { start as u64 }).to_le_bytes());
        index.extend_from_slice(&len.to_le_bytes());
        index.extend_from_slice(&sum.to_le_bytes());
    }
    file.extend_from_slice(&index);
    file.extend_from_slice(&deflate::crc32(&index).to_le_bytes());
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&MAGIC);
    file
}

fn pack_chunk(chunk: &VoxelBlock, pack: bool, file: &mut Vec<u8>) {
    let voxel = chunk.data.get(..chunk.data_type.size_bytes()).unwrap_or_default();
    if !voxel.is_empty() && chunk.data.chunks_exact(voxel.len()).all(|other| other == voxel) {
        file.push(UNIFORM);
        file.extend_from_slice(voxel);
    } else if pack {
        file.push(DEFLATED);
        file.extend_from_slice(&deflate::encode_fast(&chunk.data));
    } else {
        file.push(RAW);
        file.extend_from_slice(&chunk.data);
    }
}

/// Where the chunks of a region lie in its file.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<u8>,
}

impl Index {
    /// Where the index of a file of this length, of so many chunks, begins: its tail from there is what [`Index::read`] takes.
    pub(super) fn start(file_bytes: u64, chunks: usize) -> Option<u64> {
        file_bytes.checked_sub((chunks as u64).checked_mul(ENTRY_BYTES as u64)?.checked_add(FOOTER_BYTES)?)
    }

    /// The index at the end of a file of so many chunks.
    ///
    /// # Errors
    /// One clause that says what is damaged.
    pub(super) fn read(tail: &[u8], chunks: usize) -> Result<Self, &'static str> {
        let (entries, footer) = tail.split_at_checked(chunks.saturating_mul(ENTRY_BYTES)).ok_or("it is too short")?;
        let (sum, rest) = footer.split_first_chunk::<4>().ok_or("it is too short")?;
        let (count, magic) = rest.split_first_chunk::<4>().ok_or("it is too short")?;
        if magic != MAGIC {
            return Err("it was not written to its end");
        }
        if u32::from_le_bytes(*count) as usize != chunks {
            return Err("it holds another number of chunks");
        }
        if u32::from_le_bytes(*sum) != deflate::crc32(entries) {
            return Err("the checksum of its index is wrong");
        }
        Ok(Self { entries: entries.to_vec() })
    }

    /// Start, length and checksum of a chunk; `None` where there is none.
    pub(super) fn place(&self, chunk: usize) -> Option<(u64, u32, u32)> {
        let at = chunk.checked_mul(ENTRY_BYTES)?;
        let (start, rest) = self.entries.get(at..at.checked_add(ENTRY_BYTES)?)?.split_first_chunk::<8>()?;
        let (len, sum) = rest.split_first_chunk::<4>()?;
        let sum = sum.first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len);
        (len > 0).then(|| (u64::from_le_bytes(*start), len, u32::from_le_bytes(*sum)))
    }
}

/// Reads a chunk of this type and shape.
///
/// # Errors
/// One clause that says what is damaged.
pub(super) fn read_chunk(bytes: &[u8], sum: u32, data_type: DataType, shape: [u32; 3]) -> Result<VoxelBlock, String> {
    if deflate::crc32(bytes) != sum {
        return Err("its checksum is wrong".to_owned());
    }
    let len = VoxelBlock::byte_len(data_type, shape).ok_or("it is larger than memory")?;
    let (how, payload) = bytes.split_first().ok_or("it is empty")?;
    let data = match *how {
        RAW => payload.to_vec(),
        UNIFORM if payload.len() == data_type.size_bytes() => {
            let bits = payload.iter().rev().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
            return VoxelBlock::filled(data_type, shape, bits).ok_or_else(|| "it is larger than memory".to_owned());
        }
        DEFLATED => deflate::decode(payload, len).map_err(|error| error.to_string())?,
        _ => return Err(format!("it is kept in a way {how} that is not known")),
    };
    if data.len() != len {
        return Err(format!("it holds {} bytes instead of {len}", data.len()));
    }
    Ok(VoxelBlock { data_type, shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(data: Vec<u16>) -> VoxelBlock {
        let shape = [u32::try_from(data.len()).unwrap(), 1, 1];
        VoxelBlock { data_type: DataType::Uint16, shape, data: data.into_iter().flat_map(u16::to_le_bytes).collect() }
    }

    fn read_all(file: &[u8], chunks: &[Option<VoxelBlock>]) -> Result<Vec<Option<VoxelBlock>>, String> {
        let start = Index::start(file.len() as u64, chunks.len()).ok_or("it is too short")?;
        let index = Index::read(&file[usize::try_from(start).unwrap()..], chunks.len())?;
        let read = |(number, chunk): (usize, &Option<VoxelBlock>)| match index.place(number) {
            None => Ok(None),
            Some((start, len, sum)) => {
                let end = start.checked_add(u64::from(len)).ok_or("overflow")?;
                let bytes = file.get(usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(0)).ok_or("outside")?;
                let shape = chunk.as_ref().map_or([1; 3], |chunk| chunk.shape);
                read_chunk(bytes, sum, DataType::Uint16, shape).map(Some)
            }
        };
        chunks.iter().enumerate().map(read).collect()
    }

    fn chunks() -> impl Strategy<Value = Vec<Option<VoxelBlock>>> {
        let voxels = prop_oneof![prop::collection::vec(any::<u16>(), 1..40), (any::<u16>(), 1_usize..40).prop_map(|(n, len)| vec![n; len])];
        prop::collection::vec(prop::option::of(voxels.prop_map(block)), 1..9)
    }

    proptest! {
        #[test]
        fn comes_back(chunks in chunks(), pack in any::<bool>()) {
            let file = write(chunks.iter().map(Option::as_ref), pack);
            prop_assert_eq!(read_all(&file, &chunks).unwrap(), chunks);
        }

        #[test]
        fn what_is_damaged_is_noticed(chunks in chunks(), pack in any::<bool>(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let file = write(chunks.iter().map(Option::as_ref), pack);
            let at = at.index(file.len());
            prop_assert!(read_all(&file[..at], &chunks).is_err());
            let mut damaged = file.clone();
            damaged[at] ^= flip;
            prop_assert!(read_all(&damaged, &chunks).is_err());
        }

        #[test]
        fn never_panics(noise in prop::collection::vec(any::<u8>(), 0..200), count in 0_usize..9, sum in any::<u32>()) {
            _ = Index::read(&noise, count);
            _ = read_chunk(&noise, sum, DataType::Uint16, [3, 2, 1]);
            _ = read_chunk(&noise, deflate::crc32(&noise), DataType::Uint16, [3, 2, 1]);
        }
    }
}
