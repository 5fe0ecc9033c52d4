//! How a chunk is cut into bricks.

/// The most voxels along an axis of a brick in a thick chunk.
const EDGE: u32 = 32;
/// The most voxels of a brick: a 16-bit palette always suffices.
const MOST_VOXELS: u64 = 1 << 15;

/// The shape of the bricks of a chunk of this shape (voxels, x, y, z).
///
/// A brick lies in one chunk, anchored at the chunk's lower corner, with edges as equal as whole voxels allow: a chunk edge
/// of 65 gives 22 + 22 + 21 or 33 + 32, not 32 + 32 + 1. Where that leaves room below 32³ voxels, bricks grow, so that a 512×512×1 chunk
/// does not shatter into 256 of them. The product never exceeds 32³.
#[must_use]
pub fn brick_shape(chunk_shape: [u32; 3]) -> [u32; 3] {
    let chunk = chunk_shape.map(|n| n.max(1));
    let mut most = [EDGE; 3];
    loop {
        let shape: [u32; 3] = std::array::from_fn(|axis| {
            let parts = chunk[axis].div_ceil(most[axis]);
            chunk[axis].div_ceil(parts)
        });
        let volume = shape.iter().fold(1_u64, |product, &n| product * u64::from(n));
        let widest_cut = (0..3)
            .filter(|&axis| shape[axis] < chunk[axis] && volume / u64::from(shape[axis]) * u64::from(most[axis]) * 2 <= MOST_VOXELS)
            .min_by_key(|&axis| most[axis]);
        match widest_cut {
            Some(axis) => most[axis] *= 2,
            None => return shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_chunks_evenly() {
        assert_eq!(brick_shape([64, 64, 64]), [32, 32, 32]);
        assert_eq!(brick_shape([33, 33, 33]), [33, 17, 17]);
        assert_eq!(brick_shape([65, 65, 65]), [33, 22, 22]);
        assert_eq!(brick_shape([512, 512, 1]), [256, 128, 1]);
        assert_eq!(brick_shape([1, 1, 1]), [1, 1, 1]);
        assert_eq!(brick_shape([7, 5, 3]), [7, 5, 3]);
    }
}
