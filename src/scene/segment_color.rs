//! The colour of a segment: Neuroglancer's formula, and what selection and settings make of it.
//!
//! Pure: an id and a style give a colour, which residency writes into palette entries. Knows no volume and no GPU.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

/// How the segments of a layer are coloured.
///
/// Ids are segments: what supervoxels map to is settled before.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentStyle {
    /// The segments that are picked out; where there are none, all are shown as if they were.
    pub selected: FxHashSet<u64>,
    /// Whether those not picked out are not drawn, where some are picked out.
    pub hide_unselected: bool,
    /// Red, green, blue (0 to 1) of segments with a colour of their own.
    pub colors: BTreeMap<u64, [f32; 3]>,
    /// Changes all default colours at once.
    pub seed: u32,
    /// The alpha of segments that are picked out, 0 to 1.
    pub selected_alpha: f32,
    /// The alpha of the others where some are picked out, 0 to 1.
    pub unselected_alpha: f32,
    /// Whether segment 0, by custom no segment at all, is not drawn.
    pub hide_zero: bool,
}

impl Default for SegmentStyle {
    /// Everything shown, in the default colours, half transparent.
    fn default() -> Self {
        Self {
            selected: FxHashSet::default(),
            hide_unselected: true,
            colors: BTreeMap::new(),
            seed: 0,
            selected_alpha: 0.5,
            unselected_alpha: 0.12,
            hide_zero: true,
        }
    }
}

impl SegmentStyle {
    /// Red, green, blue, alpha of a segment; not premultiplied.
    #[must_use]
    pub fn rgba(&self, segment: u64) -> [u8; 4] {
        let shown = self.selected.is_empty() || self.selected.contains(&segment);
        if (segment == 0 && self.hide_zero) || (!shown && self.hide_unselected) {
            return [0; 4];
        }
        let [red, green, blue] = self.colors.get(&segment).map_or_else(|| segment_color(segment, self.seed), |color| color.map(byte));
        let alpha = if shown { self.selected_alpha } else { self.unselected_alpha };
        [red, green, blue, byte(alpha)]
    }
}

/// The default colour of a segment: Neuroglancer's, so that links look the same.
///
/// The hash steps of MurmurHash3 (32 bits) over the low and the high half of the id, without its last mixing; the low byte
/// is the hue, the next one half of the saturation, the value is 1.
#[must_use]
pub fn segment_color(segment: u64, seed: u32) -> [u8; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
    let hash = hash_combine(hash_combine(seed, segment as u32), (segment >> 32) as u32);
    let [hue, saturation, ..] = hash.to_le_bytes().map(|n| f64::from(n) / 255.0);
    hsv_to_rgb(hue, 0.5 + 0.5 * saturation)
}

/// One step of MurmurHash3_x86_32: a block of 32 bits into the state.
fn hash_combine(state: u32, block: u32) -> u32 {
    let mixed = block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    (state ^ mixed).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

/// A colour of value 1 from hue and saturation, each 0 to 1.
fn hsv_to_rgb(hue: f64, saturation: f64) -> [u8; 3] {
    let sixth = hue * 6.0;
    let (part, low) = (sixth.fract(), 1.0 - saturation);
    let (falling, rising) = (1.0 - saturation * part, 1.0 - saturation * (1.0 - part));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 6")]
    let channels = match sixth as u8 % 6 {
        0 => [1.0, rising, low],
        1 => [falling, 1.0, low],
        2 => [low, 1.0, rising],
        3 => [low, falling, 1.0],
        4 => [rising, low, 1.0],
        _ => [1.0, low, falling],
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    channels.map(|channel| (channel * 255.0).round_ties_even() as u8)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 255")]
fn byte(unit: f32) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::{SegmentStyle, segment_color};

    /// Computed by `neuroglancer.segment_colors.hex_string_from_segment_id` of the Python package neuroglancer 2.41.2.
    const NEUROGLANCER: &[(u32, u64, &str)] = &[
        (0, 0, "#42ff46"),
        (0, 1, "#5e80ff"),
        (0, 2, "#ff3578"),
        (0, 3, "#9bff0c"),
        (0, 10, "#4eff46"),
        (0, 255, "#9c0fff"),
        (0, 65537, "#b17dff"),
        (0, 4294967295, "#ffb533"),
        (0, 4294967296, "#6ef0ff"),
        (0, 9007199254740993, "#ff30e4"),
        (0, 720575940379279702, "#ff3f30"),
        (0, 18446744073709551615, "#d3ff03"),
        (0, 5813061085, "#ffce23"),
        (1, 0, "#42ff46"),
        (1, 1, "#5e80ff"),
        (1, 2, "#ff3578"),
        (1, 3, "#9bff0c"),
        (1, 10, "#4eff46"),
        (1, 255, "#9c0fff"),
        (1, 65537, "#b17dff"),
        (1, 4294967295, "#ffb533"),
        (1, 4294967296, "#6ef0ff"),
        (1, 9007199254740993, "#ff30e4"),
        (1, 720575940379279702, "#97ff30"),
        (1, 18446744073709551615, "#d3ff03"),
        (1, 5813061085, "#ffce23"),
        (3735928559, 0, "#ff1377"),
        (3735928559, 1, "#675fff"),
        (3735928559, 2, "#60ff8d"),
        (3735928559, 3, "#ff58ed"),
        (3735928559, 10, "#5e0fff"),
        (3735928559, 255, "#abff6d"),
        (3735928559, 65537, "#4095ff"),
        (3735928559, 4294967295, "#dfff49"),
        (3735928559, 4294967296, "#850fff"),
        (3735928559, 9007199254740993, "#2c10ff"),
        (3735928559, 720575940379279702, "#2df3ff"),
        (3735928559, 18446744073709551615, "#ffc766"),
        (3735928559, 5813061085, "#ffcc00"),
    ];

    #[test]
    fn colors_are_neuroglancers() {
        for &(seed, segment, expected) in NEUROGLANCER {
            let [red, green, blue] = segment_color(segment, seed);
            assert_eq!(format!("#{red:02x}{green:02x}{blue:02x}"), expected, "segment {segment}, seed {seed}");
        }
    }

    #[test]
    fn selection_decides_what_is_seen() {
        let mut style = SegmentStyle { selected_alpha: 1.0, unselected_alpha: 0.2, ..SegmentStyle::default() };
        assert_eq!(style.rgba(0), [0; 4], "zero is no segment");
        assert_eq!(style.rgba(1), [0x5e, 0x80, 0xff, 255], "without a selection all are shown");
        style.selected.insert(2);
        assert_eq!(style.rgba(1), [0; 4]);
        assert_eq!(style.rgba(2), [0xff, 0x35, 0x78, 255]);
        style.hide_unselected = false;
        assert_eq!(style.rgba(1), [0x5e, 0x80, 0xff, 51]);
        style.hide_zero = false;
        assert_eq!(style.rgba(0)[3], 51);
        style.colors.insert(1, [1.0, 0.0, 0.2]);
        assert_eq!(style.rgba(1), [255, 0, 51, 51]);
    }
}
