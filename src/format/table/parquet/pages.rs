//! The pages of a column chunk, unpacked, their values put into rows. Source: `parquet.thrift` of Apache Parquet's format 2.11.

use bytes::Bytes;

use super::encoding::{Cell, EARLY, hybrid, sized};
use super::schema::{Chunk, Leaf};
use super::thrift::Struct;
use crate::codec::{gzip, lz4, snappy, zstd};

/// The most bytes of one page, unpacked.
const MOST_PAGE_BYTES: usize = 256 << 20;
/// The most values of one page or dictionary: a few bytes can stand for any number of equal ones.
const MOST_PAGE_VALUES: usize = 1 << 26;
/// The most values of a list.
const MOST_COMPONENTS: usize = 1 << 10;

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const RLE_DICTIONARY: i64 = 8;

/// Why a column is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is damaged: one clause.
    Bad(String),
    /// It can be left out: what it does.
    LeftOut(String),
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self::Bad(reason)
    }
}

impl From<&str> for Trouble {
    fn from(reason: &str) -> Self {
        Self::Bad(reason.to_owned())
    }
}

/// The rows of a column.
pub(super) struct Rows<T> {
    pub(super) values: Vec<T>,
    pub(super) missing: Vec<u32>,
    pub(super) count: u32,
    /// Values of a row; 0 until it is known, for lists.
    pub(super) components: usize,
    /// Of the list being read.
    open: Option<usize>,
}

impl<T: Cell> Rows<T> {
    pub(super) fn new(leaf: &Leaf) -> Self {
        let components = if leaf.place.is_some() { 0 } else { 1 };
        Self { values: Vec::new(), missing: Vec::new(), count: 0, components, open: None }
    }

    /// Adds a chunk. `budget` is what may still be kept, bytes.
    pub(super) fn take_chunk(&mut self, leaf: &Leaf, chunk: &Chunk, bytes: &Bytes, budget: &mut usize) -> Result<(), Trouble> {
        let mut input = &bytes[..];
        let mut dictionary: Vec<T> = Vec::new();
        let mut seen = 0;
        while seen < chunk.values {
            let header = Struct::read(&mut input).ok_or("the head of a page cannot be read")?;
            let (len, unpacked) = (header.count(3), header.count(2).filter(|len| *len <= MOST_PAGE_BYTES));
            let (Some(len), Some(unpacked)) = (len, unpacked) else {
                return Err(format!("a page is of {:?} bytes, unpacked {:?}", header.int(3), header.int(2)).into());
            };
            let page = input.split_off(..len).ok_or(EARLY)?;
            match header.int(1) {
                Some(DICTIONARY) => {
                    let count = header.structure(7).and_then(|head| head.count(1)).ok_or("a dictionary has no number of values")?;
                    fits::<T>(count, *budget)?;
                    let page = unpack(chunk.codec, page, unpacked)?;
                    dictionary = T::plain(&mut &page[..], count)?;
                }
                Some(DATA) => {
                    let head = header.structure(5).ok_or("a page has no head of its own")?;
                    let page = unpack(chunk.codec, page, unpacked)?;
                    let mut values = &page[..];
                    let count =
                        head.count(1).filter(|count| *count <= chunk.values - seen).ok_or("a page has more values than its chunk")?;
                    fits::<T>(count, *budget)?;
                    let places = if leaf.place.is_some() { hybrid(&mut sized(&mut values)?, 1, count)? } else { Vec::new() };
                    let levels = if leaf.full > 0 { hybrid(&mut sized(&mut values)?, width(leaf.full), count)? } else { Vec::new() };
                    self.take_page(leaf, &Page { count, places, levels, encoding: head.int(2), values, dictionary: &dictionary }, budget)?;
                    seen += count;
                }
                Some(DATA_V2) => {
                    let head = header.structure(8).ok_or("a page has no head of its own")?;
                    let count =
                        head.count(1).filter(|count| *count <= chunk.values - seen).ok_or("a page has more values than its chunk")?;
                    fits::<T>(count, *budget)?;
                    let (places_len, levels_len) = (head.count(6).unwrap_or(0), head.count(5).unwrap_or(0));
                    let mut rest = page;
                    let mut places = rest.split_off(..places_len).ok_or(EARLY)?;
                    let mut levels = rest.split_off(..levels_len).ok_or(EARLY)?;
                    let places = if leaf.place.is_some() { hybrid(&mut places, 1, count)? } else { Vec::new() };
                    let levels = if leaf.full > 0 { hybrid(&mut levels, width(leaf.full), count)? } else { Vec::new() };
                    let unpacked = unpacked.checked_sub(places_len + levels_len).ok_or(EARLY)?;
                    let codec = if head.bool(7).unwrap_or(true) { chunk.codec } else { 0 };
                    let page = unpack(codec, rest, unpacked)?;
                    self.take_page(
                        leaf,
                        &Page { count, places, levels, encoding: head.int(4), values: &page, dictionary: &dictionary },
                        budget,
                    )?;
                    seen += count;
                }
                // Indices, and what is not known.
                _ => {}
            }
        }
        self.end_list(leaf)
    }

    fn take_page(&mut self, leaf: &Leaf, page: &Page<'_, T>, budget: &mut usize) -> Result<(), Trouble> {
        let full = |level: u32| level >= leaf.full;
        let there = if leaf.full == 0 { page.count } else { page.levels.iter().filter(|level| full(**level)).count() };
        let mut values = page.decode(there)?.into_iter();
        for at in 0..page.count {
            let level = page.levels.get(at).copied().unwrap_or(leaf.full);
            let value = if full(level) { values.next() } else { None };
            *budget = budget
                .checked_sub(value.as_ref().map_or(size_of::<T>(), Cell::size_bytes))
                .ok_or("it is larger than memory: read fewer columns")?;
            match leaf.place {
                None => {
                    if value.is_none() {
                        self.missing.push(self.count);
                    }
                    self.values.push(value.unwrap_or_else(T::nothing));
                    self.count = self.count.checked_add(1).ok_or("it has more than 2³² rows")?;
                }
                Some(place) => {
                    if page.places.get(at).copied().unwrap_or(0) == 0 {
                        self.end_list(leaf)?;
                        self.open = Some(0);
                    }
                    let open = self.open.as_mut().ok_or("a list goes on before it has begun")?;
                    if level >= place {
                        *open += 1;
                        self.values.push(value.ok_or_else(|| Trouble::LeftOut("holds lists with gaps".to_owned()))?);
                    }
                }
            }
        }
        Ok(())
    }

    /// The list that was being read is whole: it becomes a row.
    fn end_list(&mut self, leaf: &Leaf) -> Result<(), Trouble> {
        let Some(len) = self.open.take().filter(|_| leaf.place.is_some()) else { return Ok(()) };
        if self.components == 0 && len > 0 {
            // The rows before had none.
            self.components = len;
            let list = std::mem::take(&mut self.values);
            let before = (self.count as usize).checked_mul(len).filter(|_| len <= MOST_COMPONENTS);
            let before = before.filter(|count| count.saturating_mul(size_of::<T>()) <= super::MOST_TABLE_BYTES);
            self.values = vec![T::nothing(); before.ok_or_else(|| Trouble::LeftOut(format!("holds lists of {len} values")))?];
            self.values.extend(list);
        } else if len == 0 {
            self.values.extend(std::iter::repeat_n(T::nothing(), self.components));
        } else if len != self.components {
            return Err(Trouble::LeftOut(format!("holds lists of {} and of {len} values", self.components)));
        }
        if len == 0 {
            self.missing.push(self.count);
        }
        self.count = self.count.checked_add(1).ok_or("it has more than 2³² rows")?;
        Ok(())
    }
}

/// A page, unpacked.
struct Page<'a, T> {
    count: usize,
    /// 0 where a row begins.
    places: Vec<u32>,
    levels: Vec<u32>,
    encoding: Option<i64>,
    values: &'a [u8],
    dictionary: &'a [T],
}

impl<T: Cell> Page<'_, T> {
    fn decode(&self, count: usize) -> Result<Vec<T>, Trouble> {
        let mut input = self.values;
        match self.encoding {
            Some(PLAIN) => Ok(T::plain(&mut input, count)?),
            Some(PLAIN_DICTIONARY | RLE_DICTIONARY) => {
                if count == 0 {
                    return Ok(Vec::new());
                }
                let bits = u32::from(*input.split_off_first().ok_or(EARLY)?);
                let indices = hybrid(&mut input, bits, count)?;
                let size = self.dictionary.len();
                let largest = self.dictionary.iter().map(Cell::size_bytes).max().unwrap_or(0);
                if largest.saturating_mul(count) > super::MOST_TABLE_BYTES {
                    return Err("it is larger than memory: read fewer columns".into());
                }
                let value = |index: u32| {
                    self.dictionary
                        .get(index as usize)
                        .cloned()
                        .ok_or_else(|| format!("a page has the value {index} of a dictionary of {size}"))
                };
                Ok(indices.into_iter().map(value).collect::<Result<_, _>>()?)
            }
            Some(encoding) => match T::other(encoding, &mut input, count) {
                Some(values) => Ok(values?),
                None => Err(Trouble::LeftOut(format!("has the encoding {encoding} of Parquet"))),
            },
            None => Err("a page has no encoding".into()),
        }
    }
}

/// Before so many values are made.
fn fits<T>(count: usize, budget: usize) -> Result<(), Trouble> {
    if count > MOST_PAGE_VALUES || count > budget / size_of::<T>() {
        return Err(format!("a page of {count} values is larger than memory: read fewer columns").into());
    }
    Ok(())
}

/// Bits of a level.
fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

fn unpack(codec: i64, bytes: &[u8], len: usize) -> Result<std::borrow::Cow<'_, [u8]>, Trouble> {
    let unpacked = match codec {
        0 => return Ok(bytes.into()),
        // What is not there is packed into nothing.
        _ if len == 0 => return Ok((&[][..]).into()),
        1 => snappy::decode(bytes, len),
        2 => gzip::decode(bytes, len),
        6 => zstd::decode(bytes, len),
        7 => lz4::decode(bytes, len),
        other => {
            let name = match other {
                3 => "LZO",
                4 => "Brotli",
                5 => "Hadoop's LZ4",
                _ => "an unknown codec",
            };
            return Err(Trouble::LeftOut(format!("is packed with {name}")));
        }
    };
    let unpacked = unpacked.map_err(|error| error.to_string())?;
    if unpacked.len() != len {
        return Err(format!("a page unpacks to {} bytes instead of {len}", unpacked.len()).into());
    }
    Ok(unpacked.into())
}
