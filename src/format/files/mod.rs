//! Volumes that are one file, or files of one image each: read by ranges, never whole.

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
    let file = File::find(provider, url, cancel).await?;
    match format {
        SourceFormat::Nifti => nifti::open(file, cancel).await,
        SourceFormat::Raw => raw::open(file, said.raw.as_ref()),
        SourceFormat::Dm => dm::open(file, cancel).await,
        _ => Err(file.unsupported("the format", format!("{format:?}"))),
    }
}
