//! Everything that a gesture, a key or an action can ask of a view.

use crate::geometry::{DVec2, PanelKind};
use crate::scene::panels::Layout;

/// One of a panel's own directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelAxis {
    /// To the right on the screen.
    Right,
    /// Down on the screen.
    Down,
    /// Into the screen.
    Depth,
}

impl PanelAxis {
    /// The place in [`PanelKind::axes`] and its kin.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Right => 0,
            Self::Down => 1,
            Self::Depth => 2,
        }
    }
}

/// A wish. Places (`at`) and ways (`by`) are CSS pixels relative to the upper left corner of the panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewCommand {
    /// Drag what is seen by this much. In the 3D panel: at the depth of the position.
    Pan {
        /// Where.
        panel: PanelKind,
        /// To the right and down.
        by: DVec2,
    },
    /// Tilt a slice about the point under the place where the drag began.
    RotateSlice {
        /// Where.
        panel: PanelKind,
        /// Where the drag began: the point there stays.
        at: DVec2,
        /// To the right and down since the last one.
        by: DVec2,
    },
    /// Turn the picture in its own plane; positive is clockwise.
    Roll {
        /// Where.
        panel: PanelKind,
        /// The point that stays (in the 3D panel always the position).
        at: DVec2,
        /// By this much.
        radians: f64,
    },
    /// Turn the 3D view about the position, as if its front were dragged.
    Orbit {
        /// To the right and down.
        by: DVec2,
    },
    /// Zoom with the point at the cursor kept (in the 3D panel: with the position kept).
    ZoomAt {
        /// Where.
        panel: PanelKind,
        /// The point that stays.
        at: DVec2,
        /// Multiplies the nanometres per pixel: below 1 goes nearer.
        factor: f64,
    },
    /// Zoom about the middle of the panel.
    Zoom {
        /// Where.
        panel: PanelKind,
        /// Multiplies the nanometres per pixel: below 1 goes nearer.
        factor: f64,
    },
    /// Move the position along a direction of a panel, in voxels of the finest level.
    Step {
        /// Whose directions.
        panel: PanelKind,
        /// Along which.
        axis: PanelAxis,
        /// How far; negative goes back.
        voxels: f64,
    },
    /// Go along the first axis beside x, y, z and channel, such as time.
    StepOther {
        /// How far; negative goes back.
        places: i64,
    },
    /// Turn the view about one of its own directions.
    RotateAxis {
        /// Whose directions.
        panel: PanelKind,
        /// About which.
        axis: PanelAxis,
        /// By this much.
        radians: f64,
    },
    /// Move the position to what is under this place.
    CentreOn {
        /// Where.
        panel: PanelKind,
        /// The place.
        at: DVec2,
    },
    /// Select or deselect the segment under this place.
    SelectAt {
        /// Where.
        panel: PanelKind,
        /// The place.
        at: DVec2,
    },
    /// A press and release without a drag.
    Click {
        /// Where.
        panel: PanelKind,
        /// The place.
        at: DVec2,
    },
    /// The pointer is here, no button down.
    Hover {
        /// Where.
        panel: PanelKind,
        /// The place.
        at: DVec2,
    },
    /// The pointer is over no panel any more.
    HoverEnd,
    /// Turn to the nearest of the 24 axis-aligned orientations: the slices', or the 3D view's own.
    SnapToAxes {
        /// Whose orientation.
        panel: PanelKind,
    },
    /// Show these panels.
    SetLayout(Layout),
    /// Between four panels and the single one last shown.
    ToggleLayout,
    /// Between this panel alone and four.
    MaximizePanel {
        /// Which.
        panel: PanelKind,
    },
    /// Show or hide the nth layer, from 0.
    ToggleLayer(usize),
    /// Show or hide the slices in the 3D panel.
    ToggleSlicesInSpace,
    /// Parallel or perspective view in the 3D panel.
    ToggleOrthographic,
    /// Show or hide the lines through the position.
    ToggleAxisLines,
    /// Show or hide the scale bars.
    ToggleScaleBar,
    /// Show or hide the box around the data.
    ToggleBounds,
    /// New colours for the segments.
    Recolor,
    /// Deselect all segments.
    ClearSegments,
    /// Choose the contrast of the image layers from what is seen.
    AutoContrast,
    /// Show all data.
    ZoomToFit,
    /// Request failed chunks again.
    RetryFailed,
    /// The page's to carry out, by the id of the action.
    Page(&'static str),
}

impl ViewCommand {
    /// The panel it is about.
    #[must_use]
    pub const fn panel(&self) -> Option<PanelKind> {
        match *self {
            Self::Pan { panel, .. }
            | Self::RotateSlice { panel, .. }
            | Self::Roll { panel, .. }
            | Self::ZoomAt { panel, .. }
            | Self::Zoom { panel, .. }
            | Self::Step { panel, .. }
            | Self::RotateAxis { panel, .. }
            | Self::CentreOn { panel, .. }
            | Self::SelectAt { panel, .. }
            | Self::Click { panel, .. }
            | Self::Hover { panel, .. }
            | Self::SnapToAxes { panel }
            | Self::MaximizePanel { panel } => Some(panel),
            Self::Orbit { .. } => Some(PanelKind::Space),
            _ => None,
        }
    }

    /// Whether the view should glide there, because the eye would lose its place. The others follow the hand at once.
    #[must_use]
    pub const fn is_jump(&self) -> bool {
        matches!(self, Self::Zoom { .. } | Self::CentreOn { .. } | Self::SnapToAxes { .. } | Self::ZoomToFit)
    }
}

/// What the person at the viewer may do with the view (the option `controller`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls {
    /// Change the position.
    pub pan: bool,
    /// Change the scales.
    pub zoom: bool,
    /// Change the orientations.
    pub rotate: bool,
    /// Use keys at all.
    pub keyboard: bool,
}

impl Default for Controls {
    fn default() -> Self {
        Self { pan: true, zoom: true, rotate: true, keyboard: true }
    }
}

impl Controls {
    /// Whether a command is among what may be done.
    #[must_use]
    pub const fn allow(self, command: &ViewCommand) -> bool {
        match command {
            ViewCommand::Pan { .. } | ViewCommand::Step { .. } | ViewCommand::StepOther { .. } | ViewCommand::CentreOn { .. } => self.pan,
            ViewCommand::ZoomAt { .. } | ViewCommand::Zoom { .. } | ViewCommand::ZoomToFit => self.zoom,
            ViewCommand::RotateSlice { .. }
            | ViewCommand::Roll { .. }
            | ViewCommand::Orbit { .. }
            | ViewCommand::RotateAxis { .. }
            | ViewCommand::SnapToAxes { .. } => self.rotate,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_stop_what_they_name_and_nothing_else() {
        let fixed = Controls { pan: false, zoom: false, rotate: false, keyboard: true };
        let at = DVec2::ZERO;
        let panel = PanelKind::Xy;
        for command in [
            ViewCommand::Pan { panel, by: at },
            ViewCommand::ZoomAt { panel, at, factor: 2.0 },
            ViewCommand::Orbit { by: at },
            ViewCommand::ZoomToFit,
        ] {
            assert!(!fixed.allow(&command) && Controls::default().allow(&command), "{command:?}");
        }
        assert!(fixed.allow(&ViewCommand::SelectAt { panel, at }) && fixed.allow(&ViewCommand::Recolor));
    }
}
