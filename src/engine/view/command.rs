//! Executes what gestures, keys and actions ask for.

use crate::engine::layer::ViewLayer;
use crate::format::OtherAxis;
use crate::geometry::{DVec2, PanelKind, ViewState};
use crate::scene::layer::{Contrast, LayerKind};
use crate::tools::animation::JUMP_MILLIS;
use crate::tools::command::ViewCommand;
use crate::tools::layouts::LayoutMemory;
use crate::tools::navigate::{Surroundings, centred, navigated};

use super::{View, ViewEvent};

impl View {
    pub(super) fn execute(&mut self, command: &ViewCommand, now_millis: f64, reduced_motion: bool) {
        let glide = if reduced_motion { 0.0 } else { JUMP_MILLIS };
        if self.navigate(command, now_millis, if command.is_jump() { glide } else { 0.0 }) {
            return;
        }
        match *command {
            ViewCommand::CentreOn { panel: PanelKind::Space, at } => self.centre_in_space(at, now_millis, glide),
            ViewCommand::StepOther { places } => self.step_other(places),
            ViewCommand::SelectAt { panel, at } => self.select_at(panel, at),
            ViewCommand::Click { panel, at } => {
                if let Some(info) = self.pick_in(panel, at) {
                    self.events.push(ViewEvent::Click(info));
                }
            }
            ViewCommand::Hover { panel, at } => self.hover = Some((panel, at)),
            ViewCommand::HoverEnd => {
                self.hover = None;
                self.events.push(ViewEvent::Hover(None));
            }
            ViewCommand::SetLayout(layout) => self.set_layout(layout),
            ViewCommand::ToggleLayout => self.set_layout(self.layouts.toggled(self.layout)),
            ViewCommand::MaximizePanel { panel } => self.set_layout(LayoutMemory::maximized(self.layout, panel)),
            ViewCommand::ToggleLayer(index) => {
                if let Some(layer) = self.layers.get_mut(index) {
                    let visible = layer.is_visible();
                    layer.change(|options| options.visible = Some(!visible), &mut self.context.shared.borrow_mut());
                    self.layers_changed();
                }
            }
            ViewCommand::ToggleSlicesInSpace => self.switches.slices_in_space = !self.switches.slices_in_space,
            ViewCommand::ToggleOrthographic => self.switches.orthographic = !self.switches.orthographic,
            ViewCommand::ToggleAxisLines => self.switches.axis_lines = !self.switches.axis_lines,
            ViewCommand::ToggleScaleBar => self.switches.scale_bar = !self.switches.scale_bar,
            ViewCommand::ToggleBounds => self.switches.bounds = !self.switches.bounds,
            ViewCommand::Recolor => self
                .change_all(LayerKind::Segmentation, |options| options.color_seed = Some(options.color_seed.unwrap_or(0).wrapping_add(1))),
            ViewCommand::ClearSegments => self.change_all(LayerKind::Segmentation, |options| options.selected = Some(Vec::new())),
            ViewCommand::AutoContrast => self.change_all(LayerKind::Image, |options| options.contrast = Some(Contrast::AUTO)),
            ViewCommand::ZoomToFit => self.fit([false; 2], now_millis, glide, true),
            ViewCommand::RetryFailed => self.retry_failed(None),
            ViewCommand::Page(id) => self.events.push(ViewEvent::Page(id)),
            _ => {}
        }
        if !matches!(command, ViewCommand::Hover { .. } | ViewCommand::HoverEnd | ViewCommand::Page(_)) {
            self.replan();
        }
    }

    /// Moves the view, where the command is one that does.
    fn navigate(&mut self, command: &ViewCommand, now_millis: f64, glide_millis: f64) -> bool {
        let around = Surroundings { size_px: self.panel_css(command.panel().unwrap_or(PanelKind::Xy)), voxel_nm: self.voxel_nm() };
        let Some(to) = navigated(&self.destination(), command, around) else { return false };
        self.placed = [true; 2];
        self.go(to, now_millis, glide_millis, true);
        true
    }

    /// What lies under the pointer on the slices in space comes into the middle.
    fn centre_in_space(&mut self, at: DVec2, now_millis: f64, glide_millis: f64) {
        let Some(point) = self.point_on_slices(at) else { return };
        self.placed = [true; 2];
        self.go(centred(&self.destination(), point), now_millis, glide_millis, true);
    }

    /// What follows a jump goes on from where that one leads, though it be cut short.
    fn destination(&self) -> ViewState {
        self.animation.as_ref().map_or(&self.state, |glide| glide.way.target()).clone()
    }

    /// Along the first other axis of the topmost layer that has one, as far as any layer reaches.
    fn step_other(&mut self, places: i64) {
        let axes = |layer: &ViewLayer| layer.ready().map(|ready| ready.spec.other_axes.clone()).unwrap_or_default();
        let all: Vec<OtherAxis> = self.layers.iter().rev().flat_map(axes).collect();
        let Some(OtherAxis { name, .. }) = all.first() else { return };
        let size = all.iter().filter(|axis| axis.name == *name).map(|axis| axis.size).max().unwrap_or(1);
        let now = self.other_axes.get(name).copied().unwrap_or(0);
        let next = now.saturating_add_signed(places).min(size.saturating_sub(1));
        if next == now {
            return;
        }
        let mut other_axes = self.other_axes.clone();
        other_axes.insert(name.clone(), next);
        if let Err(error) = self.go_along(other_axes, true) {
            self.events.push(ViewEvent::Error(error));
        }
    }

    fn select_at(&mut self, panel: PanelKind, at: DVec2) {
        let Some(info) = self.pick_in(panel, at) else { return };
        for value in info.values {
            let Some(id) = value.segment_id.filter(|id| *id != 0) else { continue };
            if let Some(layer) = self.layers.iter_mut().find(|layer| layer.id() == value.layer_id) {
                layer.toggle_segment(id, &mut self.context.shared.borrow_mut());
            }
        }
        self.layers_changed();
    }

    fn change_all(&mut self, kind: LayerKind, change: impl Fn(&mut crate::scene::layer::LayerOptions)) {
        for layer in self.layers.iter_mut().filter(|layer| layer.options.kind == Some(kind)) {
            layer.change(&change, &mut self.context.shared.borrow_mut());
        }
        self.layers_changed();
    }

    /// Says so once, however often they have changed since the host last asked.
    pub(super) fn layers_changed(&mut self) {
        if self.events.last() != Some(&ViewEvent::Layers) {
            self.events.push(ViewEvent::Layers);
        }
        self.replan();
    }
}
