//! Stores and documents of folders. `NAME.gz` is served as `NAME` where that is absent, as the project's server does.

use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{FutureExt, ready};
use neurolume::runtime::Cancel;
use neurolume::store::{MaybeBytes, Provider, ReadOptions, ReadStore, StoreError, StoreFuture};

/// A provider whose addresses are absolute paths.
#[derive(Debug)]
pub(crate) struct Folders;

impl Provider for Folders {
    fn document<'a>(&'a self, url: &'a str, _cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        ready(Ok(read(PathBuf::from(url)))).boxed_local()
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        Ok(Rc::new(Folder { root: PathBuf::from(url) }))
    }
}

#[derive(Debug)]
struct Folder {
    root: PathBuf,
}

fn read(path: PathBuf) -> MaybeBytes {
    if path.is_file() {
        return Some(std::fs::read(path).unwrap().into());
    }
    let mut gz_path = path.into_os_string();
    gz_path.push(".gz");
    let gz = std::fs::read(gz_path).ok()?;
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(&*gz).read_to_end(&mut bytes).unwrap();
    Some(bytes.into())
}

impl ReadStore for Folder {
    fn get<'a>(&'a self, key: &'a str, _options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        ready(Ok(read(self.root.join(key)))).boxed_local()
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, _options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        let Some(bytes) = read(self.root.join(key)) else {
            return ready(Ok(None)).boxed_local();
        };
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let found: Option<Bytes> =
            bounds.filter(|(start, end)| start <= end && *end <= bytes.len()).map(|(start, end)| bytes.slice(start..end));
        let outside = StoreError::RangeOutside { start: range.start, end: range.end, size: bytes.len() as u64, url: self.describe(key) };
        ready(found.map(Some).ok_or(outside)).boxed_local()
    }

    fn size<'a>(&'a self, key: &'a str, _options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        ready(Ok(read(self.root.join(key)).map(|bytes| bytes.len() as u64))).boxed_local()
    }

    fn describe(&self, key: &str) -> String {
        self.root.join(key).display().to_string()
    }
}
