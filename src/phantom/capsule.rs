//! A tapering capsule, the element of neurites and mitochondria, and distances to it, four points at a time.

use glam::{Vec3, Vec4};

/// Four points side by side, as x, y and z of each.
pub(super) type Points = [Vec4; 3];

/// A segment with a radius that changes linearly along it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capsule {
    from: Vec3,
    along: Vec3,
    inverse_square: f32,
    radius: f32,
    taper: f32,
}

impl Capsule {
    pub(super) fn new(from: (Vec3, f32), to: (Vec3, f32)) -> Self {
        let along = to.0 - from.0;
        Self { from: from.0, along, inverse_square: 1.0 / along.length_squared().max(1.0), radius: from.1, taper: to.1 - from.1 }
    }

    pub(super) fn middle(&self) -> Vec3 {
        self.from + self.along * 0.5
    }

    pub(super) fn length(&self) -> f32 {
        self.along.length()
    }

    pub(super) fn thickest(&self) -> f32 {
        self.radius.max(self.radius + self.taper)
    }

    /// Offset from the nearest point of the centre line, and the radius there.
    pub(super) fn offset(&self, point: Vec3) -> (Vec3, f32) {
        let to = point - self.from;
        let t = (to.dot(self.along) * self.inverse_square).clamp(0.0, 1.0);
        (to - self.along * t, self.radius + self.taper * t)
    }

    /// Where along the capsule points are nearest (0 to 1), their offsets from there, and the lengths of these.
    #[inline]
    pub(super) fn offsets(&self, points: &Points) -> (Vec4, Points, Vec4) {
        let a = self.along;
        let (x, y, z) = (points[0] - self.from.x, points[1] - self.from.y, points[2] - self.from.z);
        let t = ((x * a.x + y * a.y + z * a.z) * self.inverse_square).max(Vec4::ZERO).min(Vec4::ONE);
        let (x, y, z) = (x - t * a.x, y - t * a.y, z - t * a.z);
        (t, [x, y, z], (x * x + y * y + z * z + 1e-3).sqrt())
    }

    /// Distance outside its surface.
    #[inline]
    pub(super) fn beyond(&self, points: &Points) -> Vec4 {
        let (t, _, distance) = self.offsets(points);
        distance - self.radius(t)
    }

    /// Radius at a place along it.
    #[inline]
    pub(super) fn radius(&self, t: Vec4) -> Vec4 {
        t * self.taper + self.radius
    }
}

/// Points in fours; the last is repeated.
pub(super) fn in_fours(points: &[Vec3]) -> impl Iterator<Item = Points> {
    points.chunks(4).map(|chunk| {
        let at = |l: usize| chunk[l.min(chunk.len() - 1)];
        let (a, b, c, d) = (at(0), at(1), at(2), at(3));
        [Vec4::new(a.x, b.x, c.x, d.x), Vec4::new(a.y, b.y, c.y, d.y), Vec4::new(a.z, b.z, c.z, d.z)]
    })
}
