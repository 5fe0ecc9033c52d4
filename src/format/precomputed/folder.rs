//! Folders of precomputed data: the `info` document that says what lies in one, wherever it redirects to.

use std::rc::Rc;

use bytes::Bytes;
use serde_json::Value;

use super::{parse_json_of, parse_url, strip_scheme};
use crate::format::FormatError;
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, ReadOptions, ResourceKind};

/// How often `{"redirect": …}` is followed.
const MOST_REDIRECTS: usize = 8;
/// The most bytes of an info document.
pub(in crate::format) const MOST_INFO_BYTES: usize = 16 << 20;

/// A folder and its `info`.
pub(super) struct Folder {
    pub(super) url: Url,
    /// A JSON object.
    pub(super) info: Value,
    /// The address of the document, as it is shown.
    pub(super) shown: String,
}

/// Whether an `info` is a document like others, or as large as a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InfoSize {
    Small,
    /// At most so many bytes.
    Large(usize),
}

impl Folder {
    /// The folder at `url`; `None` where it has no `info`. The scheme may be preceded by `precomputed://`.
    pub(super) async fn find(provider: &Rc<dyn Provider>, url: &str, size: InfoSize, cancel: &Cancel) -> Result<Option<Self>, FormatError> {
        let mut folder = parse_url(url)?;
        for _ in 0..=MOST_REDIRECTS {
            let document = folder.join("info")?;
            let Some(bytes) = read(provider, &folder, &document, size, cancel).await? else { return Ok(None) };
            let shown = document.describe();
            let most = if let InfoSize::Large(most) = size { most } else { MOST_INFO_BYTES };
            let info = parse_json_of(&bytes, &shown, most)?;
            match info.get("redirect") {
                None => return Ok(Some(Self { url: folder, info, shown })),
                // Relative to the folder that the document lies in.
                Some(Value::String(target)) => folder = document.resolve(strip_scheme(target))?.with_query_of(&document).as_folder(),
                Some(other) => {
                    return Err(FormatError::BadMetadata { reason: format!("\"redirect\" is {other} instead of an address"), url: shown });
                }
            }
        }
        Err(FormatError::BadMetadata { reason: format!("it redirects more than {MOST_REDIRECTS} times"), url: folder.describe() })
    }

    /// As [`Folder::find`].
    ///
    /// # Errors
    /// [`FormatError::NotFound`] without `info`.
    pub(super) async fn open(provider: &Rc<dyn Provider>, url: &str, size: InfoSize, cancel: &Cancel) -> Result<Self, FormatError> {
        let found = Self::find(provider, url, size, cancel).await?;
        found.map_or_else(|| Err(FormatError::NotFound { url: parse_url(url)?.describe() }), Ok)
    }
}

async fn read(
    provider: &Rc<dyn Provider>,
    folder: &Url,
    document: &Url,
    size: InfoSize,
    cancel: &Cancel,
) -> Result<Option<Bytes>, FormatError> {
    if size == InfoSize::Small {
        return Ok(provider.document(&document.to_string(), cancel).await?);
    }
    let options = ReadOptions { kind: ResourceKind::Table, cancel: cancel.clone() };
    Ok(provider.store(&folder.to_string())?.get("info", &options).await?)
}
