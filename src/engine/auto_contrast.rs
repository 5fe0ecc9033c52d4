//! Histograms of what is loaded, and the contrast window that follows from them.

use std::rc::Rc;

use serde::Serialize;

use crate::voxel::{Brick, BrickVoxels, DataType};

/// Voxels that are looked at in each brick, and bricks of a source.
const SAMPLES_PER_BRICK: usize = 512;
const MOST_BRICKS: usize = 256;
/// Bars of a histogram.
const BINS: usize = 128;
/// The share of voxels that may fall outside the automatic window at each end.
const CLIPPED: f64 = 0.003;

/// How often values occur in a sample of what is loaded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// The lower edge of the first bin.
    pub min: f64,
    /// The upper edge of the last bin.
    pub max: f64,
    /// Sampled voxels per bin, all of equal width.
    pub counts: Vec<u32>,
}

/// Values of a sample of these bricks, sorted.
pub(super) fn sample<'a>(bricks: impl Iterator<Item = &'a Rc<Brick>>) -> Vec<f64> {
    let mut values = Vec::new();
    for brick in bricks.take(MOST_BRICKS) {
        values.extend(sample_brick(brick).into_iter().filter(|value| value.is_finite()));
    }
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn sample_brick(brick: &Brick) -> Vec<f64> {
    let data_type = brick.data_type;
    match &brick.voxels {
        BrickVoxels::Uniform(bits) => vec![data_type.number(*bits); SAMPLES_PER_BRICK / 8],
        BrickVoxels::Palette(_) => Vec::new(),
        BrickVoxels::Dense(data) => {
            let size = data_type.size_bytes();
            let voxels = data.len() / size;
            // An odd stride does not keep to one column of the brick.
            let stride = (voxels / SAMPLES_PER_BRICK).max(1) | 1;
            data.chunks_exact(size)
                .step_by(stride)
                .map(|bytes| data_type.number(bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))))
                .collect()
        }
    }
}

/// The window that leaves little outside; `None` without values.
pub(super) fn window(sorted: &[f64]) -> Option<[f64; 2]> {
    let last = sorted.len().checked_sub(1)?;
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place within the list")]
        sorted.get((share * last as f64).round() as usize).copied()
    };
    let (low, high) = (at(CLIPPED)?, at(1.0 - CLIPPED)?);
    Some(if low < high { [low, high] } else { [low, low + 1.0] })
}

/// Counts values of this type; 8-bit types span their whole range.
pub(super) fn histogram(sorted: &[f64], data_type: DataType) -> Option<Histogram> {
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let (min, max) = match data_type {
        DataType::Uint8 | DataType::Int8 => {
            let (low, high) = data_type.range();
            (low, high + 1.0)
        }
        _ if first < last => (first, last),
        _ => (first, first + 1.0),
    };
    let mut counts = vec![0_u32; BINS];
    for value in sorted {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "`as` saturates, and the last bin takes the rest"
        )]
        let bin = (((value - min) / (max - min) * BINS as f64) as usize).min(BINS - 1);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    Some(Histogram { min, max, counts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_leaves_little_outside() {
        let values: Vec<f64> = (0..10_000).map(f64::from).collect();
        assert_eq!(window(&values), Some([30.0, 9969.0]));
        assert_eq!(window(&[5.0, 5.0]), Some([5.0, 6.0]));
        assert_eq!(window(&[]), None);
    }

    #[test]
    fn bytes_span_their_whole_range() {
        let histogram = histogram(&[0.0, 1.0, 128.0, 255.0], DataType::Uint8).unwrap();
        assert_eq!((histogram.min, histogram.max), (0.0, 256.0));
        assert_eq!((histogram.counts[0], histogram.counts[64], histogram.counts[127]), (2, 1, 1));
    }
}
