//! Streams that c-blosc wrote, and streams of real arrays where the fixtures are there.

use proptest::prelude::*;

use super::*;

/// The voxels behind every stream of [`STREAMS`]: `i / 16 * 1021 + i % 4`, 16 bits, little-endian.
fn voxels() -> Vec<u8> {
    (0..256_u16).flat_map(|i| (i / 16 * 1021 + i % 4).to_le_bytes()).collect()
}

/// `numcodecs.Blosc(cname, clevel=9, shuffle).encode(voxels)` of numcodecs 0.16.6 (c-blosc 1.21), in hex.
const STREAMS: &[(&str, &str)] = &[
    (
        "blosclz, plain",
        "020100020002000000020000e20000001400000063000000270000010002000300e00f0707fd03fe03ff030004e00f0707fa07fb07fc07fd07e0\
         0f0707f70bf80bf90bfa0be00f0707f40ff50ff60ff70fe00f0707f113f213f313f413e00f0707ee17ef17f017f117e00f0707eb1bec1bed1bee\
         1be00d0701ee1b6300000027e81fe91fea1feb1fe00f0707e523e623e723e823e00f0707e227e327e427e527e00f0707df2be02be12be22be00f\
         0707dc2fdd2fde2fdf2fe00f0707d933da33db33dc33e00f0707d637d737d837d937e00f0707d33bd43bd53bd63be00d0701d63b",
    ),
    (
        "blosclz, bytes",
        "020101020002000000020000fe00000014000000890000002300010203e0030303fdfeff00e0030303fafbfcfde0030303f7f8f9fae0030303f4\
         f5f6f7e0030303f1f2f3f4e0030303eeeff0f1e0030303ebecedeee0030303e8e9eaebe0030303e5e6e7e8e0030303e2e3e4e5e0030303dfe0e1\
         e2e0030303dcdddedfe0030303d9dadbdce0030303d6d7d8d9e003030fd3d4d5d6d3d4d5d6d3d4d5d6d3d4d5d6590000002300000000e0030303\
         03030304e003030007e00600000be00600000fe006000013e006000017e00600001be00600001fe006000023e006000027e00600002be0060000\
         2fe006000033e006000037e00600003be00400013b3b",
    ),
    (
        "blosclz, bits",
        "020104020002000000020000d1000000140000006f00000023aaaa5555e0130307cccc666633339999e00f070f00007777cccc1111ffff888833\
         33eeeee00b0f1fffffeeee000000003333ffffffff888800001111ffffffffcccc00000000777700ffa000800f010000c01f03ffffffffe0031f\
         e00101804f8000e0013fe00b01e0151f01ffff460000002400007777ffe0110000ffe0181f06008888ffff0000e00e0380000500ffffffff00e0\
         0b0701ff00c0000100ff8000c011800fc00de001008017c001e0091fe0230002000000",
    ),
    (
        "lz4, bytes",
        "020121020002000000020000db00000014000000760000004800010203040048fdfeff00040048fafbfcfd040048f7f8f9fa040048f4f5f6f704\
         0048f1f2f3f4040048eeeff0f1040048ebecedee040048e8e9eaeb040048e5e6e7e8040048e2e3e4e5040048dfe0e1e2040048dcdddedf040048\
         d9dadbdc040048d6d7d8d9040043d3d4d5d6040050d6d3d4d5d6490000001b000100480303030404001b0701001b0b01001b0f01001b1301001b\
         1701001b1b01001b1f01001b2301001b2701001b2b01001b2f01001b3301001b370100163b0100503b3b3b3b3b",
    ),
    (
        "lz4hc, bits",
        "020124020002000000020000cc00000014000000720000004faaaa55550400098fcccc666633339999080005ff0100007777cccc1111ffff8888\
         3333eeee10000120ffff08006000003333ffff1800200000200062ffffcccc0000200026ffff100024000020000001000820000601000250002a\
         000040000e01000f400005a0ffffffffffffffffffff3e0000005f00007777ff0100080f20000f20888806000f040005020100022a000f080001\
         2800002400041800061000040e000e28000e20000f01001c500000000000",
    ),
    (
        "zlib, bytes",
        "020161020002000000020000a9000000140000005700000078da4dc3571240300005c0e0fea743f42e440bd13bbf6f679628aa46e0f37e049fd7\
         fde06d3f4e3c2feb86e538cd58f483c44ddb09ccabbac1ac28394eb39ce1284e52ec0761841dd7f331b56c07eb8649f10fd33ad7013600000078\
         da63604005cccccc2cc8981d0d70a3017e34208c06c4d180341a904703ca68401d0d68a3017d34608c06ccd180351a0000532b1d15",
    ),
    (
        "zlib, plain",
        "020160020002000000020000c6000000140000005300000078da75c53912803008004014672828525050f0ffd77946a3d168d417b0cd0234d002\
         0238577cf143e8bc0bddf45025efcc275f5cd83b853d1c2107ef28ab6c92c47bd259178deadddb60a34de6fd03f4266e155700000078da75c5bb\
         0180200c05c05152a4484191828282fd2750f187a2288aba8413bc6baed2432f7d54c1852fbeb9323acb21a7144127b399dd64838ebae8aa49d1\
         a39dec6ca34507d7bbc18d0eddf8d6773e78f40f1f2d8601",
    ),
    (
        "zstd, bytes",
        "02019102000200000002000092000000140000007a00000028b52ffd600001850300440500010203fdfeff00fafbfcfdf7f8f9faf4f5f6f7f1f2\
         f3f4eeeff0f1ebecedeee8e9eaebe5e6e7e8e2e3e4e5dfe0e1e2dcdddedfd9dadbdcd6d7d8d9d3d4d5d60003030304070b0f13171b1f23272b2f\
         33373b3b20a81078127cd00f105e19c803b5810d93290a38000201072628",
    ),
    (
        "zstd, bits",
        "02019402000200000002000081000000140000006900000028b52ffd600001fd0200f2840b0ef0393189480b028140908868540abdf7bffdaa33\
         ff6fbf45fc0768abfe23dacf8ca87a0044a2d62c620651e42e162070288d074412c7819907691d539ad82b62033860bd0914c72a3404b7607886\
         e0ded8304d05d8a0d720c72822",
    ),
];
/// The first eight voxels at `clevel=0`: stored.
const STORED: &str = "0201330210000000100000002000000000000100020003000000010002000300";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn reads_what_blosc_wrote() {
    for (name, hex) in STREAMS {
        assert_eq!(decode(&bytes(hex), 512).unwrap(), voxels(), "{name}");
        assert!(matches!(decode(&bytes(hex), 511), Err(CodecError::WrongSize { got: 512, .. })), "{name}");
    }
    assert_eq!(decode(&bytes(STORED), 512).unwrap(), voxels()[..16]);
}

#[test]
fn says_what_is_damaged() {
    for (name, hex) in STREAMS {
        let whole = bytes(hex);
        for len in 0..whole.len() {
            assert!(matches!(decode(&whole[..len], 512), Err(CodecError::Corrupt { .. })), "{name} cut to {len}");
        }
    }
    let mut blosc2 = bytes(STREAMS[0].1);
    blosc2[0] = 5;
    assert!(matches!(decode(&blosc2, 512), Err(CodecError::Unsupported { .. })));
    let mut snappy = bytes(STREAMS[0].1);
    snappy[2] = 2 << 5;
    assert_eq!(decode(&snappy, 512), Err(CodecError::Unsupported { codec: "blosc", name: "snappy".to_owned() }));
}

proptest! {
    #[test]
    fn never_panics(which in 0..STREAMS.len(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut stream = bytes(STREAMS[which].1);
        for (at, with) in changes {
            let at = at.index(stream.len());
            stream[at] = with;
        }
        if let Ok(data) = decode(&stream, 1024) {
            prop_assert!(data.len() <= 1024);
        }
    }
}

#[test]
fn reads_the_streams_of_numcodecs() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/formats/numcodecs/blosc");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let mut read = 0;
    for codec in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for stream in std::fs::read_dir(&codec).unwrap().map(|entry| entry.unwrap().path()) {
            let name = stream.file_name().unwrap().to_str().unwrap();
            let Some(number) = name.strip_prefix("encoded.").and_then(|name| name.strip_suffix(".dat")) else {
                continue;
            };
            let array = std::fs::read(folder.join(format!("array.{number}.npy"))).unwrap();
            let header_len = 10 + usize::from(u16::from_le_bytes([array[8], array[9]]));
            let encoded = std::fs::read(&stream).unwrap();
            if encoded[2] >> 5 == 2 {
                assert!(matches!(decode(&encoded, 1 << 20), Err(CodecError::Unsupported { .. })), "{}", stream.display());
            } else {
                assert!(decode(&encoded, 1 << 20).unwrap() == array[header_len..], "{}", stream.display());
            }
            read += 1;
        }
    }
    assert!(read >= 80, "{read} streams");
}

#[test]
fn filters_come_undone_for_every_type_size() {
    for (type_size, len) in (1..=20).flat_map(|size| [0, 1, 7, 64, 333, 1024, 1999].map(|len| (size, len))) {
        let voxels: Vec<u8> = (0..len).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
        let count = len / type_size;
        let whole = count * type_size;
        let mut shuffled = voxels.clone();
        (0..whole).for_each(|i| shuffled[i % type_size * count + i / type_size] = voxels[i]);
        let mut output = vec![0; len];
        shuffle::undo_bytes(type_size, &shuffled, &mut output);
        assert!(output == voxels, "bytes of {type_size}, {len}");
        if count.is_multiple_of(8) {
            let bit = |byte: usize, bit: usize, voxel: usize| voxels[voxel * type_size + byte] >> bit & 1;
            for plane in 0..type_size * 8 {
                for group in 0..count / 8 {
                    shuffled[plane * count / 8 + group] = (0..8).map(|i| bit(plane / 8, plane % 8, group * 8 + i) << i).sum();
                }
            }
            shuffle::undo_bits(type_size, &shuffled, &mut output);
            assert!(output == voxels, "bits of {type_size}, {len}");
        }
    }
}
