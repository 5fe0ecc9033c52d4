//! Meshes of several levels: a manifest, and fragments in Draco at the nodes of an octree.
//!
//! The manifest: size of a node of the finest level, origin of the grid (3 floats each); the number of levels; of each its scale, the offset of
//! its vertices (3 floats), the number of its fragments; then per level the nodes' x, y and z, one row each, and the fragments' lengths. Little
//! endian. Fragments lie one after the other, finest level first: in the file `ID`, or right before the manifest in its shard.

use super::super::keyed::{Keyed, inflated};
use super::super::transform::Transform;
use super::{MOST_BYTES, Parts};
use crate::codec::draco;
use crate::format::FormatError;
use crate::format::content::Mesh;
use crate::format::object::Object;
use crate::runtime::Cancel;

/// The most bytes of a manifest: a million fragments.
const MOST_MANIFEST_BYTES: usize = 16 << 20;
const MOST_LEVELS: usize = 32;

/// What the `info` says.
pub(super) struct Multilod {
    transform: Transform,
    /// The largest coordinate in a fragment.
    largest: f64,
}

impl Multilod {
    pub(super) fn parse(info: &Object<'_>) -> Result<Self, FormatError> {
        let bits = info.integer("vertex_quantization_bits", 0, 0, 32)?;
        if !matches!(bits, 10 | 16) {
            return Err(info.wrong("vertex_quantization_bits", info.get("vertex_quantization_bits"), "10 or 16"));
        }
        Ok(Self { transform: Transform::parse(info)?, largest: f64::from((1_u32 << bits) - 1) })
    }

    pub(super) async fn read(&self, keyed: &Keyed, id: u64, level: u32, cancel: &Cancel) -> Result<Option<Mesh>, FormatError> {
        let bad = |reason: String, url: &str| FormatError::BadData { reason: format!("the mesh of {id}: {reason}"), url: url.to_owned() };
        let (stored, in_shard) = if keyed.is_sharded() {
            let Some(found) = keyed.find(id, MOST_MANIFEST_BYTES, cancel).await? else { return Ok(None) };
            (found.value, Some((found.name, found.start)))
        } else {
            let Some(stored) = keyed.file(&format!("{id}.index"), MOST_MANIFEST_BYTES, cancel).await? else { return Ok(None) };
            (inflated(stored, MOST_MANIFEST_BYTES)?, None)
        };
        let manifest = Manifest::parse(&stored.bytes).map_err(|reason| bad(reason, &stored.url))?;
        let Some((number, wanted)) = manifest.level(level) else {
            return Ok(Some(Mesh { positions_nm: Vec::new(), triangles: Vec::new(), level: 0, levels: 0 }));
        };
        let before: u64 = manifest.levels.iter().take(number).map(Level::byte_len).sum();
        let (name, start) = match in_shard {
            None => (id.to_string(), 0),
            Some((name, start)) => {
                let all: u64 = manifest.levels.iter().map(Level::byte_len).sum();
                let start = start.checked_sub(all);
                (name, start.ok_or_else(|| bad(format!("its fragments take {all} bytes and would begin before their file"), &stored.url))?)
            }
        };
        let len = wanted.byte_len();
        if len > MOST_BYTES as u64 {
            return Err(bad(format!("its fragments at level {number} take {len} bytes, more than {MOST_BYTES}"), &stored.url));
        }
        let from = start + before;
        let bytes = keyed.store.get_range(&name, from..from + len, &keyed.options(cancel)).await?;
        let url = keyed.store.describe(&name);
        let mut bytes = bytes.ok_or_else(|| bad("its manifest is there, and its fragments are not".to_owned(), &url))?;
        let mut parts = Parts::default();
        for fragment in &wanted.fragments {
            let own = bytes.split_to((fragment.len as usize).min(bytes.len()));
            if own.is_empty() {
                // A node whose children alone hold something.
                continue;
            }
            self.take(&mut parts, &manifest, wanted, fragment, &own)
                .map_err(|reason| bad(format!("the fragment at {:?} of level {number}: {reason}", fragment.node), &url))?;
        }
        let (level, levels) = (to_u32(number), to_u32(manifest.levels.len()));
        Ok(Some(Mesh { positions_nm: parts.positions_nm, triangles: parts.triangles, level, levels }))
    }

    fn take(&self, parts: &mut Parts, manifest: &Manifest, level: &Level, fragment: &Fragment, bytes: &[u8]) -> Result<(), String> {
        let mesh = draco::decode(bytes, MOST_BYTES).map_err(|error| error.to_string())?;
        let scale = f64::from(1_u32 << level.number);
        let position = |stored: &[f64; 3]| {
            let mut point = [0.0; 3];
            let nodes = fragment.node.iter().zip(stored).map(|(node, within)| f64::from(*node) + within / self.largest);
            let frame = manifest.grid_origin.iter().zip(&level.vertex_offset).zip(&manifest.node_size);
            for ((n, in_nodes), ((origin, offset), size)) in point.iter_mut().zip(nodes).zip(frame) {
                *n = origin + offset + size * scale * in_nodes;
            }
            self.transform.apply(point)
        };
        parts.push(mesh.positions.iter().map(position), &mesh.triangles)
    }
}

/// What there is of a mesh.
#[derive(Debug, PartialEq)]
struct Manifest {
    /// In stored units.
    node_size: [f64; 3],
    grid_origin: [f64; 3],
    /// Finest first; one may be empty.
    levels: Vec<Level>,
}

#[derive(Debug, PartialEq)]
struct Level {
    number: usize,
    /// 0: it is absent.
    scale: f32,
    vertex_offset: [f64; 3],
    fragments: Vec<Fragment>,
}

#[derive(Debug, PartialEq)]
struct Fragment {
    node: [u32; 3],
    len: u32,
}

impl Level {
    fn byte_len(&self) -> u64 {
        self.fragments.iter().map(|fragment| u64::from(fragment.len)).sum()
    }
}

impl Manifest {
    /// # Errors
    /// One clause that says what is wrong.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut input = bytes;
        let early = || format!("its manifest of {} bytes ends too early", bytes.len());
        let node_size = floats(&mut input).ok_or_else(early)?;
        let grid_origin = floats(&mut input).ok_or_else(early)?;
        let count = words(&mut input, 1).and_then(|words| words.first().copied()).ok_or_else(early)? as usize;
        if count > MOST_LEVELS {
            return Err(format!("its manifest counts {count} levels, more than {MOST_LEVELS}"));
        }
        let scales = words(&mut input, count).ok_or_else(early)?;
        let offsets: Vec<[f64; 3]> = (0..count).map(|_| floats(&mut input)).collect::<Option<_>>().ok_or_else(early)?;
        let counts = words(&mut input, count).ok_or_else(early)?;
        let mut levels = Vec::with_capacity(count);
        for (number, ((scale, vertex_offset), fragments)) in scales.into_iter().zip(offsets).zip(counts).enumerate() {
            let mut row = || words(&mut input, fragments as usize).ok_or_else(early);
            let (x, y, z, lens) = (row()?, row()?, row()?, row()?);
            let nodes = x.into_iter().zip(y).zip(z).map(|((x, y), z)| [x, y, z]);
            let fragments = nodes.zip(lens).map(|(node, len)| Fragment { node, len }).collect();
            levels.push(Level { number, scale: f32::from_bits(scale), vertex_offset, fragments });
        }
        if !input.is_empty() {
            return Err(format!("{} of the {} bytes of its manifest are left over", input.len(), bytes.len()));
        }
        let numbers = node_size.iter().chain(&grid_origin).chain(levels.iter().flat_map(|level| &level.vertex_offset));
        if let Some(number) = { numbers }.find(|n| !n.is_finite()) {
            return Err(format!("its manifest places it at {number}"));
        }
        Ok(Self { node_size, grid_origin, levels })
    }

    /// The level of a number or the next coarser that is there; beyond the coarsest, that.
    fn level(&self, number: u32) -> Option<(usize, &Level)> {
        let mut there = self.levels.iter().filter(|level| level.scale != 0.0 && !level.fragments.is_empty());
        let found = there.clone().find(|level| level.number >= number as usize).or_else(|| there.next_back());
        found.map(|level| (level.number, level))
    }
}

fn floats(input: &mut &[u8]) -> Option<[f64; 3]> {
    let [x, y, z] = words(input, 3)?.try_into().ok()?;
    Some([x, y, z].map(|bits| f64::from(f32::from_bits(bits))))
}

fn words(input: &mut &[u8], count: usize) -> Option<Vec<u32>> {
    let own = input.split_off(..count.checked_mul(4)?)?;
    Some(own.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
}

/// Numbers of levels.
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two levels: of two fragments, and of one.
    fn manifest() -> Vec<u8> {
        let float = |n: f32| n.to_bits();
        let mut words = vec![float(8.0), float(8.0), float(4.0), float(-1.0), 0, float(2.5)];
        words.extend([2, float(1.0), float(2.0), 0, 0, 0, float(0.5), 0, 0, 2, 1]);
        // x, y, z, lengths.
        words.extend([0, 1, 0, 0, 0, 3, 100, 50]);
        words.extend([0, 0, 1, 30]);
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn a_manifest_says_where_fragments_lie() {
        let manifest = Manifest::parse(&manifest()).unwrap();
        assert_eq!((manifest.node_size, manifest.grid_origin), ([8.0, 8.0, 4.0], [-1.0, 0.0, 2.5]));
        let [fine, coarse] = &manifest.levels[..] else { panic!("two levels") };
        assert_eq!(fine.fragments, [Fragment { node: [0, 0, 0], len: 100 }, Fragment { node: [1, 0, 3], len: 50 }]);
        assert_eq!((coarse.vertex_offset, fine.byte_len(), coarse.byte_len()), ([0.5, 0.0, 0.0], 150, 30));
        assert_eq!([0, 1, 7].map(|level| manifest.level(level).unwrap().0), [0, 1, 1]);
    }

    #[test]
    fn an_absent_level_is_passed_over() {
        let mut bytes = manifest();
        bytes[28..32].fill(0);
        assert_eq!(Manifest::parse(&bytes).unwrap().level(0).unwrap().0, 1);
    }

    #[test]
    fn says_what_is_damaged() {
        let bytes = manifest();
        for len in 0..bytes.len() {
            assert!(Manifest::parse(&bytes[..len]).is_err(), "{len}");
        }
        assert!(Manifest::parse(&[&bytes[..], &[0]].concat()).unwrap_err().contains("left over"));
        let mut many = bytes.clone();
        many[24..28].fill(0xff);
        assert!(Manifest::parse(&many).unwrap_err().contains("4294967295 levels"));
        let mut nowhere = bytes;
        nowhere[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(Manifest::parse(&nowhere).unwrap_err().contains("NaN"));
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..116, with in any::<u8>()) {
            _ = Manifest::parse(&noise);
            let mut bytes = manifest();
            bytes[at] = with;
            _ = Manifest::parse(&bytes);
        }
    }
}
