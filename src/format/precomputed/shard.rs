//! Chunks inside shards: shard index, minishard index, data. Source: `sharded.md` of Neuroglancer.
//!
//! A shard's index is read whole, once, unless it is huge: one range request then serves every minishard of the file. Indices of
//! minishards that lie side by side are read together, too.

use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::FutureExt;

use crate::codec::{CodecError, gzip};
use crate::format::FormatError;
use crate::format::memo::{Fetched, Memo, SizeBytes};
use crate::format::sharding::ShardPlace;
use crate::format::spec::PrecomputedSharding;
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind};

use super::volume::Stored;

/// A minishard's entry in the index of its shard: start and end.
const ENTRY_BYTES: u64 = 16;
/// A chunk's entry in the index of its minishard: key, start, size.
const CHUNK_ENTRY_BYTES: usize = 24;
/// The largest shard index that is read whole; of larger ones, single entries.
const MOST_WHOLE_INDEX_BYTES: u64 = 1 << 20;
/// Minishard indices at most this far apart are read together, up to so many bytes: less than a request costs.
const MOST_GAP_BYTES: u64 = 4 << 10;
const MOST_TOGETHER_BYTES: u64 = 64 << 10;
/// In shards of more minishards, each index is read alone.
const MOST_GROUPED_MINISHARDS: usize = 4096;
/// The most bytes of a minishard index, as stored and inflated: 2²⁰ chunks.
const MOST_MINISHARD_INDEX_BYTES: usize = CHUNK_ENTRY_BYTES << 20;
/// What the indices of a volume may keep in memory, of either kind.
const INDEX_BUDGET_BYTES: usize = 16 << 20;

/// The indices of all levels of a volume.
pub(super) struct Indices {
    shards: Memo<(usize, u64), ShardIndex>,
    minishards: Memo<(usize, ShardPlace), MinishardIndex>,
}

impl Default for Indices {
    fn default() -> Self {
        Self { shards: Memo::new(INDEX_BUDGET_BYTES), minishards: Memo::new(INDEX_BUDGET_BYTES) }
    }
}

/// The index of a shard, as stored.
struct ShardIndex(Bytes);

impl SizeBytes for ShardIndex {
    fn size_bytes(&self) -> usize {
        self.0.len()
    }
}

/// Where the index of a minishard lies, and in which span it is read, from the end of the shard index: start and end.
struct Entry {
    own: [u64; 2],
    group: [u64; 2],
}

/// The chunks of a minishard, sorted by key.
struct MinishardIndex(Vec<ChunkEntry>);

#[derive(Clone, Copy)]
struct ChunkEntry {
    key: u64,
    /// From the end of the shard index.
    start: u64,
    len: u64,
}

impl SizeBytes for MinishardIndex {
    fn size_bytes(&self) -> usize {
        self.0.len() * size_of::<ChunkEntry>()
    }
}

/// Reads the chunks of one level, or the values of one folder of anything else that has 64-bit keys.
pub(super) struct ShardReader {
    level: usize,
    store: Rc<dyn ReadStore>,
    sharding: PrecomputedSharding,
    indices: Rc<Indices>,
    /// What the chunks are.
    kind: ResourceKind,
}

/// Where the bytes of a key lie, as they are stored.
pub(super) struct KeyPlace {
    /// The name of the shard's file.
    pub(super) name: String,
    pub(super) range: Range<u64>,
}

impl ShardReader {
    pub(super) fn new(
        level: usize,
        store: Rc<dyn ReadStore>,
        sharding: PrecomputedSharding,
        indices: Rc<Indices>,
        kind: ResourceKind,
    ) -> Self {
        Self { level, store, sharding, indices, kind }
    }

    /// The bytes of the chunk with this key, inflated, and where they came from. A chunk of more than `most_bytes` is refused.
    pub(super) async fn read(self: &Rc<Self>, key: u64, most_bytes: usize, cancel: &Cancel) -> Result<Option<Stored>, FormatError> {
        match self.find(key, most_bytes, cancel).await? {
            Some(place) => self.read_at(&place, most_bytes, cancel).await,
            None => Ok(None),
        }
    }

    /// Where the chunk with this key lies. One of more than `most_bytes` is refused.
    pub(super) async fn find(self: &Rc<Self>, key: u64, most_bytes: usize, cancel: &Cancel) -> Result<Option<KeyPlace>, FormatError> {
        let place = self.sharding.locate(key);
        let fetch = || {
            let reader = Rc::clone(self);
            async move { reader.read_minishard_index(place).await }.boxed_local()
        };
        let Some(index) = self.indices.minishards.get((self.level, place), cancel, fetch).await? else {
            return Ok(None);
        };
        let Some(chunk) = index.find(key) else {
            return Ok(None);
        };
        let name = self.sharding.file_name(place.shard);
        if chunk.len > most_bytes as u64 {
            return Err(self.bad(&name, format!("its index gives {} bytes to chunk {key}, which takes at most {most_bytes}", chunk.len)));
        }
        let range = self.range(&name, chunk.start, chunk.len)?;
        Ok(Some(KeyPlace { name, range }))
    }

    /// The bytes of a chunk that was found, inflated.
    pub(super) async fn read_at(&self, place: &KeyPlace, most_bytes: usize, cancel: &Cancel) -> Result<Option<Stored>, FormatError> {
        let options = ReadOptions { kind: self.kind, cancel: cancel.clone() };
        let Some(bytes) = self.store.get_range(&place.name, place.range.clone(), &options).await? else {
            return Ok(None);
        };
        let url = self.store.describe(&place.name);
        if self.sharding.gzip_data {
            let bytes = gzip::decode(&bytes, most_bytes).map_err(|error| FormatError::from_codec(error, &url))?;
            return Ok(Some(Stored { bytes: bytes.into(), url }));
        }
        Ok(Some(Stored { bytes, url }))
    }

    async fn read_minishard_index(self: Rc<Self>, place: ShardPlace) -> Fetched<MinishardIndex> {
        let name = self.sharding.file_name(place.shard);
        let Some(Entry { own: [start, end], group: [group_start, group_end] }) = self.shard_entry(&name, place).await? else {
            return Ok(None);
        };
        if start == end {
            return Ok(None);
        }
        let len = end
            .checked_sub(start)
            .filter(|&len| len <= MOST_MINISHARD_INDEX_BYTES as u64)
            .ok_or_else(|| self.bad(&name, format!("the index of minishard {} lies from {start} to {end}", place.minishard)))?;
        let range = self.range(&name, group_start, group_end - group_start)?;
        let Some(group) = self.store.get_range(&name, range, &index_options()).await? else {
            return Ok(None);
        };
        let own = usize::try_from(start - group_start).ok().and_then(|at| Some(at..at + usize::try_from(len).ok()?));
        let bytes = own.and_then(|own| group.get(own)).ok_or_else(|| self.bad(&name, "a minishard index ends early"))?;
        let entries = if self.sharding.gzip_index {
            let inflated = gzip::decode(bytes, MOST_MINISHARD_INDEX_BYTES);
            inflated.and_then(|bytes| MinishardIndex::parse(&bytes))
        } else {
            MinishardIndex::parse(bytes)
        };
        entries.map(|index| Some(Rc::new(index))).map_err(|error| FormatError::from_codec(error, &self.store.describe(&name)))
    }

    /// Where the index of a minishard lies, from the end of the shard index; `None` where the shard is absent.
    async fn shard_entry(self: &Rc<Self>, name: &str, place: ShardPlace) -> Result<Option<Entry>, FormatError> {
        let at = place.minishard * ENTRY_BYTES;
        if self.index_bytes() > MOST_WHOLE_INDEX_BYTES {
            let entry = self.store.get_range(name, at..at + ENTRY_BYTES, &index_options()).await?;
            let own = entry.map(|bytes| self.entry(name, &bytes, 0)).transpose()?;
            return Ok(own.map(|own| Entry { own, group: own }));
        }
        let fetch = || {
            let (reader, name) = (Rc::clone(self), name.to_owned());
            async move {
                let bytes = reader.store.get_range(&name, 0..reader.index_bytes(), &index_options()).await?;
                Ok(bytes.map(|bytes| Rc::new(ShardIndex(bytes))))
            }
            .boxed_local()
        };
        let index = self.indices.shards.get((self.level, place.shard), &Cancel::never(), fetch).await?;
        let Some(index) = index else { return Ok(None) };
        let own = self.entry(name, &index.0, at)?;
        Ok(Some(Entry { own, group: group_of(&index.0, own) }))
    }

    fn entry(&self, name: &str, bytes: &[u8], at: u64) -> Result<[u64; 2], FormatError> {
        let words = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default().as_chunks::<8>().0;
        match words {
            [start, end, ..] => Ok([u64::from_le_bytes(*start), u64::from_le_bytes(*end)]),
            _ => Err(self.bad(name, format!("its index of {} bytes ends before minishard {}", bytes.len(), at / ENTRY_BYTES))),
        }
    }

    /// Bytes of the index at the head of every shard.
    fn index_bytes(&self) -> u64 {
        ENTRY_BYTES << self.sharding.minishard_bits
    }

    /// A range of the file, from one that counts from the end of the shard index.
    fn range(&self, name: &str, start: u64, len: u64) -> Result<Range<u64>, FormatError> {
        let begin = start.checked_add(self.index_bytes());
        let range = begin.and_then(|begin| Some(begin..begin.checked_add(len)?));
        range.ok_or_else(|| self.bad(name, format!("its index points at {len} bytes from {start}")))
    }

    fn bad(&self, name: &str, reason: impl Into<String>) -> FormatError {
        FormatError::BadData { reason: reason.into(), url: self.store.describe(name) }
    }
}

/// The span that the index of a minishard is read in, with those of its neighbours: the same for each of them, so that it is asked for
/// once.
fn group_of(shard_index: &[u8], own: [u64; 2]) -> [u64; 2] {
    let entries = shard_index.as_chunks::<8>().0.as_chunks::<2>().0;
    if entries.len() > MOST_GROUPED_MINISHARDS {
        return own;
    }
    let mut entries: Vec<[u64; 2]> = entries.iter().map(|entry| entry.map(u64::from_le_bytes)).filter(|[start, end]| start < end).collect();
    entries.sort_unstable();
    let holds_own = |group: &[u64; 2]| group[0] <= own[0] && own[1] <= group[1];
    let mut group = [0, 0];
    for [start, end] in entries {
        let near = start.saturating_sub(group[1]) <= MOST_GAP_BYTES && end.saturating_sub(group[0]) <= MOST_TOGETHER_BYTES;
        if near && group[1] > 0 {
            group[1] = group[1].max(end);
        } else if holds_own(&group) {
            break;
        } else {
            group = [start, end];
        }
    }
    if holds_own(&group) { group } else { own }
}

/// Indices are shared by requests: what cancels one must not cancel the others. Dropping the last ends the read.
fn index_options() -> ReadOptions {
    ReadOptions { kind: ResourceKind::Index, cancel: Cancel::never() }
}

impl MinishardIndex {
    /// Three rows of 64-bit numbers, each a difference: keys; starts, from the end of the chunk before; sizes (these are whole).
    fn parse(bytes: &[u8]) -> Result<Self, CodecError> {
        let (words, rest) = bytes.as_chunks::<8>();
        let count = words.len() / 3;
        if !rest.is_empty() || words.len() % 3 != 0 || bytes.len() > MOST_MINISHARD_INDEX_BYTES {
            let reason = format!("{} bytes are no index of entries of {CHUNK_ENTRY_BYTES} bytes", bytes.len());
            return Err(CodecError::Corrupt { codec: "minishard index", reason });
        }
        let (keys, rest) = words.split_at(count);
        let (starts, sizes) = rest.split_at(count);
        let mut entries = Vec::with_capacity(count);
        let (mut key, mut end) = (0_u64, 0_u64);
        for ((key_step, gap), len) in keys.iter().zip(starts).zip(sizes) {
            let len = u64::from_le_bytes(*len);
            // Steps may go back: they are differences modulo 2⁶⁴.
            key = key.wrapping_add(u64::from_le_bytes(*key_step));
            let start = end.wrapping_add(u64::from_le_bytes(*gap));
            end = start.wrapping_add(len);
            entries.push(ChunkEntry { key, start, len });
        }
        entries.sort_by_key(|entry| entry.key);
        Ok(Self(entries))
    }

    fn find(&self, key: u64) -> Option<ChunkEntry> {
        let at = self.0.binary_search_by_key(&key, |entry| entry.key).ok()?;
        self.0.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::group_of;

    fn index(entries: &[[u64; 2]]) -> Vec<u8> {
        entries.iter().flatten().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn minishard_indices_side_by_side_are_read_together() {
        let near = index(&[[1000, 1100], [0, 0], [1100, 1250], [1300, 1400]]);
        for own in [[1000, 1100], [1100, 1250], [1300, 1400]] {
            assert_eq!(group_of(&near, own), [1000, 1400], "the same for each of them");
        }
        let far = index(&[[0, 100], [50_000, 50_100], [50_100, 50_200]]);
        assert_eq!(group_of(&far, [0, 100]), [0, 100]);
        assert_eq!(group_of(&far, [50_100, 50_200]), [50_000, 50_200]);
    }

    #[test]
    fn a_group_stays_small() {
        let large = index(&[[0, 40_000], [40_000, 80_000], [80_000, 90_000]]);
        assert_eq!(group_of(&large, [0, 40_000]), [0, 40_000]);
        assert_eq!(group_of(&large, [80_000, 90_000]), [40_000, 90_000]);
        assert_eq!(group_of(&index(&[[0, 1 << 30]]), [0, 1 << 30]), [0, 1 << 30], "one that is large alone is read alone");
        let lying = index(&[[10, 5], [u64::MAX - 1, u64::MAX]]);
        assert_eq!(group_of(&lying, [7, 9]), [7, 9], "what the index does not hold");
    }
}
