//! Arithmetic on x, y, z together, without an index that could be wrong.

/// Combines two triples axis by axis.
pub(crate) fn zip<A, B, C>([ax, ay, az]: [A; 3], [bx, by, bz]: [B; 3], mut combine: impl FnMut(A, B) -> C) -> [C; 3] {
    [combine(ax, bx), combine(ay, by), combine(az, bz)]
}
