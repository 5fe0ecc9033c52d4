//! Pcodec (`pco`): numbers of one type, in the standalone format that numcodecs writes.
//!
//! A file is `pco!`, a version, from version 3 on a type, from 2 on a hint of the length, and the header of the wrapped format; then chunks, each
//! a type, the count of its numbers less one in 24 bits, and a chunk of the wrapped format; then a zero. This module reads that frame, so that
//! counts are known before memory is taken; the crate `pco` reads what is within. Source: `docs/format.md` of pcodec.

use pco::data_types::{Number, NumberType as PcoType};
use pco::metadata::DeltaEncoding;
use pco::wrapped::FileDecompressor;

use super::CodecError;

const CODEC: &str = "pcodec";
const MAGIC: [u8; 4] = *b"pco!";
/// The newest version of the frame.
const VERSION: u8 = 3;
/// Of a version before it, the byte belongs to the wrapped format.
const FIRST_FRAMED_VERSION: u8 = 2;
/// The mode, in the lower half of a chunk's first byte, in which a dictionary follows: its length is in the 25 bits after it.
const DICTIONARY: u32 = 4;
/// Latents that an encoder looks back at however few there are.
const USUAL_WINDOW: usize = 1 << 15;

/// The type of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum NumberType {
    Uint8,
    Int8,
    Uint16,
    Int16,
    Uint32,
    Int32,
    Uint64,
    Int64,
    Float32,
    Float64,
}

/// Decodes exactly `count` numbers of a type into their little-endian bytes. The caller has bounded the count.
///
/// # Errors
/// [`CodecError::Corrupt`] where the bytes are damaged or hold numbers of another type, [`CodecError::WrongSize`] where they hold another
/// count, [`CodecError::Unsupported`] for a newer version.
pub fn decode(bytes: &[u8], number_type: NumberType, count: usize) -> Result<Vec<u8>, CodecError> {
    match number_type {
        NumberType::Uint8 => numbers(bytes, count, u8::to_le_bytes),
        NumberType::Int8 => numbers(bytes, count, i8::to_le_bytes),
        NumberType::Uint16 => numbers(bytes, count, u16::to_le_bytes),
        NumberType::Int16 => numbers(bytes, count, i16::to_le_bytes),
        NumberType::Uint32 => numbers(bytes, count, u32::to_le_bytes),
        NumberType::Int32 => numbers(bytes, count, i32::to_le_bytes),
        NumberType::Uint64 => numbers(bytes, count, u64::to_le_bytes),
        NumberType::Int64 => numbers(bytes, count, i64::to_le_bytes),
        NumberType::Float64 => numbers(bytes, count, f64::to_le_bytes),
        NumberType::Float32 => numbers(bytes, count, f32::to_le_bytes),
    }
}

fn numbers<T: Number + Default, const N: usize>(bytes: &[u8], count: usize, to_bytes: fn(T) -> [u8; N]) -> Result<Vec<u8>, CodecError> {
    // It grows with what is there: metadata that lie promise more.
    let mut data = Vec::new();
    let wrong_count = |got: usize| CodecError::WrongSize { codec: CODEC, got: (got * N) as u64, expected: (count * N) as u64 };
    let mut rest = frame(bytes)?;
    let file = take(&mut rest, FileDecompressor::new)?;
    let mut done = 0;
    loop {
        let &number_type = rest.split_off_first().ok_or_else(ends_early)?;
        if number_type == 0 {
            break;
        }
        let expected = PcoType::new::<T>();
        if number_type != expected as u8 {
            return Err(corrupt(format!("numbers of type {number_type} instead of {} ({expected:?})", expected as u8)));
        }
        let (&[a, b, c], chunk) = rest.split_first_chunk().ok_or_else(ends_early)?;
        rest = chunk;
        let len = u32::from_le_bytes([a, b, c, 0]) as usize + 1;
        let end = done + len;
        if end > count {
            return Err(wrong_count(end));
        }
        let mode = chunk.first_chunk().map_or(0, |head| u32::from_le_bytes(*head));
        if mode & 15 == DICTIONARY && (mode >> 4 & 0x01ff_ffff) as usize > len {
            return Err(corrupt(format!("a dictionary for {len} numbers that is longer than they are")));
        }
        let mut decoder = take(&mut rest, |rest| file.chunk_decompressor::<T, _>(rest))?;
        if let DeltaEncoding::Lookback { config, .. } = &decoder.meta().delta_encoding
            && 1_usize.checked_shl(config.window_n_log).is_none_or(|window| window > USUAL_WINDOW.max(2 * len))
        {
            return Err(corrupt(format!("{len} numbers that look back at 2^{}", config.window_n_log)));
        }
        let mut page = decoder.page_decompressor(rest, len).map_err(|error| from_pco(&error))?;
        let mut decoded = vec![T::default(); len];
        let progress = page.read(&mut decoded).map_err(|error| from_pco(&error))?;
        if progress.n_processed != len {
            return Err(ends_early());
        }
        rest = page.into_src();
        data.extend(decoded.into_iter().flat_map(to_bytes));
        done = end;
    }
    if done == count { Ok(data) } else { Err(wrong_count(done)) }
}

/// What follows the frame's header.
fn frame(bytes: &[u8]) -> Result<&[u8], CodecError> {
    let whole = bytes.strip_prefix(&MAGIC).ok_or_else(|| corrupt("the bytes do not begin like a file"))?;
    let (&version, mut rest) = whole.split_first().ok_or_else(ends_early)?;
    if version < FIRST_FRAMED_VERSION {
        return Ok(whole);
    }
    if version > VERSION {
        return Err(CodecError::Unsupported { codec: CODEC, name: format!("version {version} of the format") });
    }
    if version > FIRST_FRAMED_VERSION {
        rest = rest.get(1..).ok_or_else(ends_early)?;
    }
    // The hint: six bits that say how many more there are, less one; then these, to the end of a byte.
    let more = usize::from(rest.first().ok_or_else(ends_early)? & 63) + 1;
    rest.get((6 + more).div_ceil(8)..).ok_or_else(ends_early)
}

/// Reads a part with the crate, which gives back what follows it.
fn take<'a, V>(rest: &mut &'a [u8], read: impl FnOnce(&'a [u8]) -> Result<(V, &'a [u8]), pco::errors::PcoError>) -> Result<V, CodecError> {
    let (value, after) = read(rest).map_err(|error| from_pco(&error))?;
    *rest = after;
    Ok(value)
}

fn from_pco(error: &pco::errors::PcoError) -> CodecError {
    corrupt(error.message.clone())
}

fn ends_early() -> CodecError {
    corrupt("the numbers end early")
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
