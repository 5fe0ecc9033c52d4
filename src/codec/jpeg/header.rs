//! The segments of a JPEG image up to its first scan: frame, tables, restart interval (ITU T.81, annex B).
//!
//! Knows which images [`super::grey`] decodes: for those it gives the scan, for all others only the frame.

use super::huffman::{Class, Code};
use super::idct::Block;
use super::{CodecError, corrupt};

/// The marker that ends an image; a marker is the byte after 0xff.
pub(super) const END_OF_IMAGE: u8 = 0xd9;
const START_OF_IMAGE: u8 = 0xd8;
const START_OF_SCAN: u8 = 0xda;
const HUFFMAN_TABLES: u8 = 0xc4;
const QUANTIZATION_TABLES: u8 = 0xdb;
const RESTART_INTERVAL: u8 = 0xdd;
/// Frames that are sequential and Huffman coded: baseline and extended.
const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];

/// Row-major place of each coefficient in the order of the file.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56,
    57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// What an image holds.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) frame: Frame,
    /// `None` where the image is not grey, sequential and Huffman coded with tables of its own.
    pub(super) scan: Option<Scan<'a>>,
}

/// What the header of a frame says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The marker, which names the process.
    process: u8,
    /// Bits of a sample.
    pub(super) precision: u8,
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) components: u8,
    /// The first component's name, and the number of its quantization table.
    first: [u8; 2],
}

/// The scan of a grey image, and what decodes it.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    /// Steps of the coefficients, row-major.
    pub(super) steps: Block,
    pub(super) dc: Code,
    pub(super) ac: Code,
    /// Blocks between two restart markers; 0 where there are none.
    pub(super) restart: usize,
    /// From the first entropy-coded byte to the end of the file.
    pub(super) data: &'a [u8],
}

/// What was defined so far, each by its number.
#[derive(Default)]
struct Tables<'a> {
    steps: [Option<Block>; 4],
    dc: [Option<Lengths<'a>>; 4],
    ac: [Option<Lengths<'a>>; 4],
    restart: usize,
}

/// A Huffman table as stored: how many codes there are of each length, and their symbols.
type Lengths<'a> = (&'a [u8; 16], &'a [u8]);

impl<'a> Header<'a> {
    /// Reads up to the first scan, or up to the frame where that is of another kind.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut rest = bytes.strip_prefix(&[0xff, START_OF_IMAGE]).ok_or_else(|| corrupt("the bytes do not begin like an image"))?;
        let mut tables = Tables::default();
        let mut frame: Option<Frame> = None;
        loop {
            let (marker, body) = segment(&mut rest)?;
            match (marker, frame) {
                (HUFFMAN_TABLES, _) => tables.huffman(body)?,
                (QUANTIZATION_TABLES, _) => tables.quantization(body)?,
                (RESTART_INTERVAL, _) => {
                    let interval = body.try_into().map_err(|_| corrupt("a restart interval has two bytes"))?;
                    tables.restart = usize::from(u16::from_be_bytes(interval));
                }
                // All frames, but for what defines the conditions of arithmetic coding and a marker that is reserved.
                (0xc0..=0xcf, None) if marker != 0xc8 && marker != 0xcc => {
                    let found = Frame::read(marker, body)?;
                    if !found.is_grey_and_sequential() {
                        return Ok(Self { frame: found, scan: None });
                    }
                    frame = Some(found);
                }
                (START_OF_SCAN, Some(frame)) => {
                    let scan = tables.scan(&frame, body, rest)?;
                    return Ok(Self { frame, scan });
                }
                (END_OF_IMAGE | START_OF_SCAN, None) | (END_OF_IMAGE | 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, _) => {
                    return Err(corrupt("frame and scan are not in order"));
                }
                _ => {}
            }
        }
    }
}

/// Takes one segment: its marker and what its length covers.
pub(super) fn segment<'a>(rest: &mut &'a [u8]) -> Result<(u8, &'a [u8]), CodecError> {
    let early = || corrupt("the image ends early");
    let mut take = || rest.split_off_first().copied();
    if take().ok_or_else(early)? != 0xff {
        return Err(corrupt("there are bytes between two segments"));
    }
    let mut marker = 0xff;
    while marker == 0xff {
        marker = take().ok_or_else(early)?;
    }
    if marker == END_OF_IMAGE {
        return Ok((marker, &[]));
    }
    let (len, _) = rest.split_first_chunk().ok_or_else(early)?;
    let (segment, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or_else(early)?;
    *rest = after;
    Ok((marker, segment.get(2..).ok_or_else(|| corrupt("a segment is shorter than its length"))?))
}

impl Frame {
    fn read(process: u8, body: &[u8]) -> Result<Self, CodecError> {
        let (&[precision, h1, h0, w1, w0, components], list) =
            body.split_first_chunk().ok_or_else(|| corrupt("the frame's header is too short"))?;
        let (all, rest) = list.as_chunks::<3>();
        if !rest.is_empty() || all.len() != usize::from(components) {
            return Err(corrupt(format!("{} bytes describe {components} channels", list.len())));
        }
        let &[name, _, table] = all.first().ok_or_else(|| corrupt("the image has no channels"))?;
        let [height, width] = [[h1, h0], [w1, w0]].map(u16::from_be_bytes);
        Ok(Self { process, precision, width, height, components, first: [name, table] })
    }

    /// An image of no stated height states it after the first scan; that is left to others.
    fn is_grey_and_sequential(&self) -> bool {
        SEQUENTIAL.contains(&self.process) && self.precision == 8 && self.components == 1 && self.width > 0 && self.height > 0
    }
}

impl<'a> Tables<'a> {
    fn quantization(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let Some(&head) = body.split_off_first() {
            let bytes = if head >> 4 == 0 { 1 } else { 2 };
            let values = body.split_off(..64 * bytes).ok_or_else(|| corrupt("a quantization table is too short"))?;
            let table = self.steps.get_mut(usize::from(head & 15)).ok_or_else(|| corrupt("a quantization table is none of four"))?;
            let mut steps = Block::default();
            for (value, &place) in values.chunks_exact(bytes).zip(&ZIGZAG) {
                let value = value.iter().fold(0_u16, |high, &low| high << 8 | u16::from(low));
                if let Some(step) = steps.as_flattened_mut().get_mut(usize::from(place)) {
                    // Products are taken modulo 2^16, as libjpeg-turbo's vector code takes them.
                    *step = value.cast_signed();
                }
            }
            *table = Some(steps);
        }
        Ok(())
    }

    fn huffman(&mut self, mut body: &'a [u8]) -> Result<(), CodecError> {
        while let Some(&head) = body.split_off_first() {
            let short = || corrupt("a Huffman table is too short");
            let (lengths, rest) = body.split_first_chunk::<16>().ok_or_else(short)?;
            body = rest;
            let count = lengths.iter().map(|&n| usize::from(n)).sum();
            let symbols = body.split_off(..count).ok_or_else(short)?;
            let class = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let table = class.get_mut(usize::from(head & 15)).ok_or_else(|| corrupt("a Huffman table is none of four"))?;
            *table = Some((lengths, symbols));
        }
        Ok(())
    }

    /// `None` where a table was not defined: some writers of frames of a film leave out the usual ones.
    fn scan(&self, frame: &Frame, body: &[u8], data: &'a [u8]) -> Result<Option<Scan<'a>>, CodecError> {
        let &[1, component, codes, 0, 63, 0] = body else {
            return Err(corrupt(format!("the scan is not that of a grey image: {body:?}")));
        };
        let [name, table] = frame.first;
        if component != name {
            return Err(corrupt(format!("the scan is of channel {component}, the image of {name}")));
        }
        let number = |n: u8| usize::from(n);
        let steps = self.steps.get(number(table)).ok_or_else(|| corrupt(format!("there is no quantization table {table}")))?;
        let (Some(steps), Some(Some(dc)), Some(Some(ac))) = (steps, self.dc.get(number(codes >> 4)), self.ac.get(number(codes & 15)))
        else {
            return Ok(None);
        };
        let [dc, ac] = [(dc, Class::Dc), (ac, Class::Ac)]
            .map(|(&(lengths, symbols), class)| Code::new(lengths, symbols, class).ok_or_else(|| corrupt("a Huffman table is no code")));
        Ok(Some(Scan { steps: *steps, dc: dc?, ac: ac?, restart: self.restart, data }))
    }
}
