//! Scratch space: what is made of sources and worth keeping, as files on disk, in entries that come and go as a whole.
//!
//! An entry is a folder of files, named by whoever makes it. Entries that somebody holds stay; of the others, the one that was held
//! longest ago goes first. A file is written by one at a time, and is read once it is written. Nothing here is trusted: a page may end in
//! the middle of a write, so that what is read has to prove itself.

use std::ops::Range;

use super::{MaybeBytes, StoreError, StoreFuture};

mod memory;

pub use memory::MemoryScratch;

/// A folder of files.
#[derive(Clone, Debug, PartialEq)]
pub struct ScratchEntry {
    /// Its name.
    pub name: String,
    /// What its files hold.
    pub bytes: u64,
    /// When it was last held, on a clock that all share.
    pub last_used_millis: f64,
}

/// Keeps an entry from being removed to make room, until it is dropped.
pub struct Hold(Option<Box<dyn FnOnce()>>);

impl Hold {
    /// A hold that ends so.
    #[must_use]
    pub fn new(end: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Hold")
    }
}

/// A place for entries. Names of entries and files are of letters, digits, `-` and `_`.
pub trait Scratch {
    /// All entries, in no order.
    fn entries(&self) -> StoreFuture<'_, Vec<ScratchEntry>>;

    /// The files of an entry and their lengths, in no order; none where there is no such entry.
    fn files<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Vec<(String, u64)>>;

    /// The length of a file.
    fn size<'a>(&'a self, entry: &'a str, file: &'a str) -> StoreFuture<'a, Option<u64>>;

    /// The bytes of a range of a file. A range that goes past the end is [`StoreError::RangeOutside`].
    fn read<'a>(&'a self, entry: &'a str, file: &'a str, range: Range<u64>) -> StoreFuture<'a, MaybeBytes>;

    /// Writes at a place of a file, which ends there afterwards; the entry and the file are made where they are not there. What was written
    /// by a call that failed is of no use.
    ///
    /// `at` is no greater than the file's length: [`StoreError::RangeOutside`].
    fn write<'a>(&'a self, entry: &'a str, file: &'a str, at: u64, bytes: &'a [u8]) -> StoreFuture<'a, ()>;

    /// Removes an entry, unless somebody holds it and it is not done by `force`. Says whether it is gone.
    fn remove<'a>(&'a self, entry: &'a str, force: bool) -> StoreFuture<'a, bool>;

    /// Holds an entry, which need not be there yet.
    fn hold<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Hold>;
}

/// Removes entries, the longest unused first, until `need` more bytes fit into `budget`. `keep` is not removed, and what it holds counts
/// as part of what is needed. Gives the bytes that the others hold then.
///
/// # Errors
/// [`StoreError::ScratchFull`] where that cannot be, for what is needed is more, or what is held.
pub async fn make_room(scratch: &dyn Scratch, keep: &str, need: u64, budget: u64) -> Result<u64, StoreError> {
    let full = |held| StoreError::ScratchFull { need, budget, held };
    if need > budget {
        return Err(full(0));
    }
    let mut entries = scratch.entries().await?;
    entries.retain(|entry| entry.name != keep);
    entries.sort_unstable_by(|a, b| a.last_used_millis.total_cmp(&b.last_used_millis).then_with(|| a.name.cmp(&b.name)));
    let mut held: u64 = entries.iter().map(|entry| entry.bytes).sum();
    for entry in entries {
        if held.saturating_add(need) <= budget {
            break;
        }
        if scratch.remove(&entry.name, false).await? {
            held -= entry.bytes;
        }
    }
    if held.saturating_add(need) <= budget { Ok(held) } else { Err(full(held)) }
}

/// Bytes that all entries hold.
///
/// # Errors
/// Where they cannot be listed.
pub async fn used_bytes(scratch: &dyn Scratch) -> Result<u64, StoreError> {
    Ok(scratch.entries().await?.iter().map(|entry| entry.bytes).sum())
}
