//! Files inside of ZIP archives, read in place: the directory at the archive's end once, and then the bytes of each file.
//!
//! Files are stored as they are or deflated. Those that are stored give ranges as cheaply as any other file, which is how sharded volumes are
//! best archived; a range of one that is deflated takes all of it. Checksums are verified where a whole file is read.

mod directory;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::FutureExt;

use self::directory::{Directory, END64_BYTES, End, Entry, LOCAL_BYTES, TAIL_BYTES};
use super::wrap::{Merge, or_cancelled};
use super::{MaybeBytes, ReadOptions, ReadStore, ResourceKind, SizeLimits, StoreError, StoreFuture};
use crate::codec::deflate;
use crate::runtime::Cancel;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// One archive.
pub(super) struct ZipArchive {
    file: Rc<dyn ReadStore>,
    /// The archive's key in its store.
    key: String,
    limits: SizeLimits,
    directory: RefCell<Option<Rc<Directory>>>,
    reading: Merge<(), Result<Rc<Directory>, StoreError>>,
}

impl ZipArchive {
    pub(super) fn new(file: Rc<dyn ReadStore>, key: String, limits: SizeLimits) -> Self {
        Self { file, key, limits, directory: RefCell::default(), reading: Merge::new() }
    }

    fn bad(&self, reason: impl Into<String>) -> StoreError {
        StoreError::BadArchive { reason: reason.into(), url: self.file.describe(&self.key) }
    }

    async fn directory(self: &Rc<Self>, cancel: &Cancel) -> Result<Option<Rc<Directory>>, StoreError> {
        if let Some(known) = self.directory.borrow().as_ref() {
            return Ok(Some(Rc::clone(known)));
        }
        // As of metadata: that it may not be read is worth saying.
        let options = ReadOptions { kind: ResourceKind::Metadata, cancel: cancel.clone() };
        // An archive that is not there is data that is not there.
        let Some(size) = self.file.size(&self.key, &options).await? else { return Ok(None) };
        let reading = self.reading.join((), || {
            let archive = Rc::clone(self);
            async move {
                let directory = Rc::new(archive.read_directory(size).await?);
                *archive.directory.borrow_mut() = Some(Rc::clone(&directory));
                Ok(directory)
            }
            .boxed_local()
        });
        or_cancelled(cancel, reading).await.map(Some)
    }

    /// For all who wait, so nobody's cancel ends it.
    async fn read_directory(&self, size: u64) -> Result<Directory, StoreError> {
        let options = ReadOptions { kind: ResourceKind::Index, cancel: Cancel::never() };
        let read = async |start: u64, end: u64| {
            let bytes = self.file.get_range(&self.key, Range { start, end }, &options).await?;
            bytes.ok_or_else(|| self.bad("it has gone while it was read"))
        };
        let tail_start = size.saturating_sub(TAIL_BYTES);
        let tail = read(tail_start, size).await?;
        // Most directories lie in what has been read.
        let part = async |start: u64, end: u64| match start.checked_sub(tail_start) {
            Some(skip) => Ok(tail.slice(offset(skip)..offset(end - tail_start))),
            None => read(start, end).await,
        };
        let place = match directory::find_end(&tail, size).map_err(|reason| self.bad(reason))? {
            End::Directory(place) => place,
            End::Zip64 { record } => {
                let end = record.checked_add(END64_BYTES).filter(|&end| end <= size);
                let end = end.ok_or_else(|| self.bad(format!("its ZIP64 end record would lie at byte {record} of {size}")))?;
                directory::read_end64(&part(record, end).await?, size).map_err(|reason| self.bad(reason))?
            }
        };
        let most = self.limits.of(ResourceKind::Index);
        if place.end - place.start > most {
            return Err(self.bad(format!("its directory takes {} bytes, and at most {most} are read", place.end - place.start)));
        }
        directory::read(&part(place.start, place.end).await?).map_err(|reason| self.bad(reason))
    }
}

/// A length within bytes that are in memory.
fn offset(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The files below one folder of an archive. Where everything lies in one folder, as file managers pack, paths may leave that one out.
pub(super) struct ZipStore {
    archive: Rc<ZipArchive>,
    /// Without `/` at either end.
    folder: String,
}

impl ZipStore {
    pub(super) fn new(archive: Rc<ZipArchive>, folder: String) -> Self {
        Self { archive, folder }
    }

    /// The path of a key, as far as names go; `None` where it would leave the archive.
    fn path(&self, key: &str) -> Option<String> {
        let mut segments: Vec<&str> = Vec::new();
        for segment in self.folder.split('/').chain(key.split('/')) {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                segment => segments.push(segment),
            }
        }
        Some(segments.join("/"))
    }

    async fn find(&self, key: &str, cancel: &Cancel) -> Result<Option<Entry>, StoreError> {
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        let path = self.path(key).ok_or_else(|| StoreError::BadUrl {
            reason: format!("\"{key}\" leads above its archive"),
            url: self.archive.file.describe(&self.archive.key),
        })?;
        let Some(directory) = self.archive.directory(cancel).await? else { return Ok(None) };
        let found = directory.get(&path).or_else(|| {
            let only = directory.only_folder();
            if only.is_empty() { None } else { directory.get(&format!("{only}{path}")) }
        });
        if let Some(entry) = found
            && (entry.is_encrypted || !matches!(entry.method, STORED | DEFLATED))
        {
            let why = if entry.is_encrypted { "encrypted".to_owned() } else { format!("packed by method {}", entry.method) };
            return Err(self.bad(key, format!("it is {why}; files have to be stored or deflated")));
        }
        Ok(found.copied())
    }

    fn bad(&self, key: &str, reason: impl Into<String>) -> StoreError {
        StoreError::BadArchive { reason: reason.into(), url: self.describe(key) }
    }

    /// Bytes of an entry as they are in the archive.
    async fn packed(&self, entry: &Entry, range: Range<u64>, key: &str, options: &ReadOptions) -> Result<Bytes, StoreError> {
        let archive = &self.archive;
        let read = async |start: Option<u64>, len: u64| {
            let start = start.filter(|start| start.checked_add(len).is_some()).ok_or_else(|| self.bad(key, "its place overflows"))?;
            let bytes = archive.file.get_range(&archive.key, Range { start, end: start + len }, options).await?;
            bytes.ok_or_else(|| archive.bad("it has gone while it was read"))
        };
        let header_of = |bytes: &[u8]| directory::local_header_bytes(bytes).map_err(|reason| archive.bad(reason));
        let len = range.end - range.start;
        if range.start > 0 {
            let header = header_of(&read(Some(entry.start), LOCAL_BYTES).await?)?;
            return read(entry.start.checked_add(header).and_then(|start| start.checked_add(range.start)), len).await;
        }
        // The header's length is a guess, nearly always right or too long by a few bytes.
        let guess = entry.header_bytes;
        let bytes = read(Some(entry.start), guess.saturating_add(len)).await?;
        let header = header_of(&bytes)?;
        if header <= guess {
            return Ok(bytes.slice(offset(header)..offset(header.saturating_add(len))));
        }
        read(entry.start.checked_add(header), len).await
    }

    async fn whole(&self, entry: &Entry, key: &str, max_bytes: u64, options: &ReadOptions) -> Result<Bytes, StoreError> {
        // What is deflated is hardly ever longer than what it holds.
        if entry.bytes > max_bytes || entry.packed_bytes > max_bytes.saturating_mul(2) {
            return Err(StoreError::TooLong { max_bytes, url: self.describe(key) });
        }
        let packed = self.packed(entry, 0..entry.packed_bytes, key, options).await?;
        let bytes = if entry.method == STORED {
            packed
        } else {
            deflate::decode(&packed, offset(entry.bytes)).map_err(|error| self.bad(key, error.to_string()))?.into()
        };
        if bytes.len() as u64 != entry.bytes {
            return Err(self.bad(key, format!("{} bytes come out instead of {}", bytes.len(), entry.bytes)));
        }
        let sum = deflate::crc32(&bytes);
        if sum != entry.crc32 {
            return Err(self.bad(key, format!("its checksum is {sum:08x} instead of {:08x}", entry.crc32)));
        }
        Ok(bytes)
    }
}

impl ReadStore for ZipStore {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let Some(entry) = self.find(key, &options.cancel).await? else { return Ok(None) };
            self.whole(&entry, key, self.archive.limits.of(options.kind), options).await.map(Some)
        }
        .boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        async move {
            let Some(entry) = self.find(key, &options.cancel).await? else { return Ok(None) };
            if range.start > range.end || range.end > entry.bytes {
                return Err(StoreError::RangeOutside { start: range.start, end: range.end, size: entry.bytes, url: self.describe(key) });
            }
            if range.is_empty() {
                return Ok(Some(Bytes::new()));
            }
            if entry.method == STORED {
                return self.packed(&entry, range, key, options).await.map(Some);
            }
            let whole = self.whole(&entry, key, self.archive.limits.whole_file(), options).await?;
            Ok(Some(whole.slice(offset(range.start)..offset(range.end))))
        }
        .boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        async move { Ok(self.find(key, &options.cancel).await?.map(|entry| entry.bytes)) }.boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        let path = self.path(key).unwrap_or_else(|| key.to_owned());
        format!("{}|zip:{path}", self.archive.file.describe(&self.archive.key))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
