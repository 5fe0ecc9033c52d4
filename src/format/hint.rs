//! What an address says about the format at it, before anything is fetched.

use super::SourceFormat;
use crate::store::url::{SourceUrl, parse_source};

/// Whether a source is Zarr by what is said of it or by what it is called: right nearly always, and known at once.
#[must_use]
pub fn is_said_to_be_zarr(url: &str, format: Option<SourceFormat>) -> bool {
    let Ok(SourceUrl { url, format: name }) = parse_source(url, None) else { return false };
    if url.contains("|zip:") {
        return true;
    }
    match (format, name) {
        (Some(format), _) => format != SourceFormat::Precomputed,
        (None, Some(name)) => format_named(&name).is_some_and(|format| format != SourceFormat::Precomputed),
        (None, None) => is_called_zarr(&url),
    }
}

/// The format of this name, as it stands around an address.
pub(super) fn format_named(name: &str) -> Option<SourceFormat> {
    match name {
        "precomputed" => Some(SourceFormat::Precomputed),
        "zarr" | "zarr2" | "zarr3" | "ome-zarr" => Some(SourceFormat::Zarr),
        _ => None,
    }
}

/// Whether a part of the path says that this is Zarr.
pub(super) fn is_called_zarr(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.split('/').any(|part| part.ends_with(".zarr") || part.ends_with(".zr"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_what_is_said_of_it_tells_zarr() {
        for zarr in ["https://h/a.zarr", "https://h/a.zarr/0?key=1", "zarr://https://h/a", "gs://b/a|zarr3:", "s3://b/a.zr/"] {
            assert!(is_said_to_be_zarr(zarr, None), "{zarr}");
            assert!(!is_said_to_be_zarr(zarr, Some(SourceFormat::Precomputed)), "{zarr}");
        }
        for other in
            ["https://h/a", "https://h/zarr/a", "precomputed://https://h/a.zarr", "gs://b/a.zarr|neuroglancer-precomputed:", "n5://h/a", ""]
        {
            assert!(!is_said_to_be_zarr(other, None), "{other}");
        }
        assert!(is_said_to_be_zarr("https://h/a", Some(SourceFormat::OmeZarr)));
    }
}
