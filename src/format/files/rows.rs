//! Rectangles of pixels: how a part of an image becomes a part of a chunk.

/// A rectangle of pixels: from `x`, `y` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: u64,
    pub(super) y: u64,
    pub(super) width: u64,
    pub(super) height: u64,
}

impl Rect {
    /// What lies in both.
    pub(super) fn common(&self, other: &Self) -> Self {
        let [x, y] = [self.x.max(other.x), self.y.max(other.y)];
        let end = |a: u64, a_len: u64, b: u64, b_len: u64| (a + a_len).min(b + b_len);
        let width = end(self.x, self.width, other.x, other.width).saturating_sub(x);
        let height = end(self.y, self.height, other.y, other.height).saturating_sub(y);
        Self { x, y, width, height }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The bytes of its pixels; `None` where they do not fit memory.
    pub(super) fn bytes(&self, pixel_bytes: usize) -> Option<usize> {
        usize::try_from(self.width.checked_mul(self.height)?).ok()?.checked_mul(pixel_bytes)
    }
}

/// Copies what two rectangles have in common, each row by row. `None` where the bytes are fewer than those of their rectangle.
pub(super) fn copy_common(from: &[u8], from_rect: &Rect, to: &mut [u8], to_rect: &Rect, pixel_bytes: usize) -> Option<()> {
    let common = from_rect.common(to_rect);
    if common.is_empty() {
        return Some(());
    }
    let len = usize::try_from(common.width).ok()?.checked_mul(pixel_bytes)?;
    let start = |rect: &Rect, y: u64| usize::try_from((y - rect.y) * rect.width + common.x - rect.x).ok()?.checked_mul(pixel_bytes);
    for y in common.y..common.y + common.height {
        let row = from.get(start(from_rect, y)?..)?.get(..len)?;
        to.get_mut(start(to_rect, y)?..)?.get_mut(..len)?.copy_from_slice(row);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_rectangles_have_in_common_is_copied() {
        let from: Vec<u8> = (1..=12).collect();
        // 4 × 3 from (2, 1), into 3 × 3 from (4, 0).
        let (here, there) = (Rect { x: 2, y: 1, width: 4, height: 3 }, Rect { x: 4, y: 0, width: 3, height: 3 });
        let mut to = vec![0; 9];
        copy_common(&from, &here, &mut to, &there, 1).unwrap();
        assert_eq!(to, [0, 0, 0, 3, 4, 0, 7, 8, 0]);
        let apart = Rect { x: 6, ..there };
        copy_common(&from, &here, &mut to, &apart, 1).unwrap();
        assert_eq!(to, [0, 0, 0, 3, 4, 0, 7, 8, 0]);
        assert_eq!(copy_common(&from[..6], &here, &mut to, &there, 1), None);
    }
}
