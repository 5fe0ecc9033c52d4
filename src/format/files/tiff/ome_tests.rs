//! OME-XML: which image is which plane, by the rules of the specification, and what is refused.

use proptest::prelude::*;

use super::*;

fn xml(pixels: &str, inner: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1"><Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint8" {pixels}>{inner}</Pixels></Image><Image ID="Image:1"><Pixels DimensionOrder="XYZCT" SizeX="1" SizeY="1" SizeZ="9" SizeC="9" SizeT="9"><TiffData IFD="7"/></Pixels></Image></OME>"#
    )
}

const SIZES: &str = r#"DimensionOrder="XYZCT" SizeX="5" SizeY="4" SizeZ="3" SizeC="2" SizeT="1""#;

/// The images of planes, channels fastest.
fn images(xml: &str) -> Vec<Option<(usize, u64)>> {
    Ome::parse(xml).unwrap().places("a.ome.tif", 1).unwrap().1
}

fn here(images: &[u64]) -> Vec<Option<(usize, u64)>> {
    images.iter().map(|image| Some((0, *image))).collect()
}

#[test]
fn images_follow_each_other_in_the_order_of_dimensions() {
    // z before c: slice 1 of channel 0 is image 1.
    for inner in ["", "<TiffData/>", r#"<TiffData PlaneCount="6"/>"#, r#"<TiffData IFD="0" PlaneCount="6"/>"#] {
        assert_eq!(images(&xml(SIZES, inner)), here(&[0, 3, 1, 4, 2, 5]), "{inner}");
    }
    assert_eq!(images(&xml(&SIZES.replace("XYZCT", "XYCZT"), "")), here(&[0, 1, 2, 3, 4, 5]));
}

#[test]
fn planes_are_where_they_are_said_to_be() {
    let inner = r#"<TiffData IFD="9" FirstZ="2" FirstC="1"/><TiffData IFD="4" FirstC="1"><UUID FileName="b.ome.tif">urn:uuid:2</UUID></TiffData><TiffData IFD="1" PlaneCount="2"><UUID FileName="renamed.ome.tif">urn:uuid:1</UUID></TiffData>"#;
    let (names, places) = Ome::parse(&xml(SIZES, inner)).unwrap().places("a.ome.tif", 1).unwrap();
    assert_eq!(names, ["a.ome.tif", "b.ome.tif"]);
    assert_eq!(places, [Some((0, 1)), Some((1, 4)), Some((0, 2)), None, None, Some((0, 9))]);
    // A pixel may hold all channels.
    assert_eq!(Ome::parse(&xml(SIZES, "")).unwrap().places("a", 2).unwrap().1, here(&[0, 1, 2]));
}

#[test]
fn sizes_are_in_nanometres() {
    let sizes =
        format!(r#"{SIZES} PhysicalSizeX="0.004" PhysicalSizeY="4" PhysicalSizeYUnit="nm" PhysicalSizeZ="300" PhysicalSizeZUnit="Å""#);
    let ome = Ome::parse(&xml(&sizes, "")).unwrap();
    assert_eq!((ome.size, ome.voxel_nm), ([5, 4, 3, 2, 1], [Some(4.0), Some(4.0), Some(30.0)]));
    let other = Ome::parse(&xml(&format!(r#"{SIZES} PhysicalSizeX="1" PhysicalSizeXUnit="pixel" PhysicalSizeY="0""#), "")).unwrap();
    assert_eq!(other.voxel_nm, [None; 3]);
}

#[test]
fn what_makes_no_sense_is_told_of() {
    for (xml, word) in [
        (xml(&SIZES.replace("XYZCT", "XYZ"), ""), "DimensionOrder"),
        (xml(&SIZES.replace("XYZCT", "ZXYCT"), ""), "DimensionOrder"),
        (xml(&SIZES.replace("SizeZ=\"3\"", ""), ""), "SizeZ"),
        (xml(&SIZES.replace('3', "0"), ""), "SizeZ"),
        (xml(&SIZES.replace('3', "-1"), ""), "SizeZ"),
        (xml(SIZES, r#"<TiffData IFD="x"/>"#), "IFD"),
        (format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{}", xml(SIZES, "")), "DOCTYPE"),
        (xml(&format!(r#"{SIZES} Name="&a;""#), ""), "attribute"),
        ("<OME>".repeat(100) + &"</OME>".repeat(100), "deep"),
        ("<OME><Image></OME>".to_owned(), "OME-XML"),
        ("<OME><Image>".to_owned(), "early"),
        ("<OME></OME>".to_owned(), "no pixels"),
        (r#"<OME><BinaryOnly MetadataFile="x.companion.ome"/></OME>"#.to_owned(), "x.companion.ome"),
    ] {
        let reason = Ome::parse(&xml).unwrap_err();
        assert!(reason.contains(word), "{reason}");
    }
    for (sizes, inner, word) in [
        (SIZES.to_owned(), r#"<TiffData PlaneCount="7"/>"#, "7 planes"),
        (SIZES.to_owned(), r#"<TiffData FirstZ="3"/>"#, "begins"),
        (SIZES.replace('3', "2147483647"), "", "images are read"),
        (SIZES.to_owned(), r#"<TiffData><UUID FileName="../b.tif">urn:uuid:2</UUID></TiffData>"#, "../b.tif"),
        (SIZES.to_owned(), r#"<TiffData IFD="18446744073709551615" PlaneCount="2"/>"#, "too large"),
    ] {
        let reason = Ome::parse(&xml(&sizes, inner)).unwrap().places("a.ome.tif", 1).unwrap_err();
        assert!(reason.contains(word), "{reason}");
    }
    assert!(Ome::parse(&xml(SIZES, "")).unwrap().places("a", 3).is_err());
}

proptest! {
    #[test]
    fn never_panics(cut in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), 0x20_u8..0x7f), 0..4)) {
        let mut bytes = xml(SIZES, r#"<TiffData IFD="1" PlaneCount="2"><UUID FileName="b">urn:uuid:1</UUID></TiffData>"#).into_bytes();
        for (at, with) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *with;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(ome) = Ome::parse(std::str::from_utf8(&bytes).unwrap()) {
            _ = ome.places("a", 1);
        }
    }
}
