//! From the stored bytes of a strip or tile to pixels: rows from top to bottom, the channels of each pixel in turn, little-endian.

use super::file::Order;
use super::page::{Compression, Page, Predictor};
use crate::codec::jpeg::{self, Colours};
use crate::codec::{CodecError, lzw, packbits, xz, zlib, zstd};

/// Decodes a strip or tile of `rows` rows; more are left out where there are more.
pub(super) fn decode(page: &Page, bytes: &[u8], rows: u32) -> Result<Vec<u8>, CodecError> {
    let row_bytes = page.unit.first().map_or(0, |&width| width as usize) * page.pixel_bytes();
    let wanted = row_bytes * rows as usize;
    // The last strip may be stored whole.
    let most = page.unit_bytes().unwrap_or(0).max(wanted);
    let mut data = match &page.compression {
        Compression::None => bytes.to_vec(),
        Compression::Lzw => lzw::decode(bytes, most)?,
        Compression::Deflate => zlib::decode(bytes, most)?,
        Compression::PackBits => packbits::decode(bytes, most)?,
        Compression::Zstd => zstd::decode(bytes, most)?,
        Compression::Xz => xz::decode(bytes, most)?,
        Compression::Jpeg { tables, is_ycbcr } => decode_jpeg(page, bytes, tables, *is_ycbcr, rows)?,
    };
    if data.len() < wanted {
        return Err(CodecError::WrongSize { codec: page.compression.name(), got: data.len() as u64, expected: wanted as u64 });
    }
    data.truncate(wanted);
    let size = page.shape.data_type.size_bytes();
    let samples = page.pixel_bytes() / size;
    if page.predictor == Predictor::Float {
        data.chunks_exact_mut(row_bytes.max(1)).for_each(|row| undo_float(row, size, samples));
    } else {
        // JPEG's bytes have no order.
        if page.order == Order::Big {
            data.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        if page.predictor == Predictor::Horizontal {
            data.chunks_exact_mut(row_bytes.max(1)).for_each(|row| undo_horizontal(row, size, samples));
        }
    }
    if page.is_inverted {
        data.iter_mut().for_each(|byte| *byte = !*byte);
    }
    Ok(data)
}

fn decode_jpeg(page: &Page, bytes: &[u8], tables: &[u8], is_ycbcr: bool, rows: u32) -> Result<Vec<u8>, CodecError> {
    let corrupt = |reason: String| CodecError::Corrupt { codec: "jpeg", reason };
    let colours = if is_ycbcr { Colours::YCbCr } else { Colours::Rgb };
    let whole = jpeg::complete(tables, bytes, colours)?;
    let [width, height] = page.unit;
    let size = jpeg::size(&whole)?;
    if size.width != width || size.height < rows || size.height > height {
        return Err(corrupt(format!("an image of {} × {} pixels for a strip or tile of {width} × {rows}", size.width, size.height)));
    }
    if size.channels as usize != page.pixel_bytes() {
        return Err(corrupt(format!("an image of {} channels for pixels of {} bytes", size.channels, page.pixel_bytes())));
    }
    jpeg::decode(&whole, width as usize * size.height as usize, size.channels)
}

/// Adds to each sample that of the pixel before.
fn undo_horizontal(row: &mut [u8], size: usize, samples: usize) {
    match size {
        1 => add_up::<1>(row, samples),
        2 => add_up::<2>(row, samples),
        4 => add_up::<4>(row, samples),
        _ => add_up::<8>(row, samples),
    }
}

fn add_up<const N: usize>(row: &mut [u8], samples: usize) {
    let (values, _) = row.as_chunks_mut::<N>();
    let wide = |value: &[u8; N]| value.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    for at in samples..values.len() {
        let (before, rest) = values.split_at_mut(at);
        if let (Some(before), Some(value)) = (before.get(at - samples), rest.first_mut()) {
            let sum = wide(before).wrapping_add(wide(value)).to_le_bytes();
            value.copy_from_slice(sum.get(..N).unwrap_or_default());
        }
    }
}

/// Adds up the bytes of a row and puts those of each float together, of which all the highest come first.
fn undo_float(row: &mut [u8], size: usize, samples: usize) {
    add_up::<1>(row, samples);
    let planes = row.to_vec();
    let count = row.len() / size;
    for (significance, plane) in planes.chunks_exact(count.max(1)).enumerate() {
        let places = row.iter_mut().skip(size - 1 - significance.min(size - 1)).step_by(size);
        places.zip(plane).for_each(|(to, from)| *to = *from);
    }
}
