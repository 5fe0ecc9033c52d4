//! Where bytes come from. Knows keys and ranges, nothing of chunks or formats.
//!
//! A key is a path below the store's root, `/`-separated, without a leading `/`. An absent key is data (`None`), not an error.

use std::ops::Range;

use bytes::Bytes;
use futures::future::{FutureExt, LocalBoxFuture, ready};

use crate::runtime::Cancel;

mod authorise;
mod error;
#[cfg(all(feature = "decode", not(target_arch = "wasm32")))]
mod file;
#[cfg(feature = "decode")]
mod http;
mod memory;
mod policy;
#[cfg(feature = "decode")]
mod provider;
#[cfg(feature = "levels")]
pub mod scratch;
mod traffic;
pub mod url;
#[cfg(feature = "decode")]
pub mod wrap;
#[cfg(feature = "zip")]
mod zip;

pub use authorise::{Authorise, LocalFile, RequestPatch};
pub use error::StoreError;
#[cfg(all(feature = "decode", not(target_arch = "wasm32")))]
pub use file::{FileProvider, FileStore};
#[cfg(feature = "decode")]
pub use http::{HttpClient, HttpStore};
pub use memory::MemoryStore;
pub use policy::{PolicyError, SizeLimits};
#[cfg(feature = "decode")]
pub use provider::{HttpProvider, StorePolicy};
pub use traffic::Traffic;

/// What is being read: decides the size limit, the cache and the URL hook's `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// `info`, `zarr.json`, `.zattrs` …: small documents.
    Metadata,
    /// Shard and minishard indices: small, and read again and again.
    Index,
    /// Chunk payloads.
    Chunk,
    /// Meshes and their manifests.
    Mesh,
    /// Skeletons.
    Skeleton,
    /// Annotations.
    Annotation,
    /// Tables, those of segments' properties among them.
    Table,
}

impl ResourceKind {
    /// Whether it is what one looks at, and not what says where it lies: large, read once, kept decoded.
    #[must_use]
    pub fn is_payload(self) -> bool {
        !matches!(self, Self::Metadata | Self::Index)
    }
}

/// How one read is to be made.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// What is being read.
    pub kind: ResourceKind,
    /// Gives up when cancelled.
    pub cancel: Cancel,
}

/// The answer of a read: `None` where the key is absent.
pub type MaybeBytes = Option<Bytes>;

/// A future of the single-threaded kind that stores give.
pub type StoreFuture<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// A place that holds bytes under keys.
pub trait ReadStore {
    /// The whole value.
    fn get<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes>;

    /// The bytes of an absolute range. A range that goes past the end is [`StoreError::RangeOutside`]; an empty range is empty.
    fn get_range<'a>(&'a self, key: &'a str, range: Range<u64>, options: &'a ReadOptions) -> StoreFuture<'a, MaybeBytes>;

    /// The length of the value in bytes; `None` where the key is absent.
    fn size<'a>(&'a self, key: &'a str, options: &'a ReadOptions) -> StoreFuture<'a, Option<u64>>;

    /// Where a key lies, for error messages.
    fn describe(&self, key: &str) -> String;
}

/// Gives the stores and documents behind URLs. Formats open volumes through it and never build URLs' requests themselves.
pub trait Provider {
    /// The metadata document at this URL (`https://`, `gs://`, `s3://` …) as it is now; `None` where there is none.
    fn document<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, MaybeBytes>;

    /// Something that is another once the file at this URL is: its entity tag, or when it was changed and its length. `None` where nothing of the
    /// kind is known.
    fn stamp<'a>(&'a self, url: &'a str, cancel: &'a Cancel) -> StoreFuture<'a, Option<String>> {
        let _ = (url, cancel);
        ready(Ok(None)).boxed_local()
    }

    /// The store rooted at this URL.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for a URL that cannot be understood.
    fn store(&self, url: &str) -> Result<std::rc::Rc<dyn ReadStore>, StoreError>;

    /// What opening a volume has found out under this name, here or in another worker; `None` where nothing was.
    fn found(&self, name: &str) -> MaybeBytes {
        let _ = name;
        None
    }

    /// Keeps what opening a volume has found out with many requests, so that other workers need not make them.
    fn keep(&self, name: &str, found: Bytes) {
        let _ = (name, found);
    }
}
