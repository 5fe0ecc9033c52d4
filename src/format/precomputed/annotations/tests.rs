//! Annotations that are damaged, and cells that a box touches.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::info::Info;
use super::record::Decoded;
use crate::format::column::Values;

fn info(shape: &str) -> Value {
    json!({
        "@type": "neuroglancer_annotations_v1",
        "annotation_type": shape,
        "dimensions": { "z": [3e-9, "m"], "x": [1, "nm"], "y": [2, ""] },
        "lower_bound": [0, 0, 0],
        "upper_bound": [10, 10, 10],
        "properties": [
            { "id": "a", "type": "uint8" }, { "id": "b", "type": "float32" }, { "id": "c", "type": "int16" }, { "id": "d", "type": "rgb" },
        ],
        "relationships": [{ "id": "segment", "key": "segment" }],
        "by_id": { "key": "by_id" },
        "spatial": [{ "key": "s", "grid_shape": [1, 1, 1], "chunk_size": [10, 10, 10], "limit": 1 }],
    })
}

fn parsed(shape: &str) -> Info {
    Info::parse(&info(shape), "u").unwrap()
}

/// z, x, y; b; c; a; d; padding.
fn record() -> Vec<u8> {
    let mut bytes: Vec<u8> = [3_f32, 1.0, 2.0, 0.5].iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.extend((-7_i16).to_le_bytes());
    bytes.extend([9, 10, 20, 30, 0, 0]);
    bytes
}

fn many(count: u64) -> Vec<u8> {
    let mut bytes = count.to_le_bytes().to_vec();
    (0..count).for_each(|_| bytes.extend(record()));
    (0..count).for_each(|id| bytes.extend((id + 40).to_le_bytes()));
    bytes
}

#[test]
fn properties_lie_by_their_alignment_and_axes_by_their_names() {
    let info = parsed("POINT");
    let mut decoded = Decoded::new(&info);
    decoded.take_many(&info, &many(1)).unwrap();
    assert_eq!(decoded.positions_nm.iter().map(|n| n.round()).collect::<Vec<_>>(), [1.0, 4.0, 9.0]);
    assert_eq!(decoded.ids, [40]);
    let expected = [Values::Uint8(vec![9]), Values::Float32(vec![0.5]), Values::Int16(vec![-7]), Values::Uint8(vec![10, 20, 30])];
    assert_eq!(decoded.properties, expected);
}

#[test]
fn damage_is_said() {
    let info = parsed("point");
    let bytes = many(2);
    let fails = |bytes: &[u8]| Decoded::new(&info).take_many(&info, bytes).unwrap_err();
    for len in 0..bytes.len() {
        fails(&bytes[..len]);
    }
    let mut counts = bytes.clone();
    counts[..8].fill(0xff);
    assert!(fails(&counts).contains("cannot hold"));
    assert!(fails(&[&bytes[..], &[0]].concat()).contains("17 bytes are left for the ids of 2"));
    let one = [record(), 1_u32.to_le_bytes().to_vec(), 5_u64.to_le_bytes().to_vec()].concat();
    for len in 0..one.len() {
        assert!(Decoded::new(&info).take_one(&info, 1, &one[..len]).is_err(), "{len}");
    }
    let mut decoded = Decoded::new(&info);
    decoded.take_one(&info, 1, &one).unwrap();
    assert_eq!(decoded.related, [[5]]);
    let related = [record(), u32::MAX.to_le_bytes().to_vec()].concat();
    assert!(Decoded::new(&info).take_one(&info, 1, &related).unwrap_err().contains("4294967295 segments"));
}

#[test]
fn boxes_are_sorted_and_ellipsoids_reach_to_their_radii() {
    let corners: Vec<u8> = [5_f32, 1.0, 9.0, 2.0, 3.0, 4.0, 0.5].iter().flat_map(|n| n.to_le_bytes()).chain([0; 8]).collect();
    let bytes = [1_u64.to_le_bytes().to_vec(), corners, 7_u64.to_le_bytes().to_vec()].concat();
    for (shape, expected) in
        [("axis_aligned_bounding_box", [[1.0, 8.0, 6.0], [3.0, 18.0, 15.0]]), ("ellipsoid", [[-2.0, 10.0, 9.0], [4.0, 26.0, 21.0]])]
    {
        let info = parsed(shape);
        let mut decoded = Decoded::new(&info);
        decoded.take_many(&info, &bytes).unwrap();
        let round = |corner: [f64; 3]| corner.map(|n| (n * 1e6).round() / 1e6);
        assert_eq!(decoded.boxes(info.shape).map(|own| own.map(round)).collect::<Vec<_>>(), [expected], "{shape}");
    }
}

#[test]
fn a_wrong_member_is_named() {
    let fails = |member: &str, value: Value| {
        let mut document = info("point");
        document[member] = value;
        Info::parse(&document, "u").err().unwrap().to_string()
    };
    assert!(fails("annotation_type", json!("cloud")).contains("the type of annotation \"cloud\" is not supported"));
    assert!(fails("dimensions", json!({ "x": [1, "nm"] })).contains("the number of dimensions of annotations \"1\""));
    assert!(fails("dimensions", json!({ "x": [-1, "nm"], "y": [1, "nm"], "z": [1, "nm"] })).contains("\"dimensions\" is"));
    assert!(fails("upper_bound", Value::Null).contains("\"lower_bound\" is"));
    assert!(fails("properties", json!([{ "id": "a", "type": "float64" }])).contains("a: float64"));
    assert!(
        fails("properties", json!([{ "id": "a", "type": "uint8", "enum_values": [1], "enum_labels": [] }]))
            .contains("\"properties\" 0: there are 1")
    );
    assert!(
        fails("spatial", json!([{ "key": "s", "grid_shape": [1, 1], "chunk_size": [1, 1, 1] }])).contains("\"spatial\" 0: \"grid_shape\"")
    );
    assert!(fails("by_id", json!({})).contains("by_id: \"key\" is missing"));
}

proptest! {
    #[test]
    fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), with in any::<u8>(), count in 0_u64..4) {
        for shape in ["point", "axis_aligned_bounding_box", "ellipsoid", "polyline"] {
            let info = parsed(shape);
            let mut bytes = many(count);
            let at = at.index(bytes.len());
            bytes[at] = with;
            for bytes in [&noise, &bytes] {
                _ = Decoded::new(&info).take_one(&info, 1, bytes);
                let mut decoded = Decoded::new(&info);
                if decoded.take_many(&info, bytes).is_ok() {
                    let rows: Vec<usize> = (0..decoded.ids.len()).collect();
                    prop_assert_eq!(decoded.boxes(info.shape).count(), rows.len());
                    prop_assert_eq!(decoded.finish(&info, &rows, true).ids.len(), rows.len());
                }
            }
        }
    }
}
