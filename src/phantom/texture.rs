//! Periodic cubes of noise in voxels: the grain of the cytoplasm, the vesicles, and the noise of the detector.
//!
//! Their edges share no small factor, so that their sum repeats only after micrometres, and are multiples of the block
//! edge, so that a row of a block never wraps round.

use super::hash::{Stream, floor, index, mix, mix_cell, narrow1, real, short};

/// Radius of a vesicle, nm.
const VESICLE_NM: f64 = 19.0;
/// Tubes and vesicles in cytoplasm.
const TUBES_PER_NM3: f64 = 2.2e-7;

/// A cube of values, x fastest, in steps of 1/`STEPS`: small, so that reading it costs little.
#[derive(Debug)]
pub(super) struct Texture {
    edge: usize,
    values: Vec<i8>,
}

/// Steps of a texture per unit.
pub(super) const STEPS: f32 = 32.0;

impl Texture {
    /// A row that starts at an absolute voxel position.
    pub(super) fn row(&self, at: [i64; 3], length: usize) -> &[i8] {
        let start = slot(self.edge, at);
        &self.values[start..start + length]
    }

    /// The same, where each copy of the cube begins elsewhere, by whole blocks: an eye that sees what it has seen before
    /// is not fooled, one that sees a speck cut at a border hardly notices.
    pub(super) fn shuffled_row(&self, at: [i64; 3], length: usize) -> &[i8] {
        let period = i64::try_from(self.edge).unwrap_or(1);
        let shift = mix_cell(0, at.map(|c| c.div_euclid(period)));
        let [x, y, z] = [0, 8, 16].map(|bits| i64::try_from((shift >> bits) & 15).unwrap_or(0) * SHIFT_VOXELS);
        self.row([at[0] + x, at[1] + y, at[2] + z], length)
    }
}

/// The edge of a block: rows stay whole.
const SHIFT_VOXELS: i64 = 16;

/// Where a voxel lies in a cube that repeats.
fn slot(edge: usize, at: [i64; 3]) -> usize {
    let period = i64::try_from(edge).unwrap_or(1);
    let [x, y, z] = at.map(|c| index(c.rem_euclid(period)));
    x + edge * (y + edge * z)
}

/// A texture in the making.
struct Cube {
    edge: usize,
    values: Vec<f32>,
}

impl Cube {
    fn texture(&self) -> Texture {
        let step = |&value: &f32| {
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
            let step = (value * STEPS).round() as i8;
            step
        };
        Texture { edge: self.edge, values: self.values.iter().map(step).collect() }
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

    /// Noise between two scales: blurred narrowly, less the same blurred widely.
    fn band(edge: usize, seed: u64, narrow: [f64; 3], wide: [f64; 3]) -> Self {
        let mut cube = Self::white(edge, seed);
        let mut broad = Self { edge, values: cube.values.clone() };
        cube.blur(narrow);
        broad.blur(wide);
        for (value, broad) in cube.values.iter_mut().zip(&broad.values) {
            *value -= broad;
        }
        cube.normalize();
        cube
    }

    /// Balls with dark rims at random places, not overlapping much: −1 at a rim, up to 0.4 inside.
    fn packed(edge: usize, seed: u64, voxel_nm: [f64; 3]) -> Self {
        let mut cube = Self { edge, values: vec![0.0; edge * edge * edge] };
        let mut stream = Stream::new(seed);
        let size = voxel_nm.map(|nm| nm * real(i64::try_from(edge).unwrap_or(1)));
        let count = floor((size[0] * size[1] * size[2] / (VESICLE_NM * 2.5).powi(3)).min(60_000.0));
        for _ in 0..count {
            let centre = size.map(|s| stream.range(0.0, s));
            around(centre, VESICLE_NM * 1.6, voxel_nm, |voxel, distance_nm| {
                let from_rim = (distance_nm - VESICLE_NM) / 9.0;
                let rim = narrow1((1.0 - from_rim.abs()).max(0.0));
                let slot = slot(edge, voxel);
                if rim > 0.0 {
                    cube.values[slot] = cube.values[slot].min(-rim);
                } else if from_rim < 0.0 {
                    cube.values[slot] = 0.4;
                }
            });
        }
        cube.blur(voxel_nm.map(|nm| 5.0 / nm));
        cube
    }

    /// Sheets about `period` nm apart that wander, square to `normal`, whose parts are whole so that the cube repeats.
    fn sheets(edge: usize, seed: u64, voxel_nm: [f64; 3], period: f64, normal: [i64; 3]) -> Self {
        let steep = real(normal.iter().map(|n| n * n).sum()).sqrt();
        // Filtered across the sheets, then sheared.
        let (thin, wide) = (0.21 * period * steep / voxel_nm[2], 0.4 * period * steep / voxel_nm[2]);
        let long = |a: usize| 0.62 * period / voxel_nm[a];
        let flat = Self::band(edge, seed, [long(0), long(1), thin], [long(0), long(1), wide]);
        // Here they are plain, there they fade into mottles.
        let mut cube = Self::band(edge, mix(seed), voxel_nm.map(|nm| 24.0 / nm), voxel_nm.map(|nm| 60.0 / nm));
        let count = i64::try_from(edge).unwrap_or(1);
        for (i, value) in cube.values.iter_mut().enumerate() {
            let i = i64::try_from(i).unwrap_or(0);
            let at = [i % count, i / count % count, i / (count * count)];
            let across = (0..3).map(|a| at[a] * normal[a]).sum();
            let sheet = flat.values[slot(edge, [at[0], at[2], across])].max(-1.6);
            *value = sheet * (0.6 + 0.5 * *value).clamp(0.1, 1.5) + 0.45 * *value;
        }
        cube.normalize();
        cube
    }

    /// Presses what lies in cytoplasm into its grain: short bent tubes with dark walls about a lighter lumen, and
    /// vesicles, which are tubes of no length.
    fn furnish(&mut self, seed: u64, voxel_nm: [f64; 3]) {
        let mut stream = Stream::new(seed);
        let size = voxel_nm.map(|nm| nm * real(i64::try_from(self.edge).unwrap_or(1)));
        let volume = size[0] * size[1] * size[2];
        let mut walls = Self { edge: self.edge, values: vec![0.0; self.values.len()] };
        for _ in 0..floor((volume * TUBES_PER_NM3).min(4000.0)) {
            let mut at = glam::DVec3::from_array(size.map(|s| stream.range(0.0, s)));
            let mut way = stream.direction();
            let is_tube = stream.chance(0.4);
            let radius = if is_tube { stream.range(10.0, 16.0) } else { stream.range(15.0, 21.0) };
            let strength = narrow1(stream.range(1.2, 3.0));
            let steps = if is_tube { floor(stream.range(8.0, 34.0)) } else { 1 };
            for _ in 0..steps {
                walls.ball(at.to_array(), radius, voxel_nm, strength);
                way = (way + stream.direction() * 0.28).normalize();
                at += way * 8.0;
            }
        }
        walls.blur(voxel_nm.map(|nm| 8.0 / nm));
        for (value, wall) in self.values.iter_mut().zip(&walls.values) {
            *value = (*value * (1.0 - 0.3 * wall.abs()).max(0.3)) + wall;
        }
    }

    /// A ball with a dark wall and a lighter lumen, which takes the place of any wall.
    fn ball(&mut self, centre: [f64; 3], radius: f64, voxel_nm: [f64; 3], strength: f32) {
        around(centre, radius + 8.0, voxel_nm, |voxel, distance_nm| {
            let from_wall = (distance_nm - radius) / 7.0;
            let value = &mut self.values[slot(self.edge, voxel)];
            if from_wall < -0.7 {
                *value = 0.25 * strength;
            } else if from_wall < 1.0 && *value <= 0.0 {
                *value = value.min(-strength * narrow1(1.0 - from_wall.abs()).min(0.9));
            }
        });
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

/// Visits the voxels around a place, with the distance of their centres from it.
fn around(centre: [f64; 3], reach_nm: f64, voxel_nm: [f64; 3], mut visit: impl FnMut([i64; 3], f64)) {
    let reach = voxel_nm.map(|nm| floor(reach_nm / nm) + 1);
    let middle = [0, 1, 2].map(|a| floor(centre[a] / voxel_nm[a]));
    for z in -reach[2]..=reach[2] {
        for y in -reach[1]..=reach[1] {
            for x in -reach[0]..=reach[0] {
                let voxel = [middle[0] + x, middle[1] + y, middle[2] + z];
                let square: f64 = (0..3).map(|a| ((real(voxel[a]) + 0.5) * voxel_nm[a] - centre[a]).powi(2)).sum();
                visit(voxel, square.sqrt());
            }
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
    /// Grain of the cytoplasm: dark specks of some 25 nm over wider patches, skewed to the dark, tubes and vesicles.
    pub(super) grain: Texture,
    /// Stacked sheets in mitochondria, of two orientations.
    pub(super) cristae: [Texture; 2],
    /// Packed vesicles: dark rings about a lighter middle.
    pub(super) vesicles: Texture,
    /// Detector noise, per voxel, correlated along x; the two are added.
    pub(super) detector: [Texture; 2],
}

impl Textures {
    pub(super) fn new(seed: u64, voxel_nm: [f64; 3]) -> Self {
        let sigma = |nm: f64| voxel_nm.map(|voxel| nm / voxel);
        let mut grain = Cube::band(96, mix(seed ^ 0x91), sigma(16.0), sigma(36.0));
        let patches = Cube::band(96, mix(seed ^ 0x92), sigma(26.0), sigma(90.0));
        for (g, p) in grain.values.iter_mut().zip(&patches.values) {
            // Dark specks stand out where the patch is dark, and more than light ones.
            let crowd = (1.0 - 0.45 * p).clamp(0.3, 2.0);
            *g = if *g < 0.0 { *g * (1.0 - 0.3 * *g) * crowd } else { *g * 0.6 } + 1.5 * p;
        }
        grain.normalize();
        grain.furnish(mix(seed ^ 0x95), voxel_nm);
        grain.normalize();
        for g in &mut grain.values {
            *g = g.max(-2.7);
        }
        let sheets = |of: u64, normal| Cube::sheets(80, mix(seed ^ of), voxel_nm, 36.0, normal).texture();
        let cristae = [sheets(0x93, [1, 1, 0]), sheets(0x96, [-1, 2, 1])];
        let detector = [96, 80].map(|edge| {
            let mut cube = Cube::white(edge, mix(seed ^ u64::from(short(edge)) << 8));
            cube.filter(0, &[0.16, 0.7, 0.16]);
            cube.filter(1, &[0.05, 0.9, 0.05]);
            cube.filter(2, &[0.05, 0.9, 0.05]);
            cube.normalize();
            cube.texture()
        });
        let vesicles = Cube::packed(96, mix(seed ^ 0x94), voxel_nm).texture();
        Self { grain: grain.texture(), cristae, vesicles, detector }
    }
}
