//! JPEG: one or three channels of bytes, the same to the last bit as libjpeg-turbo decodes them.
//!
//! Owns which decoder an image goes to. Grey images that are sequential and Huffman coded, which nearly all chunks are, are decoded
//! here ([`grey`]); every other kind by [`full`], which a build may leave out (feature `jpeg-full`).

#[cfg(feature = "jpeg-full")]
mod full;
mod grey;
mod header;
mod huffman;
mod idct;
mod lanes;

use super::CodecError;
use header::Header;

const CODEC: &str = "jpeg";

/// Decodes one channel of an image of `pixels` pixels, whatever its width and height, row by row.
///
/// `channels` is 1 (grey) or 3 (colour, stored as YCbCr or RGB; the channels that come out are R, G, B).
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels, [`CodecError::WrongSize`] for one of
/// another number of pixels, [`CodecError::Unsupported`] for `channels` other than 1 and 3, [`CodecError::NeedsFullModule`] for what
/// the feature `jpeg-full` reads where that is left out.
pub fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    if channels != 1 && channels != 3 {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {channels} channels") });
    }
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    let header = Header::read(bytes)?;
    let frame = &header.frame;
    if u32::from(frame.components) != channels {
        return Err(corrupt(format!("the image has {} channels instead of {channels}", frame.components)));
    }
    if frame.precision != 8 {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {} bits", frame.precision) });
    }
    let size = usize::from(frame.width) * usize::from(frame.height);
    if size != pixels {
        return Err(CodecError::WrongSize { codec: CODEC, got: size as u64, expected: pixels as u64 });
    }
    match &header.scan {
        Some(scan) => grey::decode(frame, scan),
        None => decode_full(bytes, pixels, channels, channel),
    }
}

#[cfg(feature = "jpeg-full")]
pub(super) use full::decode_channel as decode_full;

#[cfg(not(feature = "jpeg-full"))]
pub(super) fn decode_full(_: &[u8], _: usize, _: u32, _: u32) -> Result<Vec<u8>, CodecError> {
    Err(CodecError::NeedsFullModule { codec: CODEC })
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}

#[cfg(all(test, feature = "jpeg-full"))]
mod tests;
