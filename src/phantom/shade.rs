//! Grey values: what electron microscopy makes of membranes, cytoplasm, mitochondria and synapses.

use glam::Vec3;

use super::block::Layout;
use super::hash::{mix, narrow1, unit_of};
use super::organelle::Mitochondrion;
use super::synapse::Site;
use super::texture::Textures;
use super::trunk::Neuron;

/// Membrane darkening is tabulated per half nanometre.
const PROFILE: usize = 256;
const MEMBRANE: f32 = 95.0;
const GRAIN: f32 = 9.0;
const PATCHES: f32 = 7.0;
const NOISE: f32 = 3.9;
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
    /// Index of the nearest neuron, in the gap too.
    pub(super) owner: u32,
}

/// Mean grey value of a neuron's cytoplasm, and the contrast of its grain: most are light, a few dark.
pub(super) fn cytoplasm(hash: u64, girth: f64) -> (f32, f32) {
    let t = unit_of(mix(hash ^ 0x70e));
    let u = unit_of(mix(hash ^ 0x70f));
    // Thick neurites tend to be the lightest.
    let light = ((girth - 90.0) / 250.0).clamp(0.0, 1.0);
    let tone = if t < 0.17 { 108.0 + 20.0 * u } else { 133.0 + 34.0 * u + 30.0 * light * (0.4 + 0.6 * u) };
    (narrow1(tone), narrow1(0.45 + 0.5 * u + 0.25 * light))
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
            let core = (edge - 4.0).max(0.0) / 14.0;
            let skirt = edge / 42.0;
            *p = narrow1(
                0.88 * super::hash::exp((-0.5 * core * core).max(-12.0)) + 0.12 * super::hash::exp((-0.5 * skirt * skirt).max(-12.0)),
            );
        }
        Self { textures: Textures::new(seed, voxel_nm), profile }
    }

    /// Cytoplasm and membrane of a neurite, `edge` nm inside its boundary.
    pub(super) fn neurite(&self, neuron: &Neuron, owner: u32, edge: f32) -> Surface {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates; bounded by the table")]
        let dark = self.profile[((edge * 2.0) as usize).min(PROFILE - 1)];
        let grey = neuron.tone + (MEMBRANE - neuron.tone) * dark;
        Surface { grey, grain: neuron.grain * (1.0 - 0.75 * dark), edge_nm: edge, owner }
    }

    /// Crowds the cytoplasm with vesicles.
    pub(super) fn vesicles(&self, density: f32, surface: &mut Surface) {
        surface.grey -= 12.0 * density * surface.grain;
        surface.grain *= 1.0 + 0.8 * density;
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
    pub(super) fn finish(&self, layout: &Layout, min: [i64; 3], surfaces: &[Surface], image: &mut [u8]) {
        let [w, h, d] = layout.block;

        let signed = |n: usize| i64::try_from(n).unwrap_or(0);
        for z in 0..d {
            for y in 0..h {
                let row = w * (y + h * z);
                let at = [min[0], min[1] + signed(y), min[2] + signed(z)];
                let grain = self.textures.grain.row(at, w);
                let patches = self.textures.patches.row(at, w);
                let (first, second) = (self.textures.detector[0].row(at, w), self.textures.detector[1].row(at, w));
                for x in 0..w {
                    let s = &surfaces[row + x];
                    let value = s.grey + s.grain * (GRAIN * grain[x] + PATCHES * patches[x]) + NOISE * (first[x] + second[x]);
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u8")]
                    let rounded = (value + 0.5).clamp(0.0, 255.0) as u8;
                    image[row + x] = rounded;
                }
            }
        }
    }
}
