//! Eight rows of eight numbers of 16 bits, computed with a row at a time: in registers of wasm's SIMD; elsewhere in arrays and
//! loops that compilers make vector code of.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod arrays;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use arrays::Rows;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd128::Rows;

/// One number or several at once.
pub(super) trait Numbers: Copy {
    /// The same of 32 bits.
    type Sums: Copy;

    /// These times `a` plus those times `b`.
    fn dot(self, other: Self, a: i16, b: i16) -> Self::Sums;
    fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    fn sub(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// Rounds to a multiple of 2^`SHIFT` and divides by it; stays at the bounds of 16 bits.
    fn narrow<const SHIFT: u32>(sums: Self::Sums) -> Self;
}
