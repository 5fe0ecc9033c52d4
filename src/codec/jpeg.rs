//! JPEG: one or three channels of bytes.
#![deny(clippy::indexing_slicing)]

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::CodecError;

const CODEC: &str = "jpeg";
/// The last two bytes of an image.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Decodes one channel of an image of `pixels` pixels, whatever its width and height, row by row.
///
/// `channels` is 1 (grey) or 3 (colour, stored as YCbCr or RGB; the channels that come out are R, G, B).
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels, [`CodecError::WrongSize`] for one of
/// another number of pixels, [`CodecError::Unsupported`] for `channels` other than 1 and 3.
pub fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    let colorspace = match channels {
        1 => ColorSpace::Luma,
        3 => ColorSpace::RGB,
        _ => return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {channels} channels") }),
    };
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    // The decoder fills up an image that ends early; what is truncated never has this marker, for compressed data escapes it.
    if !bytes.windows(2).rev().any(|pair| pair == END_OF_IMAGE) {
        return Err(corrupt("the image ends early"));
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(colorspace);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| corrupt(error.to_string()))?;
    let info = decoder.info().ok_or_else(|| corrupt("it has no header"))?;
    if u32::from(info.components) != channels {
        return Err(corrupt(format!("the image has {} channels instead of {channels}", info.components)));
    }
    let size = usize::from(info.width) * usize::from(info.height);
    if size != pixels {
        return Err(CodecError::WrongSize { codec: CODEC, got: size as u64, expected: pixels as u64 });
    }
    let data = decoder.decode().map_err(|error| corrupt(error.to_string()))?;
    if data.len() != pixels * channels as usize {
        return Err(corrupt(format!("{} bytes come out instead of {pixels} × {channels}", data.len())));
    }
    if channels == 1 {
        return Ok(data);
    }
    Ok(data.into_iter().skip(channel as usize).step_by(channels as usize).collect())
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
