//! Volumes in memory at falling resolution, and how one level is made from the next finer one.

use crate::volume::Volume;

/// One voxel from each 2×2×2; edges must be even.
fn halve<T: Copy>(volume: &Volume<T>, merge: impl Fn([T; 8]) -> T) -> Volume<T> {
    let shape = volume.shape.map(|n| n / 2);
    let mut half = Volume { shape, voxels: Vec::with_capacity(shape.iter().product()) };
    let (w, wh) = (volume.shape[0], volume.shape[0] * volume.shape[1]);
    for z in 0..shape[2] {
        for y in 0..shape[1] {
            for x in 0..shape[0] {
                let i = 2 * x + w * 2 * y + wh * 2 * z;
                half.voxels.push(merge([0, 1, w, w + 1, wh, wh + 1, wh + w, wh + w + 1].map(|o| volume.voxels[i + o])));
            }
        }
    }
    half
}

impl Volume<u8> {
    /// Rounded mean of each 2×2×2.
    pub(super) fn mean(&self) -> Self {
        halve(self, |v| {
            let sum: u16 = v.iter().map(|&g| u16::from(g)).sum();
            u8::try_from((sum + 4) / 8).unwrap_or(u8::MAX)
        })
    }
}

impl Volume<u64> {
    /// Most frequent label of each 2×2×2; of equally frequent ones the smallest that is not 0.
    pub(super) fn mode(&self) -> Self {
        halve(self, |v| {
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
