//! JPEG: one or three channels of bytes, the same to the last bit as libjpeg-turbo decodes them.
//!
//! Owns which decoder an image goes to. Grey images that are sequential and Huffman coded, which nearly all chunks are, are decoded
//! here ([`grey`]); every other kind by [`full`], which a build may leave out (feature `jpeg-full`).

#[cfg(feature = "tiff")]
mod abbreviated;
#[cfg(feature = "jpeg-full")]
mod full;
mod grey;
mod header;
mod huffman;
mod idct;
mod lanes;

#[cfg(feature = "tiff")]
pub use abbreviated::{Colours, complete};

use super::CodecError;
use header::{Frame, Header};

const CODEC: &str = "jpeg";

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels along a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 (grey) or 3 (colour).
    pub channels: u32,
}

/// What an image holds, from its header.
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged header, [`CodecError::Unsupported`] for other than 1 or 3 channels of 8 bits.
pub fn size(bytes: &[u8]) -> Result<Size, CodecError> {
    let frame = Header::read(bytes)?.frame;
    let channels = u32::from(frame.components);
    check(&frame, channels)?;
    Ok(Size { width: frame.width.into(), height: frame.height.into(), channels })
}

/// Decodes an image of `pixels` pixels and `channels` channels ([`size`]), row by row, the channels of each pixel in turn.
///
/// # Errors
/// As [`decode_channel`].
#[cfg(feature = "jpeg-full")]
pub fn decode(bytes: &[u8], pixels: usize, channels: u32) -> Result<Vec<u8>, CodecError> {
    if channels == 1 {
        return decode_channel(bytes, pixels, 1, 0);
    }
    read_header(bytes, pixels, channels)?;
    full::decode(bytes, pixels, channels)
}

/// Decodes one channel of an image of `pixels` pixels, whatever its width and height, row by row.
///
/// `channels` is 1 (grey) or 3 (colour, stored as YCbCr or RGB; the channels that come out are R, G, B).
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels, [`CodecError::WrongSize`] for one of
/// another number of pixels, [`CodecError::Unsupported`] for `channels` other than 1 and 3, [`CodecError::NeedsFullModule`] for what
/// the feature `jpeg-full` reads where that is left out.
pub fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    let header = read_header(bytes, pixels, channels)?;
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    match &header.scan {
        Some(scan) => grey::decode(&header.frame, scan),
        None => decode_full(bytes, pixels, channels, channel),
    }
}

/// The header of an image that must have so many pixels and channels.
fn read_header(bytes: &[u8], pixels: usize, channels: u32) -> Result<Header<'_>, CodecError> {
    let header = Header::read(bytes)?;
    let frame = &header.frame;
    check(frame, channels)?;
    let size = usize::from(frame.width) * usize::from(frame.height);
    if size != pixels {
        return Err(CodecError::WrongSize { codec: CODEC, got: size as u64, expected: pixels as u64 });
    }
    Ok(header)
}

/// Whether an image of so many channels is decoded here, and this is one.
fn check(frame: &Frame, channels: u32) -> Result<(), CodecError> {
    if channels != 1 && channels != 3 {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {channels} channels") });
    }
    if u32::from(frame.components) != channels {
        return Err(corrupt(format!("the image has {} channels instead of {channels}", frame.components)));
    }
    if frame.precision != 8 {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {} bits", frame.precision) });
    }
    Ok(())
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
