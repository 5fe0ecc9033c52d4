//! Rows in registers of wasm's fixed-width SIMD.

use core::arch::wasm32::{
    i8x16_narrow_i16x8, i16x8, i16x8_mul, i16x8_narrow_i32x4, i16x8_shuffle, i32x4_add, i32x4_dot_i16x8, i32x4_shr, i32x4_splat, i32x4_sub,
    u8x16_splat, u64x2_extract_lane, v128, v128_xor,
};

use super::Numbers;

/// Eight numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes(v128);

/// Eight rows of eight numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Rows([Lanes; 8]);

impl Numbers for Lanes {
    /// Four and four.
    type Sums = [v128; 2];

    #[inline(always)]
    fn dot(self, other: Self, a: i16, b: i16) -> Self::Sums {
        let factors = i16x8(a, b, a, b, a, b, a, b);
        self.interleave(other).map(|pairs| i32x4_dot_i16x8(pairs.0, factors))
    }

    #[inline(always)]
    fn add([a, b]: Self::Sums, [c, d]: Self::Sums) -> Self::Sums {
        [i32x4_add(a, c), i32x4_add(b, d)]
    }

    #[inline(always)]
    fn sub([a, b]: Self::Sums, [c, d]: Self::Sums) -> Self::Sums {
        [i32x4_sub(a, c), i32x4_sub(b, d)]
    }

    #[inline(always)]
    fn narrow<const SHIFT: u32>(sums: Self::Sums) -> Self {
        let [a, b] = sums.map(|sums| i32x4_shr(i32x4_add(sums, i32x4_splat(1 << (SHIFT - 1))), SHIFT));
        Self(i16x8_narrow_i32x4(a, b))
    }
}

impl Lanes {
    #[inline(always)]
    fn load(&[a, b, c, d, e, f, g, h]: &[i16; 8]) -> Self {
        Self(i16x8(a, b, c, d, e, f, g, h))
    }

    /// One of these, one of those, and so on.
    #[inline(always)]
    fn interleave(self, other: Self) -> [Self; 2] {
        [
            Self(i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(self.0, other.0)),
            Self(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(self.0, other.0)),
        ]
    }

    /// These and those as voxels.
    #[inline(always)]
    fn voxels(self, other: Self) -> [[u8; 8]; 2] {
        let bytes = v128_xor(i8x16_narrow_i16x8(self.0, other.0), u8x16_splat(128));
        [u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)].map(u64::to_le_bytes)
    }
}

impl Rows {
    /// Products modulo 2^16.
    #[inline(always)]
    pub(in super::super) fn products(a: &[[i16; 8]; 8], b: &[[i16; 8]; 8]) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7] = a.each_ref().map(Lanes::load);
        let [b0, b1, b2, b3, b4, b5, b6, b7] = b.each_ref().map(Lanes::load);
        let products = [(a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5), (a6, b6), (a7, b7)];
        Self(products.map(|(a, b)| Lanes(i16x8_mul(a.0, b.0))))
    }

    /// Makes of each column another.
    #[inline(always)]
    pub(in super::super) fn map_columns(self, f: impl Fn([Lanes; 8]) -> [Lanes; 8]) -> Self {
        Self(f(self.0))
    }

    /// Rows become columns.
    #[inline(always)]
    pub(in super::super) fn transpose(self) -> Self {
        // Interleaving the first half with the second turns the bits of a number's place round by one.
        let turn = |[a, b, c, d, e, f, g, h]: [Lanes; 8]| {
            let ([a, b], [c, d], [e, f], [g, h]) = (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
            [a, b, c, d, e, f, g, h]
        };
        Self(turn(turn(turn(self.0))))
    }

    /// As voxels: 0 is the middle of their range, at the bounds of which they stay.
    #[inline(always)]
    pub(in super::super) fn voxels(self) -> [[u8; 8]; 8] {
        let [a, b, c, d, e, f, g, h] = self.0;
        let ([a, b], [c, d], [e, f], [g, h]) = (a.voxels(b), c.voxels(d), e.voxels(f), g.voxels(h));
        [a, b, c, d, e, f, g, h]
    }
}
