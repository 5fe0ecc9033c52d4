//! How large a layer is of which nobody says so: as large as its files, along each axis from the first.

use futures::future::try_join3;

use super::array::key;
use super::header::Header;
use crate::format::FormatError;
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::store::{ReadOptions, ReadStore, ResourceKind};

/// The most files along an axis.
const MOST_FILES: u64 = 1 << 20;

/// The voxels of the files that follow each other along x, y and z. Their number is found by doubling and halving.
pub(super) async fn of_files(store: &dyn ReadStore, header: &Header, cancel: &Cancel) -> Result<VoxelBox, FormatError> {
    let options = ReadOptions { kind: ResourceKind::Index, cancel: cancel.clone() };
    let exists = async |place: [u64; 3]| Ok::<bool, FormatError>(store.size(&key(place), &options).await?.is_some());
    if !exists([0; 3]).await? {
        let reason =
            "how large the layer is, is not known: no datasource-properties.json lists it, and its first file is absent".to_owned();
        return Err(FormatError::BadMetadata { reason, url: store.describe(&key([0; 3])) });
    }
    let count = async |place: fn(u64) -> [u64; 3]| {
        let (mut there, mut absent) = (0, 1);
        while absent < MOST_FILES && exists(place(absent)).await? {
            (there, absent) = (absent, absent * 2);
        }
        while absent - there > 1 {
            let middle = u64::midpoint(there, absent);
            if exists(place(middle)).await? { there = middle } else { absent = middle }
        }
        Ok::<u64, FormatError>(absent)
    };
    let (x, y, z) = try_join3(count(|x| [x, 0, 0]), count(|y| [0, y, 0]), count(|z| [0, 0, z])).await?;
    let edge = header.block_edge * header.file_edge;
    Ok(VoxelBox::from_shape([0; 3], [x, y, z].map(|files| i64::try_from(files * edge).unwrap_or(i64::MAX))))
}
