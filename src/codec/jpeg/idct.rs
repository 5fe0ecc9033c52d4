//! The inverse cosine transform of libjpeg's `islow`, to the bit: integers of 13 fractional bits, columns first, then rows.
//!
//! After C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (1989). What is
//! multiplied and summed here is the same in whole numbers, written as products of pairs, which is what vector units have.

use super::lanes::{Numbers, Rows};

/// Voxels along an edge of a block.
pub(super) const EDGE: usize = 8;

/// Coefficients, or their steps; rows of vertical frequency.
pub(super) type Block = [[i16; EDGE]; EDGE];

/// Fractional bits of the constants.
const FRACTION: u32 = 13;
/// Fractional bits that are kept between columns and rows.
const KEPT: u32 = 2;
/// The transform as defined is this many bits larger.
const SCALE: u32 = 3;

/// The voxels of a block, rows of 8.
#[inline(always)]
pub(super) fn whole(block: &Block, steps: &Block) -> [[u8; EDGE]; EDGE] {
    let columns = Rows::products(block, steps).map_columns(transform::<{ FRACTION - KEPT }, _>).transpose();
    columns.map_columns(transform::<{ FRACTION + KEPT + SCALE }, _>).transpose().voxels()
}

/// The voxel that fills a block of which only the first coefficient is not zero: [`whole`] gives the same.
#[inline(always)]
pub(super) fn flat(block: &Block, steps: &Block) -> u8 {
    let [[value, ..], ..] = block;
    let [[step, ..], ..] = steps;
    let mean = (i32::from(value.wrapping_mul(*step)) + 4) >> SCALE;
    u8::try_from((mean + 128).clamp(0, 255)).unwrap_or(0)
}

/// Transforms a column and drops `SHIFT` fractional bits.
#[inline(always)]
fn transform<const SHIFT: u32, N: Numbers>([c0, c1, c2, c3, c4, c5, c6, c7]: [N; EDGE]) -> [N; EDGE] {
    // √2 times cosines and sines of sixteenths of π and their sums, times 2^13.
    let sum = c0.dot(c4, 8192, 8192);
    let difference = c0.dot(c4, 8192, -8192);
    let low = c2.dot(c6, 4433, -10704);
    let high = c2.dot(c6, 10703, 4433);
    let (e0, e3) = (N::add(sum, high), N::sub(sum, high));
    let (e1, e2) = (N::add(difference, low), N::sub(difference, low));
    // The odd half as one matrix of four by four.
    let o0 = N::add(c1.dot(c3, 11363, 9633), c5.dot(c7, 6437, 2260));
    let o1 = N::add(c1.dot(c3, 9633, -2259), c5.dot(c7, -11362, -6436));
    let o2 = N::add(c1.dot(c3, 6437, -11362), c5.dot(c7, 2261, 9633));
    let o3 = N::add(c1.dot(c3, 2260, -6436), c5.dot(c7, 9633, -11363));
    [
        N::narrow::<SHIFT>(N::add(e0, o0)),
        N::narrow::<SHIFT>(N::add(e1, o1)),
        N::narrow::<SHIFT>(N::add(e2, o2)),
        N::narrow::<SHIFT>(N::add(e3, o3)),
        N::narrow::<SHIFT>(N::sub(e3, o3)),
        N::narrow::<SHIFT>(N::sub(e2, o2)),
        N::narrow::<SHIFT>(N::sub(e1, o1)),
        N::narrow::<SHIFT>(N::sub(e0, o0)),
    ]
}
