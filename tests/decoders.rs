//! Decoders of chunks: what an encoder written from the format's description wrote comes back; nothing panics, whatever the bytes.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use neurolume::codec::compressed_segmentation::{Layout, decode_channel};
use neurolume::codec::{CodecError, jpeg};
use proptest::collection::vec;
use proptest::prelude::*;

/// Encodes channels of ids (x fastest) with indices of at least `least_bits` bits; ids of `N` bytes.
fn encode<const N: usize>(channels: &[Vec<u64>], layout: &Layout, least_bits: u32) -> Vec<u8> {
    let mut words: Vec<u32> = vec![0; channels.len()];
    for (number, ids) in channels.iter().enumerate() {
        words[number] = u32::try_from(words.len()).unwrap();
        let channel = encode_one::<N>(ids, layout, least_bits);
        words.extend(channel);
    }
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn encode_one<const N: usize>(ids: &[u64], layout: &Layout, least_bits: u32) -> Vec<u32> {
    let [width, height, depth] = layout.shape;
    let [bx, by, bz] = layout.block_shape;
    let blocks = [width.div_ceil(bx), height.div_ceil(by), depth.div_ceil(bz)];
    let mut words = vec![0_u32; (blocks[0] * blocks[1] * blocks[2] * 2) as usize];
    let mut tables: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
    for number in 0..blocks[0] * blocks[1] * blocks[2] {
        let corner = [number % blocks[0] * bx, number / blocks[0] % blocks[1] * by, number / blocks[0] / blocks[1] * bz];
        // Voxels outside the chunk repeat the last ones inside.
        let block: Vec<u64> = (0..bx * by * bz)
            .map(|i| {
                let x = (corner[0] + i % bx).min(width - 1);
                let y = (corner[1] + i / bx % by).min(height - 1);
                let z = (corner[2] + i / bx / by).min(depth - 1);
                ids[(x + width * (y + height * z)) as usize]
            })
            .collect();
        let mut table = block.clone();
        table.sort_unstable();
        table.dedup();
        let bits =
            [0_u32, 1, 2, 4, 8, 16, 32].into_iter().find(|&bits| bits >= least_bits && (1_u64 << bits) >= table.len() as u64).unwrap();
        let values_at = words.len();
        let mut packed = vec![0_u32; (block.len() * bits as usize).div_ceil(32)];
        for (i, id) in block.iter().enumerate().filter(|_| bits > 0) {
            let bit = i * bits as usize;
            packed[bit / 32] |= u32::try_from(table.binary_search(id).unwrap()).unwrap() << (bit % 32);
        }
        words.extend(packed);
        let table_at = *tables.entry(table.clone()).or_insert_with(|| {
            let at = words.len();
            for id in &table {
                words.extend(id.to_le_bytes()[..N].as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)));
            }
            at
        });
        words[number as usize * 2] = u32::try_from(table_at).unwrap() | bits << 24;
        words[number as usize * 2 + 1] = u32::try_from(values_at).unwrap();
    }
    words
}

fn to_bytes<const N: usize>(ids: &[u64]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_le_bytes()[..N].to_vec()).collect()
}

#[derive(Debug, Clone)]
struct Chunk {
    layout: Layout,
    channels: Vec<Vec<u64>>,
    least_bits: u32,
}

fn chunks() -> impl Strategy<Value = Chunk> {
    let shape = prop::array::uniform3(1_u32..20);
    let block_shape = prop::array::uniform3(1_u32..10);
    let ids = prop_oneof![1_u64..3, 1_u64..20, 1_u64..500];
    let bits = prop::sample::select(vec![0_u32, 1, 2, 4, 8, 16, 32]);
    (shape, block_shape, 1_u32..4, ids, bits, any::<u64>()).prop_flat_map(|(shape, block_shape, channels, ids, least_bits, factor)| {
        let voxels = (shape[0] * shape[1] * shape[2]) as usize;
        vec(vec((0..ids).prop_map(move |id| id.wrapping_mul(factor | 1)), voxels), channels as usize).prop_map(move |values| Chunk {
            layout: Layout { shape, block_shape, channels },
            channels: values,
            least_bits,
        })
    })
}

fn round_trip<const N: usize>(chunk: &Chunk) -> Result<(), TestCaseError> {
    let mask = if N == 4 { u64::from(u32::MAX) } else { u64::MAX };
    let channels: Vec<Vec<u64>> = chunk.channels.iter().map(|ids| ids.iter().map(|id| id & mask).collect()).collect();
    let bytes = encode::<N>(&channels, &chunk.layout, chunk.least_bits);
    for (number, ids) in (0_u32..).zip(&channels) {
        prop_assert_eq!(decode_channel::<N>(&bytes, &chunk.layout, number).unwrap(), to_bytes::<N>(ids));
    }
    Ok(())
}

proptest! {
    #[test]
    fn compressed_segmentation_comes_back(chunk in chunks()) {
        round_trip::<8>(&chunk)?;
        round_trip::<4>(&chunk)?;
    }

    #[test]
    fn compressed_segmentation_bears_any_bytes(
        chunk in chunks(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        noise in vec(any::<u8>(), 0..400),
    ) {
        let len = chunk.layout.shape.iter().product::<u32>() as usize * 8;
        let mut bytes = encode::<8>(&chunk.channels, &chunk.layout, chunk.least_bits);
        for (at, with) in changes {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())], &noise] {
            for channel in 0..chunk.layout.channels {
                if let Ok(data) = decode_channel::<8>(bytes, &chunk.layout, channel) {
                    prop_assert_eq!(data.len(), len);
                }
                _ = decode_channel::<4>(bytes, &chunk.layout, channel);
            }
        }
    }
}

#[test]
fn compressed_segmentation_refuses_what_points_outside() {
    let layout = Layout { shape: [4, 4, 4], block_shape: [4, 4, 4], channels: 1 };
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    // One channel; one block: a table at word 2 (from the channel's start), no bits.
    assert_eq!(decode_channel::<4>(&words(&[1, 2, 0, 77]), &layout, 0).unwrap(), words(&[77; 64]));
    for (what, file) in [
        ("empty", vec![]),
        ("a channel outside", vec![9, 2, 0, 77]),
        ("headers missing", vec![1, 2]),
        ("a table outside", vec![1, 3, 0, 77]),
        ("indices outside", vec![1, 2 | 1 << 24, 4, 77]),
        ("an index past its table", vec![1, 4 | 1 << 24, 2, u32::MAX, u32::MAX, 77]),
        ("a width of 3 bits", vec![1, 2 | 3 << 24, 2, 77]),
    ] {
        let got = decode_channel::<4>(&words(&file), &layout, 0);
        assert!(matches!(got, Err(CodecError::Corrupt { .. })), "{what}: {got:?}");
    }
    assert!(decode_channel::<4>(&words(&[1, 2, 0, 77])[..15], &layout, 0).is_err());
    assert!(decode_channel::<4>(&words(&[1, 2, 0, 77]), &layout, 1).is_err());
    for edge in [0, u32::MAX] {
        let odd = Layout { block_shape: [4, edge, 4], ..layout };
        assert!(matches!(decode_channel::<4>(&words(&[1, 2, 0, 77]), &odd, 0), Err(CodecError::Unsupported { .. })));
    }
}

/// The JPEG chunks of the test data: pixels, channels, bytes.
fn jpegs() -> Vec<(usize, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for (volume, channels) in [("jpeg", 1), ("jpeg-rgb-420", 3), ("jpeg-rgb-444", 3)] {
        let folder = support::data_folder().join("precomputed").join(volume).join("8_8_40");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().take(2) {
            let spans = file.file_name().unwrap().to_str().unwrap().split('_').map(|span| {
                let (from, to) = span.split_once('-').unwrap();
                to.parse::<usize>().unwrap() - from.parse::<usize>().unwrap()
            });
            found.push((spans.product(), channels, std::fs::read(file).unwrap()));
        }
    }
    found
}

#[test]
fn jpeg_says_what_is_wrong() {
    for (pixels, channels, bytes) in jpegs() {
        assert_eq!(jpeg::decode_channel(&bytes, pixels, channels, 0).unwrap().len(), pixels);
        let wrong_size = jpeg::decode_channel(&bytes, pixels + 1, channels, 0);
        assert!(matches!(wrong_size, Err(CodecError::WrongSize { .. })), "{wrong_size:?}");
        assert!(matches!(jpeg::decode_channel(&bytes, pixels, 4 - channels, 0), Err(CodecError::Corrupt { .. })));
        assert!(matches!(jpeg::decode_channel(&bytes, pixels, 2, 0), Err(CodecError::Unsupported { .. })));
        assert!(matches!(jpeg::decode_channel(&bytes, pixels, channels, channels), Err(CodecError::Corrupt { .. })));
        for len in 0..bytes.len() - 1 {
            assert!(jpeg::decode_channel(&bytes[..len], pixels, channels, 0).is_err(), "{len} of {} bytes decode", bytes.len());
        }
    }
}

proptest! {
    #[test]
    fn jpeg_bears_any_bytes(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        early in any::<bool>(),
        noise in vec(any::<u8>(), 0..300),
    ) {
        let jpegs = jpegs();
        let (pixels, channels, bytes) = &jpegs[which.index(jpegs.len())];
        let mut bytes = bytes.clone();
        for (at, with) in changes {
            // Headers are where lengths lie.
            let within = if early { 200 } else { bytes.len() };
            let at = at.index(within);
            bytes[at] = with;
        }
        if let Ok(data) = jpeg::decode_channel(&bytes, *pixels, *channels, 0) {
            prop_assert_eq!(data.len(), *pixels);
        }
        let noise = [&[0xff, 0xd8][..], &noise, &[0xff, 0xd9]].concat();
        _ = jpeg::decode_channel(&noise, *pixels, *channels, 0);
    }
}
