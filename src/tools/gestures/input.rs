//! What gestures are told: where panels are, what pointers and the wheel did.

use crate::geometry::{DVec2, PanelKind};
use crate::scene::panels::Panel;
use crate::tools::key::Modifiers;
use crate::tools::wheel::DeltaMode;

/// A panel's place in the container, CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanelPlace {
    /// Which.
    pub kind: PanelKind,
    /// The upper left corner.
    pub corner: DVec2,
    /// Width and height.
    pub size: DVec2,
}

impl PanelPlace {
    /// Of a panel in device pixels.
    #[must_use]
    pub fn of(panel: &Panel, device_pixel_ratio: f64) -> Self {
        let [x, y, width, height] = panel.rect_px.map(|px| f64::from(px) / device_pixel_ratio);
        Self { kind: panel.kind, corner: DVec2::new(x, y), size: DVec2::new(width, height) }
    }

    pub(super) fn contains(&self, at: DVec2) -> bool {
        at.cmpge(self.corner).all() && at.cmplt(self.corner + self.size).all()
    }
}

/// What happened to a pointer: the DOM's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// Pressed.
    Down,
    /// Moved, or the buttons changed.
    Move,
    /// Released.
    Up,
    /// Taken away by the system.
    Cancel,
    /// Out of the container.
    Leave,
    /// Pressed twice.
    DoubleClick,
    /// The secondary button, or what stands for it.
    ContextMenu,
}

impl PointerKind {
    /// By the name that the facade gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "down" => Self::Down,
            "move" => Self::Move,
            "up" => Self::Up,
            "cancel" => Self::Cancel,
            "leave" => Self::Leave,
            "dblclick" => Self::DoubleClick,
            "contextmenu" => Self::ContextMenu,
            _ => return None,
        })
    }
}

/// A pointer event.
#[derive(Clone, Copy, Debug)]
pub struct PointerInput {
    /// What happened.
    pub kind: PointerKind,
    /// Which pointer.
    pub id: i32,
    /// Whether it is a finger. Mice and pens hover, fingers do not.
    pub touch: bool,
    /// Where in the container, CSS pixels.
    pub at: DVec2,
    /// The buttons that are down, as bits: 1 primary, 2 secondary.
    pub buttons: u32,
    /// The modifier keys that are down.
    pub modifiers: Modifiers,
}

/// A wheel event.
#[derive(Clone, Copy, Debug)]
pub struct WheelInput {
    /// Where in the container, CSS pixels.
    pub at: DVec2,
    /// How far, in units of `mode`.
    pub delta: DVec2,
    /// The unit.
    pub mode: DeltaMode,
    /// The modifier keys that are down.
    pub modifiers: Modifiers,
}
