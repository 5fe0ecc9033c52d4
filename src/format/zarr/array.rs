//! One array: from the place of a chunk to its voxels, in the array's own order.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;
use zarrs::array::{ArrayToBytesCodecTraits, CodecChain, CodecOptions};

use super::metadata::{ArrayInfo, Layout};
use super::shard::{IndexLocation, ShardIndex, ShardLayout};
use crate::format::FormatError;
use crate::format::arrays::{ArrayFacts, ReadArray};
use crate::format::limits::INDEX_CACHE_BYTES;
use crate::format::memo::{Fetched, Memo};
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind, StoreError};

/// An array and the store that holds its chunks.
pub(crate) struct ZarrArray {
    info: Rc<ArrayInfo>,
    store: Rc<dyn ReadStore>,
    /// By the key of their shard, with the length of its file where known.
    indices: Memo<String, (ShardIndex, Option<u64>)>,
}

impl std::fmt::Debug for ZarrArray {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ZarrArray").field("info", &self.info).field("store", &self.store.describe("")).finish()
    }
}

fn options(kind: ResourceKind, cancel: &Cancel) -> ReadOptions {
    ReadOptions { kind, cancel: cancel.clone() }
}

impl ZarrArray {
    /// An array in the store rooted at its folder.
    pub(crate) fn new(info: ArrayInfo, store: Rc<dyn ReadStore>) -> Self {
        Self { info: Rc::new(info), store, indices: Memo::new(INDEX_CACHE_BYTES) }
    }

    async fn chunk_of_shard(&self, shards: &ShardLayout, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let file: Vec<u64> = grid.iter().zip(&shards.chunks).map(|(at, n)| at / n.get()).collect();
        let at: Vec<u64> = grid.iter().zip(&shards.chunks).map(|(at, n)| at % n.get()).collect();
        let key = self.key(&file);
        let load = || load_index(Rc::clone(&self.info), Rc::clone(&self.store), key.clone()).boxed_local();
        let Some(entry) = self.indices.get(key.clone(), cancel, load).await? else {
            return Ok(None);
        };
        let (index, file_len) = entry.as_ref();
        let range = shards.chunk_range(index, &at, *file_len).map_err(|reason| self.damaged(&key, reason))?;
        let Some(range) = range else {
            return Ok(None);
        };
        let encoded = self.store.get_range(&key, range, &options(ResourceKind::Chunk, cancel)).await?;
        let encoded = encoded.ok_or_else(|| self.damaged(&key, "the shard went away after its index was read".to_owned()))?;
        let voxels = self.decode(&shards.codecs, &shards.chunk_shape, &encoded, cancel)?;
        voxels.map(Some).map_err(|reason| self.damaged(&key, format!("chunk {at:?} of the shard: {reason}")))
    }

    /// The outer result is cancellation, the inner what is wrong with the bytes.
    fn decode(
        &self,
        codecs: &CodecChain,
        shape: &[std::num::NonZeroU64],
        encoded: &Bytes,
        cancel: &Cancel,
    ) -> Result<Result<Vec<u8>, String>, FormatError> {
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let decoded = codecs.decode(Cow::Borrowed(encoded), shape, &self.info.zarrs_type, &self.info.fill_value, &checked());
        let voxels = decoded.and_then(|decoded| Ok(decoded.into_fixed()?.into_owned()));
        Ok(voxels.map_err(|error| error.to_string()))
    }

    fn key(&self, grid: &[u64]) -> String {
        self.info.array.chunk_key(grid).as_str().to_owned()
    }

    fn damaged(&self, key: &str, reason: String) -> FormatError {
        FormatError::BadData { reason, url: self.store.describe(key) }
    }
}

impl ReadArray for ZarrArray {
    fn facts(&self) -> ArrayFacts {
        let info = &self.info;
        ArrayFacts {
            shape: info.shape.clone(),
            chunk_shape: info.chunk_shape(),
            chunks_per_file: info.chunks_per_file(),
            data_type: info.data_type,
            fill_bits: info.fill_bits,
            encoding: info.encoding.clone(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        match &self.info.layout {
            Layout::Files => {
                let key = self.key(grid);
                let encoded = self.store.get(&key, &options(ResourceKind::Chunk, cancel)).await?;
                let Some(encoded) = encoded else {
                    return Ok(None);
                };
                let voxels = self.decode(&self.info.array.codecs(), &self.info.file_shape, &encoded, cancel)?;
                voxels.map(Some).map_err(|reason| self.damaged(&key, reason))
            }
            Layout::Shards(shards) => self.chunk_of_shard(shards, grid, cancel).await,
        }
    }

    fn describe(&self, grid: &[u64]) -> String {
        let file: Vec<u64> = match &self.info.layout {
            Layout::Files => grid.to_vec(),
            Layout::Shards(shards) => grid.iter().zip(&shards.chunks).map(|(at, n)| at / n.get()).collect(),
        };
        self.store.describe(&self.key(&file))
    }
}

fn checked() -> CodecOptions {
    CodecOptions::default().with_validate_checksums(true)
}

/// Reads the index of a shard: its length first where the index is at the end, since ranges that count from the end need a
/// preflight request on the web.
async fn load_index(info: Rc<ArrayInfo>, store: Rc<dyn ReadStore>, key: String) -> Fetched<(ShardIndex, Option<u64>)> {
    let Layout::Shards(shards) = &info.layout else {
        return Ok(None);
    };
    let options = options(ResourceKind::Index, &Cancel::never());
    let damaged = |reason: String| FormatError::BadData { reason, url: store.describe(&key) };
    let (range, file_len) = match shards.index_location {
        IndexLocation::Start => (0..shards.index_len, None),
        IndexLocation::End => {
            let Some(file_len) = store.size(&key, &options).await? else {
                return Ok(None);
            };
            (shards.index_range(file_len).map_err(damaged)?, Some(file_len))
        }
    };
    let Some(bytes) = store.get_range(&key, range, &options).await? else {
        return Ok(None);
    };
    let index = shards.decode_index(&bytes, &checked()).map_err(damaged)?;
    Ok(Some(Rc::new((index, file_len))))
}
