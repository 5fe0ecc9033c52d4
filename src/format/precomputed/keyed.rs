//! Values by a 64-bit key: a file each, or inside of shards.

use std::rc::Rc;

use bytes::Bytes;

use super::shard::{Indices, ShardReader};
use super::volume::Stored;
use crate::codec::{CodecError, gzip};
use crate::format::FormatError;
use crate::format::spec::PrecomputedSharding;
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind};

/// The values below one folder.
pub(super) struct Keyed {
    pub(super) store: Rc<dyn ReadStore>,
    shards: Option<Rc<ShardReader>>,
    kind: ResourceKind,
}

/// Where a value lies in a shard.
pub(super) struct InShard {
    /// The name of the file.
    pub(super) name: String,
    /// The value's first byte in it.
    pub(super) start: u64,
    pub(super) value: Stored,
}

impl Keyed {
    /// `number` tells the folders of one source apart, which share `indices`.
    pub(super) fn new(
        store: Rc<dyn ReadStore>,
        sharding: Option<PrecomputedSharding>,
        number: usize,
        indices: &Rc<Indices>,
        kind: ResourceKind,
    ) -> Self {
        let reader = |sharding| Rc::new(ShardReader::new(number, Rc::clone(&store), sharding, Rc::clone(indices), kind));
        Self { shards: sharding.map(reader), store, kind }
    }

    pub(super) fn is_sharded(&self) -> bool {
        self.shards.is_some()
    }

    /// The value of a key, which is called `name` where it is a file of its own; `None` where there is none. One of more than `most_bytes` is
    /// refused.
    pub(super) async fn get(&self, key: u64, name: &str, most_bytes: usize, cancel: &Cancel) -> Result<Option<Stored>, FormatError> {
        match &self.shards {
            Some(shards) => shards.read(key, most_bytes, cancel).await,
            None => self.file(name, most_bytes, cancel).await,
        }
    }

    /// A file of the folder.
    pub(super) async fn file(&self, name: &str, most_bytes: usize, cancel: &Cancel) -> Result<Option<Stored>, FormatError> {
        let Some(bytes) = self.store.get(name, &self.options(cancel)).await? else { return Ok(None) };
        let url = self.store.describe(name);
        if bytes.len() > most_bytes {
            return Err(FormatError::BadData { reason: format!("{} bytes are more than {most_bytes}", bytes.len()), url });
        }
        Ok(Some(Stored { bytes, url }))
    }

    /// The value of a key of a sharded folder and where it lies.
    pub(super) async fn find(&self, key: u64, most_bytes: usize, cancel: &Cancel) -> Result<Option<InShard>, FormatError> {
        let Some(shards) = &self.shards else { return Ok(None) };
        let Some(place) = shards.find(key, most_bytes, cancel).await? else { return Ok(None) };
        let start = place.range.start;
        let value = shards.read_at(&place, most_bytes, cancel).await?;
        Ok(value.map(|value| InShard { name: place.name, start, value }))
    }

    pub(super) fn options(&self, cancel: &Cancel) -> ReadOptions {
        ReadOptions { kind: self.kind, cancel: cancel.clone() }
    }
}

/// What is gzip'd though its server does not say so, inflated. Where other bytes only begin alike, they do not inflate, and stay as they are.
pub(super) fn inflated(stored: Stored, most_bytes: usize) -> Result<Stored, FormatError> {
    if !gzip::is_gzip(&stored.bytes) {
        return Ok(stored);
    }
    match gzip::decode(&stored.bytes, most_bytes) {
        Ok(bytes) => Ok(Stored { bytes: Bytes::from(bytes), url: stored.url }),
        Err(error @ CodecError::WrongSize { .. }) => Err(FormatError::from_codec(error, &stored.url)),
        Err(_) => Ok(stored),
    }
}
