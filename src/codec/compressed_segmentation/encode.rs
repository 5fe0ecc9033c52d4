//! Writing the encoding: each block gets the narrowest indices that its ids allow, and blocks of the same ids share one table.

use rustc_hash::FxHashMap;

use super::{CODEC, Layout, MOST_BLOCK_EDGE, product, too_large};
use crate::CodecError;

/// Up to so many ids of a block are looked for one by one, which is faster than any table.
const FEW: usize = 12;
/// Bits of a table's place in a header.
const TABLE_BITS: u32 = 24;

/// Encodes channels of little-endian ids of `N` bytes, 4 or 8, x fastest; `layout.channels` of them, each of `layout.shape`.
///
/// # Errors
/// [`CodecError::WrongSize`] where a channel has not as many ids as the shape, [`CodecError::Unsupported`] for blocks that are empty or huge,
/// and for chunks of so many ids that their tables do not fit the format: 2^24 words.
pub fn encode<const N: usize>(channels: &[&[u8]], layout: &Layout) -> Result<Vec<u8>, CodecError> {
    const { assert!(N == 4 || N == 8, "ids have 4 or 8 bytes") };
    if layout.block_shape.iter().any(|&n| n == 0 || n > MOST_BLOCK_EDGE) {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("a block of {:?} voxels", layout.block_shape) });
    }
    let expected = product(layout.shape).and_then(|voxels| voxels.checked_mul(N)).ok_or_else(too_large)?;
    let mut words = vec![0_u32; layout.channels as usize];
    for number in 0..words.len() {
        let ids = *channels.get(number).unwrap_or(&[].as_slice());
        if ids.len() != expected {
            return Err(CodecError::WrongSize { codec: CODEC, got: ids.len() as u64, expected: expected as u64 });
        }
        let start = words.len();
        if let Some(offset) = words.get_mut(number) {
            *offset = u32::try_from(start).map_err(|_| too_large())?;
        }
        Channel::<N>::new(ids.as_chunks().0, layout)?.write(&mut words).ok_or_else(|| CodecError::Unsupported {
            codec: CODEC,
            name: "a chunk whose tables of ids take more than 2^24 words".to_owned(),
        })?;
    }
    Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
}

/// A channel and what is reused from block to block.
struct Channel<'a, const N: usize> {
    ids: &'a [[u8; N]],
    shape: [usize; 3],
    block: [usize; 3],
    /// The ids of the block, in order of occurrence.
    table: Vec<u64>,
    /// Where each lies in `table`, once they are many.
    entry_of: FxHashMap<u64, u32>,
    /// Of each voxel of the block, its place in `table`.
    entries: Vec<u32>,
    /// Where tables lie that were written, by their ids, ascending.
    written: FxHashMap<Vec<u64>, u32>,
}

impl<'a, const N: usize> Channel<'a, N> {
    fn new(ids: &'a [[u8; N]], layout: &Layout) -> Result<Self, CodecError> {
        let voxels = product(layout.block_shape).ok_or_else(too_large)?;
        let mut entries = Vec::new();
        entries.try_reserve_exact(voxels).map_err(|_| too_large())?;
        entries.resize(voxels, 0);
        let [shape, block] = [layout.shape, layout.block_shape].map(|shape| shape.map(|n| n as usize));
        Ok(Self { ids, shape, block, table: Vec::new(), entry_of: FxHashMap::default(), entries, written: FxHashMap::default() })
    }

    /// Appends the channel; `None` where a place does not fit its header.
    fn write(mut self, words: &mut Vec<u32>) -> Option<()> {
        let start = words.len();
        let [sx, sy, sz] = self.shape;
        let [bx, by, bz] = self.block;
        let blocks = [sx.div_ceil(bx), sy.div_ceil(by), sz.div_ceil(bz)];
        let count = blocks.iter().try_fold(1_usize, |product, &n| product.checked_mul(n))?;
        words.resize(start.checked_add(count.checked_mul(2)?)?, 0);
        for number in 0..count {
            let [x, y, z] = [number % blocks[0], number / blocks[0] % blocks[1], number / (blocks[0] * blocks[1])];
            self.index([x * bx, y * by, z * bz])?;
            let values_at = u32::try_from(words.len() - start).ok()?;
            let bits = self.pack(words)?;
            let table_at = self.table_at(words, start)?;
            let header = words.get_mut(start + number * 2..)?.first_chunk_mut::<2>()?;
            *header = [table_at | bits << TABLE_BITS, values_at];
        }
        Some(())
    }

    /// Collects the ids of the block at this corner, ascending, and the place of each voxel's among them.
    fn index(&mut self, [x0, y0, z0]: [usize; 3]) -> Option<()> {
        let [width, height, depth] = self.shape;
        let [bx, by, bz] = self.block;
        let row_len = bx.min(width - x0);
        let clipped = row_len < bx || y0 + by > height || z0 + bz > depth;
        self.table.clear();
        self.entry_of.clear();
        if clipped {
            // What lies outside of the chunk is of no concern to readers: the first id costs nothing.
            self.entries.fill(0);
        }
        // Labels run: most voxels repeat the one before.
        let mut last = (self.id_at([x0, y0, z0])?, 0);
        self.table.push(last.0);
        for z in z0..(z0 + bz).min(depth) {
            for y in y0..(y0 + by).min(height) {
                let from = x0 + width * (y + height * z);
                let to = bx * ((y - y0) + by * (z - z0));
                let row = self.ids.get(from..from + row_len)?;
                for (bytes, entry) in row.iter().zip(self.entries.get_mut(to..to + row_len)?) {
                    let id = id_of(bytes);
                    if id != last.0 {
                        last = (id, entry_of(id, &mut self.table, &mut self.entry_of)?);
                    }
                    *entry = last.1;
                }
            }
        }
        self.sort();
        Some(())
    }

    fn id_at(&self, [x, y, z]: [usize; 3]) -> Option<u64> {
        self.ids.get(x + self.shape[0] * (y + self.shape[1] * z)).map(id_of)
    }

    /// Puts the table in ascending order, so that blocks of the same ids have the same table.
    fn sort(&mut self) {
        if self.table.is_sorted() {
            return;
        }
        let mut order: Vec<(u64, u32)> = self.table.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut rank = vec![0; order.len()];
        for (new, (_, old)) in (0..).zip(&order) {
            if let Some(rank) = rank.get_mut(*old as usize) {
                *rank = new;
            }
        }
        self.table.clear();
        self.table.extend(order.iter().map(|(id, _)| id));
        for entry in &mut self.entries {
            *entry = rank.get(*entry as usize).copied().unwrap_or(0);
        }
    }

    /// Appends the indices of the block, and gives their width.
    fn pack(&self, words: &mut Vec<u32>) -> Option<u32> {
        let bits = [0_u32, 1, 2, 4, 8, 16, 32].into_iter().find(|&bits| 1_u64 << bits >= self.table.len() as u64)?;
        match bits {
            0 => {}
            1 => pack::<1, 32>(&self.entries, words),
            2 => pack::<2, 16>(&self.entries, words),
            4 => pack::<4, 8>(&self.entries, words),
            8 => pack::<8, 4>(&self.entries, words),
            16 => pack::<16, 2>(&self.entries, words),
            _ => words.extend_from_slice(&self.entries),
        }
        Some(bits)
    }

    /// Where the table of the block lies, written now unless one like it is there.
    fn table_at(&mut self, words: &mut Vec<u32>, start: usize) -> Option<u32> {
        if let Some(at) = self.written.get(&self.table) {
            return Some(*at);
        }
        let at = u32::try_from(words.len() - start).ok().filter(|at| *at < 1 << TABLE_BITS)?;
        for id in &self.table {
            let bytes = id.to_le_bytes();
            words.extend(bytes.get(..N)?.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)));
        }
        self.written.insert(self.table.clone(), at);
        Some(at)
    }
}

/// The place of an id in a table, which it is added to where it is new.
fn entry_of(id: u64, table: &mut Vec<u64>, entry_of: &mut FxHashMap<u64, u32>) -> Option<u32> {
    let known = if table.len() <= FEW {
        table.iter().position(|known| *known == id).and_then(|place| u32::try_from(place).ok())
    } else {
        if entry_of.is_empty() {
            entry_of.extend(table.iter().copied().zip(0..));
        }
        entry_of.get(&id).copied()
    };
    if known.is_some() {
        return known;
    }
    let entry = u32::try_from(table.len()).ok()?;
    if !entry_of.is_empty() {
        entry_of.insert(id, entry);
    }
    table.push(id);
    Some(entry)
}

fn id_of<const N: usize>(bytes: &[u8; N]) -> u64 {
    bytes.iter().rev().fold(0, |id, &byte| id << 8 | u64::from(byte))
}

/// Appends indices of so many bits, the first in the lowest bits of a word.
fn pack<const BITS: u32, const PER_WORD: usize>(entries: &[u32], words: &mut Vec<u32>) {
    let of = |entries: &[u32]| entries.iter().rev().fold(0, |word, &entry| word << BITS | entry);
    let (whole, rest) = entries.as_chunks::<PER_WORD>();
    words.extend(whole.iter().map(|entries| of(entries)));
    if !rest.is_empty() {
        words.push(of(rest));
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::decode_channel;
    use super::*;

    #[test]
    fn says_what_does_not_fit() {
        let layout = Layout { shape: [2, 1, 1], block_shape: [8; 3], channels: 1 };
        assert!(matches!(encode::<4>(&[&[0; 4]], &layout), Err(CodecError::WrongSize { got: 4, expected: 8, .. })));
        assert!(matches!(encode::<4>(&[], &layout), Err(CodecError::WrongSize { got: 0, .. })));
        let huge = Layout { block_shape: [0, 8, 8], ..layout };
        assert!(matches!(encode::<4>(&[&[0; 8]], &huge), Err(CodecError::Unsupported { .. })));
    }

    #[test]
    fn blocks_of_the_same_ids_share_a_table() {
        let layout = Layout { shape: [16, 2, 1], block_shape: [8, 2, 1], channels: 1 };
        let ids: Vec<u8> = (0..32_u64).flat_map(|i| (7 + i % 2).to_le_bytes()).collect();
        let bytes = encode::<8>(&[&ids], &layout).unwrap();
        // One offset, two headers of two words, two blocks of 16 bits, one table of two ids.
        assert_eq!(bytes.len(), 4 * (1 + 2 * 2 + 2 + 2 * 2));
    }

    fn ids() -> impl Strategy<Value = (Layout, Vec<Vec<u64>>)> {
        let shapes = (prop::array::uniform3(1_u32..20), prop::array::uniform3(1_u32..10), 1_u32..4);
        (shapes, prop_oneof![1_u64..3, 1_u64..20, 1_u64..500], any::<u64>()).prop_flat_map(
            |((shape, block_shape, channels), ids, factor)| {
                let voxels = shape.iter().product::<u32>() as usize;
                let channel = vec((0..ids).prop_map(move |id| id.wrapping_mul(factor | 1)), voxels);
                let layout = Layout { shape, block_shape, channels };
                vec(channel, channels as usize).prop_map(move |channels| (layout, channels))
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read((layout, channels) in ids()) {
            let bytes = |width: usize| -> Vec<Vec<u8>> {
                channels.iter().map(|ids| ids.iter().flat_map(|id| id.to_le_bytes()[..width].to_vec()).collect()).collect()
            };
            let (wide, narrow) = (bytes(8), bytes(4));
            let encoded = encode::<8>(&wide.iter().map(Vec::as_slice).collect::<Vec<_>>(), &layout).unwrap();
            let encoded_narrow = encode::<4>(&narrow.iter().map(Vec::as_slice).collect::<Vec<_>>(), &layout).unwrap();
            for (number, (wide, narrow)) in (0..).zip(wide.iter().zip(&narrow)) {
                prop_assert_eq!(&decode_channel::<8>(&encoded, &layout, number).unwrap(), wide);
                prop_assert_eq!(&decode_channel::<4>(&encoded_narrow, &layout, number).unwrap(), narrow);
            }
        }
    }
}
