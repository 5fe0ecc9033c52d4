//! Skeletons of segments. Source: `skeletons.md` of Neuroglancer: the numbers of vertices and edges; positions as 32-bit floats; edges; the
//! attributes of the `info`, one after the other. Little endian.

use std::rc::Rc;

use super::folder::{Folder, InfoSize};
use super::keyed::{Keyed, inflated};
use super::shard::Indices;
use super::sharding::parse_sharding;
use super::transform::Transform;
use crate::format::FormatError;
use crate::format::column::{Column, Values};
use crate::format::content::Skeleton;
use crate::format::object::Object;
use crate::runtime::Cancel;
use crate::store::{Provider, ResourceKind};
use crate::voxel::DataType;

/// The most bytes of one skeleton.
const MOST_BYTES: usize = 256 << 20;
const MOST_ATTRIBUTES: usize = 64;
const MOST_COMPONENTS: i64 = 64;

/// The skeletons of one folder.
pub(in crate::format) struct SkeletonSource {
    layout: Layout,
    keyed: Keyed,
}

/// What a skeleton's bytes are.
struct Layout {
    transform: Transform,
    attributes: Vec<Attribute>,
}

struct Attribute {
    name: String,
    data_type: DataType,
    components: u32,
}

impl SkeletonSource {
    /// Opens the skeletons whose `info` lies in the folder at `url`.
    ///
    /// # Errors
    /// [`FormatError::NotFound`] without `info`, [`FormatError::BadMetadata`] where it makes no sense, [`FormatError::Unsupported`] where it
    /// describes something else, or a type of attribute that is not known.
    pub(in crate::format) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Self, FormatError> {
        let folder = Folder::open(provider, url, InfoSize::Small, cancel).await?;
        let info = Object { value: &folder.info, place: "", url: &folder.shown };
        match info.text("@type")? {
            Some("neuroglancer_skeletons") => {}
            Some(name) => return Err(info.unsupported("as skeletons, the type", name)),
            None => return Err(info.wrong("@type", None, "\"neuroglancer_skeletons\"")),
        }
        let layout = Layout { transform: Transform::parse(&info)?, attributes: attributes(&info)? };
        let sharding = info.get("sharding").map(|value| parse_sharding(&info, value)).transpose()?;
        let store = provider.store(&folder.url.to_string())?;
        Ok(Self { layout, keyed: Keyed::new(store, sharding, 0, &Rc::new(Indices::default()), ResourceKind::Skeleton) })
    }

    /// The skeleton of a segment; `None` where it has none.
    ///
    /// # Errors
    /// [`FormatError::BadData`] where it is damaged.
    pub(in crate::format) async fn read(&self, id: u64, cancel: &Cancel) -> Result<Option<Skeleton>, FormatError> {
        let Some(stored) = self.keyed.get(id, &id.to_string(), MOST_BYTES, cancel).await? else { return Ok(None) };
        let stored = inflated(stored, MOST_BYTES)?;
        let skeleton = self.layout.decode(&stored.bytes);
        skeleton.map(Some).map_err(|reason| FormatError::BadData { reason: format!("skeleton {id}: {reason}"), url: stored.url })
    }
}

fn attributes(info: &Object<'_>) -> Result<Vec<Attribute>, FormatError> {
    let Some(value) = info.get("vertex_attributes") else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|list| list.len() <= MOST_ATTRIBUTES);
    let list = list.ok_or_else(|| info.wrong("vertex_attributes", Some(value), &format!("a list of at most {MOST_ATTRIBUTES}")))?;
    let parse = |(number, value)| {
        let place = format!("attribute {number}: ");
        let attribute = info.object(value, &place);
        let name = attribute.text("id")?.ok_or_else(|| attribute.wrong("id", None, "a name"))?.to_owned();
        let data_type = attribute.text("data_type")?.ok_or_else(|| attribute.wrong("data_type", None, "a data type"))?;
        let known = DataType::from_name(data_type).filter(|known| known.size_bytes() <= 4);
        let known = known.ok_or_else(|| attribute.unsupported("the data type of an attribute", data_type))?;
        let components = u32::try_from(attribute.integer("num_components", 1, 1, MOST_COMPONENTS)?).unwrap_or(1);
        Ok(Attribute { name, data_type: known, components })
    };
    list.iter().enumerate().map(parse).collect()
}

impl Layout {
    /// # Errors
    /// One clause that says what is wrong.
    fn decode(&self, bytes: &[u8]) -> Result<Skeleton, String> {
        let (counts, mut input) = bytes.split_first_chunk::<8>().ok_or("it ends before the numbers of vertices and edges")?;
        let [vertices, edges] =
            [0, 4].map(|at| counts.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes));
        let (vertex_count, edge_count) = (vertices as usize, edges as usize);
        let wanted = self.byte_len(vertices.into(), edges.into());
        if wanted != Some(bytes.len() as u64) {
            let wanted = wanted.map_or_else(|| "far more".to_owned(), |len| len.to_string());
            return Err(format!("{vertices} vertices and {edges} edges take {wanted} bytes, and it has {}", bytes.len()));
        }
        let mut take = |len: usize| input.split_off(..len).ok_or("it ends too early");
        let stored = take(vertex_count * 12)?.as_chunks::<4>().0.as_chunks::<3>().0;
        let positions_nm = stored.iter().flat_map(|point| self.transform.apply(point.map(|bytes| f64::from(f32::from_le_bytes(bytes)))));
        let edges: Vec<u32> = take(edge_count * 8)?.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        if let Some(outside) = edges.iter().find(|vertex| **vertex >= vertices) {
            return Err(format!("an edge leads to vertex {outside} of {vertices}"));
        }
        let mut attributes = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            let mut values = Values::empty(attribute.data_type);
            values.extend_from_le_bytes(take(vertex_count * attribute.row_bytes())?);
            attributes.push(Column { name: attribute.name.clone(), components: attribute.components, values, missing: Vec::new() });
        }
        Ok(Skeleton { positions_nm: positions_nm.collect(), edges, attributes })
    }

    fn byte_len(&self, vertices: u64, edges: u64) -> Option<u64> {
        let row = self.attributes.iter().map(|attribute| attribute.row_bytes() as u64).sum::<u64>() + 12;
        vertices.checked_mul(row)?.checked_add(edges * 8)?.checked_add(8)
    }
}

impl Attribute {
    fn row_bytes(&self) -> usize {
        self.data_type.size_bytes() * self.components as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn layout(info: &serde_json::Value) -> Result<Layout, FormatError> {
        let info = Object { value: info, place: "", url: "u" };
        Ok(Layout { transform: Transform::parse(&info)?, attributes: attributes(&info)? })
    }

    fn example() -> (Layout, Vec<u8>) {
        let info = json!({
            "transform": [2, 0, 0, 10, 0, 3, 0, 0, 0, 0, 4, -1],
            "vertex_attributes": [
                { "id": "radius", "data_type": "float32", "num_components": 1 },
                { "id": "kind", "data_type": "uint8", "num_components": 2 },
            ],
        });
        let mut bytes = Vec::new();
        bytes.extend([2_u32, 1].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend([1_f32, 2.0, 3.0, 0.0, 0.0, 0.5].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend([0_u32, 1].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend([7_f32, 8.0].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend([1, 2, 3, 4]);
        (layout(&info).unwrap(), bytes)
    }

    #[test]
    fn reads_positions_edges_and_attributes() {
        let (layout, bytes) = example();
        let skeleton = layout.decode(&bytes).unwrap();
        assert_eq!(skeleton.positions_nm, [12.0, 6.0, 11.0, 10.0, 0.0, 1.0]);
        assert_eq!(skeleton.edges, [0, 1]);
        assert_eq!(skeleton.attributes[0].values, Values::Float32(vec![7.0, 8.0]));
        assert_eq!((skeleton.attributes[1].components, &skeleton.attributes[1].values), (2, &Values::Uint8(vec![1, 2, 3, 4])));
    }

    #[test]
    fn says_what_is_damaged() {
        let (layout, bytes) = example();
        for len in 0..bytes.len() {
            assert!(layout.decode(&bytes[..len]).is_err(), "{len}");
        }
        let mut outside = bytes.clone();
        outside[32..36].copy_from_slice(&9_u32.to_le_bytes());
        assert_eq!(layout.decode(&outside).unwrap_err(), "an edge leads to vertex 9 of 2");
        let mut many = bytes;
        many[..4].fill(0xff);
        assert!(layout.decode(&many).unwrap_err().starts_with("4294967295 vertices and 1 edges take"));
    }

    #[test]
    fn says_which_member_is_wrong() {
        let text = |info: &serde_json::Value| layout(info).err().unwrap().to_string();
        assert_eq!(
            text(&json!({ "transform": [1, 2] })),
            "the metadata is wrong: \"transform\" is [1,2] instead of 12 numbers, 3×4 row by row: u"
        );
        let attribute = json!({ "vertex_attributes": [{ "id": "a", "data_type": "uint64" }] });
        assert_eq!(text(&attribute), "the data type of an attribute \"uint64\" is not supported: u");
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..60, with in any::<u8>()) {
            let (layout, mut bytes) = example();
            _ = layout.decode(&noise);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
            _ = layout.decode(&bytes);
        }
    }
}
