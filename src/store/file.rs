//! Files of this machine: native builds and tests.
//!
//! Where `NAME` is absent and `NAME.gz` is there, its unpacked bytes are `NAME`: the layout that cloud-volume and igneous write, which a web server
//! answers with `Content-Encoding: gzip`.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use futures::future::{FutureExt, ready};

use super::url::{Scheme, Url};
use super::{MaybeBytes, Provider, ReadOptions, ReadStore, ResourceKind, SizeLimits, StoreError, StoreFuture};
use crate::runtime::Cancel;

/// The files below one folder.
#[derive(Clone, Debug)]
pub struct FileStore {
    root: Url,
    limits: SizeLimits,
}

impl FileStore {
    /// The files below `root`, an absolute path or a `file://` address.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for anything else.
    pub fn new(root: &str) -> Result<Self, StoreError> {
        let root = Url::parse(root)?.as_folder();
        if root.scheme() != Scheme::File {
            return Err(StoreError::BadUrl { reason: "it is no path of this machine".to_owned(), url: root.describe() });
        }
        Ok(Self { root, limits: SizeLimits::default() })
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: SizeLimits) -> Self {
        self.limits = limits;
        self
    }

    fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let url = self.root.join(key)?;
        url.file_path().ok_or_else(|| StoreError::BadUrl { reason: "it is no path of this machine".to_owned(), url: url.describe() })
    }

    fn failed(&self, key: &str, error: &std::io::Error) -> StoreError {
        let url = self.describe(key);
        if error.kind() == ErrorKind::PermissionDenied {
            return StoreError::Forbidden { status: 403, url };
        }
        StoreError::Network { cause: error.to_string(), url }
    }

    fn open(&self, key: &str) -> Result<Option<Source>, StoreError> {
        let path = self.path(key)?;
        if let Some((file, size)) = open_file(&path).map_err(|error| self.failed(key, &error))? {
            return Ok(Some(Source::Plain(file, size)));
        }
        let mut packed = path.into_os_string();
        packed.push(".gz");
        let packed = open_file(&PathBuf::from(packed)).map_err(|error| self.failed(key, &error))?;
        Ok(packed.map(|(file, _)| Source::Gzip(file)))
    }

    fn read(&self, key: &str, max_bytes: u64) -> Result<MaybeBytes, StoreError> {
        let Some(source) = self.open(key)? else { return Ok(None) };
        let mut bytes = Vec::new();
        // One byte beyond the limit tells that there is more.
        let limit = max_bytes.saturating_add(1);
        let read = match source {
            Source::Plain(file, _) => file.take(limit).read_to_end(&mut bytes),
            Source::Gzip(file) => flate2::read::MultiGzDecoder::new(file).take(limit).read_to_end(&mut bytes),
        };
        read.map_err(|error| self.failed(key, &error))?;
        if bytes.len() as u64 > max_bytes {
            return Err(StoreError::TooLong { max_bytes, url: self.describe(key) });
        }
        Ok(Some(bytes.into()))
    }

    fn read_range(&self, key: &str, range: Range<u64>, max_bytes: u64) -> Result<MaybeBytes, StoreError> {
        let outside = |size| StoreError::RangeOutside { start: range.start, end: range.end, size, url: self.describe(key) };
        let (mut file, size) = match self.open(key)? {
            None => return Ok(None),
            Some(Source::Plain(file, size)) => (file, size),
            Some(Source::Gzip(_)) => {
                let Some(whole) = self.read(key, self.limits.whole_file())? else { return Ok(None) };
                let size = whole.len() as u64;
                let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                let (start, end) = bounds.filter(|(start, end)| start <= end && *end <= whole.len()).ok_or_else(|| outside(size))?;
                return Ok(Some(whole.slice(start..end)));
            }
        };
        if range.start > range.end || range.end > size {
            return Err(outside(size));
        }
        let expected = range.end - range.start;
        if expected > max_bytes {
            return Err(StoreError::TooLong { max_bytes, url: self.describe(key) });
        }
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(range.start)).and_then(|_| file.take(expected).read_to_end(&mut bytes));
        read.map_err(|error| self.failed(key, &error))?;
        if bytes.len() as u64 != expected {
            return Err(StoreError::WrongLength { got: bytes.len() as u64, expected, url: self.describe(key) });
        }
        Ok(Some(bytes.into()))
    }

    fn measure(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match self.open(key)? {
            None => Ok(None),
            Some(Source::Plain(_, size)) => Ok(Some(size)),
            Some(Source::Gzip(_)) => Ok(self.read(key, self.limits.whole_file())?.map(|whole| whole.len() as u64)),
        }
    }
}

enum Source {
    Plain(File, u64),
    Gzip(File),
}

/// An open file and its length; `None` where there is none, or a folder.
fn open_file(path: &std::path::Path) -> std::io::Result<Option<(File, u64)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

/// An answer that is ready, unless cancelled.
fn answer<'a, T: 'a>(cancel: &Cancel, read: impl FnOnce() -> Result<T, StoreError>) -> StoreFuture<'a, T> {
    ready(if cancel.is_cancelled() { Err(StoreError::Cancelled) } else { read() }).boxed_local()
}

impl ReadStore for FileStore {
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        answer(&options.cancel, || self.read(key, self.limits.of(options.kind)))
    }

    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes> {
        answer(&options.cancel, || self.read_range(key, range, self.limits.of(options.kind)))
    }

    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>> {
        answer(&options.cancel, || self.measure(key))
    }

    fn describe(&self, key: &str) -> String {
        self.root.join(key).map_or_else(|_| format!("{}/{key}", self.root.describe()), |url| url.describe())
    }
}

/// Gives the stores and documents of this machine: addresses are absolute paths or `file://` addresses, perhaps into an archive.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileProvider;

impl Provider for FileProvider {
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes> {
        async move { self.store(url)?.get("", &ReadOptions { kind: ResourceKind::Metadata, cancel: cancel.clone() }).await }.boxed_local()
    }

    fn stamp<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, Option<String>> {
        answer(cancel, || {
            let url = Url::parse(url)?;
            #[cfg(feature = "zip")]
            let url = url.archive().map_or(url.clone(), |(archive, _)| archive);
            let metadata = url.file_path().and_then(|path| std::fs::metadata(path).ok());
            let changed = |metadata: &std::fs::Metadata| metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok();
            Ok(metadata.and_then(|metadata| Some(format!("{} {}", changed(&metadata)?.as_millis(), metadata.len()))))
        })
    }

    fn store(&self, url: &str) -> Result<Rc<dyn ReadStore>, StoreError> {
        #[cfg(feature = "zip")]
        if let Some((archive, folder)) = Url::parse(url)?.as_folder().archive() {
            let file = FileStore::new(&archive.to_string())?;
            let archive = Rc::new(super::zip::ZipArchive::new(Rc::new(file), String::new(), SizeLimits::default()));
            return Ok(Rc::new(super::zip::ZipStore::new(archive, folder)));
        }
        Ok(Rc::new(FileStore::new(url)?))
    }
}
