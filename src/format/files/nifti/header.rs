//! The header of a NIfTI file: numbers at fixed places, of version 1 (348 bytes) or 2 (540 bytes).
//!
//! Sources: `nifti1.h` and `nifti2.h` of the NIfTI Data Format Working Group.

use crate::format::FormatError;
use crate::format::files::File;
use crate::format::files::fields::Fields;

/// Bytes of a header of version 1, and of the part of version 2 that tells it.
pub(super) const VERSION_1_BYTES: u64 = 348;
/// Bytes of a header of version 2.
pub(super) const VERSION_2_BYTES: u64 = 540;

/// Whether these are the first bytes of a header of version 2.
pub(super) fn is_version_2(bytes: &[u8]) -> bool {
    [true, false].into_iter().any(|little_endian| Fields { bytes, little_endian }.i32(0) == Some(540))
}

/// What the header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub(super) little_endian: bool,
    /// Sizes of the axes x, y, z, t, u, v, w: as many as there are.
    pub(super) sizes: Vec<u64>,
    /// The code of the type of a voxel.
    pub(super) data_type: i16,
    /// Sizes of a voxel along the axes, from number 1; number 0 is the handedness of `qform`.
    pub(super) pixdim: [f64; 8],
    /// Where the voxels begin.
    pub(super) voxels_at: u64,
    pub(super) slope: f64,
    pub(super) intercept: f64,
    /// Codes of the units of space (bits 0 to 2) and time (bits 3 to 5).
    pub(super) units: u8,
    pub(super) qform: Option<Qform>,
    /// Rows of the map from voxel indices to x, y, z.
    pub(super) sform: Option<[[f64; 4]; 3]>,
}

/// A rotation and a shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Qform {
    /// b, c, d of a unit quaternion whose a is not negative.
    pub(super) quaternion: [f64; 3],
    pub(super) offset: [f64; 3],
}

/// Reads a header from the first bytes of a file.
///
/// # Errors
/// [`FormatError::BadMetadata`] that names the field and what it is.
pub(super) fn parse(bytes: &[u8], file: &File) -> Result<Header, FormatError> {
    let with = |little_endian| Fields { bytes, little_endian };
    let known = [(true, 348), (false, 348), (true, 540), (false, 540)];
    let found = known.into_iter().find(|&(little_endian, size)| with(little_endian).i32(0) == Some(size));
    let Some((little_endian, size)) = found else {
        return Err(file.bad("it does not begin with 348 or 540, the length of a NIfTI header"));
    };
    let fields = with(little_endian);
    let early = || file.bad(format!("it has {} bytes and ends within its header of {size}", file.size_bytes));
    let (magic_at, wanted) = if size == 348 { (344, b"n+1\0") } else { (4, b"n+2\0") };
    let magic: &[u8; 4] = bytes.get(magic_at..).and_then(<[u8]>::first_chunk).ok_or_else(early)?;
    if magic.starts_with(b"ni") {
        return Err(file.unsupported("a NIfTI header whose voxels lie in another file (.hdr and .img)", text(magic)));
    }
    if magic != wanted {
        return Err(file.bad(format!("its magic is \"{}\" instead of \"{}\"", text(magic), text(wanted))));
    }
    let header = if size == 348 { version_1(fields) } else { version_2(fields) };
    let (header, sizes) = header.ok_or_else(early)?;
    let count = sizes.first().copied().unwrap_or(0);
    if !(1..=7).contains(&count) {
        return Err(file.bad(format!("dim[0], the number of axes, is {count} instead of 1 to 7")));
    }
    let sizes = sizes.iter().enumerate().skip(1).take(usize::try_from(count).unwrap_or(0));
    let sizes = sizes.map(|(number, &size)| match u64::try_from(size) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(file.bad(format!("dim[{number}], the size of an axis, is {size}"))),
    });
    let sizes = sizes.collect::<Result<_, _>>()?;
    if header.voxels_at < size.unsigned_abs().into() {
        return Err(file.bad(format!("vox_offset, where the voxels begin, is {}, which is within the header", header.voxels_at)));
    }
    Ok(Header { sizes, ..header })
}

fn text(magic: &[u8]) -> String {
    String::from_utf8_lossy(magic).trim_end_matches('\0').escape_default().to_string()
}

/// The header without its sizes, and those with their count, as they stand there.
type Parsed = (Header, [i64; 8]);

fn version_1(fields: Fields<'_>) -> Option<Parsed> {
    let single = |at| fields.f32(at).map(f64::from);
    let header = Header {
        little_endian: fields.little_endian,
        sizes: Vec::new(),
        data_type: fields.i16(70)?,
        pixdim: array(|n| single(76 + 4 * n))?,
        voxels_at: whole(single(108)?),
        slope: single(112)?,
        intercept: single(116)?,
        units: *fields.bytes.get(123)?,
        qform: match fields.i16(252)? {
            1.. => Some(Qform { quaternion: array(|n| single(256 + 4 * n))?, offset: array(|n| single(268 + 4 * n))? }),
            _ => None,
        },
        sform: match fields.i16(254)? {
            1.. => Some(array(|row| array(|n| single(280 + 16 * row + 4 * n)))?),
            _ => None,
        },
    };
    Some((header, array(|n| fields.i16(40 + 2 * n).map(i64::from))?))
}

fn version_2(fields: Fields<'_>) -> Option<Parsed> {
    let header = Header {
        little_endian: fields.little_endian,
        sizes: Vec::new(),
        data_type: fields.i16(12)?,
        pixdim: array(|n| fields.f64(104 + 8 * n))?,
        voxels_at: u64::try_from(fields.i64(168)?).unwrap_or(0),
        slope: fields.f64(176)?,
        intercept: fields.f64(184)?,
        units: fields.i32(500)?.to_le_bytes()[0],
        qform: match fields.i32(344)? {
            1.. => Some(Qform { quaternion: array(|n| fields.f64(352 + 8 * n))?, offset: array(|n| fields.f64(376 + 8 * n))? }),
            _ => None,
        },
        sform: match fields.i32(348)? {
            1.. => Some(array(|row| array(|n| fields.f64(400 + 32 * row + 8 * n)))?),
            _ => None,
        },
    };
    Some((header, array(|n| fields.i64(16 + 8 * n))?))
}

/// An array of what is there for every index.
fn array<T: Copy + Default, const N: usize>(at: impl Fn(usize) -> Option<T>) -> Option<[T; N]> {
    let mut all = [T::default(); N];
    for (index, one) in all.iter_mut().enumerate() {
        *one = at(index)?;
    }
    Some(all)
}

/// A place that is written as a float; 0, which is none, where it is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(at: f64) -> u64 {
    at as u64
}
