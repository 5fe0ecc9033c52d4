//! The directory of one image (IFD): its fields by tag, as they are stored (TIFF 6.0, section 2; BigTIFF).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::file::{TiffFile, WINDOW_BYTES};
use crate::format::FormatError;
use crate::runtime::Cancel;

/// More fields than any image has.
const MOST_FIELDS: usize = 4096;
/// The longest value that an error shows.
const MOST_SHOWN: usize = 8;

/// The fields that are read, as the specification calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tag {
    NewSubfileType = 254,
    ImageWidth = 256,
    ImageLength = 257,
    BitsPerSample = 258,
    Compression = 259,
    PhotometricInterpretation = 262,
    FillOrder = 266,
    ImageDescription = 270,
    StripOffsets = 273,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    XResolution = 282,
    YResolution = 283,
    PlanarConfiguration = 284,
    ResolutionUnit = 296,
    Predictor = 317,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    SubIFDs = 330,
    SampleFormat = 339,
    JPEGTables = 347,
    ImageDepth = 32997,
}

/// A field as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    kind: u64,
    /// Values.
    count: u64,
    /// The values, or where they lie.
    stored: [u8; 8],
}

/// The fields of an image.
#[derive(Debug)]
pub(super) struct Directory {
    /// Where it lies.
    pub(super) at: u64,
    /// Where the next one lies; 0 after the last.
    pub(super) next: u64,
    fields: BTreeMap<u64, Field>,
}

/// Bytes of a value of a field of this type; `None` for an unknown type.
fn value_bytes(kind: u64) -> Option<usize> {
    Some(match kind {
        // BYTE, ASCII, SBYTE, UNDEFINED
        1 | 2 | 6 | 7 => 1,
        // SHORT, SSHORT
        3 | 8 => 2,
        // LONG, SLONG, FLOAT, IFD
        4 | 9 | 11 | 13 => 4,
        // RATIONAL, SRATIONAL, DOUBLE, LONG8, SLONG8, IFD8
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

impl Directory {
    /// Reads the directory at a place; `ahead` as in [`TiffFile::bytes`].
    pub(super) async fn read(tiff: &TiffFile, at: u64, ahead: u64, cancel: &Cancel) -> Result<Self, FormatError> {
        let (count_len, field_len, place_len) = if tiff.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let count = tiff.order.number(&tiff.bytes(at, count_len as u64, ahead, cancel).await?);
        let fields_len = usize::try_from(count).ok().filter(|count| (1..=MOST_FIELDS).contains(count)).map(|count| count * field_len);
        let Some(fields_len) = fields_len else {
            return Err(tiff.bad(format!("the directory at byte {at} has {count} fields; 1 to {MOST_FIELDS} are read")));
        };
        let len = (count_len + fields_len + place_len) as u64;
        let bytes = tiff.bytes(at, len, ahead.max(len), cancel).await?;
        let number = |bytes: &[u8]| tiff.order.number(bytes);
        let (fields, next) = bytes.get(count_len..).unwrap_or_default().split_at_checked(fields_len).unwrap_or_default();
        let field = |stored: &[u8]| {
            let (head, value) = stored.split_at_checked(field_len - place_len)?;
            let (tag, rest) = head.split_at_checked(2)?;
            let (kind, count) = rest.split_at_checked(2)?;
            let mut stored = [0; 8];
            stored.get_mut(..place_len)?.copy_from_slice(value);
            Some((number(tag), Field { kind: number(kind), count: number(count), stored }))
        };
        Ok(Self { at, next: number(next), fields: fields.chunks_exact(field_len).filter_map(field).collect() })
    }

    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn has(&self, tag: Tag) -> bool {
        self.fields.contains_key(&(tag as u64))
    }

    /// Whether a field is the same in another directory, as far as it is stored in it.
    pub(super) fn same(&self, other: &Self, tag: Tag) -> bool {
        self.fields.get(&(tag as u64)) == other.fields.get(&(tag as u64))
    }

    /// The bytes of a field, as stored, and the type of its values; `None` where there is no such field.
    async fn stored(&self, tiff: &TiffFile, tag: Tag, cancel: &Cancel) -> Result<Option<(u64, Bytes)>, FormatError> {
        let Some(field) = self.fields.get(&(tag as u64)) else { return Ok(None) };
        let size = value_bytes(field.kind).ok_or_else(|| self.bad(tiff, format!("{tag:?} is of the unknown type {}", field.kind)))?;
        let len = field.count.checked_mul(size as u64).ok_or_else(|| self.bad(tiff, format!("{tag:?} has {} values", field.count)))?;
        let room = if tiff.is_big { 8 } else { 4 };
        if len <= room as u64 {
            let bytes = field.stored.get(..usize::try_from(len).unwrap_or(0)).unwrap_or_default();
            return Ok(Some((field.kind, Bytes::copy_from_slice(bytes))));
        }
        let at = tiff.order.number(field.stored.get(..room).unwrap_or_default());
        Ok(Some((field.kind, tiff.field_bytes(at, len, cancel).await?)))
    }

    /// The whole numbers of a field.
    pub(super) async fn numbers(&self, tiff: &TiffFile, tag: Tag, cancel: &Cancel) -> Result<Option<Vec<u64>>, FormatError> {
        let Some((kind, bytes)) = self.stored(tiff, tag, cancel).await? else { return Ok(None) };
        let size = match kind {
            1 | 3 | 4 | 13 | 16 | 18 => value_bytes(kind).unwrap_or(1),
            _ => return Err(self.bad(tiff, format!("{tag:?} is of type {kind} instead of whole numbers"))),
        };
        Ok(Some(bytes.chunks_exact(size).map(|value| tiff.order.number(value)).collect()))
    }

    /// The one whole number of a field, or what holds where there is none.
    pub(super) async fn number(&self, tiff: &TiffFile, tag: Tag, default: u64, cancel: &Cancel) -> Result<u64, FormatError> {
        match self.numbers(tiff, tag, cancel).await? {
            None => Ok(default),
            Some(values) => match *values.as_slice() {
                [value] => Ok(value),
                _ => Err(self.wrong(tiff, tag, &values, "one number")),
            },
        }
    }

    /// The whole number that every sample has, or what holds where there is none.
    pub(super) async fn of_samples(&self, tiff: &TiffFile, tag: Tag, default: u64, cancel: &Cancel) -> Result<u64, FormatError> {
        let Some(values) = self.numbers(tiff, tag, cancel).await? else { return Ok(default) };
        match values.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => Ok(*first),
            _ => Err(self.wrong(tiff, tag, &values, "the same number for all channels")),
        }
    }

    /// A number as a fraction, where it is one and positive.
    pub(super) async fn fraction(&self, tiff: &TiffFile, tag: Tag, cancel: &Cancel) -> Result<Option<f64>, FormatError> {
        let Some((5, bytes)) = self.stored(tiff, tag, cancel).await? else { return Ok(None) };
        let part = |range| bytes.get(range).and_then(|part| u32::try_from(tiff.order.number(part)).ok()).map(f64::from);
        let value = part(0..4).zip(part(4..8)).map(|(above, below)| above / below);
        Ok(value.filter(|value| value.is_normal()))
    }

    /// The bytes of a field.
    pub(super) async fn opaque(&self, tiff: &TiffFile, tag: Tag, cancel: &Cancel) -> Result<Option<Bytes>, FormatError> {
        Ok(self.stored(tiff, tag, cancel).await?.map(|(_, bytes)| bytes))
    }

    /// What a person or program wrote of the image; empty where there is nothing. Older programs write Latin-1.
    pub(super) async fn description(&self, tiff: &TiffFile, cancel: &Cancel) -> Result<String, FormatError> {
        let Some((2 | 7, bytes)) = self.stored(tiff, Tag::ImageDescription, cancel).await? else { return Ok(String::new()) };
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(std::str::from_utf8(text).map_or_else(|_| text.iter().map(|byte| char::from(*byte)).collect(), str::to_owned))
    }

    pub(super) fn bad(&self, tiff: &TiffFile, reason: impl std::fmt::Display) -> FormatError {
        tiff.bad(format!("in the directory at byte {}, {reason}", self.at))
    }

    pub(super) fn wrong(&self, tiff: &TiffFile, tag: Tag, values: &[u64], expected: &str) -> FormatError {
        let shown = values.get(..MOST_SHOWN).map_or_else(|| format!("{values:?}"), |first| format!("{first:?}"));
        self.bad(tiff, format!("{tag:?} is {shown} instead of {expected}"))
    }
}

/// The directory at a place that nothing else is known of.
pub(super) async fn read_directory(tiff: &TiffFile, at: u64, cancel: &Cancel) -> Result<Directory, FormatError> {
    Directory::read(tiff, at, WINDOW_BYTES, cancel).await
}
