//! What a user types or pastes: an address, perhaps with the name of a format around it.

use super::{StoreError, Url, bad, encode, is_scheme};

/// An address and what was said about the format at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUrl {
    /// Absolute and canonical, without a trailing `/`.
    pub url: String,
    /// The format's name as given, lower case and without `neuroglancer-`: `precomputed`, `zarr`, `zarr2`, `zarr3`, `n5`, `wkw` …
    pub format: Option<String>,
}

/// An `s3:` address as typed, with what is said of its service beside it: where it is, and whether buckets are path segments there.
#[must_use]
pub fn at_s3_service(typed: &str, endpoint: Option<&str>, path_style: Option<bool>) -> String {
    // Before a fragment or Neuroglancer's pipeline suffix.
    let (address, rest) = typed.split_at(typed.find(['#', '|']).unwrap_or(typed.len()));
    let endpoint = endpoint.map(|endpoint| format!("endpoint={}", encode::component(endpoint.as_bytes())));
    let path_style = path_style.map(|path_style| format!("pathStyle={path_style}"));
    let mut url = address.to_owned();
    for parameter in endpoint.into_iter().chain(path_style) {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&parameter);
    }
    url + rest
}

/// Prefixes that name a format even before a relative address.
const FORMATS: [&str; 6] = ["precomputed", "zarr", "zarr2", "zarr3", "n5", "wkw"];

/// Reads what a user typed: an absolute address, or one relative to `base` (the page), with Neuroglancer's older prefix
/// (`precomputed://gs://…`) or its pipeline suffix (`gs://…|neuroglancer-precomputed:`) taken off. What is called `.zip` is
/// entered.
///
/// # Errors
/// [`StoreError::BadUrl`] for an address that cannot be understood, and for pipelines through containers other than `|zip:`.
pub fn parse_source(text: &str, base: Option<&str>) -> Result<SourceUrl, StoreError> {
    let mut format = None;
    let mut rest = text.trim();
    if let Some((prefix, inner)) = rest.split_once("://") {
        let nested = inner.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
        if is_scheme(prefix) && (nested || FORMATS.contains(&prefix.to_ascii_lowercase().as_str())) {
            format = Some(prefix.to_ascii_lowercase());
            rest = inner;
        }
    }
    let mut stages = rest.split('|');
    let address = stages.next().unwrap_or_default();
    let mut url = match base {
        Some(base) => Url::parse(base)?.resolve(address)?,
        None => Url::parse(address)?,
    }
    .as_folder();
    let mut is_named = false;
    for stage in stages {
        let (name, inner) = stage.split_once(':').unwrap_or((stage, ""));
        let name = name.trim().to_ascii_lowercase();
        let name = name.strip_prefix("neuroglancer-").unwrap_or(&name);
        if is_named || name.is_empty() || ["gzip", "ocdbt", "icechunk", "byte-range"].contains(&name) {
            return Err(bad(format!("\"|{stage}\" is not supported"), text.trim()));
        }
        if name == "zip" {
            url = url.in_archive(inner)?.as_folder();
        } else {
            is_named = true;
            format = Some(name.to_owned());
            url = url.join(inner.trim_matches('/'))?;
        }
    }
    if url.is_called_archive() {
        url = url.in_archive("")?;
    }
    Ok(SourceUrl { url: url.to_string(), format })
}
