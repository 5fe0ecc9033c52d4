//! Where a view looks: at once, gliding, or at all that there is.

use std::collections::BTreeMap;

use crate::engine::layer::ViewLayer;
use crate::error::ViewerError;
use crate::geometry::{DVec3, PanelKind, ViewState};
use crate::tools::animation::Animation;
use crate::tools::navigate;

use super::{View, ViewEvent};

/// A move that is under way.
#[derive(Debug)]
pub(super) struct Glide {
    pub(super) way: Animation,
    pub(super) number: u32,
    pub(super) by_user: bool,
}

impl View {
    /// Where the viewer looks.
    #[must_use]
    pub fn state(&self) -> &ViewState {
        &self.state
    }

    /// Places along axes beside x, y, z and channel, by name.
    #[must_use]
    pub fn other_axes(&self) -> &BTreeMap<String, u64> {
        &self.other_axes
    }

    /// Looks elsewhere, at once or gliding. `placed`: whether position and scale are meant, so that the first layer does not decide them.
    /// Gives the number of the move, which the event of its end has.
    pub fn set_state(&mut self, to: ViewState, placed: [bool; 2], now_millis: f64, duration_millis: f64) -> u32 {
        self.placed = std::array::from_fn(|i| self.placed[i] || placed[i]);
        self.go(to, now_millis, duration_millis, false)
    }

    /// Goes to other places along axes beside x, y, z and channel.
    ///
    /// # Errors
    /// A layer for which that makes no sense.
    pub fn set_other_axes(&mut self, other_axes: BTreeMap<String, u64>) -> Result<(), ViewerError> {
        self.go_along(other_axes, false)
    }

    pub(super) fn go_along(&mut self, other_axes: BTreeMap<String, u64>, by_user: bool) -> Result<(), ViewerError> {
        self.other_axes = other_axes;
        let mut shared = self.context.shared.borrow_mut();
        for layer in &mut self.layers {
            layer.reselect(&self.other_axes, &mut shared)?;
        }
        drop(shared);
        self.replan();
        self.events.push(ViewEvent::ViewState { by_user });
        Ok(())
    }

    pub(super) fn go(&mut self, to: ViewState, now_millis: f64, duration_millis: f64, by_user: bool) -> u32 {
        if let Some(before) = self.animation.take() {
            self.events.push(ViewEvent::MoveEnd { number: before.number });
        }
        self.moves = self.moves.wrapping_add(1);
        let number = self.moves;
        if duration_millis > 0.0 && to != self.state {
            let way = Animation::new(self.state.clone(), to, now_millis, duration_millis);
            self.animation = Some(Glide { way, number, by_user });
            self.needs_draw = true;
        } else {
            let was_still = !self.needs_draw;
            self.show(to, by_user);
            if was_still {
                // What comes into view is asked for at once, not with the next frame.
                self.ask_ahead();
            }
            self.events.push(ViewEvent::MoveEnd { number });
        }
        number
    }

    pub(super) fn show(&mut self, state: ViewState, by_user: bool) {
        if state != self.state {
            self.state = state;
            self.replan();
            self.events.push(ViewEvent::ViewState { by_user });
        }
    }

    /// The box around all data, nm.
    pub(super) fn bounds(&self) -> Option<(DVec3, DVec3)> {
        let mut corners = self.layers.iter().filter_map(ViewLayer::corners).flatten().peekable();
        corners.peek()?;
        Some(corners.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), corner| (low.min(corner), high.max(corner))))
    }

    /// The finest voxel size of the data, nm.
    pub(super) fn voxel_nm(&self) -> DVec3 {
        self.layers.iter().filter_map(ViewLayer::voxel_nm).reduce(DVec3::min).unwrap_or(DVec3::ONE)
    }

    /// Looks at all data; what somebody has said before is kept where `keep` says so.
    pub(super) fn fit(&mut self, keep: [bool; 2], now_millis: f64, duration_millis: f64, by_user: bool) {
        let Some((low, high)) = self.bounds() else { return };
        let slice =
            [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz].into_iter().find(|kind| self.panel(*kind).is_some()).unwrap_or(PanelKind::Xy);
        let Some(mut to) = navigate::fitted(&self.state, low, high, self.panel_css(slice), self.panel_css(PanelKind::Space)) else {
            return;
        };
        // In the middle of a voxel, where slices show it alone.
        let voxel = self.voxel_nm();
        to.position = low + (((to.position - low) / voxel).floor() + 0.5) * voxel;
        if keep[0] {
            to.position = self.state.position;
        }
        if keep[1] {
            to.cross_section_scale = self.state.cross_section_scale;
            to.projection_scale = self.state.projection_scale;
        }
        self.go(to, now_millis, duration_millis, by_user);
    }
}
