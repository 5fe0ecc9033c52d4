//! Volumes in memory at falling resolution, and how one level is made from the next finer one.

/// A box of voxels, x fastest.
#[derive(Debug, Clone)]
pub(super) struct Volume<T> {
    pub(super) shape: [usize; 3],
    pub(super) voxels: Vec<T>,
}

impl<T: Copy + Default> Volume<T> {
    pub(super) fn new(shape: [usize; 3]) -> Self {
        Self { shape, voxels: vec![T::default(); shape.iter().product()] }
    }

    fn row(&self, at: [usize; 3], length: usize) -> std::ops::Range<usize> {
        let start = at[0] + self.shape[0] * (at[1] + self.shape[1] * at[2]);
        start..start + length
    }

    /// The part that starts at `min`, clipped to this volume.
    pub(super) fn cut(&self, min: [usize; 3], shape: [usize; 3]) -> Self {
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
    pub(super) fn paste(&mut self, min: [usize; 3], part: &Self) {
        for z in 0..part.shape[2] {
            for y in 0..part.shape[1] {
                let to = self.row([min[0], min[1] + y, min[2] + z], part.shape[0]);
                let from = part.row([0, y, z], part.shape[0]);
                self.voxels[to].copy_from_slice(&part.voxels[from]);
            }
        }
    }

    /// One voxel from each 2×2×2; edges must be even.
    fn halve(&self, merge: impl Fn([T; 8]) -> T) -> Self {
        let shape = self.shape.map(|n| n / 2);
        let mut half = Self { shape, voxels: Vec::with_capacity(shape.iter().product()) };
        let (w, wh) = (self.shape[0], self.shape[0] * self.shape[1]);
        for z in 0..shape[2] {
            for y in 0..shape[1] {
                for x in 0..shape[0] {
                    let i = 2 * x + w * 2 * y + wh * 2 * z;
                    half.voxels.push(merge([0, 1, w, w + 1, wh, wh + 1, wh + w, wh + w + 1].map(|o| self.voxels[i + o])));
                }
            }
        }
        half
    }
}

impl Volume<u8> {
    /// Rounded mean of each 2×2×2.
    pub(super) fn mean(&self) -> Self {
        self.halve(|v| {
            let sum: u16 = v.iter().map(|&g| u16::from(g)).sum();
            u8::try_from((sum + 4) / 8).unwrap_or(u8::MAX)
        })
    }
}

impl Volume<u64> {
    /// Most frequent label of each 2×2×2; of equally frequent ones the smallest that is not 0.
    pub(super) fn mode(&self) -> Self {
        self.halve(|v| {
            if v.iter().all(|&l| l == v[0]) {
                return v[0];
            }
            let rank = |l: u64| (v.iter().filter(|&&o| o == l).count(), l != 0, std::cmp::Reverse(l));
            v.into_iter().max_by_key(|&l| rank(l)).unwrap_or(0)
        })
    }
}

/// Image and labels at every level, the finest first; the finest of the whole volume is too large to be kept.
#[derive(Debug)]
pub(super) struct Pyramid {
    pub(super) image: Vec<Volume<u8>>,
    pub(super) labels: Vec<Volume<u64>>,
}
