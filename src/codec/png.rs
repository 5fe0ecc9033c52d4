//! PNG: grey or colour, with or without alpha, of 8 or 16 bits. Each becomes as many channels as a pixel has samples, stored as they are:
//! neither gamma nor transparency is applied.
//!
//! Source: PNG specification, third edition.

use std::io::Cursor;

use ::png::{BitDepth, ColorType, Decoder, DecodingError, Limits};

use super::{CodecError, samples};

const CODEC: &str = "png";
/// What the decoder may take beside the pixels: a row, and chunks of metadata.
const SLACK_BYTES: usize = 1 << 16;
/// Deflate makes no more bytes of one.
const MOST_RATIO: usize = 1032;

/// What the metadata says of an encoded chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Pixels, whatever the width and height.
    pub pixels: usize,
    /// Samples of a pixel: 1 (grey), 2 (grey, alpha), 3 (R, G, B) or 4 (R, G, B, alpha).
    pub channels: u32,
    /// Bytes of a sample, 1 or 2.
    pub sample_bytes: usize,
}

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels along a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// As [`Layout::channels`].
    pub channels: u32,
    /// As [`Layout::sample_bytes`].
    pub sample_bytes: usize,
}

/// What an image holds, from its header.
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged header, [`CodecError::Unsupported`] for an image with a palette or of fewer than 8 bits a sample.
pub fn size(bytes: &[u8]) -> Result<Size, CodecError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: SLACK_BYTES });
    size_of(&mut decoder)
}

fn size_of(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<Size, CodecError> {
    let info = decoder.read_header_info().map_err(|error| from_png(&error))?;
    let unsupported = |name: String| CodecError::Unsupported { codec: CODEC, name };
    if info.color_type == ColorType::Indexed {
        return Err(unsupported("an image with a palette".to_owned()));
    }
    let sample_bytes = match info.bit_depth {
        BitDepth::Eight => 1,
        BitDepth::Sixteen => 2,
        few => return Err(unsupported(format!("an image of {} bits a channel", few as u8))),
    };
    let channels = u32::try_from(info.color_type.samples()).unwrap_or(0);
    Ok(Size { width: info.width, height: info.height, channels, sample_bytes })
}

/// Decodes one channel, row by row; samples of 16 bits little-endian.
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels or bits, [`CodecError::WrongSize`] for one of another
/// number of pixels, [`CodecError::Unsupported`] for one with a palette or of fewer than 8 bits a sample.
pub fn decode_channel(bytes: &[u8], layout: &Layout, channel: u32) -> Result<Vec<u8>, CodecError> {
    let &Layout { channels, sample_bytes, .. } = layout;
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    Ok(little_endian(samples::of_channel(pixels(bytes, layout)?, sample_bytes, channels, channel), sample_bytes))
}

/// The same of all channels, which are those of each pixel in turn.
///
/// # Errors
/// As [`decode_channel`].
pub fn decode(bytes: &[u8], layout: &Layout) -> Result<Vec<u8>, CodecError> {
    Ok(little_endian(pixels(bytes, layout)?, layout.sample_bytes))
}

/// Pixels as they are stored.
fn pixels(bytes: &[u8], layout: &Layout) -> Result<Vec<u8>, CodecError> {
    let &Layout { pixels, channels, sample_bytes } = layout;
    let expected = pixels.checked_mul(channels as usize).and_then(|samples| samples.checked_mul(sample_bytes));
    let expected = expected.ok_or_else(|| corrupt("more pixels than fit memory"))?;
    if expected / MOST_RATIO > bytes.len() {
        return Err(corrupt(format!("{} bytes cannot hold {pixels} pixels of {channels} × {sample_bytes} bytes", bytes.len())));
    }
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: expected.saturating_add(SLACK_BYTES) });
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let found = size_of(&mut decoder)?;
    if found.channels != channels {
        return Err(corrupt(format!("the image has {} channels instead of {channels}", found.channels)));
    }
    if found.sample_bytes != sample_bytes {
        return Err(corrupt(format!("the image has {} bits a channel instead of {}", 8 * found.sample_bytes, 8 * sample_bytes)));
    }
    let size = u64::from(found.width).saturating_mul(u64::from(found.height));
    if size != pixels as u64 {
        return Err(CodecError::WrongSize { codec: CODEC, got: size, expected: pixels as u64 });
    }
    let mut reader = decoder.read_info().map_err(|error| from_png(&error))?;
    let mut data = vec![0; expected];
    reader.next_frame(&mut data).map_err(|error| from_png(&error))?;
    // What is cut off after the last row is damaged too.
    reader.finish().map_err(|error| from_png(&error))?;
    Ok(data)
}

fn little_endian(mut data: Vec<u8>, sample_bytes: usize) -> Vec<u8> {
    if sample_bytes == 2 {
        data.as_chunks_mut::<2>().0.iter_mut().for_each(|sample| sample.reverse());
    }
    data
}

/// Encodes a grey image of `width` pixels across, row by row, with samples of `sample_bytes` bytes, 1 or 2 (little-endian here).
///
/// # Errors
/// [`CodecError::WrongSize`] where the samples do not fill whole rows, [`CodecError::Unsupported`] for sizes that PNG has not.
#[cfg(feature = "encode")]
pub fn encode_grey(samples: &[u8], width: u32, sample_bytes: usize) -> Result<Vec<u8>, CodecError> {
    let row_bytes = (width as usize).saturating_mul(sample_bytes);
    let height = samples.len().checked_div(row_bytes).and_then(|rows| u32::try_from(rows).ok()).filter(|rows| *rows > 0);
    let unsupported =
        || CodecError::Unsupported { codec: CODEC, name: format!("an image of {} bytes, {width} pixels across", samples.len()) };
    let height = height.filter(|_| sample_bytes <= 2).ok_or_else(unsupported)?;
    if row_bytes * height as usize != samples.len() {
        return Err(CodecError::WrongSize { codec: CODEC, got: samples.len() as u64, expected: (row_bytes * height as usize) as u64 });
    }
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(if sample_bytes == 1 { BitDepth::Eight } else { BitDepth::Sixteen });
    encoder.set_compression(::png::Compression::Fast);
    let failed = |error: ::png::EncodingError| corrupt(error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    if sample_bytes == 1 {
        writer.write_image_data(samples).map_err(failed)?;
    } else {
        let swapped: Vec<u8> = samples.as_chunks::<2>().0.iter().flat_map(|[low, high]| [*high, *low]).collect();
        writer.write_image_data(&swapped).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn from_png(error: &DecodingError) -> CodecError {
    corrupt(error.to_string())
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
