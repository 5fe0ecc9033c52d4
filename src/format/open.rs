//! Opening a volume of which only the address is known.

use std::rc::Rc;

use futures::future::join_all;
use serde_json::{Map, Value};

use super::document::{child_url, parse_document};
use super::hint::{format_named, is_called_zarr};
#[cfg(feature = "zarr")]
use super::zarr_folder::open_zarr;
use super::{ChunkSource, FormatError, SourceFormat, precomputed};
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::store::url::{SourceUrl, parse_source};

/// The document that makes a folder a precomputed volume.
const PRECOMPUTED: &[&str] = &["info"];
/// The documents that make a folder a Zarr array or group. `.zgroup` says nothing that is needed.
const ZARR: &[&str] = &["zarr.json", ".zarray", ".zattrs"];

/// Opens the volume at a URL (a folder): a precomputed volume, an OME-Zarr image or a Zarr array. The URL may name its format
/// as Neuroglancer's do: `precomputed://…`, `zarr://…`, `…|zarr3:`.
///
/// Without a hint, all documents that could be there are asked for at once; a URL that ends in `.zarr` is first taken at its
/// word. Where several are there, the first of `info`, `zarr.json`, `.zarray`, `.zattrs` that is JSON decides.
///
/// # Errors
/// [`FormatError::NotFound`] where no document is there; [`FormatError::NeedsFullModule`] for Zarr where it is not compiled in; else what is
/// wrong with the document that is there.
pub async fn open(
    provider: Rc<dyn Provider>,
    url: &str,
    hint: Option<SourceFormat>,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let SourceUrl { url, format } = parse_source(url, None)?;
    let url = url.as_str();
    if !cfg!(feature = "zip") && url.contains("|zip:") {
        return Err(FormatError::NeedsFullModule { url: url.to_owned() });
    }
    let hint = match (hint, format) {
        (None, Some(name)) => {
            let format = format_named(&name);
            Some(format.ok_or_else(|| FormatError::Unsupported { what: "the format", name, url: url.to_owned() })?)
        }
        (hint, _) => hint,
    };
    let groups: &[&[&str]] = match hint {
        Some(SourceFormat::Precomputed) => &[PRECOMPUTED],
        Some(SourceFormat::OmeZarr | SourceFormat::Zarr) => &[ZARR],
        None if is_called_zarr(url) => &[ZARR, PRECOMPUTED],
        None => &[&["info", "zarr.json", ".zarray", ".zattrs"]],
    };
    let mut failure = None;
    for names in groups {
        let probes = join_all(names.iter().map(|name| probe(&provider, url, name, cancel))).await;
        let mut found = Vec::new();
        for (name, result) in names.iter().zip(probes) {
            match result {
                Ok(Some(document)) => found.push((*name, document)),
                Ok(None) => {}
                // On a bucket that may not be listed, what is absent is forbidden: what is there counts.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        // `info` is the first of its group, and so decides.
        if let Some(("info", _)) = found.first() {
            return Ok(Box::new(precomputed::open(provider, url, cancel).await?));
        }
        if let Some(source) = open_zarr(&provider, url, found, cancel).await? {
            return Ok(source);
        }
    }
    Err(failure.unwrap_or_else(|| FormatError::NotFound { url: url.to_owned() }))
}

async fn probe(provider: &Rc<dyn Provider>, url: &str, name: &str, cancel: &Cancel) -> Result<Option<Map<String, Value>>, FormatError> {
    let document_url = child_url(url, name);
    match provider.document(&document_url, cancel).await? {
        // The module `precomputed` reads `info` itself, but one that it cannot read does not decide: many things are called so.
        Some(bytes) if name == "info" => precomputed::parse_json(&bytes, &document_url).map(|_| Some(Map::new())),
        Some(bytes) => parse_document(&bytes, &document_url).map(Some),
        None => Ok(None),
    }
}

/// Zarr is read elsewhere.
#[cfg(not(feature = "zarr"))]
async fn open_zarr(
    _: &Rc<dyn Provider>,
    url: &str,
    found: Vec<(&str, Map<String, Value>)>,
    _: &Cancel,
) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    if found.is_empty() { Ok(None) } else { Err(FormatError::NeedsFullModule { url: url.to_owned() }) }
}
