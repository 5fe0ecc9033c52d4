//! A ZIP archive, written from front to back: each file is in memory when it is added, so that what its header says is known.
//!
//! Source: PKWARE's APPNOTE 6.3.10, sections 4.3.7 (local headers), 4.3.12 to 4.3.16 (directory and its end), 4.5.3 (ZIP64).

use rustc_hash::FxHashSet;

use super::ExportError;
use crate::codec::deflate;

/// Version 4.5 of the format has ZIP64; the upper byte says that attributes are of Unix.
const NEEDS_VERSION: u16 = 45;
const MADE_BY: u16 = 3 << 8 | NEEDS_VERSION;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1 January 1980, the first day there is: the same voxels give the same bytes.
const DATE: u16 = 1 << 5 | 1;
/// A file that its owner may write and everybody may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;
const FULL_U16: u16 = u16::MAX;
const FULL_U32: u32 = u32::MAX;

/// How a file lies in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// As it is.
    Stored,
    /// Deflated, where that makes it shorter.
    Deflated,
}

/// An archive that is being written.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// What was written and not yet taken.
    out: Vec<u8>,
    taken: u64,
    directory: Vec<u8>,
    names: FxHashSet<Box<str>>,
}

impl Archive {
    /// Adds a file.
    ///
    /// # Errors
    /// [`ExportError::Archive`] for a name that is there already or too long, and for 4 GiB or more.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8], method: Method) -> Result<(), ExportError> {
        let refused = |reason| ExportError::Archive { name: name.to_owned(), reason };
        let name_len = u16::try_from(name.len()).map_err(|_| refused("its name is too long"))?;
        let len = u32::try_from(bytes.len()).ok().filter(|len| *len < FULL_U32).ok_or_else(|| refused("it has 4 GiB or more"))?;
        if !self.names.insert(name.into()) {
            return Err(refused("there is one of that name"));
        }
        let deflated = (method == Method::Deflated).then(|| deflate::encode(bytes)).filter(|deflated| deflated.len() < bytes.len());
        let (number, packed) = deflated.as_deref().map_or((0_u16, bytes), |deflated| (8, deflated));
        // No longer than the file.
        let packed_len = u32::try_from(packed.len()).unwrap_or(len);
        let start = self.position();
        let mut common = Vec::with_capacity(26);
        for field in [NEEDS_VERSION, FLAGS, number, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [deflate::crc32(bytes), packed_len, len] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name_len.to_le_bytes());
        self.out.extend(0x0403_4b50_u32.to_le_bytes());
        self.out.extend(&common);
        self.out.extend(0_u16.to_le_bytes());
        self.out.extend(name.as_bytes());
        self.out.extend(packed);

        // A place beyond 4 GiB is in a field of its own.
        let short = u32::try_from(start).ok().filter(|start| *start < FULL_U32);
        let extra_len: u16 = if short.is_some() { 0 } else { 12 };
        let entry = &mut self.directory;
        entry.extend(0x0201_4b50_u32.to_le_bytes());
        entry.extend(MADE_BY.to_le_bytes());
        entry.extend(&common);
        for field in [extra_len, 0, 0, 0] {
            entry.extend(field.to_le_bytes());
        }
        entry.extend(ATTRIBUTES.to_le_bytes());
        entry.extend(short.unwrap_or(FULL_U32).to_le_bytes());
        entry.extend(name.as_bytes());
        if short.is_none() {
            entry.extend(1_u16.to_le_bytes());
            entry.extend(8_u16.to_le_bytes());
            entry.extend(start.to_le_bytes());
        }
        Ok(())
    }

    /// How many bytes wait to be taken.
    pub(super) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// The bytes since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken = self.position();
        std::mem::take(&mut self.out)
    }

    fn position(&self) -> u64 {
        self.taken + self.out.len() as u64
    }

    /// Writes the directory; nothing can be added after.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let (start, bytes, count) = (self.position(), self.directory.len() as u64, self.names.len() as u64);
        let end64 = start + bytes;
        let out = &mut self.out;
        out.append(&mut self.directory);
        let short = |n: u64| u32::try_from(n).unwrap_or(FULL_U32);
        let short_count = u16::try_from(count).unwrap_or(FULL_U16);
        if short_count == FULL_U16 || short(start) == FULL_U32 || short(bytes) == FULL_U32 {
            out.extend(0x0606_4b50_u32.to_le_bytes());
            out.extend(44_u64.to_le_bytes());
            out.extend(MADE_BY.to_le_bytes());
            out.extend(NEEDS_VERSION.to_le_bytes());
            out.extend(0_u64.to_le_bytes());
            for field in [count, count, bytes, start] {
                out.extend(field.to_le_bytes());
            }
            out.extend(0x0706_4b50_u32.to_le_bytes());
            out.extend(0_u32.to_le_bytes());
            out.extend(end64.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
        }
        out.extend(0x0605_4b50_u32.to_le_bytes());
        for field in [0, 0, short_count, short_count] {
            out.extend(field.to_le_bytes());
        }
        for field in [short(bytes), short(start)] {
            out.extend(field.to_le_bytes());
        }
        out.extend(0_u16.to_le_bytes());
        self.out
    }

    /// As if so many bytes had been written and taken before: what would otherwise take 4 GiB to test.
    #[cfg(test)]
    fn after(taken: u64) -> Self {
        Self { taken, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once() {
        let mut archive = Archive::default();
        archive.add("a", b"1", Method::Stored).unwrap();
        let error = archive.add("a", b"2", Method::Stored).unwrap_err();
        assert_eq!(error, ExportError::Archive { name: "a".to_owned(), reason: "there is one of that name" });
        assert!(archive.add(&"n".repeat(70_000), b"", Method::Stored).is_err());
    }

    #[test]
    fn what_deflate_does_not_shorten_is_stored() {
        let mut archive = Archive::default();
        archive.add("short", b"abc", Method::Deflated).unwrap();
        let stored = archive.take();
        assert!(stored.ends_with(b"shortabc"));
        archive.add("long", &[7; 1000], Method::Deflated).unwrap();
        assert!(archive.waiting() < 100);
    }

    #[test]
    fn places_beyond_4_gib_are_in_the_zip64_record() {
        let mut archive = Archive::after(5 << 30);
        archive.add("far", b"voxels", Method::Stored).unwrap();
        let bytes = archive.finish();
        let has = |field: &[u8]| bytes.windows(field.len()).any(|window| window == field);
        let place = (5_u64 << 30).to_le_bytes();
        let directory = ((5_u64 << 30) + 30 + 3 + 6).to_le_bytes();
        // APPNOTE 4.5.3: tag 1, eight bytes, the place.
        assert!(has(&[&[1, 0, 8, 0][..], &place].concat()));
        assert!(has(&directory) && has(&0x0606_4b50_u32.to_le_bytes()) && has(&0x0706_4b50_u32.to_le_bytes()));
    }
}
