//! One viewer: layers, a view state, panels. Ticks turn it into draw lists.

mod command;
mod layers;
mod lines;
mod pick;
mod picture;
mod planes;
mod tick;

use std::collections::BTreeMap;

use futures::channel::oneshot;

use crate::chunk::Ticket;
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::{DVec2, DVec3, PanelKind, ViewState, VoxelBox};
use crate::scene::panels::{Layout, Panel, panels};
use crate::scene::plan::Plan;
use crate::tools::animation::Animation;
use crate::tools::command::{Controls, ViewCommand};
use crate::tools::navigate;
use crate::voxel::VoxelBlock;

use super::context::Context;
use super::info::{PanelInfo, PickInfo, ScaleBar, Stats};
use super::layer::{Status, ViewLayer};

pub use tick::FrameReport;

/// Something that a host page may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewEvent {
    /// The view state changed; `by_user`: through the controller.
    ViewState {
        /// Whether a person did it.
        by_user: bool,
    },
    /// A layer's state changed.
    Layer {
        /// Which.
        id: String,
    },
    /// Layers were added, removed, reordered, or their options changed, by whomever.
    Layers,
    /// The pointer is over something else.
    Hover(Option<PickInfo>),
    /// A click.
    Click(PickInfo),
    /// An animation ended, or was cut short.
    AnimationEnd,
    /// The page's to carry out.
    Page(&'static str),
    /// The layout changed.
    Layout,
    /// Something failed that has no better place.
    Error(ViewerError),
}

/// What is shown beside the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Switches {
    pub(super) slices_in_space: bool,
    pub(super) orthographic: bool,
    pub(super) axis_lines: bool,
    pub(super) scale_bar: bool,
    pub(super) bounds: bool,
}

/// One viewer. It is driven by its host: [`View::tick`] once per frame while it wants one.
#[derive(Debug)]
pub struct View {
    context: Context,
    ticket: Ticket,
    layers: Vec<ViewLayer>,
    state: ViewState,
    /// Whether somebody has said where to look; until then the first layer decides.
    placed: [bool; 2],
    other_axes: BTreeMap<String, u64>,
    controls: Controls,
    layout: Layout,
    last_single: Layout,
    split: [f64; 2],
    size_css: DVec2,
    px_ratio: f64,
    switches: Switches,
    background: [[f32; 3]; 2],
    arranged_before: Option<picture::Arrangement>,
    panels: Vec<Panel>,
    plan: Option<Plan>,
    animation: Option<Animation>,
    /// The last position and when it was there, and the velocity found from it, nm per ms.
    motion: (DVec3, f64, DVec3),
    needs_draw: bool,
    seen_version: u64,
    complete: bool,
    last_draw_millis: f64,
    events: Vec<ViewEvent>,
    idle: Vec<oneshot::Sender<()>>,
    hover: Option<(PanelKind, DVec2)>,
    last_hover: Option<PickInfo>,
    draws: u64,
}

impl View {
    /// A viewer without layers.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        let ticket = context.shared.borrow_mut().new_ticket();
        Self {
            context: context.clone(),
            ticket,
            layers: Vec::new(),
            state: ViewState::default(),
            placed: [false; 2],
            other_axes: BTreeMap::new(),
            controls: Controls::default(),
            layout: Layout::default(),
            last_single: Layout::Xy,
            split: [0.5; 2],
            size_css: DVec2::ZERO,
            px_ratio: 1.0,
            switches: Switches { slices_in_space: true, orthographic: false, axis_lines: true, scale_bar: true, bounds: true },
            background: [[0.15; 3], [0.08; 3]],
            arranged_before: None,
            panels: Vec::new(),
            plan: None,
            animation: None,
            motion: (DVec3::ZERO, 0.0, DVec3::ZERO),
            needs_draw: true,
            seen_version: u64::MAX,
            complete: false,
            last_draw_millis: f64::NEG_INFINITY,
            events: Vec::new(),
            idle: Vec::new(),
            hover: None,
            last_hover: None,
            draws: 0,
        }
    }

    // ---- size and layout

    /// The size of the canvas: CSS pixels, and device pixels per CSS pixel.
    pub fn resize(&mut self, size_css: DVec2, px_ratio: f64) {
        self.size_css = size_css.max(DVec2::ZERO);
        self.px_ratio = if px_ratio.is_finite() && px_ratio > 0.0 { px_ratio } else { 1.0 };
        self.arrange();
    }

    /// The canvas in device pixels.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of windows")]
    pub fn size_px(&self) -> [u32; 2] {
        (self.size_css * self.px_ratio).round().to_array().map(|n| n.clamp(0.0, 16_384.0) as u32)
    }

    fn arrange(&mut self) {
        self.panels = panels(self.layout, self.size_px(), self.split);
        self.replan();
    }

    /// Which panels are shown.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Shows other panels.
    pub fn set_layout(&mut self, layout: Layout) {
        if layout != self.layout {
            if self.layout != Layout::Four {
                self.last_single = self.layout;
            }
            self.layout = layout;
            self.events.push(ViewEvent::Layout);
            self.arrange();
        }
    }

    /// Moves the borders between panels, 0 to 1 of width and height.
    pub fn set_split(&mut self, split: [f64; 2]) {
        self.split = split.map(|part| if part.is_finite() { part } else { 0.5 });
        self.arrange();
    }

    /// The colours behind slices and behind the view in space: red, green, blue, 0 to 1.
    pub fn set_background(&mut self, slice: [f32; 3], space: [f32; 3]) {
        self.background = [slice, space];
        self.needs_draw = true;
    }

    /// What the person at the viewer may do.
    pub fn set_controls(&mut self, controls: Controls) {
        self.controls = controls;
    }

    /// Keys and gestures are allowed as these say.
    #[must_use]
    pub fn controls(&self) -> Controls {
        self.controls
    }

    /// The panels in CSS pixels, with what is written on them.
    #[must_use]
    pub fn panel_infos(&self) -> Vec<PanelInfo> {
        self.panels.iter().map(|panel| self.panel_info(panel)).collect()
    }

    /// The panels.
    #[must_use]
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// Device pixels per CSS pixel.
    #[must_use]
    pub fn px_ratio(&self) -> f64 {
        self.px_ratio
    }

    fn panel_info(&self, panel: &Panel) -> PanelInfo {
        let [x, y, width, height] = panel.rect_px.map(|n| f64::from(n) / self.px_ratio);
        let nm_per_px = navigate::nm_per_px(&self.state, panel.kind, DVec2::new(width, height));
        let turned = self.state.cross_section_orientation.to_array()[..3].iter().any(|part| part.abs() > 1e-6);
        let axes = match panel.kind {
            PanelKind::Space => Vec::new(),
            _ if turned => Vec::new(),
            PanelKind::Xy => vec!["x", "y"],
            PanelKind::Xz => vec!["x", "z"],
            PanelKind::Yz => vec!["z", "y"],
        };
        let scale_bar = self.switches.scale_bar.then(|| ScaleBar::fitting(nm_per_px, (width * 0.3).min(160.0))).flatten();
        PanelInfo { name: panel.kind.name(), x, y, width, height, axes, scale_bar: scale_bar.filter(|_| !self.layers.is_empty()) }
    }

    // ---- view state

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
    pub fn set_state(&mut self, to: ViewState, placed: [bool; 2], now_millis: f64, duration_millis: f64) {
        self.placed = std::array::from_fn(|i| self.placed[i] || placed[i]);
        self.go(to, now_millis, duration_millis, false);
    }

    /// Goes to other places along axes beside x, y, z and channel.
    ///
    /// # Errors
    /// A layer for which that makes no sense.
    pub fn set_other_axes(&mut self, other_axes: BTreeMap<String, u64>) -> Result<(), ViewerError> {
        self.other_axes = other_axes;
        let mut shared = self.context.shared.borrow_mut();
        for layer in &mut self.layers {
            layer.reselect(&self.other_axes, &mut shared)?;
        }
        drop(shared);
        self.replan();
        self.events.push(ViewEvent::ViewState { by_user: false });
        Ok(())
    }

    fn go(&mut self, to: ViewState, now_millis: f64, duration_millis: f64, by_user: bool) {
        if self.animation.take().is_some() {
            self.events.push(ViewEvent::AnimationEnd);
        }
        if duration_millis > 0.0 && to != self.state {
            self.animation = Some(Animation::new(self.state.clone(), to, now_millis, duration_millis));
            self.needs_draw = true;
        } else {
            self.show(to, by_user);
            self.events.push(ViewEvent::AnimationEnd);
        }
    }

    fn show(&mut self, state: ViewState, by_user: bool) {
        if state != self.state {
            self.state = state;
            self.replan();
            self.events.push(ViewEvent::ViewState { by_user });
        }
    }

    /// The box around all data, nm.
    fn bounds(&self) -> Option<(DVec3, DVec3)> {
        let mut corners = self.layers.iter().filter_map(ViewLayer::corners).flatten().peekable();
        corners.peek()?;
        Some(corners.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), corner| (low.min(corner), high.max(corner))))
    }

    /// The finest voxel size of the data, nm.
    fn voxel_nm(&self) -> DVec3 {
        let sizes = self.layers.iter().filter_map(|layer| Some(DVec3::from_array(layer.ready()?.spec.levels.first()?.voxel_size_nm)));
        sizes.reduce(DVec3::min).unwrap_or(DVec3::ONE)
    }

    fn panel(&self, kind: PanelKind) -> Option<&Panel> {
        self.panels.iter().find(|panel| panel.kind == kind)
    }

    fn panel_css(&self, kind: PanelKind) -> DVec2 {
        self.panel(kind).map_or(self.size_css, |panel| DVec2::new(f64::from(panel.rect_px[2]), f64::from(panel.rect_px[3])) / self.px_ratio)
    }

    /// Looks at all data; what somebody has said before is kept where `keep` says so.
    fn fit(&mut self, keep: [bool; 2], now_millis: f64, duration_millis: f64) {
        let Some((low, high)) = self.bounds() else { return };
        let slice =
            [PanelKind::Xy, PanelKind::Xz, PanelKind::Yz].into_iter().find(|kind| self.panel(*kind).is_some()).unwrap_or(PanelKind::Xy);
        let Some(mut to) = navigate::fitted(&self.state, low, high, self.panel_css(slice), self.panel_css(PanelKind::Space)) else {
            return;
        };
        if keep[0] {
            to.position = self.state.position;
        }
        if keep[1] {
            to.cross_section_scale = self.state.cross_section_scale;
            to.projection_scale = self.state.projection_scale;
        }
        self.go(to, now_millis, duration_millis, false);
    }

    // ---- questions

    /// Reads a box of voxels of a level, through the same queue, workers and bricks as drawing. Dropping the receiver gives up.
    ///
    /// # Errors
    /// No such layer or level, a layer that is not ready, or a box that holds nothing or too much.
    pub fn read_voxels(
        &mut self,
        id: &str,
        voxels: VoxelBox,
        level: usize,
        channel: Option<u32>,
        at: Option<BTreeMap<String, u64>>,
    ) -> Result<oneshot::Receiver<Result<VoxelBlock, ViewerError>>, ViewerError> {
        let layer = self.layer(id)?;
        let ready = match &layer.status {
            Status::Ready(ready) => ready,
            Status::Failed(error) => return Err(error.clone()),
            Status::Opening => {
                let error = ViewerError::new(ErrorCode::InvalidOptions, format!("layer \"{id}\" is still being opened"));
                return Err(error.with_remedy("Wait for layers.add() to resolve.").retryable());
            }
        };
        if level >= ready.spec.levels.len() {
            return Err(ViewerError::new(
                ErrorCode::InvalidOptions,
                format!("there is no level {level}: the layer has {} from 0", ready.spec.levels.len()),
            )
            .with_detail("key", "level"));
        }
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let mut shared = self.context.shared.borrow_mut();
        let source = layer.source_at(channel, at.as_ref(), &self.other_axes, &mut shared)?;
        shared.read(source, level, voxels)
    }

    /// Resolves when all that is in view is drawn, or known to be absent or failed.
    pub fn idle(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.idle.push(sender);
        // A frame that finds everything there answers.
        self.needs_draw = true;
        receiver
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = self.context.shared.borrow();
        Stats {
            gpu_bytes: shared.residency.used_bytes(),
            cpu_bytes: shared.bricks.used_bytes() as u64,
            pending: shared.queue.waiting(),
            in_flight: shared.queue.in_flight(),
            frame_ms: 0.0,
            draws: self.draws,
            requests: shared.traffic.requests,
            bytes: shared.traffic.bytes,
        }
    }

    /// What has happened since the last call, in order.
    #[must_use]
    pub fn drain_events(&mut self) -> Vec<ViewEvent> {
        std::mem::take(&mut self.events)
    }

    /// Executes a command of a person.
    pub fn dispatch(&mut self, command: &ViewCommand, now_millis: f64, reduced_motion: bool) {
        if self.controls.allow(command) {
            self.execute(command, now_millis, reduced_motion);
        }
    }

    fn replan(&mut self) {
        self.plan = None;
        self.needs_draw = true;
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let mut shared = self.context.shared.borrow_mut();
        shared.set_wants(self.ticket, Vec::new());
        for layer in self.layers.drain(..) {
            layer.close(&mut shared);
        }
    }
}
