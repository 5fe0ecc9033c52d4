//! Eight numbers of 16 bits that are computed with at once: one register of wasm's SIMD; elsewhere arrays, which the compiler makes
//! registers of.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "lanes/simd128.rs"]
mod kind;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "lanes/arrays.rs"]
mod kind;

pub(super) use kind::Lanes;

/// Rows become columns.
#[inline(always)]
pub(super) fn transpose([a, b, c, d, e, f, g, h]: [Lanes; 8]) -> [Lanes; 8] {
    // Three times the first half is interleaved with the second, which turns the bits of a number's place round by one each.
    let ([a, b], [c, d], [e, f], [g, h]) = (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
    let ([a, b], [c, d], [e, f], [g, h]) = (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
    let ([a, b], [c, d], [e, f], [g, h]) = (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
    [a, b, c, d, e, f, g, h]
}
