//! Pictures of another size or of one panel: the view is arranged for them, loads what they need, and goes back.

use crate::error::{ErrorCode, ViewerError};
use crate::geometry::{DVec2, PanelKind};
use crate::scene::draw::DrawList;
use crate::scene::panels::{Panel, panels};

use super::View;

/// The most pixels along a side of a picture.
const MOST_PX: f64 = 16_384.0;

/// How the view was arranged before a picture.
#[derive(Clone, Debug)]
pub(super) struct Arrangement {
    size_css: DVec2,
    px_ratio: f64,
    panels: Vec<Panel>,
}

impl View {
    /// Arranges the view for a picture of this width and height in pixels, of one panel or of all. A side that is not given
    /// follows from the other, so that the picture has the shape of what is shown. The picture shows as much of the world
    /// across as the panel, or the whole view, does now. Nothing is drawn on the canvas until [`View::end_picture`].
    ///
    /// # Errors
    /// A size that is no size.
    pub fn begin_picture(&mut self, size: [Option<f64>; 2], panel: Option<PanelKind>) -> Result<(), ViewerError> {
        let shown = match panel {
            None => self.size_css,
            Some(kind) => self.panel_css(kind),
        };
        let [width, height] = match size {
            [None, None] => (shown * self.px_ratio).round().to_array(),
            [Some(_), None] | [None, Some(_)] if !(shown.x > 0.0 && shown.y > 0.0) => {
                let message = "a picture of a view without size needs both its width and its height";
                return Err(ViewerError::new(ErrorCode::InvalidOptions, message));
            }
            [Some(width), None] => [width, (width * shown.y / shown.x).round().max(1.0)],
            [None, Some(height)] => [(height * shown.x / shown.y).round().max(1.0), height],
            [Some(width), Some(height)] => [width, height],
        };
        let fits = |n: f64| n.fract() == 0.0 && (1.0..=MOST_PX).contains(&n);
        if !fits(width) || !fits(height) {
            return Err(ViewerError::new(
                ErrorCode::InvalidOptions,
                format!("a picture of {width} × {height} pixels cannot be drawn: 1 to {MOST_PX} whole pixels along a side can"),
            ));
        }
        let before = Arrangement { size_css: self.size_css, px_ratio: self.px_ratio, panels: std::mem::take(&mut self.panels) };
        self.px_ratio = if shown.x > 0.0 { width / shown.x } else { 1.0 };
        self.size_css = DVec2::new(width, height) / self.px_ratio;
        let size_px = self.size_px();
        self.panels = match panel {
            None => panels(self.layout, size_px, self.split),
            Some(kind) => vec![Panel { kind, rect_px: [0, 0, size_px[0], size_px[1]] }],
        };
        self.arranged_before.get_or_insert(before);
        self.replan();
        Ok(())
    }

    /// The picture that the view is arranged for.
    pub fn picture(&mut self, now_millis: f64, overlays: bool) -> DrawList {
        self.frame(now_millis, overlays).0
    }

    /// Goes back to how the view was arranged.
    pub fn end_picture(&mut self) {
        if let Some(before) = self.arranged_before.take() {
            self.size_css = before.size_css;
            self.px_ratio = before.px_ratio;
            self.panels = before.panels;
            self.replan();
        }
    }
}
