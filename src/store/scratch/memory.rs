//! Scratch space in memory: tests, and browsers without files of their own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, ready};

use super::{Hold, Scratch, ScratchEntry};
use crate::store::{MaybeBytes, StoreError, StoreFuture};

/// Entries in memory. Cloning gives another handle to the same.
#[derive(Clone, Debug)]
pub struct MemoryScratch {
    entries: Rc<RefCell<BTreeMap<String, Entry>>>,
    /// What the entries may hold together.
    most_bytes: u64,
}

#[derive(Debug, Default)]
struct Entry {
    files: BTreeMap<String, Vec<u8>>,
    holds: usize,
    last_used: f64,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.len() as u64).sum()
    }

    /// Whether anything of it would be found.
    fn is_there(&self) -> bool {
        !self.files.is_empty()
    }
}

impl MemoryScratch {
    /// A place that refuses to hold more than this.
    #[must_use]
    pub fn new(most_bytes: u64) -> Self {
        Self { entries: Rc::default(), most_bytes }
    }

    fn place(entry: &str, file: &str) -> String {
        format!("scratch:{entry}/{file}")
    }
}

impl Scratch for MemoryScratch {
    fn entries(&self) -> StoreFuture<'_, Vec<ScratchEntry>> {
        let entries = self.entries.borrow();
        let entries = entries.iter().filter(|(_, entry)| entry.is_there()).map(|(name, entry)| ScratchEntry {
            name: name.clone(),
            bytes: entry.bytes(),
            last_used_millis: entry.last_used,
        });
        ready(Ok(entries.collect())).boxed_local()
    }

    fn files<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Vec<(String, u64)>> {
        let entries = self.entries.borrow();
        let files = entries.get(entry).into_iter().flat_map(|entry| &entry.files);
        ready(Ok(files.map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect())).boxed_local()
    }

    fn size<'a>(&'a self, entry: &'a str, file: &'a str) -> StoreFuture<'a, Option<u64>> {
        let entries = self.entries.borrow();
        let file = entries.get(entry).and_then(|entry| entry.files.get(file));
        ready(Ok(file.map(|bytes| bytes.len() as u64))).boxed_local()
    }

    fn read<'a>(&'a self, entry: &'a str, file: &'a str, range: Range<u64>) -> StoreFuture<'a, MaybeBytes> {
        let entries = self.entries.borrow();
        let Some(bytes) = entries.get(entry).and_then(|entry| entry.files.get(file)) else { return ready(Ok(None)).boxed_local() };
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let part = bounds.filter(|(start, end)| start <= end).and_then(|(start, end)| bytes.get(start..end));
        let outside =
            || StoreError::RangeOutside { start: range.start, end: range.end, size: bytes.len() as u64, url: Self::place(entry, file) };
        ready(part.map(|part| Some(Bytes::copy_from_slice(part))).ok_or_else(outside)).boxed_local()
    }

    fn write<'a>(&'a self, entry: &'a str, file: &'a str, at: u64, bytes: &'a [u8]) -> StoreFuture<'a, ()> {
        let mut entries = self.entries.borrow_mut();
        let used: u64 = entries.values().map(Entry::bytes).sum();
        let held = entries.get(entry).and_then(|entry| entry.files.get(file)).map_or(0, Vec::len) as u64;
        if at > held {
            let end = at.saturating_add(bytes.len() as u64);
            return ready(Err(StoreError::RangeOutside { start: at, end, size: held, url: Self::place(entry, file) })).boxed_local();
        }
        if used - held + at + bytes.len() as u64 > self.most_bytes {
            return ready(Err(StoreError::Quota { bytes: bytes.len() as u64 })).boxed_local();
        }
        let contents = entries.entry(entry.to_owned()).or_default().files.entry(file.to_owned()).or_default();
        // It fits: `at` is within what is held.
        contents.truncate(usize::try_from(at).unwrap_or(usize::MAX));
        contents.extend_from_slice(bytes);
        ready(Ok(())).boxed_local()
    }

    fn remove<'a>(&'a self, entry: &'a str, force: bool) -> StoreFuture<'a, bool> {
        let mut entries = self.entries.borrow_mut();
        let gone = match entries.get_mut(entry) {
            Some(entry) if entry.holds > 0 => {
                if force {
                    entry.files.clear();
                }
                force
            }
            _ => {
                entries.remove(entry);
                true
            }
        };
        ready(Ok(gone)).boxed_local()
    }

    fn hold<'a>(&'a self, entry: &'a str) -> StoreFuture<'a, Hold> {
        let mut all = self.entries.borrow_mut();
        let latest = all.values().map(|entry| entry.last_used).fold(0.0, f64::max);
        let held = all.entry(entry.to_owned()).or_default();
        held.holds += 1;
        held.last_used = latest + 1.0;
        let (entries, entry) = (Rc::clone(&self.entries), entry.to_owned());
        let hold = Hold::new(move || {
            if let Some(entry) = entries.borrow_mut().get_mut(&entry) {
                entry.holds -= 1;
            }
        });
        ready(Ok(hold)).boxed_local()
    }
}
