//! Meshes of one level: `ID:0`, which names the fragments; in each the number of vertices, their positions as 32-bit floats in nm, and triangles to
//! the end. Little endian.

use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::super::keyed::{Keyed, inflated};
use super::super::parse_json;
use super::{MOST_BYTES, Parts};
use crate::format::FormatError;
use crate::format::content::Mesh;
use crate::format::object::Object;
use crate::runtime::Cancel;

const MOST_MANIFEST_BYTES: usize = 1 << 20;
/// Fragments that are read at one time.
const FRAGMENTS_AT_ONCE: usize = 16;

pub(super) async fn read(keyed: &Keyed, id: u64, cancel: &Cancel) -> Result<Option<Mesh>, FormatError> {
    let Some(manifest) = keyed.file(&format!("{id}:0"), MOST_MANIFEST_BYTES, cancel).await? else { return Ok(None) };
    let document = parse_json(&manifest.bytes, &manifest.url)?;
    let names = fragment_names(&Object { value: &document, place: "", url: &manifest.url })?;
    let reads = names.iter().map(|name| async move { (name, keyed.file(name, MOST_BYTES, cancel).await) });
    let mut reads = stream::iter(reads).buffered(FRAGMENTS_AT_ONCE);
    let mut parts = Parts::default();
    while let Some((name, stored)) = reads.next().await {
        let Some(stored) = stored? else {
            return Err(FormatError::BadData { reason: format!("the mesh of {id} lacks its fragment \"{name}\""), url: manifest.url });
        };
        let stored = inflated(stored, MOST_BYTES)?;
        let taken = take(&mut parts, &stored.bytes);
        taken.map_err(|reason| FormatError::BadData { reason: format!("the mesh of {id}: {reason}"), url: stored.url })?;
    }
    Ok(Some(Mesh { positions_nm: parts.positions_nm, triangles: parts.triangles, level: 0, levels: 1 }))
}

fn fragment_names(manifest: &Object<'_>) -> Result<Vec<String>, FormatError> {
    let value = manifest.get("fragments");
    let names = value.and_then(Value::as_array).and_then(|list| list.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    names.ok_or_else(|| manifest.wrong("fragments", value, "a list of names"))
}

/// Appends a fragment.
fn take(parts: &mut Parts, bytes: &[u8]) -> Result<(), String> {
    let (count, rest) = bytes.split_first_chunk().ok_or("a fragment ends before the number of its vertices")?;
    let count = u32::from_le_bytes(*count);
    let split = (count as usize).checked_mul(12).and_then(|len| rest.split_at_checked(len));
    let (vertices, triangles) = split.ok_or_else(|| format!("a fragment of {} bytes cannot hold {count} vertices", bytes.len()))?;
    let (triangles, left) = triangles.as_chunks::<4>();
    if !left.is_empty() || triangles.len() % 3 != 0 {
        return Err(format!("{} bytes of a fragment are no whole triangles", triangles.len() * 4 + left.len()));
    }
    let triangles: Vec<u32> = triangles.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    if let Some(outside) = triangles.iter().find(|vertex| **vertex >= count) {
        return Err(format!("a triangle has the vertex {outside} of {count}"));
    }
    parts.push(vertices.as_chunks::<4>().0.as_chunks::<3>().0.iter().map(|point| point.map(f32::from_le_bytes)), &triangles)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragment() -> Vec<u8> {
        let mut bytes = 3_u32.to_le_bytes().to_vec();
        bytes.extend((0_u8..9).flat_map(|n| f32::from(n).to_le_bytes()));
        bytes.extend([0_u32, 2, 1].iter().flat_map(|n| n.to_le_bytes()));
        bytes
    }

    #[test]
    fn fragments_are_joined() {
        let mut parts = Parts::default();
        take(&mut parts, &fragment()).unwrap();
        take(&mut parts, &fragment()).unwrap();
        assert_eq!(parts.positions_nm.len(), 18);
        assert_eq!(parts.triangles, [0, 2, 1, 3, 5, 4]);
    }

    #[test]
    fn says_what_is_damaged() {
        let bytes = fragment();
        let fails = |bytes: &[u8]| take(&mut Parts::default(), bytes).unwrap_err();
        for len in (0..bytes.len()).filter(|len| *len != 40) {
            fails(&bytes[..len]);
        }
        let mut outside = bytes.clone();
        outside[40] = 3;
        assert_eq!(fails(&outside), "a triangle has the vertex 3 of 3");
        let mut many = bytes;
        many[3] = 0xff;
        assert_eq!(fails(&many), "a fragment of 52 bytes cannot hold 4278190083 vertices");
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..52, with in any::<u8>()) {
            _ = take(&mut Parts::default(), &noise);
            let mut bytes = fragment();
            bytes[at] = with;
            _ = take(&mut Parts::default(), &bytes);
        }
    }
}
