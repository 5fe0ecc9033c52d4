//! Virtual volumes as a browser asks for them, read by the crate's own readers.

use std::rc::Rc;
use std::time::{Duration, Instant};

use neurolume::format::{ChunkSource, Selection, SourceFormat};
use neurolume::geometry::VoxelBox;
use neurolume::phantom::{Phantom, PhantomParams};
use neurolume::runtime::Cancel;
use neurolume::store::FileProvider;
use serde_json::Value;

use super::super::tests::Fixture;
use super::chunks::Chunks;
use super::pyramid::{self, Place};
use crate::neuroglancer::{chunk_name, key};

const SEED: u64 = 5;

fn phantom(voxel_nm: f64) -> Phantom {
    Phantom::new(PhantomParams { seed: SEED, voxel_size_nm: [voxel_nm; 3] }).unwrap()
}

/// A box of a phantom.
fn truth(phantom: &Phantom, min: [i64; 3], shape: [u32; 3]) -> (Vec<u8>, Vec<u64>) {
    let voxels = shape.iter().map(|&n| n as usize).product();
    let (mut image, mut labels) = (vec![0; voxels], vec![0; voxels]);
    phantom.fill(min, shape, &mut image, &mut labels).unwrap();
    (image, labels)
}

/// Fetches the `info` and one chunk, and reads the chunk as the page does.
fn read(fixture: &Fixture, volume: &str, level: usize, grid: [i64; 3]) -> (VoxelBox, Vec<u8>) {
    read_from(fixture, volume, level, grid, |chunk_box| {
        let [min, max] = [chunk_box.min, chunk_box.max].map(|corner| corner.map(|c| usize::try_from(c).unwrap()));
        chunk_name(min, max)
    })
}

/// The same, of the file that `name_of` says.
fn read_from(fixture: &Fixture, volume: &str, level: usize, grid: [i64; 3], name_of: impl Fn(VoxelBox) -> String) -> (VoxelBox, Vec<u8>) {
    let fetch = |name: &str| {
        let answer = fixture.get(&format!("/phantom/{volume}/{name}"), &[]);
        assert_eq!(answer.status, 200, "{volume}/{name}");
        fixture.write(&format!("{volume}/{name}"), &answer.body);
    };
    fetch("info");
    let url = fixture.folder.join(volume);
    let never = Cancel::never();
    let said = neurolume::format::Said::default();
    let opened = neurolume::format::open(Rc::new(FileProvider), url.to_str().unwrap(), &said, &never);
    let source: Box<dyn ChunkSource> = pollster::block_on(opened).unwrap();
    assert_eq!(source.spec().format, SourceFormat::Precomputed);
    let chunk_box = source.spec().levels[level].chunk_box(grid);
    fetch(&format!("{}/{}", key(pyramid::voxel_nm(level)), name_of(chunk_box)));
    let block = pollster::block_on(source.chunk(level, grid, &Selection::default(), &never)).unwrap().unwrap();
    (chunk_box, block.data)
}

fn shape(chunk_box: VoxelBox) -> [u32; 3] {
    [0, 1, 2].map(|a| u32::try_from(chunk_box.max[a] - chunk_box.min[a]).unwrap())
}

fn to_labels(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect()
}

/// Grey values differ by what jpeg loses.
#[track_caller]
fn assert_alike(image: &[u8], expected: &[u8]) {
    assert_eq!(image.len(), expected.len());
    let differences = || image.iter().zip(expected).map(|(a, b)| f64::from(a.abs_diff(*b)));
    let count = f64::from(u32::try_from(image.len()).unwrap());
    let (mean, most) = (differences().sum::<f64>() / count, differences().fold(0.0, f64::max));
    assert!(mean < 4.0 && most < 48.0, "grey values differ by {mean:.2} on average, by {most} at most");
}

#[test]
fn the_finest_level_is_the_phantom() {
    let fixture = Fixture::new();
    // The last chunk along y is cut off.
    let (chunk_box, labels) = read(&fixture, &format!("{SEED}/131072x100x512/segmentation"), 0, [1024, 1, 3]);
    assert_eq!(chunk_box, VoxelBox { min: [65_536, 64, 192], max: [65_600, 100, 256] });
    let (image, expected) = truth(&phantom(8.0), chunk_box.min, shape(chunk_box));
    assert_eq!(to_labels(&labels), expected);
    let (_, decoded) = read(&fixture, &format!("{SEED}/131072x100x512/image"), 0, [1024, 1, 3]);
    assert_alike(&decoded, &image);
}

#[test]
fn a_level_of_16_nm_is_the_phantom_at_the_same_place() {
    let fixture = Fixture::new();
    let (chunk_box, labels) = read(&fixture, &format!("{SEED}/256/segmentation"), 1, [1, 0, 1]);
    let labels = to_labels(&labels);
    let (image, expected) = truth(&phantom(16.0), chunk_box.min, [64; 3]);
    assert_eq!(labels, expected);
    let (_, decoded) = read(&fixture, &format!("{SEED}/256/image"), 1, [1, 0, 1]);
    assert_alike(&decoded, &image);
    // Where the eight finest voxels of a voxel have one label, that is its label.
    let (_, fine) = truth(&phantom(8.0), chunk_box.min.map(|c| 2 * c), [128; 3]);
    let (mut same, mut all) = (0u32, 0u32);
    for (i, &label) in labels.iter().enumerate() {
        let first = 2 * (i % 64) + 128 * (2 * (i / 64 % 64) + 128 * 2 * (i / 4096));
        let eight = [0, 1, 128, 129, 16_384, 16_385, 16_512, 16_513].map(|offset| fine[first + offset]);
        if eight.iter().all(|&other| other == eight[0]) {
            all += 1;
            same += u32::from(label == eight[0]);
        }
    }
    assert!(all > 100_000 && same > all / 100 * 99, "{same} of {all} voxels");
}

#[test]
fn coarser_levels_show_neurites_where_they_are() {
    let fixture = Fixture::new();
    let (chunk_box, labels) = read(&fixture, &format!("{SEED}/512/segmentation"), 3, [0; 3]);
    assert_eq!(chunk_box.max, [64; 3]);
    let (mut same, mut all) = (0u32, 0u32);
    let phantom = phantom(64.0);
    for z in (0..64).step_by(16) {
        let (_, expected) = truth(&phantom, [0, 0, z], [64, 64, 1]);
        let start = usize::try_from(z).unwrap() * 4096;
        for (label, expected) in to_labels(&labels)[start..].iter().zip(expected).filter(|(label, _)| **label != 0) {
            all += 1;
            same += u32::from(*label == expected);
        }
    }
    assert!(all > 3_000 && same > all / 5 * 4, "{same} of {all} voxels");
}

#[test]
fn an_unchanged_volume_is_not_sent_again() {
    let fixture = Fixture::new();
    let info = fixture.get("/phantom/1/131072/image/info", &[]);
    assert_eq!((info.status, info.header("Cache-Control")), (200, Some("no-cache")));
    assert_eq!((info.header("Content-Type"), info.header("Access-Control-Allow-Origin")), (Some("application/json"), Some("*")));
    assert_eq!(serde_json::from_slice::<Value>(&info.body).unwrap()["scales"][11]["size"], serde_json::json!([64, 64, 64]));
    let known = format!("If-None-Match: {}", info.header("ETag").unwrap());
    let again = fixture.get("/phantom/1/131072/image/info", &[&known]);
    assert_eq!((again.status, again.body.len(), again.header("ETag")), (304, 0, info.header("ETag")));
    assert_eq!(fixture.get("/phantom/1/131072/image/8_8_8/0-64", &[&known]).status, 404);
}

#[test]
fn what_is_not_there_is_refused() {
    let fixture = Fixture::new();
    let outside = fixture.get("/phantom/1/64/image/8_8_8/64-128_0-64_0-64", &[]);
    assert_eq!((outside.status, outside.header("Access-Control-Allow-Origin")), (404, Some("*")));
    for (volume, sentence) in [("one/64", "the seed \"one\" is not a whole number"), ("1/9", "the size \"9\" is not one or three numbers")]
    {
        let answer = fixture.get(&format!("/phantom/{volume}/image/info"), &[]);
        let text = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == 400 && text.starts_with(sentence), "{volume}: {} {text}", answer.status);
    }
}

/// For a figure: `cargo test -p xtask chunks_are_made -- --ignored --nocapture`, with nothing else running.
#[test]
#[ignore = "measures"]
fn chunks_are_made_in_time() {
    let chunks = Chunks::default();
    for (level, scale) in pyramid::scales([131_072; 3]).iter().enumerate() {
        let middle = scale.size.map(|n| n / 128 * 64);
        let make = |step: usize| {
            let min = [(middle[0] + 64 * step) % scale.size[0], middle[1], middle[2]];
            let start = Instant::now();
            let chunk = chunks.get(1, Place { level, min, shape: [64; 3] }).unwrap();
            (start.elapsed(), chunk.image.len(), chunk.labels.len())
        };
        let (first, ..) = make(0);
        let mut times: Vec<(Duration, usize, usize)> = (1..8).map(make).collect();
        times.sort();
        let (median, image, labels) = times[3];
        println!("{:>6} nm: {median:.1?}, the first {first:.1?}; image {image} bytes, labels {labels} bytes", scale.voxel_nm);
    }
}

#[test]
fn a_shard_holds_what_files_hold() {
    let fixture = Fixture::new();
    // Level 3 of a volume that ends within a chunk, in a shard whose third bit along y is set: y alone has a fourth bit.
    for kind in ["image", "segmentation"] {
        let (whole_box, whole) = read(&fixture, &format!("{SEED}/4000x8200x2100/{kind}"), 3, [2, 9, 1]);
        let shard = |_| "0000008.shard".to_owned();
        let (chunk_box, voxels) = read_from(&fixture, &format!("{SEED}/4000x8200x2100/sharded/{kind}"), 3, [2, 9, 1], shard);
        assert_eq!((chunk_box, voxels), (whole_box, whole), "{kind}");
    }
}

#[test]
fn a_shard_is_answered_in_parts() {
    let fixture = Fixture::new();
    let path = format!("/phantom/{SEED}/64x64x256/sharded/image/16_16_16/0000000.shard");
    let whole = fixture.get(&path, &[]).body;
    let part = fixture.get(&path, &["Range: bytes=16-47"]);
    assert_eq!((part.status, part.body.as_slice()), (206, &whole[16..48]));
    assert_eq!(fixture.get(&path, &["Range: bytes=99999999-"]).status, 416);
    for number in ["0000001", "ffffffffffffffff", "0400000000000000"] {
        assert_eq!(fixture.get(&path.replace("0000000", number), &[]).status, 404, "{number}");
    }
}
