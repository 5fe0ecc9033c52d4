//! N5: a dataset, or a group of datasets that are the levels of one volume.
//!
//! Source: the N5 specification 4.0 (`README.md` of saalfeldlab/n5), and what writers agree on for groups: folders `s0`, `s1` …, with
//! `downsamplingFactors` or `scales` (n5-viewer, BigDataViewer), `resolution`, `units`, `axes`, `pixelResolution` and, of COSEM,
//! `multiscales` and `transform`. Dimensions are in N5's order, x first and fastest. An absent block reads as 0.
//!
//! Of `axes`, names decide what a dimension is, as for Zarr; without them x, y, z come first, then the channel, then the time. nm = voxel ×
//! resolution × factor from the corner of the first voxel; a `transform` names its centre.

mod array;
mod attributes;
mod block;
mod space;

use std::rc::Rc;

use futures::future::{join_all, try_join_all};
use serde_json::{Map, Value};

use self::array::N5Array;
use self::attributes::Dataset;
use self::space::{Listed, Space};
use super::arrays::{ArraySource, Level};
use super::document::{child_url, parse_document, read_if_there};
use super::object::Object;
use super::{ChunkSource, FormatError, SourceFormat};
use crate::runtime::Cancel;
use crate::store::Provider;

/// The most levels of a group.
const MOST_LEVELS: usize = 64;
/// Levels that are asked for at once where nobody says how many there are.
const LEVELS_AT_ONCE: usize = 4;

/// The attributes of a folder.
struct Attributes {
    value: Value,
    url: String,
}

impl Attributes {
    fn object(&self) -> Object<'_> {
        Object { value: &self.value, place: "", url: &self.url }
    }
}

/// A dataset of a volume: where it is, what it says, and what its group says of it.
struct Member {
    url: String,
    attributes: Attributes,
    listed: Listed,
}

/// Opens the dataset or the group of levels in the folder at `url`; `None` where it is neither.
///
/// # Errors
/// [`FormatError`] where attributes are wrong, unsupported or cannot be fetched.
pub(super) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Option<Box<dyn ChunkSource>>, FormatError> {
    let nothing = || Attributes { value: Value::Object(Map::new()), url: child_url(url, "attributes.json") };
    let group = match read_attributes(provider, url, cancel).await? {
        Some(attributes) if attributes::is_dataset(&attributes.value) => {
            let member = Member { url: url.to_owned(), attributes, listed: Listed::default() };
            return open_members(provider, &nothing(), vec![member]).map(Some);
        }
        other => other.unwrap_or_else(nothing),
    };
    let members = match Listed::of_group(&group.object())? {
        Some(listed) => {
            let reads = listed.into_iter().map(|listed| async move {
                let member_url = child_url(url, &listed.path);
                let attributes = read_attributes(provider, &member_url, cancel).await?;
                Ok::<_, FormatError>(attributes.map(|attributes| Member { url: member_url, attributes, listed }))
            });
            // A level that is listed may not have been written.
            try_join_all(reads).await?.into_iter().flatten().collect()
        }
        None => find_members(provider, url, cancel).await?,
    };
    if members.is_empty() { Ok(None) } else { open_members(provider, &group, members).map(Some) }
}

/// The levels `s0`, `s1` … up to the first that is not there.
async fn find_members(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Vec<Member>, FormatError> {
    let mut members = Vec::new();
    while members.len() < MOST_LEVELS {
        let first = members.len();
        let count = if first == 0 { 1 } else { LEVELS_AT_ONCE };
        let listed: Vec<Listed> = (first..first + count).map(Listed::numbered).collect();
        let urls: Vec<String> = listed.iter().map(|listed| child_url(url, &listed.path)).collect();
        let found = join_all(urls.iter().map(|member_url| read_attributes(provider, member_url, cancel))).await;
        for ((listed, url), attributes) in listed.into_iter().zip(urls).zip(found) {
            match attributes?.filter(|attributes| attributes::is_dataset(&attributes.value)) {
                Some(attributes) => members.push(Member { url, attributes, listed }),
                None => return Ok(members),
            }
        }
    }
    Ok(members)
}

async fn read_attributes(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Option<Attributes>, FormatError> {
    let document_url = child_url(url, "attributes.json");
    let Some(bytes) = read_if_there(provider, &document_url, cancel).await? else { return Ok(None) };
    let document = parse_document(&bytes, &document_url)?;
    Ok(Some(Attributes { value: Value::Object(document), url: document_url }))
}

/// A volume of these datasets, whose places are said by their own attributes and those of their group.
fn open_members(provider: &Rc<dyn Provider>, group: &Attributes, members: Vec<Member>) -> Result<Box<dyn ChunkSource>, FormatError> {
    let Some(first) = members.first() else {
        return Err(FormatError::NotFound { url: group.url.clone() });
    };
    let dimensions = Dataset::parse(&first.attributes.object())?.dimensions.len();
    let space = Space::parse(&group.object(), &first.attributes.object(), dimensions)?;
    let mut levels = Vec::with_capacity(members.len());
    for member in &members {
        let own = member.attributes.object();
        let dataset = Dataset::parse(&own)?;
        let (voxel_size_nm, offset_nm) = space.place(&member.listed, &own, levels.is_empty())?;
        let array = N5Array::new(dataset, provider.store(&member.url)?);
        levels.push(Level { array, voxel_size_nm, offset_nm, first: [0; 3], url: member.attributes.url.clone() });
    }
    let volume = |level: &Level<N5Array>| level.voxel_size_nm.iter().product::<f64>();
    levels.sort_by(|a, b| volume(a).total_cmp(&volume(b)));
    Ok(Box::new(ArraySource::new(SourceFormat::N5, None, space.axes, &space.units, levels)?))
}
