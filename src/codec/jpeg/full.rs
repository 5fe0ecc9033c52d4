//! Every kind of JPEG there is, by libjpeg-turbo-rs: colour, progressive, arithmetic coding, tables left to convention.

use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat};

use super::{CodecError, corrupt};

/// The last two bytes of an image.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
/// The most scans of a progressive image: few bytes of each could otherwise keep a worker busy for long.
const MOST_SCANS: usize = 256;

/// Decodes one channel of an image of 8 bits, whose number of channels, 1 or 3, and of pixels is known to be this.
pub(in super::super) fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    let data = decode(bytes, pixels, channels)?;
    if channels == 1 {
        return Ok(data);
    }
    Ok(data.into_iter().skip(channel as usize).step_by(channels as usize).collect())
}

/// The same of all channels, which are those of each pixel in turn.
pub(super) fn decode(bytes: &[u8], pixels: usize, channels: u32) -> Result<Vec<u8>, CodecError> {
    // The decoder fills up an image that ends early; what is truncated never has this marker, for compressed data escapes it.
    if !bytes.windows(2).rev().any(|pair| pair == END_OF_IMAGE) {
        return Err(corrupt("the image ends early"));
    }
    let limits = DecodeLimits { max_pixels: pixels as u64, max_scans: MOST_SCANS, ..DecodeLimits::default() };
    let decoder = Decoder::new_with_limits(bytes, limits).map_err(|error| corrupt(error.to_string()))?;
    let format = if channels == 1 { PixelFormat::Grayscale } else { PixelFormat::Rgb };
    let image = decoder.with_output_format(format).with_stop_on_warning(true).decode_image().map_err(|error| corrupt(error.to_string()))?;
    let data = image.into_vec();
    if data.len() != pixels * channels as usize {
        return Err(corrupt(format!("{} bytes come out instead of {pixels} × {channels}", data.len())));
    }
    Ok(data)
}
