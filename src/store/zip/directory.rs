//! The central directory of a ZIP archive, which lies at its end.
//!
//! Source: PKWARE's APPNOTE 6.3.10, sections 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end, with ZIP64) and 4.5.3 (ZIP64's extra field).
//! Numbers are little-endian. Nothing here is believed before it is seen to lie inside the archive.
#![deny(clippy::indexing_slicing)]

use rustc_hash::FxHashMap;

/// The end record without its comment.
const END_BYTES: usize = 22;
const END_SIGNATURE: u32 = 0x0605_4b50;
const LOCATOR_BYTES: usize = 20;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
pub(super) const END64_BYTES: u64 = 56;
const END64_SIGNATURE: u32 = 0x0606_4b50;
const ENTRY_BYTES: usize = 46;
const ENTRY_SIGNATURE: u32 = 0x0201_4b50;
const DIGITAL_SIGNATURE: u32 = 0x0505_4b50;
pub(super) const LOCAL_BYTES: u64 = 30;
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const ZIP64_EXTRA: u16 = 1;
const ENCRYPTED: u16 = 1;
/// The end record with its locator and the longest comment: all lies in so many last bytes.
pub(super) const TAIL_BYTES: u64 = (LOCATOR_BYTES + END_BYTES + 0xffff) as u64;

/// Where the directory lies in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// What the last bytes of an archive say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Directory(Place),
    /// The place is in the ZIP64 record that begins here.
    Zip64 {
        record: u64,
    },
}

/// One file of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) method: u16,
    pub(super) is_encrypted: bool,
    pub(super) crc32: u32,
    pub(super) packed_bytes: u64,
    pub(super) bytes: u64,
    /// Where its local header begins.
    pub(super) start: u64,
    /// What its local header most likely takes: that has a name and an extra field of its own.
    pub(super) header_bytes: u64,
}

/// The files of an archive by their path.
#[derive(Debug, Default)]
pub(super) struct Directory {
    entries: FxHashMap<Box<str>, Entry>,
    /// The folder that everything lies in, with its `/`; empty where there is none.
    only_folder: Box<str>,
}

impl Directory {
    pub(super) fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    pub(super) fn only_folder(&self) -> &str {
        &self.only_folder
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Finds the end record in the last bytes of an archive of `size` bytes.
pub(super) fn find_end(tail: &[u8], size: u64) -> Result<End, String> {
    let last = tail.len().checked_sub(END_BYTES).ok_or("it is too short for a ZIP archive")?;
    // The comment reaches to the end of the file; a signature inside of a comment is not followed by a fitting length.
    let is_end = |at: &usize| {
        u32_at(tail, *at) == Some(END_SIGNATURE)
            && u16_at(tail, *at + 20).is_some_and(|len| *at + END_BYTES + usize::from(len) == tail.len())
    };
    let at = (0..=last).rev().find(is_end).ok_or("it has no end record of a ZIP archive, and may be cut off")?;
    let field = |offset: usize| u32_at(tail, at + offset).ok_or("its end record is cut off");
    let (bytes, start) = (field(12)?, field(16)?);
    let locator = at.checked_sub(LOCATOR_BYTES).filter(|&locator| u32_at(tail, locator) == Some(LOCATOR_SIGNATURE));
    if let Some(locator) = locator {
        let record = u64_at(tail, locator + 8).ok_or("its ZIP64 locator is cut off")?;
        return Ok(End::Zip64 { record });
    }
    let disks = u32_at(tail, at + 4).unwrap_or(0);
    if disks != 0 {
        return Err("it is one part of several".to_owned());
    }
    place(u64::from(start), u64::from(bytes), size).map(End::Directory)
}

/// Reads the ZIP64 end record of an archive of `size` bytes.
pub(super) fn read_end64(record: &[u8], size: u64) -> Result<Place, String> {
    if u32_at(record, 0) != Some(END64_SIGNATURE) {
        return Err("its ZIP64 end record is not where it should be".to_owned());
    }
    let field = |offset: usize| u64_at(record, offset).ok_or("its ZIP64 end record is cut off");
    place(field(48)?, field(40)?, size)
}

fn place(start: u64, bytes: u64, size: u64) -> Result<Place, String> {
    let end = start.checked_add(bytes).filter(|&end| end <= size);
    let end = end.ok_or_else(|| format!("its directory would lie at bytes {start} to {start} + {bytes} of {size}"))?;
    Ok(Place { start, end })
}

/// Reads a whole directory. Of files with one name the last counts, as it does for whoever unpacks them.
pub(super) fn read(bytes: &[u8]) -> Result<Directory, String> {
    let mut directory = Directory::default();
    let mut rest = bytes;
    let mut number = 0_usize;
    while u32_at(rest, 0) == Some(ENTRY_SIGNATURE) {
        number += 1;
        let cut_off = || format!("entry {number} of its directory is cut off");
        let (name, entry, len) = read_entry(rest).ok_or_else(cut_off)?;
        rest = rest.get(len..).ok_or_else(cut_off)?;
        // Some programs of Windows write their own separators.
        let name = String::from_utf8_lossy(name).replace('\\', "/");
        if !name.ends_with('/') {
            directory.entries.insert(name.trim_start_matches('/').into(), entry);
        }
    }
    // A signature of all of it may follow.
    if !rest.is_empty() && u32_at(rest, 0) != Some(DIGITAL_SIGNATURE) {
        return Err(format!("its directory is damaged after {number} entries"));
    }
    let mut names = directory.entries.keys();
    let folder = names.next().and_then(|first| first.split_inclusive('/').next()).filter(|folder| folder.ends_with('/'));
    directory.only_folder = folder.filter(|folder| names.all(|name| name.starts_with(*folder))).unwrap_or_default().into();
    Ok(directory)
}

/// The name and the fields of the first entry, and the length of it.
fn read_entry(bytes: &[u8]) -> Option<(&[u8], Entry, usize)> {
    let length = |at: usize| u16_at(bytes, at).map(usize::from);
    let (name_len, extra_len, comment_len) = (length(28)?, length(30)?, length(32)?);
    let name = bytes.get(ENTRY_BYTES..ENTRY_BYTES + name_len)?;
    let extra = bytes.get(ENTRY_BYTES + name_len..ENTRY_BYTES + name_len + extra_len)?;
    // What does not fit 32 bits is all ones there, and in the ZIP64 field, in this order.
    let mut wide = zip64_extra(extra).unwrap_or_default().as_chunks::<8>().0.iter();
    let mut number = |at: usize| match u32_at(bytes, at)? {
        u32::MAX => Some(wide.next().map_or(u64::from(u32::MAX), |wide| u64::from_le_bytes(*wide))),
        narrow => Some(u64::from(narrow)),
    };
    let (unpacked, packed_bytes, start) = (number(24)?, number(20)?, number(42)?);
    let entry = Entry {
        method: u16_at(bytes, 10)?,
        is_encrypted: u16_at(bytes, 8)? & ENCRYPTED != 0,
        crc32: u32_at(bytes, 16)?,
        packed_bytes,
        bytes: unpacked,
        start,
        header_bytes: LOCAL_BYTES + (name_len + extra_len) as u64,
    };
    Some((name, entry, ENTRY_BYTES + name_len + extra_len + comment_len))
}

fn zip64_extra(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (id, len) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let data = extra.get(4..4 + len)?;
        if id == ZIP64_EXTRA {
            return Some(data);
        }
        extra = extra.get(4 + len..)?;
    }
}

/// How long a local header is, by its first [`LOCAL_BYTES`].
pub(super) fn local_header_bytes(header: &[u8]) -> Result<u64, String> {
    let lengths = u16_at(header, 26).zip(u16_at(header, 28));
    match lengths {
        Some((name, extra)) if u32_at(header, 0) == Some(LOCAL_SIGNATURE) => Ok(LOCAL_BYTES + u64::from(name) + u64::from(extra)),
        _ => Err("its directory names a place where no file begins".to_owned()),
    }
}
