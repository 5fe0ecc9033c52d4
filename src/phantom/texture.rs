//! Periodic cubes of noise in voxels: the grain of the cytoplasm, the vesicles, and the noise of the detector.
//!
//! Their edges share no small factor, so that their sum repeats only after micrometres, and are multiples of the block
//! edge, so that a row of a block never wraps round.

use super::hash::{Stream, floor, index, mix, narrow1, short};

/// A cube of noise, mean 0 and variance 1, x fastest.
#[derive(Debug)]
pub(super) struct Cube {
    pub(super) edge: usize,
    values: Vec<f32>,
}

impl Cube {
    /// A row that starts at an absolute voxel position.
    pub(super) fn row(&self, at: [i64; 3], length: usize) -> &[f32] {
        let edge = i64::try_from(self.edge).unwrap_or(1);
        let wrap = |c: i64| index(c.rem_euclid(edge));
        let start = wrap(at[0]) + self.edge * (wrap(at[1]) + self.edge * wrap(at[2]));
        &self.values[start..start + length]
    }

    fn white(edge: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        Self { edge, values: (0..edge * edge * edge).map(|_| narrow1(stream.normal())).collect() }
    }

    /// Convolves with a kernel along one axis.
    fn filter(&mut self, axis: usize, kernel: &[f32]) {
        let stride = [1, self.edge, self.edge * self.edge][axis];
        let reach = kernel.len() / 2;
        let mut line = vec![0.0; self.edge + 2 * reach];
        for start in 0..self.values.len() {
            if !(start / stride).is_multiple_of(self.edge) {
                continue;
            }
            for (i, slot) in line.iter_mut().enumerate() {
                *slot = self.values[start + (i + self.edge * 8 - reach) % self.edge * stride];
            }
            for i in 0..self.edge {
                self.values[start + i * stride] = kernel.iter().zip(&line[i..]).map(|(k, v)| k * v).sum();
            }
        }
    }

    /// Blurs with a Gaussian of the given deviation along each axis, in voxels.
    fn blur(&mut self, sigma: [f64; 3]) {
        for (axis, &s) in sigma.iter().enumerate() {
            if s > 0.12 {
                self.filter(axis, &gaussian(s));
            }
        }
    }

    fn normalize(&mut self) {
        let count = self.values.iter().map(|_| 1.0f64).sum::<f64>();
        let mean = self.values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let square = self.values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
        let scale = 1.0 / square.sqrt().max(1e-9);
        for v in &mut self.values {
            *v = narrow1((f64::from(*v) - mean) * scale);
        }
    }
}

/// Sampled so that its sum is 1; the integral over each voxel by its centre.
fn gaussian(sigma: f64) -> Vec<f32> {
    let reach = floor((sigma * 3.0).ceil()).clamp(1, 24);
    let weights: Vec<f64> = (-reach..=reach)
        .map(|i| {
            let x = super::hash::real(i) / sigma;
            super::hash::exp((-0.5 * x * x).max(-12.0))
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| narrow1(w / sum)).collect()
}

/// The cubes of a phantom.
#[derive(Debug)]
pub(super) struct Textures {
    /// Grain: dark spots of some 40 nm, skewed to the dark.
    pub(super) grain: Cube,
    /// Wider patches, some 120 nm.
    pub(super) patches: Cube,
    /// Detector noise, per voxel, correlated along x; the two are added.
    pub(super) detector: [Cube; 2],
}

impl Textures {
    pub(super) fn new(seed: u64, voxel_nm: [f64; 3]) -> Self {
        let sigma = |nm: f64| [nm / voxel_nm[0], nm / voxel_nm[1], nm / voxel_nm[2]];
        let mut grain = Cube::white(96, mix(seed ^ 0x91));
        grain.blur(sigma(20.0));
        let mut broad = Cube { edge: grain.edge, values: grain.values.clone() };
        broad.blur(sigma(40.0));
        for (g, b) in grain.values.iter_mut().zip(&broad.values) {
            *g -= 0.85 * b;
        }
        grain.normalize();
        for g in &mut grain.values {
            // Darker spots stand out more than lighter ones.
            *g = if *g < 0.0 { *g * (1.0 - 0.08 * *g) } else { *g * 0.85 };
        }
        grain.normalize();
        let mut patches = Cube::white(128, mix(seed ^ 0x92));
        patches.blur(sigma(34.0));
        patches.normalize();
        let detector = [96, 80].map(|edge| {
            let mut cube = Cube::white(edge, mix(seed ^ u64::from(short(edge)) << 8));
            cube.filter(0, &[0.28, 0.62, 0.28]);
            cube.filter(1, &[0.12, 0.8, 0.12]);
            cube.filter(2, &[0.12, 0.8, 0.12]);
            cube.normalize();
            cube
        });
        Self { grain, patches, detector }
    }
}
