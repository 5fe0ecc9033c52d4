//! The inverse cosine transform of libjpeg's `islow`, to the bit: integers of 13 fractional bits, columns first, then rows.
//!
//! After C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (1989). What is
//! multiplied and summed here is the same in whole numbers, written as products of pairs, which is what vector units have.

use super::lanes::{Lanes, transpose};

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
    let [b0, b1, b2, b3, b4, b5, b6, b7] = block.each_ref().map(Lanes::load);
    let [s0, s1, s2, s3, s4, s5, s6, s7] = steps.each_ref().map(Lanes::load);
    let rows = [b0.mul(s0), b1.mul(s1), b2.mul(s2), b3.mul(s3), b4.mul(s4), b5.mul(s5), b6.mul(s6), b7.mul(s7)];
    let columns = transpose(pass::<{ FRACTION - KEPT }>(rows));
    let [r0, r1, r2, r3, r4, r5, r6, r7] = transpose(pass::<{ FRACTION + KEPT + SCALE }>(columns));
    let ([v0, v1], [v2, v3], [v4, v5], [v6, v7]) = (r0.voxels(r1), r2.voxels(r3), r4.voxels(r5), r6.voxels(r7));
    [v0, v1, v2, v3, v4, v5, v6, v7]
}

/// The voxel that fills a block of which only the first coefficient is not zero: [`whole`] gives the same.
#[inline(always)]
pub(super) fn flat(block: &Block, steps: &Block) -> u8 {
    let [[value, ..], ..] = block;
    let [[step, ..], ..] = steps;
    let mean = (i32::from(value.wrapping_mul(*step)) + 4) >> SCALE;
    u8::try_from((mean + 128).clamp(0, 255)).unwrap_or(0)
}

/// Transforms eight columns, one a lane, and drops `SHIFT` fractional bits.
#[inline(always)]
fn pass<const SHIFT: u32>([c0, c1, c2, c3, c4, c5, c6, c7]: [Lanes; EDGE]) -> [Lanes; EDGE] {
    // √2 times cosines and sines of sixteenths of π and their sums, times 2^13.
    let sum = c0.dot(c4, 8192, 8192);
    let difference = c0.dot(c4, 8192, -8192);
    let low = c2.dot(c6, 4433, -10704);
    let high = c2.dot(c6, 10703, 4433);
    let (e0, e3) = (sum.add(high), sum.sub(high));
    let (e1, e2) = (difference.add(low), difference.sub(low));
    // The odd half as one matrix of four by four.
    let o0 = c1.dot(c3, 11363, 9633).add(c5.dot(c7, 6437, 2260));
    let o1 = c1.dot(c3, 9633, -2259).add(c5.dot(c7, -11362, -6436));
    let o2 = c1.dot(c3, 6437, -11362).add(c5.dot(c7, 2261, 9633));
    let o3 = c1.dot(c3, 2260, -6436).add(c5.dot(c7, 9633, -11363));
    let (first, last) = ([e0.add(o0), e1.add(o1), e2.add(o2), e3.add(o3)], [e3.sub(o3), e2.sub(o2), e1.sub(o1), e0.sub(o0)]);
    let ([r0, r1, r2, r3], [r4, r5, r6, r7]) = (first.map(|sum| sum.narrow::<SHIFT>()), last.map(|sum| sum.narrow::<SHIFT>()));
    [r0, r1, r2, r3, r4, r5, r6, r7]
}
