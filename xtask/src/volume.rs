//! A box of voxels in memory, and its parts.

/// A box of voxels, x fastest.
#[derive(Debug, Clone)]
pub(crate) struct Volume<T> {
    pub(crate) shape: [usize; 3],
    pub(crate) voxels: Vec<T>,
}

impl<T: Copy + Default> Volume<T> {
    pub(crate) fn new(shape: [usize; 3]) -> Self {
        Self { shape, voxels: vec![T::default(); shape.iter().product()] }
    }

    fn row(&self, at: [usize; 3], length: usize) -> std::ops::Range<usize> {
        let start = at[0] + self.shape[0] * (at[1] + self.shape[1] * at[2]);
        start..start + length
    }

    /// The part that starts at `min`, clipped to this volume.
    pub(crate) fn cut(&self, min: [usize; 3], shape: [usize; 3]) -> Self {
        let shape = [0, 1, 2].map(|a| shape[a].min(self.shape[a] - min[a]));
        let mut part = Self { shape, voxels: Vec::with_capacity(shape.iter().product()) };
        for z in 0..shape[2] {
            for y in 0..shape[1] {
                part.voxels.extend_from_slice(&self.voxels[self.row([min[0], min[1] + y, min[2] + z], shape[0])]);
            }
        }
        part
    }

    /// Puts `part` at `min`, where it must fit.
    pub(crate) fn paste(&mut self, min: [usize; 3], part: &Self) {
        for z in 0..part.shape[2] {
            for y in 0..part.shape[1] {
                let to = self.row([min[0], min[1] + y, min[2] + z], part.shape[0]);
                let from = part.row([0, y, z], part.shape[0]);
                self.voxels[to].copy_from_slice(&part.voxels[from]);
            }
        }
    }
}
