//! How the window is divided into panels.

use serde::{Deserialize, Serialize};

use crate::geometry::PanelKind;

/// Which panels are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One slice panel, x to the right and y down.
    Xy,
    /// One slice panel, x to the right and z down.
    Xz,
    /// One slice panel, z to the right and y down.
    Yz,
    /// Only the view in space.
    #[serde(rename = "3d")]
    Space,
    /// A slice and the view in space, side by side.
    #[serde(rename = "xy-3d")]
    XySpace,
    /// xy and yz above, xz and space below: rows and columns line up.
    #[default]
    #[serde(rename = "4panel")]
    Four,
}

/// A panel's place in device pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel {
    /// What it shows.
    pub kind: PanelKind,
    /// x, y, width, height.
    pub rect_px: [u32; 4],
}

/// Device pixels between panels.
const GAP: u32 = 2;

/// The panels of a window of this size; `split` says where the borders are, 0 to 1. Panels without area are left out.
#[must_use]
pub fn panels(layout: Layout, size_px: [u32; 2], split: [f64; 2]) -> Vec<Panel> {
    use PanelKind::{Space, Xy, Xz, Yz};
    let [width, height] = size_px;
    let (left, right) = cut(width, split[0]);
    let (top, bottom) = cut(height, split[1]);
    let all = [0, 0, width, height];
    let places: Vec<(PanelKind, [u32; 4])> = match layout {
        Layout::Xy => vec![(Xy, all)],
        Layout::Xz => vec![(Xz, all)],
        Layout::Yz => vec![(Yz, all)],
        Layout::Space => vec![(Space, all)],
        Layout::XySpace => vec![(Xy, [0, 0, left, height]), (Space, [right, 0, width - right, height])],
        Layout::Four => vec![
            (Xy, [0, 0, left, top]),
            (Yz, [right, 0, width - right, top]),
            (Xz, [0, bottom, left, height - bottom]),
            (Space, [right, bottom, width - right, height - bottom]),
        ],
    };
    places.into_iter().filter(|(_, [_, _, w, h])| *w > 0 && *h > 0).map(|(kind, rect_px)| Panel { kind, rect_px }).collect()
}

/// Where the first part ends and the second begins.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the length")]
fn cut(length: u32, at: f64) -> (u32, u32) {
    let middle = (f64::from(length) * at.clamp(0.05, 0.95)).round() as u32;
    let first = middle.saturating_sub(GAP / 2).min(length);
    (first, (first + GAP).min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_tile_the_window_but_for_the_gaps() {
        let four = panels(Layout::Four, [1001, 701], [0.5, 0.5]);
        let area: u32 = four.iter().map(|panel| panel.rect_px[2] * panel.rect_px[3]).sum();
        assert_eq!(area, (1001 - GAP) * (701 - GAP));
        for panel in &four {
            assert!(panel.rect_px[0] + panel.rect_px[2] <= 1001 && panel.rect_px[1] + panel.rect_px[3] <= 701);
        }
        assert!(panels(Layout::Four, [0, 0], [0.5, 0.5]).is_empty());
        assert_eq!(panels(Layout::Space, [10, 20], [0.5, 0.5]), [Panel { kind: PanelKind::Space, rect_px: [0, 0, 10, 20] }]);
    }
}
