//! Grey values: what electron microscopy makes of membranes, cytoplasm, mitochondria and synapses.

use glam::Vec3;

use super::block::{Layout, fraction};
use super::hash::{index, mix, narrow1};
use super::organelle::Mitochondrion;
use super::synapse::Site;
use super::texture::Textures;
use super::trunk::Neuron;

/// Membrane darkening is tabulated per half nanometre.
const PROFILE: usize = 256;
const MEMBRANE: f32 = 84.0;
const MITOCHONDRION: f32 = 77.0;
const DENSITY: f32 = 62.0;

/// What shows at a voxel, before texture and noise.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Surface {
    pub(super) grey: f32,
    /// Contrast of the grain.
    pub(super) grain: f32,
    /// Distance to the boundary of the neurite, nm.
    pub(super) edge_nm: f32,
    /// Id of the nearest neurite, in the gap too.
    pub(super) owner: u64,
    /// Vesicle density, 0 to 1.
    pub(super) vesicles: f32,
}

/// Turns distances into grey values.
#[derive(Debug)]
pub(super) struct Shader {
    textures: Textures,
    profile: [f32; PROFILE],
}

impl Shader {
    pub(super) fn new(seed: u64, voxel_nm: [f64; 3]) -> Self {
        let mut profile = [0.0; PROFILE];
        for (i, p) in profile.iter_mut().enumerate() {
            let edge = 0.5 * f64::from(u32::try_from(i).unwrap_or(0));
            let core = (edge - 5.0) / 10.5;
            let skirt = edge / 30.0;
            *p = narrow1(
                0.9 * super::hash::exp((-0.5 * core * core).max(-12.0)) + 0.1 * super::hash::exp((-0.5 * skirt * skirt).max(-12.0)),
            );
        }
        Self { textures: Textures::new(seed, voxel_nm), profile }
    }

    /// Cytoplasm and membrane of a neurite, `edge` nm inside its boundary.
    pub(super) fn neurite(&self, neuron: &Neuron, edge: f32) -> Surface {
        let dark = self.profile[index(super::hash::floor(f64::from(edge * 2.0))).min(PROFILE - 1)];
        let t = fraction(mix(neuron.hash ^ 0x70e));
        let tone = if t < 0.12 { 112.0 + 100.0 * t } else { 140.0 + 42.0 * t };
        let grey = tone + (MEMBRANE - tone) * dark;
        Surface { grey, grain: (0.55 + 0.5 * t) * (1.0 - 0.75 * dark), edge_nm: edge, owner: neuron.id, vesicles: 0.0 }
    }

    /// Draws a mitochondrion, `depth` nm outside its surface.
    pub(super) fn mitochondrion(&self, it: &Mitochondrion, depth: f32, surface: &mut Surface) {
        let cover = ((9.0 - depth) / 18.0).clamp(0.0, 1.0);
        let rim = (1.0 - ((depth + 8.0) / 14.0).abs()).max(0.0);
        let grey = MITOCHONDRION + it.tone - 7.0 * rim;
        surface.grey += (grey - surface.grey) * cover;
        surface.grain *= 1.0 - 0.72 * cover;
    }

    /// Darkens the densities of a synapse at `p` nm from its site, `out` along its normal, `side` across.
    pub(super) fn density(&self, site: &Site, p: Vec3, out: f32, side: f32, is_pre: bool, is_post: bool, surface: &mut Surface) {
        let mut dark = 0.0f32;
        if is_pre {
            let pedestal = ((24.0 - side) / 16.0).clamp(0.0, 1.0) * ((62.0 + out) / 14.0).clamp(0.0, 1.0);
            let along = p.dot(site.across).abs();
            let wide = (side * side - along * along).max(0.0).sqrt();
            let plate = ((0.75 * site.radius - along) / 16.0).clamp(0.0, 1.0)
                * ((34.0 - wide) / 16.0).clamp(0.0, 1.0)
                * (1.6 - (out + 48.0).abs() / 14.0).clamp(0.0, 1.0);
            dark = pedestal.max(plate);
        }
        if is_pre || is_post {
            let thick = if is_post { 30.0 } else { 20.0 };
            let smear = ((thick - surface.edge_nm) / 18.0).clamp(0.0, 1.0)
                * ((site.radius + 14.0 - side) / 30.0).clamp(0.0, 1.0)
                * ((58.0 - out.abs()) / 20.0).clamp(0.0, 1.0);
            dark = dark.max(0.85 * smear);
        }
        surface.grey += (DENSITY - surface.grey) * dark;
    }

    /// Adds texture and noise and rounds.
    pub(super) fn finish(&self, layout: &Layout, min: [i64; 3], block_hash: u64, surfaces: &[Surface], image: &mut [u8]) {
        let [w, h, d] = layout.block;
        let shift = |salt: u64| index(super::hash::floor(f64::from(fraction(mix(block_hash ^ salt)) * 64.0)));
        let signed = |n: usize| i64::try_from(n).unwrap_or(0);
        let start = [signed(shift(1)), signed(shift(2)), signed(shift(3))];
        for z in 0..d {
            for y in 0..h {
                let row = w * (y + h * z);
                let at = [min[0], min[1] + signed(y), min[2] + signed(z)];
                let grain = self.textures.grain.row(at, w);
                let patches = self.textures.patches.row(at, w);
                let detector = self.textures.detector.row([start[0], start[1] + signed(y), start[2] + signed(z)], w);
                for x in 0..w {
                    let s = &surfaces[row + x];
                    let amount = s.grain * (1.0 + 0.8 * s.vesicles);
                    let value = s.grey - 9.0 * s.vesicles * s.grain + amount * (11.0 * grain[x] + 4.0 * patches[x]) + 6.0 * detector[x];
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u8")]
                    let rounded = (value + 0.5).clamp(0.0, 255.0) as u8;
                    image[row + x] = rounded;
                }
            }
        }
    }
}
