//! Compresso: segment ids as the boundaries between segments, one id per region between boundaries, and what is needed to tell
//! the ids of boundary voxels.
//!
//! A stream is a header, the ids of regions, the distinct windows (boxes of boundary bits), what boundary voxels cannot be told from
//! their neighbours, and which window is where. Source: the description in the README of the PyPI package `compresso` 3.3, stream
//! formats 0 and 1; 1 has an index of z slices at its end, which is not needed here. This module reads streams; [`regions`]
//! makes ids of them.

mod regions;

use super::CodecError;
use regions::{BOUNDARY, Ids, OPEN};

const CODEC: &str = "compresso";
const MAGIC: [u8; 4] = *b"cpso";
/// The most voxels of a window: one bit each in the widest integer.
const MOST_WINDOW_VOXELS: usize = 64;

/// Decodes a chunk of this shape (x, y, z) into little-endian ids of `N` bytes; x fastest. The caller has bounded the shape.
///
/// # Errors
/// [`CodecError::Corrupt`] for a stream that is damaged or of ids of another width, [`CodecError::WrongSize`] for one of another shape,
/// [`CodecError::Unsupported`] for a newer format.
pub fn decode<const N: usize>(bytes: &[u8], shape: [u32; 3]) -> Result<Vec<u8>, CodecError> {
    const { assert!(N == 1 || N == 2 || N == 4 || N == 8, "ids have 1, 2, 4 or 8 bytes") };
    let stream = Stream::read(bytes, N)?;
    let product = |shape: [usize; 3]| shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    let expected = shape.map(|n| n as usize);
    let voxels = product(expected).filter(|voxels| u32::try_from(*voxels).is_ok() && voxels.checked_mul(N).is_some());
    let voxels = voxels.ok_or_else(|| CodecError::Unsupported { codec: CODEC, name: format!("a chunk of {shape:?} voxels") })?;
    if stream.shape != expected {
        let of = |voxels: Option<usize>| voxels.and_then(|n| n.checked_mul(N)).map_or(u64::MAX, |n| n as u64);
        return Err(match of(product(stream.shape)) {
            got if got == of(Some(voxels)) => corrupt(format!("it holds {:?} voxels instead of {expected:?}", stream.shape)),
            got => CodecError::WrongSize { codec: CODEC, got, expected: of(Some(voxels)) },
        });
    }
    let mut states = vec![OPEN; voxels];
    stream.mark_boundaries(&mut states)?;
    let mut data = vec![0; voxels * N];
    let (ids, _) = data.as_chunks_mut::<N>();
    let mut ids = Ids { shape: expected, joins_slices: stream.joins_slices, states: &mut states, ids };
    ids.fill_regions(stream.ids.as_chunks::<N>().0)?;
    ids.fill_boundaries(stream.locations.as_chunks::<N>().0)?;
    Ok(data)
}

/// The parts of a stream.
struct Stream<'a> {
    /// Voxels along x, y, z.
    shape: [usize; 3],
    /// Voxels of a window along x, y, z.
    window: [usize; 3],
    /// Whether regions reach from slice to slice along z.
    joins_slices: bool,
    /// Bytes of a window and of the number of one.
    width: usize,
    ids: &'a [u8],
    values: &'a [u8],
    locations: &'a [u8],
    windows: &'a [u8],
}

impl<'a> Stream<'a> {
    fn read(bytes: &'a [u8], id_bytes: usize) -> Result<Self, CodecError> {
        let mut rest = bytes;
        let (magic, [version, width]) = (take(&mut rest)?, take(&mut rest)?);
        if magic != MAGIC {
            return Err(corrupt("the bytes do not begin like a stream"));
        }
        if version > 1 {
            return Err(CodecError::Unsupported { codec: CODEC, name: format!("version {version} of the format") });
        }
        if usize::from(width) != id_bytes {
            return Err(corrupt(format!("ids have {width} bytes instead of {id_bytes}")));
        }
        let mut edge = || Ok(usize::from(u16::from_le_bytes(take(&mut rest)?)));
        let shape = [edge()?, edge()?, edge()?];
        let window = take::<3>(&mut rest)?.map(usize::from);
        let width = match window.iter().product::<usize>() {
            0 => return Err(corrupt("a window without voxels")),
            1..=8 => 1,
            9..=16 => 2,
            17..=32 => 4,
            33..=MOST_WINDOW_VOXELS => 8,
            _ => return Err(corrupt(format!("a window of {window:?} voxels"))),
        };
        let ids = u64::from_le_bytes(take(&mut rest)?);
        let values = u32::from_le_bytes(take(&mut rest)?);
        let locations = u64::from_le_bytes(take(&mut rest)?);
        let joins_slices = match take(&mut rest)? {
            [4] => false,
            [6] => true,
            [other] => return Err(corrupt(format!("regions of {other} neighbours"))),
        };
        let mut section = |count: u64, width: usize| {
            let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
            len.and_then(|len| rest.split_off(..len)).ok_or_else(ends_early)
        };
        let (ids, values, locations) = (section(ids, id_bytes)?, section(values.into(), width)?, section(locations, id_bytes)?);
        let index_bytes = if version == 1 { slice_index_bytes(shape) } else { 0 };
        let windows = rest.len().checked_sub(index_bytes).and_then(|len| rest.get(..len)).ok_or_else(ends_early)?;
        Ok(Self { shape, window, joins_slices, width, ids, values, locations, windows })
    }

    /// Marks the voxels that lie on a boundary. `states` has the shape of the stream.
    fn mark_boundaries(&self, states: &mut [u8]) -> Result<(), CodecError> {
        let [across, down, deep] = std::array::from_fn(|axis| match (self.shape.get(axis), self.window.get(axis)) {
            (Some(edge), Some(step)) => edge.div_ceil(*step),
            _ => 0,
        });
        let count = across * down * deep;
        let values: Vec<u64> = self.values.chunks_exact(self.width).map(word).collect();
        let mut at = 0;
        for code in self.windows.chunks_exact(self.width).map(word) {
            // An odd number is a run of the first window, an even one the number of a window.
            let (run, number) = if code & 1 == 1 { (code >> 1, 0) } else { (1, code >> 1) };
            let value = usize::try_from(number).ok().and_then(|number| values.get(number));
            let value = *value.ok_or_else(|| corrupt(format!("window {number} of {}", values.len())))?;
            let end = usize::try_from(run).ok().and_then(|run| run.checked_add(at)).filter(|&end| end <= count);
            let end = end.ok_or_else(|| corrupt(format!("more than {count} windows")))?;
            for at in (at..end).filter(|_| value != 0) {
                self.mark_window([at % across, at / across % down, at / across / down], value, states);
            }
            at = end;
        }
        if at == count { Ok(()) } else { Err(corrupt(format!("{at} windows instead of {count}"))) }
    }

    /// Marks the voxels whose bits are set in the window at this place; those of a window that the chunk cuts off do not exist.
    fn mark_window(&self, place: [usize; 3], mut bits: u64, states: &mut [u8]) {
        let ([width, height, depth], [wide, high, deep], [px, py, pz]) = (self.shape, self.window, place);
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let (x, y, z) = (px * wide + bit % wide, py * high + bit / wide % high, pz * deep + bit / wide / high);
            if x < width
                && y < height
                && z < depth
                && let Some(state) = states.get_mut(x + width * (y + height * z))
            {
                *state = BOUNDARY;
            }
        }
    }
}

/// Bytes of the index of slices: two numbers for each, of the narrowest type that holds twice the voxels of a slice.
fn slice_index_bytes([width, height, depth]: [usize; 3]) -> usize {
    let most = 2 * width as u64 * height as u64;
    let number_bytes = [1_u32, 2, 4].into_iter().find(|bytes| most >> (8 * bytes) == 0).unwrap_or(8);
    2 * number_bytes as usize * depth
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CodecError> {
    let (head, tail) = rest.split_first_chunk().ok_or_else(ends_early)?;
    *rest = tail;
    Ok(*head)
}

/// Little-endian bytes, at most 8, as a number.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn ends_early() -> CodecError {
    corrupt("the stream ends before the parts that its header announces")
}

fn corrupt(reason: impl Into<String>) -> CodecError {
    CodecError::Corrupt { codec: CODEC, reason: reason.into() }
}
