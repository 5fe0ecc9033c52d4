//! Volumes that are one file, or files of one image each: read by ranges, never whole.

mod images;
mod rows;
mod tiff;

use std::rc::Rc;

use super::{ChunkSource, FormatError, Said, SourceFormat};
use crate::runtime::Cancel;
use crate::store::Provider;

mod dm;
mod fields;
mod file;
mod linear;
mod nifti;
mod raw;

use file::File;

/// Opens the file at an address, which is of this format.
///
/// # Errors
/// [`FormatError::NoFile`] where there is none; else what is wrong with it.
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
        SourceFormat::Nifti => nifti::open(File::find(provider, url, cancel).await?, cancel).await,
        SourceFormat::Raw => raw::open(File::find(provider, url, cancel).await?, said.raw.as_ref()),
        SourceFormat::Dm => dm::open(File::find(provider, url, cancel).await?, cancel).await,
        _ => Err(FormatError::Unsupported { what: "the format", name: format!("{format:?}"), url: url.to_owned() }),
    }
}
