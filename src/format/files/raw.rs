//! Files of voxels and nothing else, of a [`RawLayout`] that the user gives.

use crate::format::axes::Role;
use crate::format::{ChunkSource, FormatError, RawLayout, SourceFormat};

use super::File;
use super::linear::{self, Layout, OuterAxis, Placement};

/// The volume in a file of this layout. A voxel has 1 nm: who knows better says so with the source.
///
/// # Errors
/// [`FormatError::BadLayout`] where there is no layout, or one that does not take exactly the bytes that the file has: nearly right
/// would show voxels in wrong places.
pub(super) fn open(file: File, layout: Option<&RawLayout>) -> Result<Box<dyn ChunkSource>, FormatError> {
    let bad = |reason: String| FormatError::BadLayout { reason, url: file.url.clone() };
    let Some(raw) = layout else { return Err(bad("nothing says how it holds its voxels".to_owned())) };
    if raw.shape.contains(&0) || raw.channels == 0 {
        return Err(bad(format!("a shape of {:?} with {} channels holds no voxel", raw.shape, raw.channels)));
    }
    let channels = OuterAxis { role: Role::Channel, size: u64::from(raw.channels), unit: None };
    let layout = Layout {
        start: raw.header_bytes,
        data_type: raw.data_type,
        little_endian: raw.little_endian,
        shape: raw.shape,
        interleaved: 1,
        outer: if raw.channels > 1 { vec![channels] } else { Vec::new() },
        scaling: None,
    };
    match layout.len_bytes().and_then(|len| len.checked_add(raw.header_bytes)) {
        Some(needed) if needed == file.size_bytes => {}
        Some(needed) => return Err(bad(format!("the file has {} bytes, the layout takes {needed}", file.size_bytes))),
        None => return Err(bad(format!("a shape of {:?} has more voxels than any file", raw.shape))),
    }
    linear::open(file, SourceFormat::Raw, layout, Placement::at_origin([1.0; 3]))
}
