//! Draco meshes (bitstream 2.2 of google/draco): positions as they are stored, triangles. Other attributes are left out.

use draco_core::geometry_indices::PointIndex;
use draco_core::{DataType, DecodeLimits, DecoderBuffer, GeometryAttributeType, Mesh, MeshDecoder};

use super::CodecError;

const CODEC: &str = "draco";
/// What every Draco file begins with.
const MAGIC: &[u8] = b"DRACO";

/// The positions and triangles of a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct DracoMesh {
    /// As stored: whole numbers stay exact; floats that were quantised are what they stand for.
    pub positions: Vec<[f64; 3]>,
    /// Indices of `positions`, 3 per triangle.
    pub triangles: Vec<u32>,
}

/// Decodes a mesh that takes at most `max_len` bytes.
///
/// # Errors
/// [`CodecError::Corrupt`] where it is damaged or larger, [`CodecError::Unsupported`] without positions of three numbers.
pub fn decode(bytes: &[u8], max_len: usize) -> Result<DracoMesh, CodecError> {
    if !bytes.starts_with(MAGIC) {
        return Err(corrupt("it does not begin with \"DRACO\""));
    }
    let most = max_len as u64;
    let limits = DecodeLimits::default().with_max_points(most / 12).with_max_faces(most / 12).with_max_decoded_bytes(most);
    let mut mesh = Mesh::new();
    MeshDecoder::new().decode(&mut DecoderBuffer::new(bytes).with_limits(limits), &mut mesh).map_err(corrupt)?;
    let attribute = mesh.named_attribute(GeometryAttributeType::Position);
    let attribute = attribute.ok_or_else(|| CodecError::Unsupported { codec: CODEC, name: "a mesh without positions".to_owned() })?;
    let unsupported = || CodecError::Unsupported {
        codec: CODEC,
        name: format!("positions of {} × {:?}", attribute.num_components(), attribute.data_type()),
    };
    if attribute.num_components() != 3 {
        return Err(unsupported());
    }
    let read: fn(&[u8; 4]) -> f64 = match attribute.data_type() {
        DataType::Int32 => |bytes| f64::from(i32::from_le_bytes(*bytes)),
        DataType::Uint32 => |bytes| f64::from(u32::from_le_bytes(*bytes)),
        DataType::Float32 => |bytes| f64::from(f32::from_le_bytes(*bytes)),
        _ => return Err(unsupported()),
    };
    let data = attribute.buffer().data();
    let values = data.as_chunks::<4>().0.as_chunks::<3>().0;
    let points = u32::try_from(mesh.num_points()).map_err(corrupt)?;
    let mut positions = Vec::with_capacity(points as usize);
    for point in 0..points {
        let value = values.get(attribute.mapped_index(PointIndex(point)).0 as usize);
        positions.push(value.ok_or_else(|| corrupt(format!("point {point} of {points} has no position")))?.each_ref().map(read));
    }
    let mut triangles = Vec::with_capacity(mesh.num_faces() * 3);
    for face in mesh.faces() {
        for PointIndex(point) in face {
            if *point >= points {
                return Err(corrupt(format!("a triangle has the point {point} of {points}")));
            }
            triangles.push(*point);
        }
    }
    Ok(DracoMesh { positions, triangles })
}

fn corrupt(reason: impl std::fmt::Display) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tetrahedron with corners of 10 bits: `DracoPy.encode(np.array([[0, 0, 0], [1023, 0, 0], [0, 1023, 0], [0, 0, 1023]], np.uint32),
    /// np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]), compression_level=N)` of DracoPy 1.7, N = 0 and 7.
    const SEQUENTIAL: &[u8] = include_bytes!("../../tests/data/contents/draco/sequential.drc");
    const EDGEBREAKER: &[u8] = include_bytes!("../../tests/data/contents/draco/edgebreaker.drc");

    #[test]
    fn reads_what_draco_wrote() {
        for file in [SEQUENTIAL, EDGEBREAKER] {
            let mesh = decode(file, 1 << 20).unwrap();
            let mut corners = mesh.positions.clone();
            corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
            assert_eq!(corners, [[0.0, 0.0, 0.0], [0.0, 0.0, 1023.0], [0.0, 1023.0, 0.0], [1023.0, 0.0, 0.0]]);
            assert_eq!(mesh.triangles.len(), 12);
        }
    }

    #[test]
    fn says_what_is_damaged() {
        for file in [SEQUENTIAL, EDGEBREAKER] {
            for len in 0..file.len() - 1 {
                // The very last bytes may say nothing.
                if let Ok(mesh) = decode(&file[..len], 1 << 20) {
                    assert!(len > file.len() - 8 && mesh.positions.len() == 4, "{len} of {}", file.len());
                }
            }
            assert!(decode(file, 40).is_err(), "larger than asked for");
        }
        assert!(matches!(decode(b"DRACO", 100), Err(CodecError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            _ = decode(&noise, 1 << 20);
            _ = decode(&[MAGIC, &noise].concat(), 1 << 20);
            for file in [SEQUENTIAL, EDGEBREAKER] {
                let mut file = file.to_vec();
                for (at, with) in &spoils {
                    let at = at.index(file.len());
                    file[at] = *with;
                }
                _ = decode(&file, 1 << 20);
            }
        }
    }
}
