//! Lanes as a register of wasm's fixed-width SIMD.

use core::arch::wasm32::{
    i8x16_narrow_i16x8, i16x8, i16x8_mul, i16x8_narrow_i32x4, i16x8_shuffle, i32x4_add, i32x4_dot_i16x8, i32x4_shr, i32x4_splat, i32x4_sub,
    u8x16_splat, u64x2_extract_lane, v128, v128_xor,
};

/// Eight numbers of 16 bits.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes(v128);

/// Eight sums of 32 bits, the first four in the first register.
#[derive(Clone, Copy)]
pub(in super::super) struct Sums([v128; 2]);

impl Lanes {
    #[inline(always)]
    pub(in super::super) fn load(&[a, b, c, d, e, f, g, h]: &[i16; 8]) -> Self {
        Self(i16x8(a, b, c, d, e, f, g, h))
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub(in super::super) fn mul(self, other: Self) -> Self {
        Self(i16x8_mul(self.0, other.0))
    }

    /// One of these times `a` plus one of those times `b`.
    #[inline(always)]
    pub(in super::super) fn dot(self, other: Self, a: i16, b: i16) -> Sums {
        let factors = i16x8(a, b, a, b, a, b, a, b);
        Sums(self.interleave(other).map(|pairs| i32x4_dot_i16x8(pairs.0, factors)))
    }

    /// One of these, one of those, and so on.
    #[inline(always)]
    pub(in super::super) fn interleave(self, other: Self) -> [Self; 2] {
        [
            Self(i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(self.0, other.0)),
            Self(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(self.0, other.0)),
        ]
    }

    /// These and those as voxels: 0 is the middle of their range, which nothing leaves.
    #[inline(always)]
    pub(in super::super) fn voxels(self, other: Self) -> [[u8; 8]; 2] {
        let bytes = v128_xor(i8x16_narrow_i16x8(self.0, other.0), u8x16_splat(128));
        [u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)].map(u64::to_le_bytes)
    }
}

impl Sums {
    #[inline(always)]
    pub(in super::super) fn add(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([i32x4_add(a, c), i32x4_add(b, d)])
    }

    #[inline(always)]
    pub(in super::super) fn sub(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([i32x4_sub(a, c), i32x4_sub(b, d)])
    }

    /// Rounds to a multiple of 2^`SHIFT` and divides by it; stays at the bounds of 16 bits.
    #[inline(always)]
    pub(in super::super) fn narrow<const SHIFT: u32>(self) -> Lanes {
        let [a, b] = self.0.map(|sums| i32x4_shr(i32x4_add(sums, i32x4_splat(1 << (SHIFT - 1))), SHIFT));
        Lanes(i16x8_narrow_i32x4(a, b))
    }
}
