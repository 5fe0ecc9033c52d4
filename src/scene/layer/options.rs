//! The options of a layer, as the public API writes them. One struct serves a whole specification and a patch of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::format::{RawLayout, Said, SourceFormat};
use crate::geometry::DAffine3;

use super::parse_color;

/// What kind of layer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    /// Grey values.
    Image,
    /// Segment ids.
    Segmentation,
}

/// Where the voxels come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SourceOptions {
    /// A URL.
    Url(String),
    /// A URL and how to read it.
    #[serde(rename_all = "camelCase")]
    Described {
        /// The URL.
        url: String,
        /// The format; left out, it is detected.
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<SourceFormat>,
        /// Nanometres along x, y, z of the finest level, in place of what the metadata says.
        #[serde(rename = "voxelSizeNm", skip_serializing_if = "Option::is_none")]
        voxel_size_nm: Option<[f64; 3]>,
        /// The address of an S3 service other than AWS.
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
        /// Whether an S3 bucket is a path segment there; left out, as the service and the bucket's name suggest.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_style: Option<bool>,
        /// How a raw file holds its voxels.
        #[serde(skip_serializing_if = "Option::is_none")]
        raw: Option<RawLayout>,
        /// Of a folder of images, the names of the files, one for each slice.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<String>,
    },
}

impl SourceOptions {
    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::Url(url) | Self::Described { url, .. } => url,
        }
    }

    /// What is said of how to read it.
    #[must_use]
    pub fn said(&self) -> Said {
        match self {
            Self::Url(_) => Said::default(),
            Self::Described { format, raw, images, .. } => Said { format: *format, raw: raw.clone(), images: images.clone() },
        }
    }

    /// The endpoint and the path style of an S3 service, where given.
    #[must_use]
    pub fn s3_service(&self) -> (Option<&str>, Option<bool>) {
        match self {
            Self::Url(_) => (None, None),
            Self::Described { endpoint, path_style, .. } => (endpoint.as_deref(), *path_style),
        }
    }

    /// Whether it is an `s3:` address, perhaps with the name of a format before it.
    fn is_s3(&self) -> bool {
        self.url().split("://").take(2).any(|part| part.trim().eq_ignore_ascii_case("s3"))
    }

    /// The voxel size, where given.
    #[must_use]
    pub fn voxel_size_nm(&self) -> Option<[f64; 3]> {
        match self {
            Self::Url(_) => None,
            Self::Described { voxel_size_nm, .. } => *voxel_size_nm,
        }
    }
}

/// Which values become black and white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Contrast {
    /// These.
    Range([f64; 2]),
    /// Chosen from the data.
    Auto(AutoWord),
}

impl Contrast {
    /// Chosen from the data.
    pub const AUTO: Self = Self::Auto(AutoWord::Auto);
}

/// The word `"auto"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoWord {
    /// `"auto"`.
    Auto,
}

/// How values between voxel centres are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// The voxel's own value.
    Nearest,
    /// Linear between centres.
    Linear,
}

/// How a layer goes onto those below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blend {
    /// Light adds up.
    Additive,
    /// Covers what is below, by its opacity.
    Over,
}

/// A segment id: read from a bigint, a whole number or a decimal string; written as a 64-bit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub u64);

impl Serialize for SegmentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for SegmentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = SegmentId;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a segment id: a bigint, a whole number below 2^53 or a decimal string")
            }
            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<SegmentId, E> {
                Ok(SegmentId(id))
            }
            fn visit_i64<E: serde::de::Error>(self, id: i64) -> Result<SegmentId, E> {
                u64::try_from(id).map(SegmentId).map_err(|_| E::custom(format!("segment id {id} is negative")))
            }
            fn visit_f64<E: serde::de::Error>(self, id: f64) -> Result<SegmentId, E> {
                // Beyond 2^53 a double no longer names one whole number.
                if id >= 0.0 && id.fract() == 0.0 && id <= 9_007_199_254_740_992.0 {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
                    return Ok(SegmentId(id as u64));
                }
                Err(E::custom(format!("{id} is not a segment id")))
            }
            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<SegmentId, E> {
                id.parse().map(SegmentId).map_err(|_| E::custom(format!("\"{id}\" is not a segment id")))
            }
        }
        deserializer.deserialize_any(Id)
    }
}

/// The options of a layer; what is `None` is not said. Colours by id have decimal strings as keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LayerOptions {
    /// Names the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of layer it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<LayerKind>,
    /// Where the voxels come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceOptions>,
    /// Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// 0 to 1. Default 1 for images, 0.5 for segmentations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f64>,
    /// 3×4, row-major, nm → nm: world from volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Vec<f64>>,
    /// Image: default `"auto"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Contrast>,
    /// Image: above 1 brightens the middle. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// Image: black and white swapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invert: Option<bool>,
    /// Image: `#rrggbb` of full brightness. Default white.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Image: default linear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Interpolation>,
    /// Image: default over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blend: Option<Blend>,
    /// Image: from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<u32>,
    /// Segmentation: the selected segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<Vec<SegmentId>>,
    /// Segmentation: where some are selected, the others are not drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_unselected: Option<bool>,
    /// Segmentation: a rim around each segment. Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outline: Option<bool>,
    /// Segmentation: another seed gives other colours. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_seed: Option<u32>,
    /// Segmentation: `#rrggbb` by decimal id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<BTreeMap<String, String>>,
}

/// An option that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("option \"{key}\" {problem}")]
pub struct OptionsError {
    /// The option's key.
    pub key: &'static str,
    /// A clause.
    pub problem: String,
}

fn wrong(key: &'static str, problem: impl Into<String>) -> OptionsError {
    OptionsError { key, problem: problem.into() }
}

/// Takes over the fields that the patch sets.
macro_rules! merge {
    ($target:expr, $patch:expr, $($field:ident),+) => { $(if $patch.$field.is_some() { $target.$field = $patch.$field; })+ };
}

impl LayerOptions {
    /// These options with the patch's in place of their own.
    ///
    /// # Errors
    /// An option that is out of range or does not fit the kind of layer; then nothing has changed.
    pub fn patched(&self, patch: Self) -> Result<Self, OptionsError> {
        let mut merged = self.clone();
        for (key, changed) in [
            ("id", patch.id.is_some() && patch.id != self.id),
            ("type", patch.kind.is_some() && patch.kind != self.kind),
            ("source", patch.source.is_some() && patch.source != self.source),
        ] {
            if changed {
                return Err(wrong(key, "cannot be changed; remove the layer and add another"));
            }
        }
        merge!(merged, patch, visible, opacity, transform, contrast, gamma, invert, color, interpolation, blend, channel);
        merge!(merged, patch, selected, hide_unselected, outline, color_seed, colors);
        merged.check()?;
        Ok(merged)
    }

    /// Checks a whole specification.
    ///
    /// # Errors
    /// An option that is missing, out of range or does not fit the kind of layer.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.id.as_ref().is_none_or(String::is_empty) {
            return Err(wrong("id", "is missing"));
        }
        let kind = self.kind.ok_or_else(|| wrong("type", "is missing: \"image\" or \"segmentation\""))?;
        let source = self.source.as_ref().ok_or_else(|| wrong("source", "is missing"))?;
        if source.voxel_size_nm().is_some_and(|size| size.iter().any(|nm| !(nm.is_finite() && *nm > 0.0))) {
            return Err(wrong("source", "has a voxelSizeNm that is not three positive numbers"));
        }
        if source.s3_service() != (None, None) && !source.is_s3() {
            return Err(wrong("source", "has an endpoint or a pathStyle, which only an s3:// address can have"));
        }
        let unit = |key, value: Option<f64>| match value {
            Some(value) if !(0.0..=1.0).contains(&value) => Err(wrong(key, format!("is {value}, not between 0 and 1"))),
            _ => Ok(()),
        };
        unit("opacity", self.opacity)?;
        self.world_from_volume()?;
        self.check_kind(kind)?;
        if let Some(Contrast::Range([low, high])) = self.contrast
            && !(low.is_finite() && high.is_finite() && low != high)
        {
            return Err(wrong("contrast", format!("is [{low}, {high}]; two different numbers are needed")));
        }
        if self.gamma.is_some_and(|gamma| !(gamma.is_finite() && gamma > 0.0)) {
            return Err(wrong("gamma", "is not a positive number"));
        }
        if self.color.as_ref().is_some_and(|color| parse_color(color).is_none()) {
            return Err(wrong("color", "is not of the form #rrggbb"));
        }
        self.segment_colors()?;
        Ok(())
    }

    fn check_kind(&self, kind: LayerKind) -> Result<(), OptionsError> {
        let image = [
            ("contrast", self.contrast.is_some()),
            ("gamma", self.gamma.is_some()),
            ("invert", self.invert.is_some()),
            ("color", self.color.is_some()),
            ("interpolation", self.interpolation.is_some()),
            ("blend", self.blend.is_some()),
            ("channel", self.channel.is_some()),
        ];
        let segmentation = [
            ("selected", self.selected.is_some()),
            ("hideUnselected", self.hide_unselected.is_some()),
            ("outline", self.outline.is_some()),
            ("colorSeed", self.color_seed.is_some()),
            ("colors", self.colors.is_some()),
        ];
        let (foreign, name): (&[(&'static str, bool)], _) = match kind {
            LayerKind::Image => (&segmentation, "image"),
            LayerKind::Segmentation => (&image, "segmentation"),
        };
        match foreign.iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(wrong(key, format!("has no meaning for a layer of type \"{name}\""))),
            None => Ok(()),
        }
    }

    /// The layer's transform, nm → nm; identity where none is given.
    ///
    /// # Errors
    /// A transform that is not 12 finite numbers or cannot be inverted.
    pub fn world_from_volume(&self) -> Result<DAffine3, OptionsError> {
        let Some(rows) = &self.transform else { return Ok(DAffine3::IDENTITY) };
        let rows: [f64; 12] =
            rows.as_slice().try_into().map_err(|_| wrong("transform", format!("has {} numbers, not 12 (3×4, row-major)", rows.len())))?;
        let [a, b, c, x, d, e, f, y, g, h, i, z] = rows;
        let affine = DAffine3::from_cols_array(&[a, d, g, b, e, h, c, f, i, x, y, z]);
        if !affine.is_finite() || affine.matrix3.determinant().abs() < 1e-12 {
            return Err(wrong("transform", "is not an invertible map"));
        }
        Ok(affine)
    }

    /// Colours by segment id.
    ///
    /// # Errors
    /// A key that is no id or a value that is no colour.
    pub fn segment_colors(&self) -> Result<BTreeMap<u64, [f32; 3]>, OptionsError> {
        let colors = self.colors.iter().flatten();
        colors
            .map(|(id, color)| {
                let id = id.parse().map_err(|_| wrong("colors", format!("has the key \"{id}\", which is not a segment id")))?;
                let color = parse_color(color)
                    .ok_or_else(|| wrong("colors", format!("gives segment {id} \"{color}\", which is not of the form #rrggbb")))?;
                Ok((id, color))
            })
            .collect()
    }
}
