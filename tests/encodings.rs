//! Decoders of the rarer encodings on the chunks of the test data, which other implementations wrote: whole they decode (what comes out is
//! checked in `tests/volumes.rs`), cut short they do not, and nothing panics, whatever the bytes.
#![cfg(all(feature = "png", feature = "jxl", feature = "compresso", feature = "zarr"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use neurolume::codec::pcodec::{self, NumberType};
use neurolume::codec::{CodecError, compresso, jxl, png};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

type Decode = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, CodecError>>;

/// A chunk, what decodes it and how many bytes come out.
struct Chunk {
    name: String,
    bytes: Vec<u8>,
    len: usize,
    decode: Decode,
}

/// The files of a folder of a volume of the test data, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = support::data_folder().join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.is_file());
    files
}

/// The voxels of a precomputed chunk along x, y, z, from its name.
fn shape(file: &std::path::Path) -> [u32; 3] {
    let spans: Vec<u32> = file.file_name().unwrap().to_str().unwrap().split(['_', '-']).map(|number| number.parse().unwrap()).collect();
    [spans[1] - spans[0], spans[3] - spans[2], spans[5] - spans[4]]
}

fn chunks() -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>, len: usize, decode: Decode| {
        chunks.push(Chunk { name: name.to_owned(), bytes, len, decode });
    };
    let precomputed = |name: &str| files(&format!("precomputed/{name}/8_8_40")).into_iter().next_back().unwrap();
    let pixels = |file: &PathBuf| shape(file).iter().product::<u32>() as usize;
    for (name, channels, sample_bytes) in [
        ("png-grey8", 1, 1),
        ("png-grey16", 1, 2),
        ("png-grey8-alpha", 2, 1),
        ("png-rgb8", 3, 1),
        ("png-rgba16", 4, 2),
        ("png-interlaced", 1, 1),
    ] {
        let file = precomputed(name);
        let layout = png::Layout { pixels: pixels(&file), channels, sample_bytes };
        let decode = move |bytes: &[u8]| png::decode_channel(bytes, &layout, channels - 1);
        add(name, std::fs::read(&file).unwrap(), layout.pixels * sample_bytes, Box::new(decode));
    }
    for (name, channels) in
        [("jxl-grey", 1), ("jxl-rgb", 3), ("jxl-rgba", 4), ("jxl-grey-lossy", 1), ("jxl-rgb-lossy", 3), ("jxl-grey-container", 1)]
    {
        let file = precomputed(name);
        let pixels = pixels(&file);
        let decode = move |bytes: &[u8]| jxl::decode_channel(bytes, pixels, channels, channels - 1);
        add(name, std::fs::read(&file).unwrap(), pixels, Box::new(decode));
    }
    for (name, id_bytes) in [
        ("compresso-u8", 1),
        ("compresso-u16-noise", 2),
        ("compresso-u32", 4),
        ("compresso-u64", 8),
        ("compresso-4x4x2-6", 8),
        ("compresso-8x8x1-4", 8),
    ] {
        let file = precomputed(name);
        let shape = shape(&file);
        let decode = move |bytes: &[u8]| match id_bytes {
            1 => compresso::decode::<1>(bytes, shape),
            2 => compresso::decode::<2>(bytes, shape),
            4 => compresso::decode::<4>(bytes, shape),
            _ => compresso::decode::<8>(bytes, shape),
        };
        add(name, std::fs::read(&file).unwrap(), pixels(&file) * id_bytes, Box::new(decode));
    }
    let (small, large) = (9 * 7 * 4, 31 * 29 * 9);
    for (name, number_type, count, number_bytes) in [
        ("uint16", NumberType::Uint16, small, 2),
        ("int16", NumberType::Int16, small, 2),
        ("uint32", NumberType::Uint32, small, 4),
        ("uint64", NumberType::Uint64, small, 8),
        ("float32", NumberType::Float32, small, 4),
        ("consecutive", NumberType::Int32, large, 4),
        ("lookback", NumberType::Int32, large, 4),
        ("pages", NumberType::Int32, large, 4),
    ] {
        let name = format!("v2-pcodec-{name}");
        let file = files(&format!("zarr/{name}")).into_iter().find(|file| file.file_name().unwrap() == "0.0.0").unwrap();
        let decode = move |bytes: &[u8]| pcodec::decode(bytes, number_type, count);
        add(&name, std::fs::read(file).unwrap(), count * number_bytes, Box::new(decode));
    }
    chunks
}

thread_local!(static CHUNKS: Vec<Chunk> = chunks());

#[test]
fn what_is_cut_short_does_not_decode() {
    CHUNKS.with(|chunks| {
        for Chunk { name, bytes, len, decode } in chunks {
            assert_eq!(decode(bytes).map(|data| data.len()), Ok(*len), "{name}");
            // Every length of a short one; of a long one the ends, and some between.
            let step = bytes.len().div_ceil(500).max(1);
            for cut in (0..bytes.len()).filter(|cut| cut % step == 0 || cut + 20 > bytes.len()) {
                assert!(decode(&bytes[..cut]).is_err(), "{name}: {cut} of {} bytes decode", bytes.len());
            }
        }
    });
}

#[test]
fn another_size_is_refused() {
    let of = |name: &str| CHUNKS.with(|chunks| chunks.iter().find(|chunk| chunk.name == name).unwrap().bytes.clone());
    let len = |name: &str| CHUNKS.with(|chunks| chunks.iter().find(|chunk| chunk.name == name).unwrap().len);
    let grey = png::Layout { pixels: len("png-grey8"), channels: 1, sample_bytes: 1 };
    for wrong in [
        png::decode_channel(&of("png-grey8"), &png::Layout { pixels: grey.pixels + 1, ..grey }, 0),
        jxl::decode_channel(&of("jxl-grey"), len("jxl-grey") + 1, 1, 0),
        compresso::decode::<8>(&of("compresso-u64"), [1, 1, 1]),
        pcodec::decode(&of("v2-pcodec-uint16"), NumberType::Uint16, 9 * 7 * 4 - 1),
        pcodec::decode(&of("v2-pcodec-uint16"), NumberType::Uint16, 9 * 7 * 4 + 1),
    ] {
        assert!(matches!(wrong, Err(CodecError::WrongSize { .. })), "{wrong:?}");
    }
    for wrong in [
        png::decode_channel(&of("png-grey8"), &png::Layout { channels: 3, ..grey }, 0),
        png::decode_channel(&of("png-grey8"), &png::Layout { sample_bytes: 2, ..grey }, 0),
        png::decode_channel(&of("png-grey8"), &grey, 1),
        jxl::decode_channel(&of("jxl-grey"), len("jxl-grey"), 3, 0),
        jxl::decode_channel(&of("jxl-grey"), len("jxl-grey"), 1, 1),
        compresso::decode::<4>(&of("compresso-u64"), [1, 1, 1]),
        pcodec::decode(&of("v2-pcodec-uint16"), NumberType::Int16, 9 * 7 * 4),
    ] {
        assert!(matches!(wrong, Err(CodecError::Corrupt { .. })), "{wrong:?}");
    }
}

/// JPEG XL's own conformance data: the reference within the tolerance that comes with it, and a depth that is refused by name.
#[test]
fn jxl_conforms() {
    let Some(fixtures) = support::fixtures_folder() else {
        return;
    };
    let folder = fixtures.join("formats/libjxl-conformance");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    // A peak error of 0.004 of the range.
    const TOLERANCE: u8 = 1;
    let layout = png::Layout { pixels: 200 * 200, channels: 1, sample_bytes: 1 };
    let wanted = png::decode_channel(&read("grayscale/ref.png"), &layout, 0).unwrap();
    let got = jxl::decode_channel(&read("grayscale/input.jxl"), layout.pixels, 1, 0).unwrap();
    let worst = got.iter().zip(&wanted).map(|(got, wanted)| got.abs_diff(*wanted)).max();
    assert!(worst <= Some(TOLERANCE), "{worst:?}");
    assert_eq!(jxl::decode_channel(&read("grayscale_jpeg/input.jxl"), layout.pixels, 1, 0).unwrap().len(), layout.pixels);
    let deep = jxl::decode_channel(&read("alpha_triangles/input.jxl"), 1024 * 1024, 4, 0);
    assert!(matches!(&deep, Err(CodecError::Unsupported { name, .. }) if name.contains("9 bits")), "{deep:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_borne(
        which in any::<Index>(),
        changes in vec((any::<Index>(), any::<u8>()), 1..8),
        early in any::<bool>(),
        inserted in vec(any::<u8>(), 0..40),
        at in any::<Index>(),
    ) {
        CHUNKS.with(|chunks| {
            let Chunk { bytes, len, decode, .. } = &chunks[which.index(chunks.len())];
            let mut changed = bytes.clone();
            for (at, with) in changes {
                // Headers are where lengths lie.
                let within = if early { changed.len().min(64) } else { changed.len() };
                changed[at.index(within)] = with;
            }
            let mut longer = bytes.clone();
            let at = at.index(longer.len());
            longer.splice(at..at, inserted.iter().copied());
            let noise = [&bytes[..at.min(12)], &inserted].concat();
            for bytes in [changed, longer, noise] {
                if let Ok(data) = decode(&bytes) {
                    prop_assert_eq!(data.len(), *len);
                }
            }
            Ok(())
        })?;
    }
}
