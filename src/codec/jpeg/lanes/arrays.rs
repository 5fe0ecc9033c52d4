//! Lanes as an array.

/// Eight numbers of 16 bits.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes([i16; 8]);

/// Eight sums of 32 bits.
#[derive(Clone, Copy)]
pub(in super::super) struct Sums([i32; 8]);

impl Lanes {
    #[inline(always)]
    pub(in super::super) fn load(numbers: &[i16; 8]) -> Self {
        Self(*numbers)
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub(in super::super) fn mul(self, other: Self) -> Self {
        Self(zip(self.0, other.0, i16::wrapping_mul))
    }

    /// One of these times `a` plus one of those times `b`.
    #[inline(always)]
    pub(in super::super) fn dot(self, other: Self, a: i16, b: i16) -> Sums {
        let [a, b] = [a, b].map(i32::from);
        Sums(zip(self.0, other.0, |x, y| (i32::from(x) * a).wrapping_add(i32::from(y) * b)))
    }

    /// One of these, one of those, and so on.
    #[inline(always)]
    pub(in super::super) fn interleave(self, other: Self) -> [Self; 2] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (self.0, other.0);
        [Self([a, i, b, j, c, k, d, l]), Self([e, m, f, n, g, o, h, p])]
    }

    /// These and those as voxels: 0 is the middle of their range, which nothing leaves.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
    pub(in super::super) fn voxels(self, other: Self) -> [[u8; 8]; 2] {
        [self.0, other.0].map(|row| row.map(|number| (number.clamp(-128, 127) as u8) ^ 128))
    }
}

impl Sums {
    #[inline(always)]
    pub(in super::super) fn add(self, other: Self) -> Self {
        Self(zip(self.0, other.0, i32::wrapping_add))
    }

    #[inline(always)]
    pub(in super::super) fn sub(self, other: Self) -> Self {
        Self(zip(self.0, other.0, i32::wrapping_sub))
    }

    /// Rounds to a multiple of 2^`SHIFT` and divides by it; stays at the bounds of 16 bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
    pub(in super::super) fn narrow<const SHIFT: u32>(self) -> Lanes {
        let bounds = [i16::MIN, i16::MAX].map(i32::from);
        Lanes(self.0.map(|sum| (sum.wrapping_add(1 << (SHIFT - 1)) >> SHIFT).clamp(bounds[0], bounds[1]) as i16))
    }
}

#[inline(always)]
fn zip<T: Copy, U: Copy + Default>(a: [T; 8], b: [T; 8], f: impl Fn(T, T) -> U) -> [U; 8] {
    let mut out = [U::default(); 8];
    out.iter_mut().zip(a.into_iter().zip(b)).for_each(|(out, (a, b))| *out = f(a, b));
    out
}
