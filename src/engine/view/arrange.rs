//! The size of a view and the panels in it.

use crate::engine::info::{PanelInfo, ScaleBar};
use crate::geometry::{DVec2, PanelKind};
use crate::scene::panels::{Layout, Panel, panels};
use crate::tools::navigate;

use super::{View, ViewEvent};

impl View {
    /// The size of the canvas: CSS pixels, and device pixels per CSS pixel.
    pub fn resize(&mut self, size_css: DVec2, px_ratio: f64) {
        self.size_css = size_css.max(DVec2::ZERO);
        self.px_ratio = if px_ratio.is_finite() && px_ratio > 0.0 { px_ratio } else { 1.0 };
        self.arrange();
    }

    /// The canvas in device pixels.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of windows")]
    pub fn size_px(&self) -> [u32; 2] {
        (self.size_css * self.px_ratio).round().to_array().map(|n| n.clamp(0.0, 16_384.0) as u32)
    }

    pub(super) fn arrange(&mut self) {
        self.panels = panels(self.layout, self.size_px(), self.split);
        self.replan();
    }

    /// Which panels are shown.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Shows other panels.
    pub fn set_layout(&mut self, layout: Layout) {
        if layout != self.layout {
            self.layouts.shown(layout);
            self.layout = layout;
            self.events.push(ViewEvent::Layout);
            self.arrange();
        }
    }

    /// Moves the borders between panels, 0 to 1 of width and height.
    pub fn set_split(&mut self, split: [f64; 2]) {
        self.split = split.map(|part| if part.is_finite() { part } else { 0.5 });
        self.arrange();
    }

    /// The panels in CSS pixels, with what is written on them.
    #[must_use]
    pub fn panel_infos(&self) -> Vec<PanelInfo> {
        self.panels.iter().map(|panel| self.panel_info(panel)).collect()
    }

    /// The panels.
    #[must_use]
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// Device pixels per CSS pixel.
    #[must_use]
    pub fn px_ratio(&self) -> f64 {
        self.px_ratio
    }

    fn panel_info(&self, panel: &Panel) -> PanelInfo {
        let [x, y, width, height] = panel.rect_px.map(|n| f64::from(n) / self.px_ratio);
        let nm_per_px = navigate::nm_per_px(&self.state, panel.kind, DVec2::new(width, height));
        let turned = self.state.cross_section_orientation.to_array()[..3].iter().any(|part| part.abs() > 1e-6);
        let axes = match panel.kind {
            PanelKind::Space => Vec::new(),
            _ if turned => Vec::new(),
            PanelKind::Xy => vec!["x", "y"],
            PanelKind::Xz => vec!["x", "z"],
            PanelKind::Yz => vec!["z", "y"],
        };
        let scale_bar = self.switches.scale_bar.then(|| ScaleBar::fitting(nm_per_px, (width * 0.3).min(160.0))).flatten();
        PanelInfo { name: panel.kind.name(), x, y, width, height, axes, scale_bar: scale_bar.filter(|_| !self.layers.is_empty()) }
    }

    pub(super) fn panel(&self, kind: PanelKind) -> Option<&Panel> {
        self.panels.iter().find(|panel| panel.kind == kind)
    }

    pub(super) fn panel_css(&self, kind: PanelKind) -> DVec2 {
        self.panel(kind).map_or(self.size_css, |panel| DVec2::new(f64::from(panel.rect_px[2]), f64::from(panel.rect_px[3])) / self.px_ratio)
    }
}
