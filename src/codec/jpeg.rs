//! JPEG: one or three channels of bytes, the same to the last bit as libjpeg-turbo decodes them.

use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat};

use super::CodecError;

const CODEC: &str = "jpeg";
/// The last two bytes of an image.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
/// The most scans of a progressive image: few bytes of each could otherwise keep a worker busy for long.
const MOST_SCANS: usize = 256;

/// Decodes one channel of an image of `pixels` pixels, whatever its width and height, row by row.
///
/// `channels` is 1 (grey) or 3 (colour, stored as YCbCr or RGB; the channels that come out are R, G, B).
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels, [`CodecError::WrongSize`] for one of
/// another number of pixels, [`CodecError::Unsupported`] for `channels` other than 1 and 3.
pub fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    let format = match channels {
        1 => PixelFormat::Grayscale,
        3 => PixelFormat::Rgb,
        _ => return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {channels} channels") }),
    };
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    // The decoder fills up an image that ends early; what is truncated never has this marker, for compressed data escapes it.
    if !bytes.windows(2).rev().any(|pair| pair == END_OF_IMAGE) {
        return Err(corrupt("the image ends early"));
    }
    let limits = DecodeLimits { max_pixels: pixels as u64, max_scans: MOST_SCANS, ..DecodeLimits::default() };
    let decoder = Decoder::new_with_limits(bytes, limits).map_err(|error| corrupt(error.to_string()))?;
    let header = decoder.header();
    if header.components.len() != channels as usize {
        return Err(corrupt(format!("the image has {} channels instead of {channels}", header.components.len())));
    }
    if header.precision != 8 {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {} bits", header.precision) });
    }
    let size = usize::from(header.width) * usize::from(header.height);
    if size != pixels {
        return Err(CodecError::WrongSize { codec: CODEC, got: size as u64, expected: pixels as u64 });
    }
    let image = decoder.with_output_format(format).with_stop_on_warning(true).decode_image().map_err(|error| corrupt(error.to_string()))?;
    let data = image.into_vec();
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
