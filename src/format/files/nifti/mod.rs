//! NIfTI-1 and NIfTI-2: one array in one file (`.nii`), or that file gzip'd where it is small.
//!
//! Axes are x, y, z, then t, then u (the channel), v and w. Where the header has a slope, values are slope × stored + intercept, in single
//! precision: those are the file's values, and the stored numbers an encoding of them.

mod header;
mod space;

use std::rc::Rc;

use super::File;
use super::linear::{self, Layout, OuterAxis, Scaling};
use crate::codec::gzip;
use crate::format::axes::Role;
use crate::format::{ChunkSource, FormatError, SourceFormat};
use crate::runtime::Cancel;
use crate::store::{MemoryStore, ResourceKind};
use crate::voxel::DataType;

use header::Header;

/// A gzip'd file can be read from its beginning only: up to so many bytes it is unpacked in memory, in every worker that reads of it.
const MOST_UNPACKED_BYTES: usize = 64 << 20;

/// The volume in a NIfTI file.
///
/// # Errors
/// A file that is none, is damaged, or has voxels of a type that is not supported.
pub(super) async fn open(file: File, cancel: &Cancel) -> Result<Box<dyn ChunkSource>, FormatError> {
    let start = file.start(header::VERSION_1_BYTES, cancel).await?;
    let (file, start) = if gzip::is_gzip(&start) {
        let file = unpacked(file, cancel).await?;
        let start = file.start(header::VERSION_1_BYTES, cancel).await?;
        (file, start)
    } else {
        (file, start)
    };
    let mut start = start.to_vec();
    if header::is_version_2(&start) {
        let rest = header::VERSION_1_BYTES.min(file.size_bytes)..header::VERSION_2_BYTES.min(file.size_bytes);
        start.extend_from_slice(&file.read(rest, ResourceKind::Index, cancel).await?);
    }
    let header = header::parse(&start, &file)?;
    let placement = space::placement(&header);
    let layout = layout(&header, &file)?;
    linear::open(file, SourceFormat::Nifti, layout, placement)
}

/// The same file in memory, without its packing.
async fn unpacked(file: File, cancel: &Cancel) -> Result<File, FormatError> {
    let too_long = || file.unsupported("a gzip'd NIfTI file of more than 64 MiB", file.key.clone());
    if file.size_bytes > MOST_UNPACKED_BYTES as u64 {
        return Err(too_long());
    }
    let packed = file.read(0..file.size_bytes, ResourceKind::Chunk, cancel).await?;
    let bytes = gzip::decode(&packed, MOST_UNPACKED_BYTES).map_err(|error| match error {
        crate::codec::CodecError::WrongSize { .. } => too_long(),
        error => FormatError::from_codec(error, &file.url),
    })?;
    let size_bytes = bytes.len() as u64;
    let mut store = MemoryStore::default();
    store.insert(file.key.clone(), bytes);
    Ok(File { store: Rc::new(store), key: file.key, size_bytes, url: file.url })
}

fn layout(header: &Header, file: &File) -> Result<Layout, FormatError> {
    let (data_type, interleaved) = voxel_type(header.data_type).map_err(|name| file.unsupported("the data type", name))?;
    let size = |axis: usize| header.sizes.get(axis).copied().unwrap_or(1);
    let named = |name: &str| Role::Other(name.to_owned());
    let mut outer = Vec::new();
    for (axis, role) in [(3, named("t")), (4, Role::Channel), (5, named("v")), (6, named("w"))] {
        // An axis of one place says nothing, unless slower ones follow: then it may stay away, too.
        if size(axis) > 1 {
            let unit = if axis == 3 { space::time_unit(header.units) } else { None };
            outer.push(OuterAxis { role, size: size(axis), unit });
        }
    }
    if interleaved > 1 && size(4) > 1 {
        return Err(file.unsupported("several colours in each voxel", format!("dim[5] = {}", size(4))));
    }
    Ok(Layout {
        start: header.voxels_at,
        data_type,
        little_endian: header.little_endian,
        shape: [size(0), size(1), size(2)],
        interleaved,
        outer,
        scaling: scaling(header).filter(|_| interleaved == 1),
    })
}

/// The type of a voxel and how many of them lie beside each other; the name of one that is not supported.
fn voxel_type(code: i16) -> Result<(DataType, u64), String> {
    Ok(match code {
        2 => (DataType::Uint8, 1),
        4 => (DataType::Int16, 1),
        8 => (DataType::Int32, 1),
        16 => (DataType::Float32, 1),
        64 => (DataType::Float64, 1),
        128 => (DataType::Uint8, 3),
        256 => (DataType::Int8, 1),
        512 => (DataType::Uint16, 1),
        768 => (DataType::Uint32, 1),
        1024 => (DataType::Int64, 1),
        1280 => (DataType::Uint64, 1),
        2304 => (DataType::Uint8, 4),
        1 => return Err("binary".to_owned()),
        32 => return Err("complex64".to_owned()),
        1536 => return Err("float128".to_owned()),
        1792 => return Err("complex128".to_owned()),
        2048 => return Err("complex256".to_owned()),
        other => return Err(other.to_string()),
    })
}

/// What turns stored numbers into values; `None` where they are the values. A slope of 0 says that there is none, and so does one that is no
/// number.
fn scaling(header: &Header) -> Option<Scaling> {
    let (slope, intercept) = (header.slope, header.intercept);
    let is_given = slope != 0.0 && slope.is_finite() && intercept.is_finite();
    (is_given && (slope, intercept) != (1.0, 0.0)).then_some(Scaling { slope, intercept })
}
