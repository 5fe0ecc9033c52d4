//! Rows in arrays.

use super::Numbers;

/// Eight rows of eight numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Rows([[i16; 8]; 8]);

impl Numbers for i16 {
    type Sums = i32;

    #[inline(always)]
    fn dot(self, other: Self, a: i16, b: i16) -> i32 {
        (i32::from(self) * i32::from(a)).wrapping_add(i32::from(other) * i32::from(b))
    }

    #[inline(always)]
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn sub(a: i32, b: i32) -> i32 {
        a.wrapping_sub(b)
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
    fn narrow<const SHIFT: u32>(sum: i32) -> i16 {
        (sum.wrapping_add(1 << (SHIFT - 1)) >> SHIFT).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }
}

/// Loops over both indices, which bound them; iterators in place of indices keep the compiler from seeing vectors.
#[expect(clippy::indexing_slicing, clippy::needless_range_loop, reason = "every index is below 8; loops of this form become vectors")]
impl Rows {
    /// Products modulo 2^16.
    #[inline(always)]
    pub(in super::super) fn products(a: &[[i16; 8]; 8], b: &[[i16; 8]; 8]) -> Self {
        let mut rows = [[0; 8]; 8];
        for y in 0..8 {
            for x in 0..8 {
                rows[y][x] = a[y][x].wrapping_mul(b[y][x]);
            }
        }
        Self(rows)
    }

    /// Makes of each column another.
    #[inline(always)]
    pub(in super::super) fn map_columns(self, f: impl Fn([i16; 8]) -> [i16; 8]) -> Self {
        let [a, b, c, d, e, f_, g, h] = &self.0;
        let mut rows = [[0; 8]; 8];
        for x in 0..8 {
            let column = f([a[x], b[x], c[x], d[x], e[x], f_[x], g[x], h[x]]);
            for y in 0..8 {
                rows[y][x] = column[y];
            }
        }
        Self(rows)
    }

    /// Rows become columns.
    #[inline(always)]
    pub(in super::super) fn transpose(self) -> Self {
        let mut columns = [[0; 8]; 8];
        for y in 0..8 {
            for x in 0..8 {
                columns[x][y] = self.0[y][x];
            }
        }
        Self(columns)
    }

    /// As voxels: 0 is the middle of their range, at the bounds of which they stay.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds")]
    pub(in super::super) fn voxels(self) -> [[u8; 8]; 8] {
        let mut voxels = [[0; 8]; 8];
        for y in 0..8 {
            for x in 0..8 {
                voxels[y][x] = self.0[y][x].clamp(-128, 127) as u8 ^ 128;
            }
        }
        voxels
    }
}
