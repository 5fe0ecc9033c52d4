//! The table of the README that says which volumes are read: made of the cases that `tests/volumes.rs` reads natively and `tests/e2e` reads in
//! Chromium, so that it can claim nothing that is not tested. `UPDATE_DOCS=1 cargo test --test support_table` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use neurolume::voxel::DataType;
use support::expected::{Case, Expected, read};

const BEGIN: &str = "<!-- Made by tests/support_table.rs. -->\n";
const END: &str = "<!-- End of the table. -->";

/// A format by the name of the API, its name for people, and the words of its cases that people look for, in their order.
const FORMATS: &[(&str, &str, &[&str])] = &[
    (
        "precomputed",
        "Neuroglancer precomputed",
        &[
            "raw",
            "jpeg",
            "png",
            "jxl",
            "compressed_segmentation",
            "compresso",
            "sharded",
            "murmurhash3_x86_128",
            "chunk_sizes",
            "redirect",
            "zip",
        ],
    ),
    ("ome-zarr", "OME-Zarr", &["0.4", "0.5", "sharded", "labels", "translation", "multiscale transform", "omero", "time", "zip"]),
    (
        "zarr",
        "Zarr",
        &[
            "v2",
            "v3",
            "gzip",
            "zlib",
            "zstd",
            "lz4",
            "bz2",
            "blosc",
            "blosclz",
            "lz4hc",
            "shuffle",
            "bitshuffle",
            "pcodec",
            "crc32c",
            "crc32",
            "adler32",
            "fletcher32",
            "transpose",
            "order F",
            "big-endian",
            "sharded",
            "index start",
            "nested",
            "bool",
            "zip",
        ],
    ),
    ("n5", "N5", &["raw", "gzip", "bzip2", "xz", "lz4", "blosc", "zstd", "levels", "axes"]),
    ("wkw", "WKW", &["raw", "lz4", "lz4hc", "channels", "properties", "mags"]),
    ("nifti", "NIfTI", &["nifti-1", "nifti-2", "big-endian", "orientation", "scaled", "units", "time", "channels", "colours", "gzip"]),
    (
        "tiff",
        "TIFF, OME-TIFF, ImageJ",
        &[
            "strips",
            "tiles",
            "lzw",
            "deflate",
            "packbits",
            "jpeg",
            "zstd",
            "lzma",
            "horizontal",
            "float",
            "big",
            "rgb",
            "planar",
            "palette",
            "pyramid",
            "imagej",
            "ome",
            "ome:files",
        ],
    ),
    ("images", "Sequences of images", &["png", "jpeg", "tiff", "rgb"]),
    ("dm", "DM3, DM4", &["dm3", "dm4"]),
    ("raw", "Raw files", &[]),
];

/// A format's cases of both lists.
struct Row<'a> {
    own: usize,
    fixtures: usize,
    words: BTreeSet<&'a str>,
    types: BTreeSet<&'a str>,
}

fn table(own: &Expected, fixtures: &Expected) -> String {
    let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for (cases, is_own) in [(&own.cases, true), (&fixtures.cases, false)] {
        for Case { format, features, data_type, .. } in cases {
            let row = rows.entry(format).or_insert_with(|| Row { own: 0, fixtures: 0, words: BTreeSet::new(), types: BTreeSet::new() });
            *(if is_own { &mut row.own } else { &mut row.fixtures }) += 1;
            row.words.extend(features.iter().map(String::as_str));
            row.types.insert(data_type);
        }
    }
    let mut text = "| format | encodings and features | voxels | volumes read in tests |\n|---|---|---|---|\n".to_owned();
    for (format, name, words) in FORMATS {
        let row = rows.remove(format).unwrap_or_else(|| panic!("no case is of the format {format}"));
        let untested: Vec<_> = words.iter().filter(|word| !row.words.contains(**word)).collect();
        assert!(untested.is_empty(), "no {format} case has {untested:?}");
        let types: Vec<_> = DataType::ALL.iter().map(|data_type| data_type.name()).filter(|name| row.types.contains(name)).collect();
        writeln!(text, "| {name} | {} | {} | {} of our own, {} of others |", words.join(", "), types.join(", "), row.own, row.fixtures)
            .unwrap();
    }
    assert!(rows.is_empty(), "formats that the table leaves out: {:?}", rows.keys());
    text
}

#[test]
fn the_readme_says_what_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [own, fixtures] = ["expected.json", "fixtures.json"].map(|name| read(&root.join("tests/data").join(name)).unwrap());
    let made = table(&own, &fixtures);
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has the table's beginning");
    let (there, after) = rest.split_once(END).expect("the README has the table's end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root.join("README.md"), format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    } else {
        assert_eq!(there, made, "UPDATE_DOCS=1 cargo test --test support_table writes it anew");
    }
}
