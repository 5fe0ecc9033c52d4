//! Grey values: what electron microscopy makes of membranes, cytoplasm, mitochondria and synapses.

use glam::Vec3;

use super::hash::{exp, mix, narrow1, unit_of};
use super::lattice::Layout;
use super::organelle::Mitochondrion;
use super::synapse::Site;
use super::texture::{STEPS, Textures};
use super::trunk::Neuron;

/// Membrane darkening is tabulated per half nanometre.
const PROFILE: usize = 256;
const MEMBRANE: f64 = 89.0;
/// How much lighter some membranes are.
const STAIN: f64 = 24.0;
const GRAIN: f32 = 13.5;
const NOISE: f32 = 4.2;
const MATRIX: f32 = 84.0;
const CRISTAE: f32 = 2.6;
const VESICLES: f32 = 24.0;
/// Standard deviation of the beam's blur, nm.
const BEAM_NM: f32 = 7.0;
const DENSITY: f32 = 59.0;

/// What shows at a voxel, before texture and noise.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Surface {
    pub(super) grey: f32,
    /// Contrast of the grain.
    pub(super) grain: f32,
    /// Contrast of the cristae, negative for those of the second orientation.
    pub(super) cristae: f32,
    /// Contrast of the vesicles.
    pub(super) vesicles: f32,
    /// Distance to the boundary of the neurite, nm.
    pub(super) edge_nm: f32,
    /// Index of the nearest neuron, in the gap too.
    pub(super) owner: u32,
}

/// Mean grey value of a neuron's cytoplasm, the contrast of its grain and the grey value of its membrane: most are
/// light, a few dark.
pub(super) fn cytoplasm(hash: u64, girth: f64) -> (f32, f32, f32) {
    let t = unit_of(mix(hash ^ 0x70e));
    let u = unit_of(mix(hash ^ 0x70f));
    // Thick neurites tend to be the lightest.
    let light = ((girth - 90.0) / 250.0).clamp(0.0, 1.0);
    let tone = if t < 0.17 { 116.0 + 20.0 * u } else { 138.0 + 24.0 * u + 25.0 * light * (0.4 + 0.6 * u) };
    let stain = unit_of(mix(hash ^ 0x710));
    (narrow1(tone), narrow1(0.62 + 0.3 * u + 0.55 * light), narrow1(MEMBRANE + STAIN * stain * stain))
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
            let bell = |x: f64| exp((-0.5 * x * x).max(-12.0));
            // A dark line on either side of the gap, and what fuzz lies along it.
            *p = narrow1((0.78 * bell((edge - 5.5) / 10.5) + 0.2 * bell(edge / 32.0)).min(1.0));
        }
        Self { textures: Textures::new(seed, voxel_nm), profile }
    }

    /// Cytoplasm and membrane of a neurite, `edge` nm inside its boundary.
    pub(super) fn neurite(&self, neuron: &Neuron, owner: u32, edge: f32) -> Surface {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates; bounded by the table")]
        let dark = self.profile[((edge * 2.0) as usize).min(PROFILE - 1)];
        let grey = neuron.tone + (neuron.membrane - neuron.tone) * dark;
        Surface { grey, grain: neuron.grain * (1.0 - 0.5 * dark), edge_nm: edge, owner, ..Surface::default() }
    }

    /// Draws a mitochondrion, `depth` nm outside its surface.
    pub(super) fn mitochondrion(&self, it: &Mitochondrion, depth: f32, surface: &mut Surface) {
        let cover = ((7.0 - depth) / 14.0).clamp(0.0, 1.0);
        let cover = cover * cover * (3.0 - 2.0 * cover);
        // Two membranes: the inner one follows the outer one closely.
        let outer = (1.0 - ((depth + 3.0) / 8.0).abs()).max(0.0);
        let inner = (1.0 - ((depth + 19.0) / 8.0).abs()).max(0.0);
        surface.grey += (MATRIX + it.tone - it.rim * (outer + 0.6 * inner) - surface.grey) * cover;
        surface.grain *= 1.0 - 0.9 * cover;
        surface.cristae = it.folds * ((-16.0 - depth) / 14.0).clamp(0.0, 1.0);
    }

    /// Darkens the densities of a synapse at `p` nm from its site, `out` along its normal, `side` across, and crowds
    /// the cytoplasm behind it with vesicles.
    pub(super) fn density(&self, site: &Site, p: Vec3, out: f32, side: f32, is_pre: bool, surface: &mut Surface) {
        let mut dark = 0.0f32;
        if is_pre {
            let pedestal = ((30.0 - side) / 24.0).clamp(0.0, 1.0) * ((62.0 + out) / 14.0).clamp(0.0, 1.0);
            let along = p.dot(site.across).abs();
            let wide = (side * side - along * along).max(0.0).sqrt();
            let plate = ((0.75 * site.radius + 6.0 - along) / 30.0).clamp(0.0, 1.0)
                * ((40.0 - wide) / 28.0).clamp(0.0, 1.0)
                * (1.4 - (out + 46.0).abs() / 17.0).clamp(0.0, 1.0);
            dark = pedestal.max(plate);
            let away = (p + site.normal * (site.cloud * 0.45)).length() / site.cloud;
            let outside = f32::from(u8::from(surface.cristae == 0.0));
            let inside = ((surface.edge_nm - 26.0) / 12.0).clamp(0.0, 1.0) * outside * (1.0 - dark);
            let crowd = ((1.0 - away) * 3.0).clamp(0.0, 1.0) * inside;
            surface.vesicles = surface.vesicles.max(crowd);
            surface.grain *= 1.0 - 0.5 * crowd;
        }
        let thick = if is_pre { 26.0 } else { 40.0 };
        let smear = ((thick - surface.edge_nm) / 18.0).clamp(0.0, 1.0)
            * ((site.radius + 14.0 - side) / 30.0).clamp(0.0, 1.0)
            * ((58.0 - out.abs()) / 20.0).clamp(0.0, 1.0);
        surface.grey += (DENSITY - surface.grey) * dark.max(0.85 * smear);
    }

    /// Blurs as the beam does, adds texture and noise, and rounds.
    pub(super) fn finish(&self, layout: &Layout, min: [i64; 3], surfaces: &[Surface], image: &mut [u8]) {
        let [w, h, d] = layout.block;
        let mut greys: Vec<f32> = surfaces.iter().map(|s| s.grey).collect();
        for (axis, (run, count)) in [(1, w), (w, h), (w * h, d)].into_iter().enumerate() {
            let spread = BEAM_NM / narrow1(layout.voxel_nm[axis]);
            blur(&mut greys, run, count, (0.5 * spread * spread).min(0.25));
        }
        let signed = |n: usize| i64::try_from(n).unwrap_or(0);
        let textures = &self.textures;
        let rows = surfaces.chunks_exact(w).zip(greys.chunks_exact(w)).zip(image.chunks_exact_mut(w));
        for (row, ((surfaces, greys), image)) in rows.enumerate() {
            let at = [min[0], min[1] + signed(row % h), min[2] + signed(row / h)];
            let (grain, vesicles) = (textures.grain.shuffled_row(at, w), textures.vesicles.shuffled_row(at, w));
            let [along, aslant] = &textures.cristae;
            let cristae = along.row(at, w).iter().zip(aslant.row(at, w));
            let (first, second) = (textures.detector[0].row(at, w), textures.detector[1].row(at, w));
            let noise = first.iter().zip(second).zip(grain).zip(cristae).zip(vesicles);
            for (((s, grey), voxel), ((((&first, &second), &grain), (&along, &aslant)), &vesicles)) in
                surfaces.iter().zip(greys).zip(image).zip(noise)
            {
                let texture = s.grain * GRAIN * f32::from(grain)
                    + s.cristae.abs() * CRISTAE * f32::from(if s.cristae < 0.0 { aslant } else { along })
                    + s.vesicles * VESICLES * f32::from(vesicles)
                    + NOISE * f32::from(i16::from(first) + i16::from(second));
                let value = grey + texture / STEPS;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u8")]
                let rounded = (value + 0.5).clamp(0.0, 255.0) as u8;
                *voxel = rounded;
            }
        }
    }
}

/// Mixes each value with its two neighbours along an axis of `count` values, `run` apart, by `share` each. The ends of
/// a block stay, as if the slope went on beyond them, so that a block needs no others.
fn blur(values: &mut [f32], run: usize, count: usize, share: f32) {
    for slab in values.chunks_exact_mut(run * count) {
        for i in 0..run {
            let mut before = slab[i];
            for at in (1..count.saturating_sub(1)).map(|k| i + k * run) {
                let here = slab[at];
                slab[at] = here + (before + slab[at + run] - 2.0 * here) * share;
                before = here;
            }
        }
    }
}
