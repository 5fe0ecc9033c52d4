//! The levels of a volume: each has half of the voxels of the one before along each axis, rounded up.

use crate::neuroglancer::{CHUNK, Scale};

/// Edge of a voxel of the finest level.
const VOXEL_NM: f64 = 8.0;
/// The coarsest level has no more chunks.
const MAX_COARSEST: usize = 2;

/// Voxels of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) level: usize,
    pub(super) min: [usize; 3],
    pub(super) shape: [usize; 3],
}

/// The levels of a volume, the finest first.
pub(super) fn scales(mut size: [usize; 3]) -> Vec<Scale> {
    let mut scales = Vec::new();
    loop {
        scales.push(Scale { size, voxel_nm: voxel_nm(scales.len()), sharding: None });
        if size.map(|n| n.div_ceil(CHUNK)).iter().product::<usize>() <= MAX_COARSEST {
            return scales;
        }
        size = size.map(|n| n.div_ceil(2));
    }
}

/// Edge of a voxel of a level.
pub(super) fn voxel_nm(level: usize) -> f64 {
    (0..level).fold(VOXEL_NM, |nm, _| nm * 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarsest_level_is_two_chunks_at_most() {
        let sizes = |size| scales(size).iter().map(|scale| scale.size).collect::<Vec<_>>();
        assert_eq!(sizes([64; 3]), [[64; 3]]);
        assert_eq!(sizes([128, 64, 64]), [[128, 64, 64]]);
        assert_eq!(sizes([100, 200, 65]), [[100, 200, 65], [50, 100, 33]]);
        let petabyte = scales([131_072; 3]);
        assert_eq!((petabyte.len(), petabyte.last().map(|scale| (scale.size, scale.voxel_nm))), (12, Some(([64; 3], 16_384.0))));
    }
}
