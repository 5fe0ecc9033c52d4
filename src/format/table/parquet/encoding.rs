//! How values become bytes in pages. Source: `Encodings.md` of Apache Parquet's format. Little endian, bits from the lowest.
//!
//! Every function reads as many values as it is told, or says that the page ends too early: a count that the bytes cannot hold takes no memory.

use super::thrift::{varint, zigzag};

pub(super) const EARLY: &str = "a page ends too early";

/// A value of a column.
pub(super) trait Cell: Clone + Sized {
    /// What stands where there is nothing.
    fn nothing() -> Self;

    /// What it takes in memory.
    fn size_bytes(&self) -> usize {
        size_of::<Self>()
    }

    /// `PLAIN`.
    fn plain(input: &mut &[u8], count: usize) -> Result<Vec<Self>, String>;

    /// The encoding of this number; `None` where it is not one of this type, or not known.
    fn other(_encoding: i64, _input: &mut &[u8], _count: usize) -> Option<Result<Vec<Self>, String>> {
        None
    }
}

/// Numbers of so many bytes: plain, split by bytes, and, where they are integers, as differences.
macro_rules! number {
    ($type:ty, $bytes:literal, $nothing:expr, $from_delta:expr) => {
        impl Cell for $type {
            fn nothing() -> Self {
                $nothing
            }

            fn plain(input: &mut &[u8], count: usize) -> Result<Vec<Self>, String> {
                let own = count.checked_mul($bytes).and_then(|len| input.split_off(..len)).ok_or(EARLY)?;
                Ok(own.as_chunks().0.iter().map(|bytes| <$type>::from_le_bytes(*bytes)).collect())
            }

            fn other(encoding: i64, input: &mut &[u8], count: usize) -> Option<Result<Vec<Self>, String>> {
                let from_delta: Option<fn(i64) -> $type> = $from_delta;
                match encoding {
                    DELTA_BINARY_PACKED => {
                        let from = from_delta?;
                        Some(deltas(input, count).map(|values| values.into_iter().map(from).collect()))
                    }
                    BYTE_STREAM_SPLIT => Some(joined(input, count, $bytes).and_then(|bytes| Self::plain(&mut &bytes[..], count))),
                    _ => None,
                }
            }
        }
    };
}

const DELTA_BINARY_PACKED: i64 = 5;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const BYTE_STREAM_SPLIT: i64 = 9;
const RLE: i64 = 3;

#[expect(clippy::cast_possible_truncation, reason = "differences of 32-bit numbers wrap around at 32 bits")]
fn to_i32(n: i64) -> i32 {
    n as i32
}

number!(i32, 4, 0, Some(to_i32));
number!(i64, 8, 0, Some(|n| n));
number!(f32, 4, f32::NAN, None);
number!(f64, 8, f64::NAN, None);

/// A truth.
impl Cell for u8 {
    fn nothing() -> Self {
        0
    }

    fn plain(input: &mut &[u8], count: usize) -> Result<Vec<Self>, String> {
        let own = input.split_off(..count.div_ceil(8)).ok_or(EARLY)?;
        Ok((0..count).map(|at| own.get(at / 8).map_or(0, |byte| byte >> (at % 8) & 1)).collect())
    }

    fn other(encoding: i64, input: &mut &[u8], count: usize) -> Option<Result<Vec<Self>, String>> {
        (encoding == RLE).then(|| {
            let mut own = sized(input)?;
            Ok(hybrid(&mut own, 1, count)?.into_iter().map(|value| u8::from(value != 0)).collect())
        })
    }
}

impl Cell for String {
    fn nothing() -> Self {
        Self::new()
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.len()
    }

    fn plain(input: &mut &[u8], count: usize) -> Result<Vec<Self>, String> {
        if count > input.len() / 4 {
            return Err(EARLY.to_owned());
        }
        (0..count).map(|_| text(sized(input)?)).collect()
    }

    fn other(encoding: i64, input: &mut &[u8], count: usize) -> Option<Result<Vec<Self>, String>> {
        (encoding == DELTA_LENGTH_BYTE_ARRAY).then(|| {
            let lens = deltas(input, count)?;
            lens.into_iter().map(|len| text(usize::try_from(len).ok().and_then(|len| input.split_off(..len)).ok_or(EARLY)?)).collect()
        })
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "a text is no UTF-8".to_owned())
}

/// Bytes after their number in 32 bits.
pub(super) fn sized<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let (len, rest) = input.split_first_chunk().ok_or(EARLY)?;
    *input = rest;
    Ok(input.split_off(..u32::from_le_bytes(*len) as usize).ok_or(EARLY)?)
}

/// Runs of one value, and groups of eight in so many bits each: `count` of them.
pub(super) fn hybrid(input: &mut &[u8], bits: u32, count: usize) -> Result<Vec<u32>, String> {
    if bits > 32 {
        return Err(format!("values of {bits} bits cannot be read"));
    }
    if bits == 0 {
        return Ok(vec![0; count]);
    }
    let mut values = Vec::new();
    while values.len() < count {
        let head = varint(input).ok_or(EARLY)?;
        let left = count - values.len();
        let many = usize::try_from(head >> 1).unwrap_or(usize::MAX);
        if head & 1 == 0 {
            let mut bytes = [0; 4];
            let own = input.split_off(..bits.div_ceil(8) as usize).ok_or(EARLY)?;
            bytes.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
            if many == 0 {
                return Err("a run in a page is empty".to_owned());
            }
            values.extend(std::iter::repeat_n(u32::from_le_bytes(bytes), many.min(left)));
        } else {
            let own = many.checked_mul(bits as usize).and_then(|len| input.split_off(..len)).ok_or(EARLY)?;
            if own.is_empty() {
                return Err("a group in a page is empty".to_owned());
            }
            let unpacked = Bits { bytes: own, used: 0 }.take(bits, many.saturating_mul(8).min(left));
            #[expect(clippy::cast_possible_truncation, reason = "of at most 32 bits")]
            values.extend(unpacked.map(|value| value as u32));
        }
    }
    Ok(values)
}

/// Differences in blocks of miniblocks, each with a width of its own.
fn deltas(input: &mut &[u8], count: usize) -> Result<Vec<i64>, String> {
    let number = |input: &mut &[u8]| varint(input).ok_or(EARLY);
    let (block, miniblocks, total) = (number(input)?, number(input)?, number(input)?);
    let first = zigzag(number(input)?);
    let per_miniblock = block.checked_div(miniblocks).filter(|per| *per > 0 && per % 8 == 0 && block <= 1 << 20 && miniblocks <= 1 << 10);
    let per_miniblock =
        per_miniblock.and_then(|per| usize::try_from(per).ok()).ok_or_else(|| format!("blocks of {block} differences cannot be read"))?;
    if total != count as u64 {
        return Err(format!("a page has {total} differences for {count} values"));
    }
    let mut values = Vec::new();
    let mut value = first;
    if count > 0 {
        values.push(first);
    }
    while values.len() < count {
        let least = zigzag(number(input)?);
        let widths = usize::try_from(miniblocks).ok().and_then(|len| input.split_off(..len)).ok_or(EARLY)?;
        for width in widths.iter().map(|width| u32::from(*width)) {
            if values.len() == count {
                break;
            }
            if width > 64 {
                return Err(format!("differences of {width} bits cannot be read"));
            }
            let own = input.split_off(..per_miniblock / 8 * width as usize).ok_or(EARLY)?;
            for step in (Bits { bytes: own, used: 0 }).take(width, per_miniblock.min(count - values.len())) {
                value = value.wrapping_add(least).wrapping_add(step.cast_signed());
                values.push(value);
            }
        }
    }
    Ok(values)
}

/// Values whose first bytes come first, then all second ones.
fn joined(input: &mut &[u8], count: usize, size: usize) -> Result<Vec<u8>, String> {
    let own = count.checked_mul(size).and_then(|len| input.split_off(..len)).ok_or(EARLY)?;
    let byte = |at: usize| own.get(at / size + at % size * count).copied().unwrap_or(0);
    Ok((0..own.len()).map(byte).collect())
}

/// Numbers of so many bits.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits of the first byte that are used up.
    used: u32,
}

impl Bits<'_> {
    fn take(mut self, bits: u32, count: usize) -> impl Iterator<Item = u64> {
        (0..count).map(move |_| self.next(bits))
    }

    fn next(&mut self, bits: u32) -> u64 {
        let (mut value, mut have) = (0_u64, 0);
        while have < bits {
            let byte = self.bytes.first().copied().unwrap_or(0) >> self.used;
            let fresh = (8 - self.used).min(bits - have);
            value |= (u64::from(byte) & ((1_u64 << fresh) - 1)) << have;
            have += fresh;
            self.used += fresh;
            if self.used == 8 {
                self.used = 0;
                self.bytes = self.bytes.get(1..).unwrap_or_default();
            }
        }
        value
    }
}
