//! Opening a volume of which only the address is known.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::join_all;
use serde_json::{Map, Value};

use super::document::{child_url, parse_document};
#[cfg(feature = "files")]
use super::files;
use super::hint::{foreign, format_called, format_named, format_said};
use super::{ChunkSource, FormatError, Said, SourceFormat, precomputed};
#[cfg(feature = "zarr")]
use super::{n5, wkw, zarr_folder::open_zarr};
use crate::runtime::Cancel;
use crate::store::url::{self, SourceUrl, parse_source};
use crate::store::{Provider, StoreError};

/// The document that makes a folder a precomputed volume.
const PRECOMPUTED: &[&str] = &["info"];
/// The documents that make a folder a Zarr array or group. `.zgroup` says nothing that is needed.
const ZARR: &[&str] = &["zarr.json", ".zarray", ".zattrs"];
/// The formats that are met most.
const COMMON: &[&str] = &["info", "zarr.json", ".zarray", ".zattrs"];
/// The documents that make a folder an N5 dataset, or a group of levels, which need not have attributes of its own.
const N5: &[&str] = &["attributes.json", "s0/attributes.json"];
/// The documents that make a folder a magnification of WKW files, or a layer of them.
const WKW: &[&str] = &["header.wkw", "1/header.wkw", "../datasource-properties.json"];
/// The formats that are met less.
const OTHERS: &[&str] = &["attributes.json", "s0/attributes.json", "header.wkw", "1/header.wkw", "../datasource-properties.json"];
/// What `header.wkw` begins with.
const WKW_MAGIC: &[u8] = b"WKW";

/// The documents of a folder that are there, by name; empty ones are read by a module itself.
type Found<'a> = Vec<(&'a str, Map<String, Value>)>;

/// Opens the volume at a URL: a folder that is a precomputed volume, an OME-Zarr image, a Zarr array, an N5 dataset or group of levels, a WKW
/// layer or one magnification of it; or a file (`files`), by the ending of its name. The URL may name its format as Neuroglancer's do: `precomputed://…`, `zarr://…`, `…|zarr3:`,
/// `n5://…`, `wkw://…`.
///
/// Where nothing is said, all documents of the common formats that could be there are asked for at once, and those of the others where there are
/// none; a URL with a part that ends in `.zarr` or `.n5` is first taken at its word. Where several are there, the first of `info`,
/// `zarr.json`, `.zarray`, `.zattrs` that is JSON decides.
///
/// # Errors
/// [`FormatError::NotFound`] where no document is there; [`FormatError::NeedsFullModule`] for anything but precomputed volumes where it is
/// not compiled in; else what is wrong with the document that is there.
pub async fn open(provider: Rc<dyn Provider>, url: &str, said: &Said, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let SourceUrl { url, format } = parse_source(url, None)?;
    let url = url.as_str();
    if !cfg!(feature = "zip") && url.contains("|zip:") {
        return Err(FormatError::NeedsFullModule { url: url.to_owned() });
    }
    let hint = match (format_said(said), format) {
        (None, Some(name)) => {
            let format = format_named(&name);
            Some(format.ok_or_else(|| FormatError::Unsupported { what: "the format", name, url: url.to_owned() })?)
        }
        (hint, _) => hint,
    };
    if let Some(format) = hint.or_else(|| format_called(url)).filter(|format| format.is_file()) {
        return open_file(&provider, url, format, said, cancel).await;
    }
    if let (None, Some(error)) = (hint, foreign(url)) {
        return Err(error);
    }
    let groups: &[&[&str]] = match hint {
        Some(SourceFormat::Precomputed) => &[PRECOMPUTED],
        Some(SourceFormat::OmeZarr | SourceFormat::Zarr) => &[ZARR],
        Some(SourceFormat::N5) => &[N5],
        Some(SourceFormat::Wkw) => &[WKW],
        _ => match format_called(url) {
            Some(SourceFormat::Zarr) => &[ZARR, PRECOMPUTED, OTHERS],
            Some(SourceFormat::N5) => &[N5, COMMON, WKW],
            _ => &[COMMON, OTHERS],
        },
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
        if let Some(source) = open_found(&provider, url, found, cancel).await? {
            return Ok(source);
        }
    }
    Err(failure.unwrap_or_else(|| FormatError::NotFound { url: url.to_owned() }))
}

/// Reads a document beside volumes, such as the description of a dataset; `None` where it is absent, or forbidden, as what is absent is in
/// a bucket that may not be listed.
///
/// # Errors
/// [`FormatError::NeedsFullModule`] for one in an archive where those are not compiled in; else why it cannot be fetched.
pub async fn read_document(provider: &dyn Provider, url: &str, cancel: &Cancel) -> Result<Option<Bytes>, FormatError> {
    if !cfg!(feature = "zip") && url.contains("|zip:") {
        return Err(FormatError::NeedsFullModule { url: url.to_owned() });
    }
    match provider.document(url, cancel).await {
        Err(StoreError::Forbidden { .. }) => Ok(None),
        answer => Ok(answer?),
    }
}

#[cfg(feature = "files")]
async fn open_file(
    provider: &Rc<dyn Provider>,
    url: &str,
    format: SourceFormat,
    said: &Said,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    files::open(provider, url, format, said, cancel).await
}

/// These are read elsewhere.
#[cfg(not(feature = "files"))]
async fn open_file(_: &Rc<dyn Provider>, url: &str, _: SourceFormat, _: &Said, _: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    Err(FormatError::NeedsFullModule { url: url.to_owned() })
}

async fn probe(provider: &Rc<dyn Provider>, url: &str, name: &str, cancel: &Cancel) -> Result<Option<Map<String, Value>>, FormatError> {
    let document_url = match name.starts_with("../") {
        false => child_url(url, name),
        true => match url::join(url, name) {
            Ok(outer) => outer,
            // Above a host or bucket there is nothing.
            Err(_) => return Ok(None),
        },
    };
    let Some(bytes) = provider.document(&document_url, cancel).await? else { return Ok(None) };
    // The modules `precomputed` and `wkw` read theirs themselves, but one that they cannot read does not decide: many things are called so.
    if name == "info" {
        return precomputed::parse_json(&bytes, &document_url).map(|_| Some(Map::new()));
    }
    if name.ends_with(".wkw") {
        let reason = "it does not begin with \"WKW\"".to_owned();
        let bad = FormatError::BadMetadata { reason, url: document_url };
        return if bytes.starts_with(WKW_MAGIC) { Ok(Some(Map::new())) } else { Err(bad) };
    }
    parse_document(&bytes, &document_url).map(Some)
}

/// Opens what the documents of a folder describe; `None` where they describe no volume.
#[cfg(feature = "zarr")]
async fn open_found(
    provider: &Rc<dyn Provider>,
    url: &str,
    found: Found<'_>,
    cancel: &Cancel,
) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    let has = |names: &[&str]| found.iter().any(|(name, _)| names.contains(name));
    if has(N5)
        && let Some(source) = n5::open(provider, url, cancel).await?
    {
        return Ok(Some(source));
    }
    if has(WKW) {
        return wkw::open(provider, url, cancel).await;
    }
    open_zarr(provider, url, found, cancel).await
}

/// These are read elsewhere.
#[cfg(not(feature = "zarr"))]
async fn open_found(_: &Rc<dyn Provider>, url: &str, found: Found<'_>, _: &Cancel) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    if found.is_empty() { Ok(None) } else { Err(FormatError::NeedsFullModule { url: url.to_owned() }) }
}
