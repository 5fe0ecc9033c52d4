//! How a layer looks: its contrast window, its style, the colours of its segments.

use std::rc::Rc;

use crate::cache::residency::PaletteColor;
use crate::engine::auto_contrast;
use crate::engine::context::Shared;
use crate::scene::draw::{ImageStyle, SegmentationStyle, SliceStyle};
use crate::scene::layer::{Blend, Contrast, Interpolation, LayerKind, LayerOptions, parse_color};
use crate::scene::plan::SceneLayer;
use crate::scene::segment_color::SegmentStyle;
use crate::voxel::DataType;

use super::{Status, ViewLayer};

impl ViewLayer {
    /// The colour of an id.
    pub(in crate::engine) fn palette_color(&self, id: u64) -> PaletteColor {
        PaletteColor { segment: id, rgba: self.segments.rgba(id) }
    }

    pub(super) fn restyle(&mut self, shared: &mut Shared) {
        let segments = segment_style(&self.options);
        if self.is_segmentation() && segments != self.segments {
            self.segments = segments;
            shared.residency.recolor(self.number, &|id| self.palette_color(id));
        }
    }

    /// Finds the automatic window from what is loaded. `complete`: all that is in view is there, so the window is final.
    pub(in crate::engine) fn update_auto_contrast(&mut self, complete: bool, shared: &Shared) -> bool {
        let automatic = self.is_automatic();
        let Status::Ready(ready) = &mut self.status else { return false };
        if !automatic || ready.auto_final {
            return false;
        }
        let sorted = auto_contrast::sample(shared.bricks.of_source(ready.source).map(|(_, brick)| brick));
        let Some(window) = auto_contrast::window(&sorted) else { return false };
        ready.auto_final = complete;
        let changed = ready.auto_window != Some(window);
        ready.auto_window = Some(window);
        changed
    }

    fn is_automatic(&self) -> bool {
        self.options.kind == Some(LayerKind::Image) && !matches!(self.options.contrast, Some(Contrast::Range(_)))
    }

    /// Whether the window is still to be found.
    pub(in crate::engine) fn contrast_pending(&self) -> bool {
        self.is_automatic() && self.ready().is_some_and(|ready| !ready.auto_final && ready.auto_window.is_none() && self.counts.loaded > 0)
    }

    /// The contrast window in use.
    pub(in crate::engine) fn window(&self) -> Option<[f64; 2]> {
        let ready = self.ready()?;
        if self.is_segmentation() {
            return None;
        }
        let (low, high) = ready.spec.data_type.range();
        Some(match self.options.contrast {
            Some(Contrast::Range(range)) => range,
            _ => ready.auto_window.filter(|_| self.is_automatic()).unwrap_or([low, high]),
        })
    }

    /// How the layer looks or, before it is opened, will most likely look; `None` where that cannot be told.
    pub(in crate::engine) fn look(&self) -> Option<SliceStyle> {
        match (&self.status, self.options.kind) {
            (Status::Ready(ready), _) => Some(self.style(ready.spec.data_type, ready.spec.fill_bits)),
            (Status::Opening, Some(_)) => Some(self.style(DataType::Uint8, 0)),
            (Status::Opening, None) | (Status::Failed(_), _) => None,
        }
    }

    fn style(&self, data_type: DataType, fill_bits: u64) -> SliceStyle {
        let options = &self.options;
        if self.is_segmentation() {
            return SliceStyle::Segmentation(SegmentationStyle {
                opacity: f32_of(options.opacity.unwrap_or(0.5)),
                outline_px: if options.outline.unwrap_or(true) { 1.0 } else { 0.0 },
                outline_opacity: 1.0,
            });
        }
        SliceStyle::Image(ImageStyle {
            data_type,
            window: self.window().unwrap_or([0.0, 1.0]).map(f32_of),
            gamma: f32_of(options.gamma.unwrap_or(1.0)),
            invert: options.invert.unwrap_or(false),
            color: options.color.as_deref().and_then(parse_color).unwrap_or([1.0; 3]),
            opacity: f32_of(options.opacity.unwrap_or(1.0)),
            linear: options.interpolation != Some(Interpolation::Nearest),
            additive: options.blend == Some(Blend::Additive),
            fill: f32_of(data_type.number(fill_bits)),
        })
    }

    /// The layer for the scene, if it is to be drawn.
    pub(in crate::engine) fn scene_layer(&self, shared: &Shared) -> Option<SceneLayer> {
        let ready = self.ready().filter(|_| self.is_visible())?;
        let source = shared.sources.get(&ready.source)?;
        Some(SceneLayer {
            layer: self.number,
            source: ready.source,
            levels: Rc::clone(&source.grids),
            volume_from_world: self.world_from_volume().inverse(),
            style: self.style(ready.spec.data_type, ready.spec.fill_bits),
            // Labels are palette-compressed: mostly 4 or 8 bits.
            bytes_per_voxel: if self.is_segmentation() { 1.0 } else { ready.spec.data_type.size_bytes() as f64 },
        })
    }
}

pub(super) fn segment_style(options: &LayerOptions) -> SegmentStyle {
    SegmentStyle {
        selected: options.selected.iter().flatten().map(|id| id.0).collect(),
        hide_unselected: options.hide_unselected.unwrap_or(false),
        colors: options.segment_colors().unwrap_or_default().into_iter().collect(),
        seed: options.color_seed.unwrap_or(0),
        // The layer's opacity comes on top.
        selected_alpha: 1.0,
        unselected_alpha: 0.3,
        ..SegmentStyle::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "styles are drawn in f32")]
fn f32_of(value: f64) -> f32 {
    value as f32
}
