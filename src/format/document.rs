//! Metadata documents: where they are and what kind of text they hold.

use serde_json::{Map, Value};

use crate::format::FormatError;

/// The address of something below a folder. What follows `?` stays at the end.
pub(super) fn child_url(folder: &str, path: &str) -> String {
    let (folder, query) = match folder.find(['?', '#']) {
        Some(at) => folder.split_at(at),
        None => (folder, ""),
    };
    format!("{}/{path}{query}", folder.trim_end_matches('/'))
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
