//! Going between four panels and one.

use crate::geometry::PanelKind;
use crate::scene::panels::Layout;

/// Remembers which single panel was shown last, so that one key goes to and fro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutMemory {
    single: Layout,
}

impl Default for LayoutMemory {
    fn default() -> Self {
        Self { single: Layout::Xy }
    }
}

impl LayoutMemory {
    /// To be called with each layout that comes to be shown.
    pub fn shown(&mut self, layout: Layout) {
        if is_single(layout) {
            self.single = layout;
        }
    }

    /// Where [`ViewCommand::ToggleLayout`](super::command::ViewCommand::ToggleLayout) leads from here.
    #[must_use]
    pub fn toggled(&self, current: Layout) -> Layout {
        if current == Layout::Four { self.single } else { Layout::Four }
    }

    /// Where [`ViewCommand::MaximizePanel`](super::command::ViewCommand::MaximizePanel) leads from here.
    #[must_use]
    pub fn maximized(current: Layout, panel: PanelKind) -> Layout {
        if is_single(current) { Layout::Four } else { alone(panel) }
    }
}

/// The layout that shows only this panel.
#[must_use]
pub const fn alone(panel: PanelKind) -> Layout {
    match panel {
        PanelKind::Xy => Layout::Xy,
        PanelKind::Xz => Layout::Xz,
        PanelKind::Yz => Layout::Yz,
        PanelKind::Space => Layout::Space,
    }
}

const fn is_single(layout: Layout) -> bool {
    matches!(layout, Layout::Xy | Layout::Xz | Layout::Yz | Layout::Space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_goes_to_and_fro() {
        let mut memory = LayoutMemory::default();
        assert_eq!(memory.toggled(Layout::Four), Layout::Xy);
        memory.shown(Layout::Yz);
        memory.shown(Layout::Four);
        assert_eq!(memory.toggled(Layout::Four), Layout::Yz);
        assert_eq!(memory.toggled(Layout::Yz), Layout::Four);
        assert_eq!(memory.toggled(Layout::XySpace), Layout::Four);
    }

    #[test]
    fn maximizing_twice_gives_four_panels() {
        let single = LayoutMemory::maximized(Layout::XySpace, PanelKind::Space);
        assert_eq!(single, Layout::Space);
        assert_eq!(LayoutMemory::maximized(single, PanelKind::Space), Layout::Four);
    }
}
