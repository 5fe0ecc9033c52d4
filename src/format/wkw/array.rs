//! One magnification: from the place of a block to its voxels.
//!
//! A file holds a cube of blocks in Morton order, x lowest. Raw blocks have one length. Compressed ones are found through a table of where each
//! ends, which follows the header; it is read once, whole.

use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use super::header::{COMMON_BYTES, Compression, HEADER_BYTES, Header};
use crate::codec::lz4;
use crate::format::FormatError;
use crate::format::arrays::{ArrayFacts, ReadArray};
use crate::format::limits::INDEX_CACHE_BYTES;
use crate::format::memo::{Fetched, Memo, SizeBytes};
use crate::format::sharding::compressed_morton;
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind, StoreError};

/// Bytes of an entry of the table.
const ENTRY_BYTES: u64 = 8;

/// Blocks, and the store that holds their files. Its dimensions are z, y, x and the channel.
pub(super) struct WkwArray {
    header: Header,
    /// One past the last voxel along x, y, z.
    end: [i64; 3],
    store: Rc<dyn ReadStore>,
    /// By the key of their file.
    tables: Memo<String, Table>,
}

/// Where the blocks of a file end, as stored.
struct Table(Bytes);

impl SizeBytes for Table {
    fn size_bytes(&self) -> usize {
        self.0.len()
    }
}

impl WkwArray {
    /// The blocks of the folder that the store is rooted at.
    pub(super) fn new(header: Header, end: [i64; 3], store: Rc<dyn ReadStore>) -> Self {
        Self { header, end, store, tables: Memo::new(INDEX_CACHE_BYTES) }
    }

    /// The file of a block and its number in it.
    fn place(&self, grid: &[u64]) -> Option<(String, u64)> {
        let &[z, y, x, _] = grid else { return None };
        let edge = self.header.file_edge;
        let at = [x, y, z].map(|n| i64::try_from(n % edge).unwrap_or(0));
        let number = compressed_morton(at, [i64::try_from(edge).ok()?; 3])?;
        Some((key([x, y, z].map(|n| n / edge)), number))
    }

    /// Where a block lies in its file; `None` where the file is absent.
    async fn range(&self, key: &str, number: u64, cancel: &Cancel) -> Result<Option<Range<u64>>, FormatError> {
        let block_bytes = self.header.block_bytes();
        if self.header.compression == Compression::Raw {
            let start = HEADER_BYTES as u64 + number * block_bytes;
            return Ok(Some(start..start + block_bytes));
        }
        let read = || read_table(self.header.clone(), Rc::clone(&self.store), key.to_owned()).boxed_local();
        let Some(table) = self.tables.get(key.to_owned(), cancel, read).await? else { return Ok(None) };
        let first = HEADER_BYTES as u64 + self.header.blocks() * ENTRY_BYTES;
        let (ends, _) = table.0.as_chunks::<8>();
        let end = |number: u64| ends.get(usize::try_from(number).ok()?).map(|end| u64::from_le_bytes(*end));
        let start = number.checked_sub(1).map_or(Some(first), end);
        let (Some(start), Some(end)) = (start, end(number)) else {
            return Err(self.bad(key, format!("its table has no block {number}")));
        };
        // No encoder makes a block that does not compress this much longer.
        let most = block_bytes + block_bytes / 255 + 16;
        if start < first || end <= start || end - start > most {
            let reason =
                format!("its table lets block {number} lie from byte {start} to {end}, where it takes 1 to {most} bytes from {first} on");
            return Err(self.bad(key, reason));
        }
        Ok(Some(start..end))
    }

    fn bad(&self, key: &str, reason: String) -> FormatError {
        FormatError::BadData { reason, url: self.store.describe(key) }
    }
}

/// The path of a file by its place along x, y, z.
pub(super) fn key([x, y, z]: [u64; 3]) -> String {
    format!("z{z}/y{y}/x{x}.wkw")
}

/// The header of a file and the table after it. Tables are shared by requests: what cancels one must not cancel the others.
async fn read_table(header: Header, store: Rc<dyn ReadStore>, key: String) -> Fetched<Table> {
    let bad = |reason: String| FormatError::BadData { reason, url: store.describe(&key) };
    let len = HEADER_BYTES as u64 + header.blocks() * ENTRY_BYTES;
    let options = ReadOptions { kind: ResourceKind::Index, cancel: Cancel::never() };
    let Some(bytes) = store.get_range(&key, 0..len, &options).await? else { return Ok(None) };
    let common = bytes.first_chunk::<COMMON_BYTES>().copied().unwrap_or_default();
    if common != header.common {
        return Err(bad(format!("its header begins with {common:x?}, that of header.wkw with {:x?}", header.common)));
    }
    let first = bytes.get(COMMON_BYTES..).and_then(<[u8]>::first_chunk).map_or(0, |first| u64::from_le_bytes(*first));
    if first != len {
        return Err(bad(format!("its blocks begin at byte {first} instead of {len}")));
    }
    Ok(Some(Rc::new(Table(bytes.slice(HEADER_BYTES.min(bytes.len())..)))))
}

impl ReadArray for WkwArray {
    fn facts(&self) -> ArrayFacts {
        let Header { block_edge, file_edge, channels, .. } = self.header;
        let [x, y, z] = self.end.map(|n| u64::try_from(n).unwrap_or(0));
        ArrayFacts {
            shape: vec![z, y, x, channels],
            chunk_shape: vec![block_edge, block_edge, block_edge, channels],
            chunks_per_file: (file_edge > 1).then(|| vec![file_edge, file_edge, file_edge, 1]),
            data_type: self.header.data_type,
            fill_bits: 0,
            encoding: self.header.compression.name().to_owned(),
        }
    }

    async fn chunk(&self, grid: &[u64], cancel: &Cancel) -> Result<Option<Vec<u8>>, FormatError> {
        let Some((key, number)) = self.place(grid) else { return Ok(None) };
        let Some(range) = self.range(&key, number, cancel).await? else { return Ok(None) };
        let options = ReadOptions { kind: ResourceKind::Chunk, cancel: cancel.clone() };
        let Some(bytes) = self.store.get_range(&key, range, &options).await? else { return Ok(None) };
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        if self.header.compression == Compression::Raw {
            return Ok(Some(bytes.into()));
        }
        let len = usize::try_from(self.header.block_bytes()).unwrap_or(usize::MAX);
        lz4::decode(&bytes, len).map(Some).map_err(|error| self.bad(&key, format!("block {number}: {error}")))
    }

    fn describe(&self, grid: &[u64]) -> String {
        self.place(grid).map_or_else(|| self.store.describe(""), |(key, _)| self.store.describe(&key))
    }
}
