//! Metadata documents: where they are and what kind of text they hold.

#[cfg(feature = "zarr")]
use std::rc::Rc;

#[cfg(feature = "zarr")]
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::format::FormatError;
#[cfg(feature = "zarr")]
use crate::runtime::Cancel;
#[cfg(feature = "zarr")]
use crate::store::{Provider, StoreError};

/// The address of something below a folder. What follows `?` stays at the end.
pub(super) fn child_url(folder: &str, path: &str) -> String {
    // What follows `?` belongs to an archive, not to what is in it.
    let (folder, query) = match folder.find(['?', '#']).filter(|_| !folder.contains("|zip:")) {
        Some(at) => folder.split_at(at),
        None => (folder, ""),
    };
    format!("{}/{path}{query}", folder.trim_end_matches('/'))
}

/// The document at an address; `None` where it is absent, or forbidden, as what is absent is in a bucket that may not be listed.
#[cfg(feature = "zarr")]
pub(super) async fn read_if_there(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Option<Bytes>, FormatError> {
    match provider.document(url, cancel).await {
        Err(StoreError::Forbidden { .. }) => Ok(None),
        answer => Ok(answer?),
    }
}

/// The address of something beside or above a folder (`../…`); `None` where that leads above the host or bucket.
#[cfg(feature = "zarr")]
pub(super) fn outer_url(folder: &str, path: &str) -> Option<String> {
    crate::store::url::join(folder, path).ok()
}

/// The names of the folder at an address and of those around it, the innermost first: as a person writes them.
#[cfg(feature = "zarr")]
pub(super) fn folder_names(url: &str) -> Vec<String> {
    crate::store::url::Url::parse(url).map(|url| url.as_folder().names()).unwrap_or_default()
}

/// The address of the folder that a level's metadata document lies in, and the name of that document.
#[cfg(feature = "zarr")]
pub(super) fn split_document(url: &str) -> (String, &str) {
    let (path, query) = match url.find(['?', '#']).filter(|_| !url.contains("|zip:")) {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let (folder, name) = path.rsplit_once('/').unwrap_or((path, ""));
    (format!("{folder}{query}"), name)
}

/// Whether a path leads from a folder into it.
#[cfg(feature = "zarr")]
pub(super) fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.contains([':', '?', '#', '\\']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Parses a JSON object.
///
/// # Errors
/// [`FormatError::BadMetadata`], which says so where the text is a web page.
pub(super) fn parse_document(bytes: &[u8], url: &str) -> Result<Map<String, Value>, FormatError> {
    let bad = |reason: String| FormatError::BadMetadata { reason, url: url.to_owned() };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(bad("it is not a JSON object".to_owned())),
        Err(error) => {
            let is_html = is_html(bytes);
            Err(bad(if is_html {
                "the server answers with an HTML page instead of JSON".to_owned()
            } else {
                format!("it is not JSON ({error})")
            }))
        }
    }
}

/// Whether this is the start of a page for people.
fn is_html(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"<")
}
