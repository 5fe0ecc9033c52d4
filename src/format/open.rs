//! Opening a volume of which only the address is known.

use std::rc::Rc;

use futures::future::join_all;
use serde_json::{Map, Value};

use super::ome_zarr::{self, Group};
use super::zarr::{self, ArrayInfo, child_url, parse_document};
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
/// [`FormatError::NotFound`] where no document is there; else what is wrong with the one that is.
pub async fn open(
    provider: Rc<dyn Provider>,
    url: &str,
    hint: Option<SourceFormat>,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let SourceUrl { url, format } = parse_source(url, None)?;
    let url = url.as_str();
    let hint = match (hint, format) {
        (None, Some(name)) => Some(format_of(&name, url)?),
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
        if let Some(source) = open_found(&provider, url, found, cancel).await? {
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

/// Opens what the documents of a folder describe; `None` where they describe no volume.
async fn open_found(
    provider: &Rc<dyn Provider>,
    url: &str,
    found: Vec<(&str, Map<String, Value>)>,
    cancel: &Cancel,
) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    let mut zarray = None;
    let mut zattrs = None;
    for (name, document) in found {
        match name {
            "zarr.json" => {
                let document_url = child_url(url, name);
                if document.get("node_type").and_then(Value::as_str) != Some("group") {
                    let info = ArrayInfo::from_v3(Value::Object(document), &document_url)?;
                    return zarr::open(provider, info, url).map(Some);
                }
                if let Some(group) = Group::from_v3(document, document_url) {
                    return ome_zarr::open(provider, group, url, cancel).await.map(Some);
                }
            }
            ".zarray" => zarray = Some(document),
            ".zattrs" => zattrs = Some(document),
            _ => return Ok(Some(Box::new(precomputed::open(Rc::clone(provider), url, cancel).await?))),
        }
    }
    let attributes = zattrs.unwrap_or_default();
    if let Some(zarray) = zarray {
        let info = ArrayInfo::from_v2(&zarray, attributes, &child_url(url, ".zarray"))?;
        return zarr::open(provider, info, url).map(Some);
    }
    match Group::from_v2(attributes, child_url(url, ".zattrs")) {
        Some(group) => ome_zarr::open(provider, group, url, cancel).await.map(Some),
        None => Ok(None),
    }
}

/// The format of this name, as it stands around an address.
fn format_of(name: &str, url: &str) -> Result<SourceFormat, FormatError> {
    match name {
        "precomputed" => Ok(SourceFormat::Precomputed),
        "zarr" | "zarr2" | "zarr3" | "ome-zarr" => Ok(SourceFormat::Zarr),
        _ => Err(FormatError::Unsupported { what: "the format", name: name.to_owned(), url: url.to_owned() }),
    }
}

/// Whether a part of the path says that this is Zarr.
fn is_called_zarr(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.split('/').any(|part| part.ends_with(".zarr") || part.ends_with(".zr"))
}
