//! JPEG XL: grey or colour, with or without alpha, of 8 bits, by jxl-rs. Images that were stored without loss come out exactly.
//!
//! Source: ISO/IEC 18181. Colours come out in the profile of the image; of an animation the first frame is read.

use ::jxl::api::{Event, JxlBitDepth, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat};

use super::{CodecError, samples};

const CODEC: &str = "jxl";
/// Channels that the decoder counts of every image, and the most that may come beside them.
const COUNTED_CHANNELS: usize = 4;
/// The narrowest row that the decoder counts.
const LEAST_COUNTED_WIDTH: usize = 16;

/// Decodes one channel of an image of `pixels` pixels, whatever its width and height, row by row.
///
/// `channels` is 1 (grey), 2 (grey, alpha), 3 (R, G, B) or 4 (R, G, B, alpha).
///
/// # Errors
/// [`CodecError::Corrupt`] for a damaged image or one of another number of channels, [`CodecError::WrongSize`] for one of another number of
/// pixels, [`CodecError::Unsupported`] for one that has not 8 bits, or `channels` beyond 4.
pub fn decode_channel(bytes: &[u8], pixels: usize, channels: u32, channel: u32) -> Result<Vec<u8>, CodecError> {
    let color_type = match channels {
        1 => JxlColorType::Grayscale,
        2 => JxlColorType::GrayscaleAlpha,
        3 => JxlColorType::Rgb,
        4 => JxlColorType::Rgba,
        _ => return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {channels} channels") }),
    };
    if channel >= channels {
        return Err(corrupt(format!("channel {channel} of {channels}")));
    }
    let mut options = JxlDecoderOptions::default();
    options.sample_limit = Some(pixels.saturating_mul(COUNTED_CHANNELS * LEAST_COUNTED_WIDTH).saturating_add(1));
    let mut decoder = JxlDecoder::new(options);
    let mut input = bytes;
    let mut rows: Option<(Vec<u8>, usize)> = None;
    loop {
        let mut buffers: Vec<JxlOutputBuffer<'_>> = Vec::new();
        if let Some((data, height)) = &mut rows {
            let row_bytes = data.len() / *height;
            buffers.push(JxlOutputBuffer::new(data, *height, row_bytes));
        }
        let output = (!buffers.is_empty()).then_some(buffers.as_mut_slice());
        let event = decoder.process(&mut input, output, None).map_err(|error| corrupt(error.to_string()))?;
        drop(buffers);
        match (event, &rows) {
            (Event::BasicInfo, None) => {
                let height = check(&decoder, pixels, channels)?;
                let extra_channels = decoder.basic_info().map_or(0, |info| info.extra_channels.len());
                let format = JxlPixelFormat {
                    color_type,
                    color_data_format: Some(JxlDataFormat::U8 { bit_depth: 8 }),
                    extra_channel_format: vec![None; extra_channels],
                };
                decoder.set_pixel_format(format).map_err(|error| corrupt(error.to_string()))?;
                rows = Some((vec![0; pixels * channels as usize], height));
            }
            (Event::FrameHeader, Some(_)) => {}
            (Event::FrameComplete { .. }, Some(_)) => break,
            (Event::NeedMoreInput { .. }, _) => return Err(corrupt("the image ends early")),
            _ => return Err(corrupt("there is no image")),
        }
    }
    let (data, _) = rows.unwrap_or_default();
    Ok(samples::of_channel(data, 1, channels, channel))
}

/// Checks what the header says, and gives the number of rows.
fn check(decoder: &JxlDecoder, pixels: usize, channels: u32) -> Result<usize, CodecError> {
    let (Some(info), Some(profile)) = (decoder.basic_info(), decoder.embedded_color_profile()) else {
        return Err(corrupt("there is no header"));
    };
    let (width, height) = info.size;
    let size = width.saturating_mul(height);
    if size != pixels || pixels == 0 {
        return Err(CodecError::WrongSize { codec: CODEC, got: size as u64, expected: pixels as u64 });
    }
    if info.bit_depth != (JxlBitDepth::Int { bits_per_sample: 8 }) {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("an image of {} bits", info.bit_depth.bits_per_sample()) });
    }
    let found = profile.channels() + info.extra_channels.len();
    if found != channels as usize {
        return Err(corrupt(format!("the image has {found} channels instead of {channels}")));
    }
    Ok(height)
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
