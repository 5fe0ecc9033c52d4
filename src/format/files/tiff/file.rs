//! A TIFF file: its byte order and kind, and reading what lies where in it. Small things are read through a window, so that what lies beside
//! each other is asked for once.

use std::cell::RefCell;

use bytes::Bytes;

use crate::format::FormatError;
use crate::format::files::File;
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ResourceKind};

/// What is read at least where nothing else is known: an image's directory and what belongs to it, most often.
pub(super) const WINDOW_BYTES: u64 = 4 << 10;
/// The longest value of a field that is read: the places of four million tiles, or a long description.
const MOST_FIELD_BYTES: u64 = 32 << 20;

/// A file whose header was read.
pub(super) struct TiffFile {
    pub(super) file: File,
    pub(super) order: Order,
    /// BigTIFF: places are of 64 bits.
    pub(super) is_big: bool,
    /// Where the directory of the first image lies.
    pub(super) first: u64,
    /// What was read last, and where it begins.
    window: RefCell<(u64, Bytes)>,
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The number of these bytes, at most eight.
    pub(super) fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, join),
            Self::Big => bytes.iter().fold(0, join),
        }
    }
}

impl TiffFile {
    /// Reads the header of a file.
    pub(super) async fn open(file: File, cancel: &Cancel) -> Result<Self, FormatError> {
        if file.size_bytes < 8 {
            let reason = format!("it has {} bytes, fewer than the header of a TIFF file", file.size_bytes);
            return Err(FormatError::BadMetadata { reason, url: file.url });
        }
        let mut tiff = Self { file, order: Order::Little, is_big: false, first: 0, window: RefCell::default() };
        let header = tiff.bytes(0, 16.min(tiff.file.size_bytes), WINDOW_BYTES, cancel).await?;
        let field = |range: std::ops::Range<usize>| header.get(range).unwrap_or_default();
        tiff.order = match field(0..2) {
            b"II" => Order::Little,
            b"MM" => Order::Big,
            other => return Err(tiff.bad(format!("it begins with {other:02x?} instead of the \"II\" or \"MM\" of a TIFF file"))),
        };
        let number = |range| tiff.order.number(field(range));
        (tiff.is_big, tiff.first) = match (number(2..4), number(4..6), number(6..8)) {
            (42, ..) => (false, number(4..8)),
            (43, 8, 0) => (true, number(8..16)),
            (version, ..) => return Err(tiff.bad(format!("its version is {version} instead of the 42 or 43 of a TIFF file"))),
        };
        if tiff.first == 0 {
            return Err(tiff.bad("it holds no image"));
        }
        Ok(tiff)
    }

    /// The bytes from `at` on. `ahead`: how many to read at once where they are not known yet.
    pub(super) async fn bytes(&self, at: u64, len: u64, ahead: u64, cancel: &Cancel) -> Result<Bytes, FormatError> {
        let size = self.file.size_bytes;
        let end = at.checked_add(len).filter(|end| *end <= size);
        let end = end.ok_or_else(|| self.bad(format!("it says that {len} bytes lie at {at}, outside of its {size}")))?;
        if let Some(known) = self.known(at, len) {
            return Ok(known);
        }
        let end = end.max(at.saturating_add(ahead)).min(size);
        let options = ReadOptions { kind: ResourceKind::Index, cancel: cancel.clone() };
        let bytes = self.file.store.get_range(&self.file.key, at..end, &options).await?;
        let bytes = bytes.ok_or_else(|| FormatError::NoFile { url: self.file.url.clone() })?;
        self.window.replace((at, bytes));
        self.known(at, len).ok_or_else(|| self.bad(format!("there are fewer than {len} bytes at {at}")))
    }

    fn known(&self, at: u64, len: u64) -> Option<Bytes> {
        let (start, bytes) = &*self.window.borrow();
        let from = usize::try_from(at.checked_sub(*start)?).ok()?;
        let to = from.checked_add(usize::try_from(len).ok()?)?;
        (to <= bytes.len()).then(|| bytes.slice(from..to))
    }

    /// Bytes of a field that is not longer than a field may be.
    pub(super) async fn field_bytes(&self, at: u64, len: u64, cancel: &Cancel) -> Result<Bytes, FormatError> {
        if len > MOST_FIELD_BYTES {
            return Err(self.bad(format!("a field of {len} bytes at {at} is longer than the {MOST_FIELD_BYTES} that are read")));
        }
        self.bytes(at, len, WINDOW_BYTES, cancel).await
    }

    pub(super) fn bad(&self, reason: impl Into<String>) -> FormatError {
        FormatError::BadMetadata { reason: reason.into(), url: self.file.url.clone() }
    }

    pub(super) fn unsupported(&self, what: &'static str, name: impl Into<String>) -> FormatError {
        FormatError::Unsupported { what, name: name.into(), url: self.file.url.clone() }
    }
}
