//! The decoder of grey images gives what libjpeg-turbo-rs gives, for every size and quality, and no damage makes it panic.

use libjpeg_turbo_rs::{Encoder, HuffmanTableDef, PixelFormat};
use proptest::prelude::*;

use super::*;

/// How a test image is made.
#[derive(Debug, Clone)]
struct Case {
    width: usize,
    height: usize,
    quality: u8,
    /// 0 is a ramp, 255 all noise.
    noise: u8,
    seed: u64,
    restart: u16,
    optimised: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let restart = prop_oneof![Just(0_u16), 1_u16..20];
    (1_usize..70, 1_usize..70, 1_u8..=100, any::<u8>(), any::<u64>(), restart, any::<bool>()).prop_map(
        |(width, height, quality, noise, seed, restart, optimised)| Case { width, height, quality, noise, seed, restart, optimised },
    )
}

impl Case {
    fn pixels(&self) -> usize {
        self.width * self.height
    }

    fn image(&self) -> Vec<u8> {
        let mut state = self.seed | 1;
        (0..self.pixels())
            .map(|i| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let ramp = (i % self.width * 3 + i / self.width * 5) as u64 & 255;
                let noise = u64::from(self.noise);
                (((state >> 32 & 255) * noise + ramp * (255 - noise)) / 255) as u8
            })
            .collect()
    }

    fn encode(&self) -> Vec<u8> {
        let image = self.image();
        let encoder = Encoder::new(&image, self.width, self.height, PixelFormat::Grayscale).quality(self.quality);
        encoder.restart_blocks(self.restart).optimize_huffman(self.optimised).encode().unwrap()
    }
}

fn ours(bytes: &[u8], pixels: usize) -> Vec<u8> {
    assert!(Header::read(bytes).unwrap().scan.is_some(), "the image goes to the other decoder");
    decode_channel(bytes, pixels, 1, 0).unwrap()
}

fn theirs(bytes: &[u8], pixels: usize) -> Vec<u8> {
    full::decode_channel(bytes, pixels, 1, 0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn equals_the_library(case in cases()) {
        let bytes = case.encode();
        prop_assert!(ours(&bytes, case.pixels()) == theirs(&bytes, case.pixels()));
    }

    #[test]
    fn bears_damage(
        case in cases(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = case.encode();
        let len = cut.index(bytes.len());
        let early = decode_channel(&bytes[..len], case.pixels(), 1, 0);
        prop_assert!(matches!(early, Err(CodecError::Corrupt { .. })), "{len} bytes decode");
        for (at, with) in changes {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        if let Ok(data) = decode_channel(&bytes, case.pixels(), 1, 0) {
            prop_assert_eq!(data.len(), case.pixels());
        }
    }
}

/// Every quality, at the sizes of chunks: thin, one block more or less than whole.
#[test]
fn equals_the_library_at_every_quality() {
    for quality in 1..=100 {
        for (width, height) in [(64, 512), (63, 65), (1, 9), (250, 7)] {
            for noise in [0, 20, 100, 255] {
                let case = Case { width, height, quality, noise, seed: u64::from(quality), restart: 0, optimised: noise == 20 };
                let bytes = case.encode();
                assert!(ours(&bytes, case.pixels()) == theirs(&bytes, case.pixels()), "{case:?}");
            }
        }
    }
}

/// Codes of up to 16 bits, longer than one look, for coefficients that are common.
#[test]
fn equals_the_library_with_long_codes() {
    let case = Case { width: 64, height: 640, quality: 90, noise: 60, seed: 5, restart: 7, optimised: false };
    let image = case.image();
    let mut bits = [0; 17];
    bits[16] = 162;
    let mut values: Vec<u8> = (0..=255).filter(|symbol| (1..=10).contains(&(symbol & 15)) || *symbol == 0 || *symbol == 0xf0).collect();
    values.reverse();
    let table = HuffmanTableDef { bits, values };
    let encoder = Encoder::new(&image, 64, 640, PixelFormat::Grayscale).quality(90).restart_blocks(7);
    let bytes = encoder.huffman_ac_table(0, table).encode().unwrap();
    assert!(ours(&bytes, case.pixels()) == theirs(&bytes, case.pixels()));
}

#[test]
fn other_kinds_go_to_the_library() {
    let case = Case { width: 40, height: 30, quality: 80, noise: 50, seed: 9, restart: 0, optimised: false };
    let image = case.image();
    let grey = || Encoder::new(&image, 40, 30, PixelFormat::Grayscale).quality(80);
    let sequential = grey().encode().unwrap();
    for bytes in [grey().progressive(true).encode().unwrap(), grey().arithmetic(true).encode().unwrap()] {
        assert!(Header::read(&bytes).unwrap().scan.is_none());
        assert!(decode_channel(&bytes, 1200, 1, 0).unwrap() == ours(&sequential, 1200));
    }
}

#[test]
fn refuses_what_the_library_warns_of() {
    let case = Case { width: 40, height: 30, quality: 80, noise: 50, seed: 9, restart: 3, optimised: false };
    let bytes = case.encode();
    let refused = |bytes: &[u8]| matches!(decode_channel(bytes, 1200, 1, 0), Err(CodecError::Corrupt { .. }));
    let second_restart = bytes.windows(2).position(|two| two == [0xff, 0xd1]).unwrap();
    let mut out_of_order = bytes.clone();
    out_of_order[second_restart + 1] = 0xd4;
    assert!(refused(&out_of_order));
    let mut longer = bytes.clone();
    longer.splice(bytes.len() - 2..bytes.len() - 2, [0, 0]);
    assert!(refused(&longer));
    let mut followed = bytes.clone();
    followed.extend([1, 2, 3]);
    assert!(!refused(&followed));
}
