//! WKW: a layer of a WEBKNOSSOS dataset, in folders of magnifications, or one of these folders.
//!
//! Source: the README of webknossos-wrap (version 1 of the format), with the signed integers that its header knows besides; WEBKNOSSOS's
//! `datasource-properties.json` beside the layer's folder, which says what the layer is called and where it lies. Where that cannot be read,
//! the layer is its magnification 1, of voxels of 1 nm, and as large as its files.
//!
//! Voxel indices are those of the magnification: voxel v of magnification m covers m voxels of the finest from v × m. An absent file reads
//! as 0.

mod array;
mod extent;
mod header;
mod properties;

use std::rc::Rc;

use futures::future::try_join_all;

use self::array::WkwArray;
use self::header::Header;
use self::properties::{Layer, Mag};
use super::arrays::{ArraySource, Level};
use super::axes::{AxisMap, Role};
use super::document::{child_url, folder_names, outer_url, parse_document, read_if_there};
use super::{ChunkSource, FormatError, SourceFormat};
use crate::runtime::Cancel;
use crate::store::Provider;

/// What lies beside the folders of layers.
const PROPERTIES: &str = "datasource-properties.json";

/// Opens the layer or the magnification in the folder at `url`; `None` where it is neither.
///
/// # Errors
/// [`FormatError`] where a header or the dataset's properties are wrong, unsupported or cannot be fetched.
pub(super) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    let names = folder_names(url);
    let name = |at: usize| names.get(at).map(String::as_str).unwrap_or_default();
    let (own, outer) = (name(0), name(1));
    if let Some(header) = read_header(provider, url, cancel).await? {
        let layer = read_layer(provider, url, "../..", outer, cancel).await?;
        let mag = Mag::parse(own).unwrap_or_default();
        return open_mags(provider, layer, vec![(url.to_owned(), mag, header)], cancel).await.map(Some);
    }
    let layer = read_layer(provider, url, "..", own, cancel).await?;
    let folders: Vec<(String, Mag)> = match &layer {
        Some(layer) => {
            layer.mags.iter().map(|(mag, folder)| (folder.clone().unwrap_or_else(|| child_url(url, &mag.name())), *mag)).collect()
        }
        None => vec![(child_url(url, "1"), Mag::default())],
    };
    let reads = folders.into_iter().map(|(folder, mag)| async move {
        let header = read_header(provider, &folder, cancel).await?;
        Ok::<_, FormatError>((folder, mag, header))
    });
    let mut mags = Vec::new();
    for (folder, mag, header) in try_join_all(reads).await? {
        match (header, &layer) {
            (Some(header), _) => mags.push((folder, mag, header)),
            (None, None) => return Ok(None),
            (None, Some(layer)) => {
                let reason = format!("the magnification {} is listed, but there is no {}", mag.name(), child_url(&folder, "header.wkw"));
                return Err(FormatError::BadMetadata { reason, url: layer.url.clone() });
            }
        }
    }
    open_mags(provider, layer, mags, cancel).await.map(Some)
}

async fn read_header(provider: &Rc<dyn Provider>, folder: &str, cancel: &Cancel) -> Result<Option<Header>, FormatError> {
    let url = child_url(folder, "header.wkw");
    let bytes = read_if_there(provider, &url, cancel).await?;
    bytes.map(|bytes| Header::parse(&bytes, &url)).transpose()
}

/// What the dataset's properties say of the layer of this name. They lie in the folder `outer`, relative to that at `url`; where
/// they are not, nothing is said.
async fn read_layer(
    provider: &Rc<dyn Provider>,
    url: &str,
    outer: &str,
    name: &str,
    cancel: &Cancel,
) -> Result<Option<Layer>, FormatError> {
    let Some(document_url) = outer_url(url, &format!("{outer}/{PROPERTIES}")) else { return Ok(None) };
    let Some(bytes) = read_if_there(provider, &document_url, cancel).await? else { return Ok(None) };
    let document = parse_document(&bytes, &document_url)?;
    Layer::find(document, name, &document_url)
}

/// A volume of these magnifications, by their folders.
async fn open_mags(
    provider: &Rc<dyn Provider>,
    layer: Option<Layer>,
    mags: Vec<(String, Mag, Header)>,
    cancel: &Cancel,
) -> Result<Box<dyn ChunkSource>, FormatError> {
    let mut levels = Vec::with_capacity(mags.len());
    for (folder, mag, header) in mags {
        let store = provider.store(&folder)?;
        let voxel_box = match &layer {
            Some(layer) => mag.shrink(&layer.voxel_box),
            None => extent::of_files(&*store, &header, cancel).await?,
        };
        let scale_nm = layer.as_ref().map_or([1.0; 3], |layer| layer.scale_nm);
        let array = WkwArray::new(header, voxel_box.max, store);
        let voxel_size_nm = mag.enlarge(scale_nm);
        levels.push(Level { array, voxel_size_nm, offset_nm: [0.0; 3], first: voxel_box.min, url: child_url(&folder, "header.wkw") });
    }
    let volume = |level: &Level<WkwArray>| level.voxel_size_nm.iter().product::<f64>();
    levels.sort_by(|a, b| volume(a).total_cmp(&volume(b)));
    let axes = AxisMap { roles: vec![Role::Space(2), Role::Space(1), Role::Space(0), Role::Channel] };
    let kind = layer.and_then(|layer| layer.kind);
    Ok(Box::new(ArraySource::new(SourceFormat::Wkw, kind, axes, &[], levels)?))
}
