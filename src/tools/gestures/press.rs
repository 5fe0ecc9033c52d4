//! Pointers from press to release: drags, pairs of fingers, clicks and taps.

use crate::geometry::{DVec2, PanelKind};
use crate::tools::command::{PanelAxis, ViewCommand};
use crate::tools::key::Modifiers;

use super::Gestures;
use super::contact::{Contact, Drag};
use super::input::PointerInput;
use super::touch::{Pair, PairTap, TAP_MILLIS};

const PRIMARY: u32 = 1;
/// Less is a click.
const MOUSE_SLOP_PX: f64 = 3.0;
/// Less is a tap.
const TOUCH_SLOP_PX: f64 = 9.0;
/// Movement of one finger for a step in depth.
const TOUCH_STEP_PX: f64 = 8.0;

impl Gestures {
    pub(super) fn down(&mut self, input: &PointerInput, now_millis: f64, out: &mut Vec<ViewCommand>) -> bool {
        self.last_was_touch = input.touch;
        self.release(input.id);
        let Some(panel) = self.panel_at(input.at) else { return false };
        if !input.touch && input.buttons != PRIMARY {
            return false;
        }
        let free = input.modifiers.without(Modifiers::SHIFT) == Modifiers::NONE;
        let shift = input.modifiers.has(Modifiers::SHIFT);
        let drag = match (panel.kind == PanelKind::Space, input.touch, shift) {
            _ if !free => Drag::Nothing,
            (true, true, _) | (true, false, false) => Drag::Orbit,
            (false, true, _) => Drag::Depth,
            (false, false, true) => Drag::Tilt,
            (true, false, true) | (false, false, false) => Drag::Pan,
        };
        let contact = Contact {
            id: input.id,
            touch: input.touch,
            panel,
            drag,
            start: input.at,
            last: input.at,
            since_millis: now_millis,
            moved: false,
            depth_px: 0.0,
        };
        match self.contacts.as_mut_slice() {
            [] => self.contacts.push(contact),
            [first] if first.touch && input.touch && first.panel.kind == panel.kind => {
                let tap = PairTap { panel: panel.kind, middle: (first.last + input.at) * 0.5, since_millis: first.since_millis };
                self.pair_tap = (!first.moved).then_some(tap);
                first.drag = Drag::Nothing;
                first.moved = true;
                self.pair = Some(Pair::new(first.last, input.at));
                self.contacts.push(Contact { drag: Drag::Nothing, moved: true, ..contact });
            }
            // A third finger is no part of anything.
            _ => self.pair_tap = None,
        }
        if input.touch {
            self.hover_at(None, out);
        }
        true
    }

    pub(super) fn moved(&mut self, input: &PointerInput, out: &mut Vec<ViewCommand>) -> bool {
        let Some(index) = self.contacts.iter().position(|contact| contact.id == input.id) else {
            if !input.touch && input.buttons == 0 {
                self.hover_at(Some(input.at), out);
            }
            return false;
        };
        if !input.touch && input.buttons & PRIMARY == 0 {
            // The release went elsewhere.
            self.release(input.id);
            self.hover_at(Some(input.at), out);
            return false;
        }
        let contact = &mut self.contacts[index];
        let before = contact.last;
        if !contact.moved {
            let slop = if contact.touch { TOUCH_SLOP_PX } else { MOUSE_SLOP_PX };
            if contact.start.distance(input.at) < slop {
                return true;
            }
            contact.moved = true;
            if contact.touch {
                // A finger's first pixels only tell that it moves.
                contact.last = input.at;
                return true;
            }
        }
        contact.last = input.at;
        let contact = *contact;
        if contact.start.distance(input.at) >= TOUCH_SLOP_PX {
            self.pair_tap = None;
        }
        if let (Some(pair), [one, other]) = (&mut self.pair, self.contacts.as_slice()) {
            let commands = pair.moved(one.last, other.last, &one.panel);
            for command in commands {
                self.say(command, out);
            }
        } else {
            self.drag(index, contact, input.at - before, out);
        }
        true
    }

    fn drag(&mut self, index: usize, contact: Contact, by: DVec2, out: &mut Vec<ViewCommand>) {
        let panel = contact.panel.kind;
        match contact.drag {
            Drag::Pan => self.say(ViewCommand::Pan { panel, by }, out),
            Drag::Tilt => self.say(ViewCommand::RotateSlice { panel, at: contact.start - contact.panel.corner, by }, out),
            Drag::Orbit => self.say(ViewCommand::Orbit { by }, out),
            Drag::Depth => {
                let gathered = contact.depth_px + by.x + by.y;
                let voxels = (gathered / TOUCH_STEP_PX).trunc();
                self.contacts[index].depth_px = gathered - voxels * TOUCH_STEP_PX;
                if voxels != 0.0 { self.say(ViewCommand::Step { panel, axis: PanelAxis::Depth, voxels }, out) } else { false }
            }
            Drag::Nothing => false,
        };
    }

    pub(super) fn up(&mut self, input: &PointerInput, now_millis: f64, out: &mut Vec<ViewCommand>) -> bool {
        let Some(contact) = self.release(input.id) else { return false };
        let panel = contact.panel.kind;
        if self.contacts.is_empty() {
            self.end_pair_tap(now_millis, out);
        }
        if !contact.moved && contact.drag != Drag::Nothing {
            let at = contact.start - contact.panel.corner;
            if contact.touch && self.taps.tap(contact.start, now_millis) {
                self.say(ViewCommand::SelectAt { panel, at }, out);
            } else {
                if contact.touch {
                    // What is under a finger is asked for by a tap.
                    self.say(ViewCommand::Hover { panel, at }, out);
                }
                self.say(ViewCommand::Click { panel, at }, out);
            }
        }
        if !contact.touch {
            self.hover_at(Some(input.at), out);
        }
        true
    }

    fn end_pair_tap(&mut self, now_millis: f64, out: &mut Vec<ViewCommand>) {
        let tap = self.pair_tap.take().filter(|tap| now_millis - tap.since_millis < TAP_MILLIS);
        if let Some(tap) = tap
            && self.pair_taps.tap(tap.middle, now_millis)
        {
            self.say(ViewCommand::SnapToAxes { panel: tap.panel }, out);
        }
    }

    /// Forgets a pointer; the other finger of a pair has nothing more to do until it is lifted too.
    pub(super) fn release(&mut self, id: i32) -> Option<Contact> {
        let index = self.contacts.iter().position(|contact| contact.id == id)?;
        self.pair = None;
        Some(self.contacts.remove(index))
    }
}
