//! OME-Zarr images and labels: the first multiscale image of a Zarr group.
//!
//! Source: OME-NGFF 0.4 (Zarr v2) and 0.5 (Zarr v3); the list of axis names of 0.3 is read too. Reads what a group says and
//! opens its arrays; how arrays are read is the business of the module `zarr`. Of `omero`, names and colours of channels are told; further
//! entries of `multiscales` are ignored.

mod axes;
mod omero;
mod transform;

use std::rc::Rc;

use futures::future::try_join_all;
use serde_json::{Map, Value};

use self::axes::Axes;
use self::transform::Transform;
use super::arrays::{ArraySource, Level};
use super::document::{child_url, is_inside, parse_document};
use super::zarr::{ArrayInfo, ZarrArray};
use super::{ChunkSource, FormatError, SourceFormat, VolumeKind};
use crate::runtime::Cancel;
use crate::store::Provider;

/// The most levels of an image.
const MAX_LEVELS: usize = 64;

/// More documents than browsers fetch from a host at once, where it knows HTTP/1.1 only.
const MANY_LEVELS: usize = 7;

/// Versions whose metadata is understood; drafts of them have a suffix.
const VERSIONS: [&str; 5] = ["0.1", "0.2", "0.3", "0.4", "0.5"];

/// The documents of a group, as far as they are known.
#[derive(Debug)]
pub(super) struct Group {
    /// Where the attributes are, for errors.
    pub(super) document_url: String,
    /// What holds `multiscales`.
    pub(super) attributes: Map<String, Value>,
    /// The Zarr format of the group and so of its arrays: 2 or 3.
    pub(super) zarr_format: u8,
    /// Metadata of arrays by their path, where a document of the group repeats them.
    pub(super) consolidated: Map<String, Value>,
}

impl Group {
    /// The group of a `.zattrs`, where it is an image.
    pub(super) fn from_v2(attributes: Map<String, Value>, document_url: String) -> Option<Self> {
        has_multiscales(&attributes).then(|| Self { document_url, attributes, zarr_format: 2, consolidated: Map::new() })
    }

    /// The group of a `zarr.json`, where it is an image.
    pub(super) fn from_v3(mut document: Map<String, Value>, document_url: String) -> Option<Self> {
        let consolidated = document.get_mut("consolidated_metadata").and_then(|metadata| metadata.get_mut("metadata"));
        let consolidated = consolidated.and_then(Value::as_object_mut).map(std::mem::take).unwrap_or_default();
        let attributes = document.get_mut("attributes").and_then(Value::as_object_mut)?;
        // 0.5 has a member of its own; early writers put the members of 0.4 into a v3 group.
        let attributes = match attributes.get_mut("ome") {
            Some(Value::Object(ome)) => std::mem::take(ome),
            _ => std::mem::take(attributes),
        };
        has_multiscales(&attributes).then_some(Self { document_url, attributes, zarr_format: 3, consolidated })
    }

    fn bad(&self, reason: impl Into<String>) -> FormatError {
        FormatError::BadMetadata { reason: reason.into(), url: self.document_url.clone() }
    }
}

fn has_multiscales(attributes: &Map<String, Value>) -> bool {
    attributes.get("multiscales").is_some_and(|multiscales| multiscales.as_array().is_some_and(|list| !list.is_empty()))
}

/// Opens the first multiscale image of a group.
///
/// # Errors
/// [`FormatError`] where the metadata of the group or of one of its arrays is wrong, unsupported or cannot be fetched.
pub(super) async fn open(
    provider: &Rc<dyn Provider>,
    mut group: Group,
    url: &str,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let image = group.attributes.get("multiscales").and_then(|list| list.get(0)).and_then(Value::as_object).cloned();
    let image = image.ok_or_else(|| group.bad("\"multiscales\" is not a list of objects"))?;
    check_version(&image, &group)?;
    let datasets = image.get("datasets").and_then(Value::as_array).filter(|datasets| !datasets.is_empty());
    let datasets = datasets.ok_or_else(|| group.bad("\"multiscales\" has no \"datasets\""))?;
    if datasets.len() > MAX_LEVELS {
        return Err(group.bad(format!("{} levels are more than {MAX_LEVELS}", datasets.len())));
    }
    let paths: Vec<&str> = datasets.iter().filter_map(|dataset| dataset.get("path").and_then(Value::as_str)).collect();
    if paths.len() != datasets.len() || !paths.iter().all(|path| is_inside(path)) {
        return Err(group.bad("a level has no \"path\" that leads into the group"));
    }
    let consolidated = match group.zarr_format {
        2 if paths.len() >= MANY_LEVELS => read_consolidated(provider, &group, url, cancel).await.unwrap_or_default(),
        _ => std::mem::take(&mut group.consolidated),
    };
    let levels = paths.iter().map(|path| read_array(provider, &group, &consolidated, url, path, cancel));
    let arrays = try_join_all(levels).await?;
    let dimensions = arrays.first().map_or(0, |(info, _)| info.shape.len());
    let axes = Axes::parse(&image, dimensions).map_err(|reason| group.bad(reason))?;
    let last = Transform::parse(image.get("coordinateTransformations"), dimensions).map_err(|reason| group.bad(reason))?;
    let mut levels = Vec::with_capacity(arrays.len());
    let mut spacing = Vec::new();
    for ((info, document_url), (dataset, path)) in arrays.into_iter().zip(datasets.iter().zip(&paths)) {
        let own = Transform::parse(dataset.get("coordinateTransformations"), dimensions).map_err(|reason| group.bad(reason))?;
        let transform = own.then(&last);
        let (voxel_size_nm, offset_nm) = axes.place(&transform).map_err(|reason| group.bad(reason))?;
        if levels.is_empty() {
            spacing = axes.spacing(&transform);
        }
        let array = ZarrArray::new(info, provider.store(&child_url(url, path))?);
        levels.push(Level { array, voxel_size_nm, offset_nm, first: [0; 3], url: document_url });
    }
    let volume = |level: &Level<ZarrArray>| level.voxel_size_nm.iter().product::<f64>();
    levels.sort_by(|a, b| volume(a).total_cmp(&volume(b)));
    let kind = kind(&group.attributes, url);
    let source = ArraySource::new(SourceFormat::OmeZarr, kind, axes.map, &axes.units, levels)?;
    Ok(Box::new(source.with_spacing(&spacing).with_channel_notes(omero::channels(&group.attributes))))
}

/// Reads the metadata of an array of the group, and says where it is.
async fn read_array(
    provider: &Rc<dyn Provider>,
    group: &Group,
    consolidated: &Map<String, Value>,
    url: &str,
    path: &str,
    cancel: &Cancel,
) -> Result<(ArrayInfo, String), FormatError> {
    let name = if group.zarr_format == 2 { ".zarray" } else { "zarr.json" };
    let document_url = child_url(url, &format!("{path}/{name}"));
    let parse = |document: Map<String, Value>| match group.zarr_format {
        2 => ArrayInfo::from_v2(&document, Map::new(), &document_url),
        _ => ArrayInfo::from_v3(Value::Object(document), &document_url),
    };
    // A copy that makes no sense is not believed: the array's own document decides.
    if let Some(copy) = consolidated.get(path).and_then(Value::as_object)
        && let Ok(info) = parse(copy.clone())
    {
        return Ok((info, document_url));
    }
    let bytes = provider.document(&document_url, cancel).await?;
    let bytes = bytes.ok_or_else(|| group.bad(format!("the level \"{path}\" is listed, but there is no {document_url}")))?;
    Ok((parse(parse_document(&bytes, &document_url)?)?, document_url))
}

/// The metadata of the arrays of a v2 group by their path, from the one document that may repeat them all. Nobody need write or renew it:
/// `None` where it is not there, or its attributes of the group are others than those of the group.
async fn read_consolidated(provider: &Rc<dyn Provider>, group: &Group, url: &str, cancel: &Cancel) -> Option<Map<String, Value>> {
    let document_url = child_url(url, ".zmetadata");
    let bytes = provider.document(&document_url, cancel).await.ok()??;
    let mut document = parse_document(&bytes, &document_url).ok()?;
    let Some(Value::Object(metadata)) = document.remove("metadata") else {
        return None;
    };
    if metadata.get(".zattrs").and_then(Value::as_object) != Some(&group.attributes) {
        return None;
    }
    let arrays = metadata.into_iter().filter_map(|(key, value)| Some((key.strip_suffix("/.zarray")?.to_owned(), value)));
    Some(arrays.collect())
}

/// Later versions say in other ways where voxels are.
fn check_version(image: &Map<String, Value>, group: &Group) -> Result<(), FormatError> {
    let version = image.get("version").or_else(|| group.attributes.get("version")).and_then(Value::as_str);
    match version {
        Some(version) if !VERSIONS.iter().any(|known| version.starts_with(known)) => {
            Err(FormatError::Unsupported { what: "the OME-Zarr version", name: version.to_owned(), url: group.document_url.clone() })
        }
        _ => Ok(()),
    }
}

fn kind(attributes: &Map<String, Value>, url: &str) -> Option<VolumeKind> {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let is_in_labels = path.rsplit('/').nth(1) == Some("labels");
    if attributes.contains_key("image-label") || is_in_labels {
        return Some(VolumeKind::Segmentation);
    }
    attributes.contains_key("omero").then_some(VolumeKind::Image)
}
