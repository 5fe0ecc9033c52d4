//! Images whose tables lie elsewhere, as in TIFF, which also says itself what their colours are (TIFF technical note 2).

use super::header::segment;
use super::{CodecError, corrupt};

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
/// JFIF's and Adobe's, which say what the colours are.
const SAY_COLOURS: [u8; 2] = [0xe0, 0xee];

/// What three channels are stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Red, green, blue.
    Rgb,
    /// Luma and two of chroma.
    YCbCr,
}

/// The image that an abbreviated one stands for: with the tables of `tables` (a stream of nothing but tables, or nothing) before its own, and
/// said to be of these colours, whatever it says itself.
///
/// # Errors
/// [`CodecError::Corrupt`] where a stream is no sequence of segments.
pub fn complete(tables: &[u8], image: &[u8], colours: Colours) -> Result<Vec<u8>, CodecError> {
    let transform = u8::from(colours == Colours::YCbCr);
    let mut whole = Vec::with_capacity(tables.len() + image.len() + 18);
    whole.extend_from_slice(&START_OF_IMAGE);
    // Adobe's marker: version 100, two words of flags, and what was done to the colours.
    whole.extend_from_slice(&[0xff, 0xee, 0, 14, b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, transform]);
    if !tables.is_empty() {
        let mut rest = body(tables)?;
        loop {
            match segment(&mut rest)? {
                (END_OF_IMAGE, _) => break,
                (marker, body) => copy(marker, body, &mut whole),
            }
        }
    }
    let mut rest = body(image)?;
    loop {
        let before = rest;
        match segment(&mut rest)? {
            (START_OF_SCAN, _) => {
                whole.extend_from_slice(before);
                return Ok(whole);
            }
            (END_OF_IMAGE, _) => return Err(corrupt("the image has no scan")),
            (marker, body) => copy(marker, body, &mut whole),
        }
    }
}

fn body(stream: &[u8]) -> Result<&[u8], CodecError> {
    stream.strip_prefix(&START_OF_IMAGE).ok_or_else(|| corrupt("the bytes do not begin like an image"))
}

fn copy(marker: u8, body: &[u8], to: &mut Vec<u8>) {
    if SAY_COLOURS.contains(&marker) {
        return;
    }
    // It came with a length of two bytes, which hold it and the body.
    let len = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    to.extend_from_slice(&[0xff, marker]);
    to.extend_from_slice(&len.to_be_bytes());
    to.extend_from_slice(body);
}

#[cfg(all(test, feature = "jpeg-full"))]
mod tests {
    use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};
    use proptest::prelude::*;

    use super::super::{decode, size};
    use super::*;

    fn colours() -> Vec<u8> {
        (0..16 * 16).flat_map(|i: u32| [i % 251, i / 2, 255 - i % 256]).map(|n| u8::try_from(n).unwrap()).collect()
    }

    /// An image, its tables apart, and the image without them.
    fn split() -> [Vec<u8>; 3] {
        let image = Encoder::new(&colours(), 16, 16, PixelFormat::Rgb).quality(95).subsampling(Subsampling::S444).encode().unwrap();
        let (mut tables, mut rest) = (START_OF_IMAGE.to_vec(), START_OF_IMAGE.to_vec());
        let mut left = body(&image).unwrap();
        loop {
            let before = left;
            let (marker, content) = segment(&mut left).unwrap();
            match marker {
                START_OF_SCAN => {
                    rest.extend_from_slice(before);
                    tables.extend_from_slice(&[0xff, END_OF_IMAGE]);
                    return [image, tables, rest];
                }
                0xc4 | 0xdb => copy(marker, content, &mut tables),
                _ => copy(marker, content, &mut rest),
            }
        }
    }

    #[test]
    fn an_image_and_tables_that_lie_apart_are_the_whole_one() {
        let [image, tables, rest] = split();
        let whole = complete(&tables, &rest, Colours::YCbCr).unwrap();
        assert_eq!(size(&whole).unwrap(), size(&image).unwrap());
        assert_eq!(decode(&whole, 256, 3).unwrap(), decode(&image, 256, 3).unwrap());
        // What the image says of its colours does not count.
        let as_rgb = decode(&complete(&[], &image, Colours::Rgb).unwrap(), 256, 3).unwrap();
        assert_ne!(as_rgb, decode(&image, 256, 3).unwrap());
        // Luma of the first pixel, 0, 0, 255: 0.114 × 255.
        assert!(as_rgb[0].abs_diff(29) <= 3, "{}", as_rgb[0]);
    }

    proptest! {
        #[test]
        fn never_panics(cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let [_, tables, rest] = split();
            for which in 0..2 {
                let mut parts = [tables.clone(), rest.clone()];
                let len = parts[which].len();
                parts[which][at.index(len)] = with;
                parts[which].truncate(cut.index(len + 1));
                if let Ok(whole) = complete(&parts[0], &parts[1], Colours::YCbCr) {
                    _ = decode(&whole, 256, 3);
                }
            }
        }
    }
}
