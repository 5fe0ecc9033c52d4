//! Neuroglancer precomputed volumes: the `info` document, unsharded and sharded chunks.
//!
//! Source: `src/datasource/precomputed/{volume,sharded}.md` of Neuroglancer. Of several `chunk_sizes` the first is read;
//! `hidden` scales are left out; scales are sorted finest first. nm = voxel × resolution, with `voxel_offset` part of the voxel index.
//!
//! Some hosts keep files gzip'd and forget to say so (`Content-Encoding`). What begins like a gzip stream is inflated where
//! nothing else can be meant: JSON, images, compressed segmentation and compresso never begin so, and raw chunks have one length only.

#[cfg(feature = "objects")]
mod annotations;
mod decode;
mod folder;
mod info;
#[cfg(feature = "objects")]
mod keyed;
#[cfg(feature = "objects")]
mod mesh;
mod segment_properties;
mod shard;
mod sharding;
#[cfg(feature = "objects")]
mod skeleton;
#[cfg(feature = "objects")]
mod transform;
mod volume;

use std::rc::Rc;

use serde_json::Value;

use crate::codec::gzip;
use crate::runtime::Cancel;
use crate::store::url::Url;
use crate::store::{Provider, StoreError};

use super::FormatError;
use folder::{Folder, InfoSize};

#[cfg(feature = "objects")]
pub(super) use annotations::AnnotationSource;
#[cfg(feature = "objects")]
pub(super) use mesh::MeshSource;
pub(super) use segment_properties::read as read_segment_properties;
#[cfg(feature = "objects")]
pub(super) use skeleton::SkeletonSource;
pub use volume::PrecomputedVolume;

/// Opens the volume whose `info` lies in the folder at `url`. The scheme may be preceded by `precomputed://`.
///
/// # Errors
/// [`FormatError::NotFound`] without `info`, [`FormatError::BadMetadata`] where it makes no sense, [`FormatError::Unsupported`]
/// where it describes something else than a volume, or an encoding or data type that is not supported; store errors as they come.
pub async fn open(provider: Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<PrecomputedVolume, FormatError> {
    let folder = Folder::open(&provider, url, InfoSize::Small, cancel).await?;
    let info = info::Info::parse(&folder.info, &folder.shown)?;
    PrecomputedVolume::new(&*provider, &folder.url, info)
}

fn parse_url(url: &str) -> Result<Url, StoreError> {
    Ok(Url::parse(strip_scheme(url))?.as_folder())
}

fn strip_scheme(url: &str) -> &str {
    url.strip_prefix("precomputed://").unwrap_or(url)
}

/// The object that an `info` document holds.
pub(super) fn parse_json(bytes: &[u8], url: &str) -> Result<Value, FormatError> {
    parse_json_of(bytes, url, folder::MOST_INFO_BYTES)
}

/// The object that an `info` document of at most so many bytes holds.
fn parse_json_of(bytes: &[u8], url: &str, most_bytes: usize) -> Result<Value, FormatError> {
    let bad = |reason: String| FormatError::BadMetadata { reason, url: url.to_owned() };
    let inflated;
    let mut json = bytes;
    if gzip::is_gzip(bytes) {
        inflated = gzip::decode(bytes, most_bytes).map_err(|error| bad(error.to_string()))?;
        json = &inflated;
    }
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    if json.trim_ascii_start().starts_with(b"<") {
        return Err(bad("the server answered with an HTML page where the info document was expected".to_owned()));
    }
    match serde_json::from_slice(json) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(bad("the info document is JSON, but not an object".to_owned())),
        Err(error) => Err(bad(format!("the info document is not JSON: {error}"))),
    }
}
