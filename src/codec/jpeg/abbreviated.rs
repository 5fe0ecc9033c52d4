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
