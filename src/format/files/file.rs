//! One file: where its bytes are, and how many.

use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;

use crate::format::FormatError;
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ReadStore, ResourceKind};

/// A file and its length. Where its bytes lie is nobody's business: at an address, in an archive, in memory.
pub(super) struct File {
    /// What holds it.
    pub(super) store: Rc<dyn ReadStore>,
    /// Its key there.
    pub(super) key: String,
    pub(super) size_bytes: u64,
    /// For errors.
    pub(super) url: String,
}

impl File {
    /// The file at an address.
    ///
    /// # Errors
    /// [`FormatError::NoFile`] where there is none.
    pub(super) async fn find(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Self, FormatError> {
        let (folder, key) = Url::parse(url)?.split_name();
        let store = provider.store(&folder.to_string())?;
        let options = ReadOptions { kind: ResourceKind::Index, cancel: cancel.clone() };
        let size = store.size(&key, &options).await?;
        let url = store.describe(&key);
        let size_bytes = size.ok_or_else(|| FormatError::NoFile { url: url.clone() })?;
        Ok(Self { store, key, size_bytes, url })
    }

    /// The bytes of a range that lies in the file.
    ///
    /// # Errors
    /// [`FormatError::BadData`] where the file has gone since it was found.
    pub(super) async fn read(&self, range: Range<u64>, kind: ResourceKind, cancel: &Cancel) -> Result<Bytes, FormatError> {
        let options = ReadOptions { kind, cancel: cancel.clone() };
        let bytes = self.store.get_range(&self.key, range, &options).await?;
        bytes.ok_or_else(|| FormatError::BadData { reason: "the file has gone".to_owned(), url: self.url.clone() })
    }

    /// Up to so many of its first bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) async fn start(&self, most: u64, cancel: &Cancel) -> Result<Bytes, FormatError> {
        self.read(0..most.min(self.size_bytes), ResourceKind::Index, cancel).await
    }

    /// What is wrong with its header.
    pub(super) fn bad(&self, reason: impl Into<String>) -> FormatError {
        FormatError::BadMetadata { reason: reason.into(), url: self.url.clone() }
    }

    /// What of it is not supported.
    pub(super) fn unsupported(&self, what: &'static str, name: impl Into<String>) -> FormatError {
        FormatError::Unsupported { what, name: name.into(), url: self.url.clone() }
    }
}
