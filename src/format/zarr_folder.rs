//! Opening a folder by its Zarr documents: an OME-Zarr image or a bare array.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::document::child_url;
use super::ome_zarr::{self, Group};
use super::zarr::{self, ArrayInfo};
use super::{ChunkSource, FormatError};
use crate::runtime::Cancel;
use crate::store::Provider;

/// Opens what the documents of a folder describe; `None` where they describe no volume.
pub(super) async fn open_zarr(
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
                    return zarr::open(provider, info, url, document_url).map(Some);
                }
                if let Some(group) = Group::from_v3(document, document_url) {
                    return ome_zarr::open(provider, group, url, cancel).await.map(Some);
                }
            }
            ".zarray" => zarray = Some(document),
            _ => zattrs = Some(document),
        }
    }
    let attributes = zattrs.unwrap_or_default();
    if let Some(zarray) = zarray {
        let document_url = child_url(url, ".zarray");
        let info = ArrayInfo::from_v2(&zarray, attributes, &document_url)?;
        return zarr::open(provider, info, url, document_url).map(Some);
    }
    match Group::from_v2(attributes, child_url(url, ".zattrs")) {
        Some(group) => ome_zarr::open(provider, group, url, cancel).await.map(Some),
        None => Ok(None),
    }
}
