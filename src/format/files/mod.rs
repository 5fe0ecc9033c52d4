//! Volumes that are one file, or files of one image each: read by ranges, never whole.

mod images;
mod rows;
mod tiff;

use std::rc::Rc;

use super::{ChunkSource, FormatError, Said, SourceFormat};
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ReadStore, ResourceKind};

/// A file and its length.
struct File {
    /// What holds it.
    store: Rc<dyn ReadStore>,
    /// Its key there.
    key: String,
    size_bytes: u64,
    /// For errors.
    url: String,
}

impl File {
    /// The file at an address.
    ///
    /// # Errors
    /// [`FormatError::NotFound`] where there is none.
    async fn find(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Self, FormatError> {
        let (folder, key) = Url::parse(url)?.split_name();
        let store = provider.store(&folder.to_string())?;
        let options = ReadOptions { kind: ResourceKind::Index, cancel: cancel.clone() };
        let size = store.size(&key, &options).await?;
        let url = store.describe(&key);
        let size_bytes = size.ok_or_else(|| FormatError::NotFound { url: url.clone() })?;
        Ok(Self { store, key, size_bytes, url })
    }
}

/// Opens the file at an address, which is of this format.
///
/// # Errors
/// [`FormatError::NotFound`] where there is none; else what is wrong with it.
pub(super) async fn open(
    provider: &Rc<dyn Provider>,
    url: &str,
    format: SourceFormat,
    said: &Said,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    match format {
        SourceFormat::Tiff => tiff::open(provider, url, cancel).await,
        SourceFormat::Images => images::open(provider, url, said, cancel).await,
        _ => {
            let file = File::find(provider, url, cancel).await?;
            Err(FormatError::Unsupported { what: "the format", name: format!("{format:?}"), url: file.url })
        }
    }
}
