//! Pointer and wheel to commands: a state machine that knows where the panels are and nothing of what they show.
//!
//! Mouse and pen, in slices: drag pans, shift+drag tilts about where it began. In 3D: drag orbits, shift+drag pans. The wheel
//! steps one voxel in depth (shift: ten) and zooms with ctrl. Right click centres, double click selects. All as in
//! Neuroglancer; drags with ctrl, alt or command are left free, there they edit annotations.
//!
//! Touch, as there too: one finger steps through slices (orbits in 3D), two fingers pan, zoom and turn, holding for a second
//! centres, two taps select, three taps of two fingers snap to the axes. Unlike there, a step takes some pixels, so that a finger can stop at a slice; and two fingers turn
//! the picture only after a clear twist, because slices that are oblique by accident are slow and hard to read.
//!
//! Invariants: a gesture belongs to the panel where it began; the sum of a drag's pans is the way from press to release; a press
//! that became a drag or a hold is no click.

mod contact;
mod input;
mod press;
mod touch;

#[cfg(test)]
mod tests;

use crate::geometry::{DVec2, PanelKind};

use super::command::{Controls, PanelAxis, ViewCommand};
use super::key::Modifiers;
use super::wheel::{WheelSteps, zoom_factor};
use contact::{Contact, Drag};
pub use input::{PanelPlace, PointerInput, PointerKind, WheelInput};
use touch::{Pair, PairTap, Taps};

/// A finger held this long centres.
const HOLD_MILLIS: f64 = 1000.0;

/// The state machine.
#[derive(Debug, Default)]
pub struct Gestures {
    panels: Vec<PanelPlace>,
    controls: Controls,
    contacts: Vec<Contact>,
    pair: Option<Pair>,
    taps: Taps<2>,
    pair_tap: Option<PairTap>,
    pair_taps: Taps<3>,
    wheel: WheelSteps,
    /// Where the pointer is, while it is over a panel.
    hover: Option<(PanelPlace, DVec2)>,
    last_was_touch: bool,
}

impl Gestures {
    /// Where the panels are now. Gestures under way go on with the place that they began with.
    pub fn set_panels(&mut self, panels: Vec<PanelPlace>) {
        self.panels = panels;
    }

    /// What may be done.
    pub fn set_controls(&mut self, controls: Controls) {
        self.controls = controls;
    }

    /// The panel under the pointer, or the first one: what keys act on.
    #[must_use]
    pub fn panel_for_keys(&self) -> PanelKind {
        let shown = |kind: &PanelKind| self.panels.iter().any(|place| place.kind == *kind);
        let hovered = self.hover.map(|(place, _)| place.kind).filter(shown);
        hovered.or_else(|| self.panels.first().map(|place| place.kind)).unwrap_or(PanelKind::Xy)
    }

    /// The panel under the pointer and the place in it: what hover shows is to be looked up again when the view moves.
    #[must_use]
    pub fn hovered(&self) -> Option<(PanelKind, DVec2)> {
        self.hover.map(|(place, at)| (place.kind, at - place.corner))
    }

    /// Whether a drag is under way.
    #[must_use]
    pub fn is_dragging(&self) -> bool {
        self.pair.is_some() || self.contacts.iter().any(|contact| contact.moved)
    }

    /// When [`Self::tick`] has something to do, if nothing else happens.
    #[must_use]
    pub fn deadline_millis(&self) -> Option<f64> {
        self.held().map(|contact| contact.since_millis + HOLD_MILLIS)
    }

    /// Time passes: a finger held long enough centres.
    pub fn tick(&mut self, now_millis: f64, out: &mut Vec<ViewCommand>) {
        if self.deadline_millis().is_none_or(|deadline| now_millis < deadline) {
            return;
        }
        let Some(contact) = self.held().copied() else { return };
        for contact in &mut self.contacts {
            contact.drag = Drag::Nothing;
            contact.moved = true;
        }
        self.say(ViewCommand::CentreOn { panel: contact.panel.kind, at: contact.last - contact.panel.corner }, out);
    }

    fn held(&self) -> Option<&Contact> {
        match self.contacts.as_slice() {
            [only] if only.touch && !only.moved => Some(only),
            _ => None,
        }
    }

    /// A pointer event. True when it was handled: the browser is then not to act on it.
    pub fn pointer(&mut self, input: &PointerInput, now_millis: f64, out: &mut Vec<ViewCommand>) -> bool {
        if !input.at.is_finite() {
            return false;
        }
        match input.kind {
            PointerKind::Down => self.down(input, now_millis, out),
            PointerKind::Move => self.moved(input, out),
            PointerKind::Up => self.up(input, now_millis, out),
            PointerKind::Cancel => {
                let known = self.contacts.iter().any(|contact| contact.id == input.id);
                self.pair_tap = None;
                self.release(input.id);
                known
            }
            PointerKind::Leave => {
                if !input.touch {
                    self.hover_at(None, out);
                }
                false
            }
            // Fingers are counted here, by taps, because not every browser tells of two.
            PointerKind::DoubleClick => !self.last_was_touch && input.modifiers == Modifiers::NONE && self.select_at(input.at, out),
            PointerKind::ContextMenu => self.context_menu(input, out),
        }
    }

    fn context_menu(&mut self, input: &PointerInput, out: &mut Vec<ViewCommand>) -> bool {
        let Some(panel) = self.panel_at(input.at) else { return false };
        let dragging = self.is_dragging();
        if !self.last_was_touch && !dragging && input.modifiers == Modifiers::NONE {
            self.say(ViewCommand::CentreOn { panel: panel.kind, at: input.at - panel.corner }, out);
        }
        // The browser's menu is never of use over the panels; under a held finger it would end the gesture.
        true
    }

    fn select_at(&mut self, at: DVec2, out: &mut Vec<ViewCommand>) -> bool {
        let Some(panel) = self.panel_at(at) else { return false };
        self.say(ViewCommand::SelectAt { panel: panel.kind, at: at - panel.corner }, out)
    }

    /// A wheel event. True when it was handled: the browser is then not to act on it.
    pub fn wheel(&mut self, input: &WheelInput, now_millis: f64, out: &mut Vec<ViewCommand>) -> bool {
        let Some(place) = self.panel_at(input.at).filter(|_| !input.modifiers.has(Modifiers::ALT)) else { return false };
        let panel = place.kind;
        // Browsers turn the wheel sideways while shift is down.
        let delta = if input.delta.x.abs() > input.delta.y.abs() { input.delta.x } else { input.delta.y };
        if input.modifiers.command() {
            let factor = zoom_factor(delta, input.mode);
            return self.say(ViewCommand::ZoomAt { panel, at: input.at - place.corner, factor }, out);
        }
        let voxels = if input.modifiers.has(Modifiers::SHIFT) { 10.0 } else { 1.0 };
        let step = |voxels| ViewCommand::Step { panel, axis: PanelAxis::Depth, voxels };
        let turned = self.wheel.turn(delta, input.mode, now_millis);
        if turned == 0.0 {
            return self.controls.allow(&step(1.0));
        }
        self.say(step(-turned * voxels), out)
    }

    fn hover_at(&mut self, at: Option<DVec2>, out: &mut Vec<ViewCommand>) {
        let before = self.hover.take();
        self.hover = at.and_then(|at| self.panel_at(at).map(|place| (place, at)));
        match self.hovered() {
            Some((panel, at)) => {
                self.say(ViewCommand::Hover { panel, at }, out);
            }
            None if before.is_some() => {
                self.say(ViewCommand::HoverEnd, out);
            }
            None => {}
        }
    }

    fn panel_at(&self, at: DVec2) -> Option<PanelPlace> {
        self.panels.iter().copied().find(|place| place.contains(at))
    }

    /// Puts a command out if it may be done; whether it may.
    fn say(&self, command: ViewCommand, out: &mut Vec<ViewCommand>) -> bool {
        let allowed = self.controls.allow(&command);
        if allowed {
            out.push(command);
        }
        allowed
    }
}
