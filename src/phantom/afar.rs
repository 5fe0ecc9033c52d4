//! The volume from afar: a stand-in where voxels are so wide that drawing every block below a chunk takes seconds.
//!
//! Shows the thick neurites alone, with their ids and tones, over the mean grey of what lies between them, whose label is
//! 0; membranes, twigs and organelles are left to the noise that a mean over a wide voxel keeps. Of the voxels inside a
//! thick neurite some nine in ten have the label that a finer level has at their centre. Two approximations save time:
//! voxels wider than [`SETTLED_NM`] show neurites as they grow before they push each other apart (eight in ten), and
//! those wider than [`SHOWN_NM`], most neurites being thinner, show none: mean grey and noise alone.
//!
//! Invariant: any two boxes agree where they overlap.

use glam::DVec3;

use super::hash::{floor, index, mix, mix_cell, narrow1, real, unit_of};
use super::tile::{WARP_NM, shift};
use super::trunk::{self, MAX_RADIUS_NM, Neuron, ROOT, Trunks};
use super::{Phantom, PhantomError, check_length};

const SETTLED_NM: f64 = 128.0;
const SHOWN_NM: f64 = 256.0;
/// The widest voxel, nm.
const WIDEST_NM: f64 = 1_048_576.0;
/// No node of a thick neurite is farther from the one before, nm.
const STRIDE_NM: f64 = 600.0;

// Measured as means of the finest level, at 8 nm, over three boxes of 2 µm.
/// Mean grey value of the volume, and of what lies between thick neurites.
const MEAN: f64 = 127.5;
/// Mean grey value inside a thick neurite of mean tone, how much of its own tone shows, and the mean tone.
const INSIDE: f64 = 136.0;
const TONE_SHARE: f64 = 0.55;
const MEAN_TONE: f64 = 163.0;
/// Mitochondria lie deep inside: from this far below the surface on (nm), each nm is darker by so much, to this depth.
const SHALLOW_NM: f64 = 100.0;
const DARKER: f64 = 0.15;
const DEEP_NM: f64 = 300.0;
/// Standard deviation of means over voxels of 32 nm; it falls with the root of the edge, since what is seen is correlated.
const NOISE: f64 = 29.0;
const NOISE_NM: f64 = 32.0;

impl Phantom {
    /// As [`Self::fill`] for cubic voxels of `voxel_nm`, much wider than the phantom's, but only about what is there: mean
    /// grey values, and the thick neurites alone up to 256 nm, then none.
    ///
    /// # Errors
    /// A voxel edge below 1 nm or above 2²⁰ nm; a buffer that is not as long as the box; a box farther than 2⁵⁰ nm out.
    pub fn fill_from_afar(
        &self,
        voxel_nm: f64,
        min: [i64; 3],
        shape: [u32; 3],
        image: &mut [u8],
        labels: &mut [u64],
    ) -> Result<(), PhantomError> {
        if !(1.0..=WIDEST_NM).contains(&voxel_nm) {
            return Err(PhantomError::AfarVoxelSize(voxel_nm));
        }
        let expected = shape.iter().map(|&n| u64::from(n)).product();
        for actual in [image.len(), labels.len()] {
            check_length(expected, actual)?;
        }
        super::checked_max([voxel_nm; 3], min, shape)?;
        let seed = self.params().seed;
        let mut view = View { voxel_nm, min, shape: shape.map(i64::from), seen: vec![Seen::default(); image.len()] };
        let mut neurons = Vec::new();
        if voxel_nm <= SHOWN_NM && expected > 0 {
            let trunks = view.trunks(seed);
            view.draw(seed, &trunks);
            neurons = trunks.neurons;
        }
        view.shade(seed, &neurons, image, labels);
        Ok(())
    }
}

/// What shows at a voxel.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// How far the centre lies inside the surface of the neurite that owns it, nm; 0 outside of all.
    depth_nm: f64,
    /// Index of the neuron.
    owner: u32,
}

/// A box of wide voxels, x fastest.
struct View {
    voxel_nm: f64,
    min: [i64; 3],
    shape: [i64; 3],
    seen: Vec<Seen>,
}

impl View {
    /// The thick neurites that may reach into the box.
    fn trunks(&self, seed: u64) -> Trunks {
        let nm = |voxel: [i64; 3]| DVec3::from_array(voxel.map(real)) * self.voxel_nm;
        let margin = MAX_RADIUS_NM + STRIDE_NM + f64::from(WARP_NM);
        let (lower, upper) = (nm(self.min) - margin, nm([0, 1, 2].map(|a| self.min[a] + self.shape[a])) + margin);
        if self.voxel_nm <= SETTLED_NM { trunk::grow(seed, lower, upper) } else { trunk::sprout(seed, lower, upper) }
    }

    fn draw(&mut self, seed: u64, trunks: &Trunks) {
        for node in trunks.nodes.iter().filter(|node| node.parent != ROOT) {
            let parent = &trunks.nodes[node.parent as usize];
            let reach = node.radius.max(parent.radius) + f64::from(WARP_NM);
            // Most nodes lie far outside, and the warp takes time.
            if self.bounds(node.at.min(parent.at) - reach, node.at.max(parent.at) + reach).is_some() {
                let ends = [parent, node].map(|end| (unwarp(seed, end.at), end.radius));
                self.draw_segment(ends, node.neuron);
            }
        }
    }

    /// A segment owns the voxels that lie deeper in it than in others.
    fn draw_segment(&mut self, [(from, from_radius), (to, to_radius)]: [(DVec3, f64); 2], owner: u32) {
        let reach = from_radius.max(to_radius);
        let Some((low, high)) = self.bounds(from.min(to) - reach, from.max(to) + reach) else { return };
        let along = to - from;
        let inverse = 1.0 / along.length_squared().max(1.0);
        for z in low[2]..high[2] {
            for y in low[1]..high[1] {
                for x in low[0]..high[0] {
                    // From the origin and in f64, so that every box computes the same.
                    let p = DVec3::new(real(x) + 0.5, real(y) + 0.5, real(z) + 0.5) * self.voxel_nm - from;
                    let t = (p.dot(along) * inverse).clamp(0.0, 1.0);
                    let depth_nm = from_radius + (to_radius - from_radius) * t - (p - along * t).length();
                    let seen =
                        &mut self.seen[index(x - self.min[0] + self.shape[0] * (y - self.min[1] + self.shape[1] * (z - self.min[2])))];
                    if depth_nm > seen.depth_nm {
                        *seen = Seen { depth_nm, owner };
                    }
                }
            }
        }
    }

    /// The voxels of a box in nm, clipped to the view: the lowest, and the first past it.
    fn bounds(&self, lower: DVec3, upper: DVec3) -> Option<([i64; 3], [i64; 3])> {
        let low = [0, 1, 2].map(|a| floor(lower[a] / self.voxel_nm).max(self.min[a]));
        let high = [0, 1, 2].map(|a| (floor(upper[a] / self.voxel_nm) + 1).min(self.min[a] + self.shape[a]));
        (0..3).all(|a| low[a] < high[a]).then_some((low, high))
    }

    fn shade(&self, seed: u64, neurons: &[Neuron], image: &mut [u8], labels: &mut [u64]) {
        let [w, h, _] = self.shape.map(index);
        let spread = NOISE * (NOISE_NM / self.voxel_nm).sqrt();
        let level = mix(seed ^ 0xafa ^ self.voxel_nm.to_bits());
        for (i, ((seen, grey), label)) in self.seen.iter().zip(image).zip(labels).enumerate() {
            let at = [i % w, i / w % h, i / (w * h)];
            let cell = [0, 1, 2].map(|a| self.min[a] + i64::try_from(at[a]).unwrap_or(0));
            let neuron = neurons.get(seen.owner as usize).filter(|_| seen.depth_nm > 0.0);
            *label = neuron.map_or(0, |neuron| neuron.id);
            let mean = neuron.map_or(MEAN, |neuron| {
                let deep = seen.depth_nm.clamp(SHALLOW_NM, DEEP_NM) - SHALLOW_NM;
                INSIDE + TONE_SHARE * (f64::from(neuron.tone) - MEAN_TONE) - DARKER * deep
            });
            let value = narrow1(mean + spread * noise(mix_cell(level, cell)) + 0.5);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u8")]
            let rounded = value.clamp(0.0, 255.0) as u8;
            *grey = rounded;
        }
    }
}

/// Where a centre line's position is seen. Two rounds leave an error far below a wide voxel.
fn unwarp(seed: u64, position: DVec3) -> DVec3 {
    (0..2).fold(position, |at, _| position - shift(seed, at).as_dvec3())
}

/// Mean 0, variance 1, bounded, from 64 bits.
fn noise(bits: u64) -> f64 {
    const SQRT_3: f64 = 1.732_050_807_568_877_2;
    let part = |shift: u32| unit_of(bits << shift);
    // The upper 16 bits of each part are its own.
    (part(0) + part(16) + part(32) + part(48) - 2.0) * SQRT_3
}
