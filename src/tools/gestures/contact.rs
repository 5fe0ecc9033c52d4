//! A pointer that is down, and what its movement does. Knows nothing of other pointers.

use crate::geometry::DVec2;

use super::input::PanelPlace;

/// What a drag with one pointer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drag {
    Pan,
    Tilt,
    Orbit,
    /// Steps through slices.
    Depth,
    /// Nothing: reserved, or a gesture that is done.
    Nothing,
}

/// A pointer that is down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    pub(super) id: i32,
    pub(super) touch: bool,
    pub(super) panel: PanelPlace,
    pub(super) drag: Drag,
    pub(super) start: DVec2,
    pub(super) last: DVec2,
    pub(super) since_millis: f64,
    pub(super) moved: bool,
    /// Movement in depth that has not made a step yet, CSS pixels.
    pub(super) depth_px: f64,
}
