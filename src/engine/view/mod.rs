//! One viewer: layers, a view state, panels. Ticks turn it into draw lists.

mod arrange;
mod command;
mod export;
mod layers;
mod lines;
mod pick;
mod picture;
mod place;
mod planes;
mod tick;

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::channel::oneshot;

use crate::chunk::Ticket;
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::{DVec2, DVec3, PanelKind, ViewState, VoxelBox};
use crate::scene::layer::SourceOptions;
use crate::scene::panels::{Layout, Panel};
use crate::scene::plan::Plan;
use crate::store::url;
use crate::tools::command::{Controls, ViewCommand};
use crate::tools::layouts::LayoutMemory;
use crate::voxel::VoxelBlock;

use super::context::Context;
use super::info::{PickInfo, Stats};
use super::layer::{Ready, Status, ViewLayer, address};

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
    /// A move ended, or was cut short by another.
    MoveEnd {
        /// As [`View::set_state`] gave it.
        number: u32,
    },
    /// The page's to carry out.
    Page(&'static str),
    /// The layout changed.
    Layout,
    /// Something failed that has no better place.
    Error(ViewerError),
}

/// While data come, drawing takes at most about one part in as many of the time.
const PACE_OF_FRAME: f64 = 4.0;
const MOST_PACE_MILLIS: f64 = 500.0;

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
    layouts: LayoutMemory,
    split: [f64; 2],
    size_css: DVec2,
    px_ratio: f64,
    switches: Switches,
    background: [[f32; 3]; 2],
    arranged_before: Option<picture::Arrangement>,
    panels: Vec<Panel>,
    plan: Option<Plan>,
    animation: Option<place::Glide>,
    /// Moves so far.
    moves: u32,
    /// The last position and when it was there, and the velocity found from it, nm per ms.
    motion: (DVec3, f64, DVec3),
    needs_draw: bool,
    seen_version: u64,
    complete: bool,
    first_tick_millis: Option<f64>,
    last_draw_millis: f64,
    /// Whether it brought data: what brings none gives no reason to let the next wait.
    last_draw_fed: bool,
    incomplete_since: Option<f64>,
    /// How long the device took for the last frame.
    frame_took_millis: f64,
    /// Frames since all was there that was in view.
    loading_frames: u32,
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
            layouts: LayoutMemory::default(),
            split: [0.5; 2],
            size_css: DVec2::ZERO,
            px_ratio: 1.0,
            switches: Switches { slices_in_space: true, orthographic: false, axis_lines: true, scale_bar: true, bounds: true },
            background: [[0.15; 3], [0.08; 3]],
            arranged_before: None,
            panels: Vec::new(),
            plan: None,
            animation: None,
            moves: 0,
            // Never anywhere before: the first place is no movement.
            motion: (DVec3::ZERO, f64::NEG_INFINITY, DVec3::ZERO),
            needs_draw: true,
            seen_version: u64::MAX,
            complete: false,
            first_tick_millis: None,
            last_draw_millis: f64::NEG_INFINITY,
            last_draw_fed: false,
            incomplete_since: None,
            frame_took_millis: 0.0,
            loading_frames: 0,
            events: Vec::new(),
            idle: Vec::new(),
            hover: None,
            last_hover: None,
            draws: 0,
        }
    }

    /// The colours behind slices and behind the view in space: red, green, blue, 0 to 1.
    pub fn set_background(&mut self, slice: [f32; 3], space: [f32; 3]) {
        self.background = [slice, space];
        self.needs_draw = true;
    }

    /// How long the device took for a frame, until its work was done.
    pub fn drawn_in(&mut self, millis: f64) {
        // The first made the pipelines: the next will not take as long.
        if self.draws > 1 {
            self.frame_took_millis = millis;
        }
    }

    /// The least time between frames that only new data ask for. The first ones come soon, to show that something comes.
    fn pace_millis(&self) -> f64 {
        (PACE_OF_FRAME.min(f64::from(self.loading_frames)) * self.frame_took_millis).min(MOST_PACE_MILLIS)
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

    /// Reads a document in the folder that a source names, as a volume's metadata are read: `None` where there is none. Dropping the receiver
    /// gives up.
    ///
    /// # Errors
    /// An address that cannot be understood.
    pub fn read_document(
        &mut self,
        source: &SourceOptions,
        name: &str,
    ) -> Result<oneshot::Receiver<Result<Option<Bytes>, ViewerError>>, ViewerError> {
        let folder = url::parse_source(&address(source), None)?.url;
        let document = url::join(&folder.to_string(), name)?;
        Ok(self.context.shared.borrow_mut().read_document(document))
    }

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
        let (layer, ready) = self.ready_layer(id)?;
        if level >= ready.spec.levels.len() {
            return Err(export::no_level(level, ready.spec.levels.len()));
        }
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let mut shared = self.context.shared.borrow_mut();
        let source = layer.source_at(channel, at.as_ref(), &self.other_axes, &mut shared)?;
        shared.read(source, level, voxels)
    }

    /// A layer whose metadata is read.
    fn ready_layer(&self, id: &str) -> Result<(&ViewLayer, &Ready), ViewerError> {
        let layer = self.layer(id)?;
        match &layer.status {
            Status::Ready(ready) => Ok((layer, ready)),
            Status::Failed(error) => Err(error.clone()),
            Status::Opening => {
                let error = ViewerError::new(ErrorCode::InvalidOptions, format!("layer \"{id}\" is still being opened"));
                Err(error.with_remedy("Wait for layers.add() to resolve.").retryable())
            }
        }
    }

    /// Resolves when all that is in view is drawn, or known to be absent or failed.
    pub fn idle(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.idle.push(sender);
        let is_shown = !self.needs_draw && self.seen_version == self.context.shared.borrow().version;
        if self.complete && is_shown && self.animation.is_none() {
            self.answer_idle();
        }
        // Otherwise a frame does that finds everything there.
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

    /// There is a graphics device: its budget decides what is shown.
    pub fn device_changed(&mut self) {
        self.replan();
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
