//! One frame: what is needed, what is there, what is drawn.

use crate::cache::residency::ResidencyError;
use crate::engine::layer::{Status, ViewLayer};
use crate::engine::lookup::Lookup;
use crate::geometry::{DVec3, PanelKind};
use crate::scene::draw::{DrawList, PanelDraw};
use crate::scene::plan::{Plan, PlanPolicy, SceneLayer};
use crate::scene::resolve::{Needs, needs, slices};

use super::{View, ViewEvent};

/// What a tick gives.
#[derive(Debug, Default)]
pub struct FrameReport {
    /// What to draw; `None`: the last picture still holds.
    pub draw: Option<DrawList>,
    /// Whether another tick is wanted without anything happening: an animation, a shimmer, more to upload.
    pub again: bool,
}

/// What comes sooner than this is not marked as loading: a flash tells nothing.
const PATIENCE_MILLIS: f64 = 500.0;
/// How long the first frame waits for data.
const FIRST_DATA_MILLIS: f64 = 150.0;
/// The loading shimmer moves this often.
const SHIMMER_MILLIS: f64 = 100.0;
/// A view that has not moved for this long stands still.
const STILL_MILLIS: f64 = 200.0;

impl View {
    /// One frame. `now_millis` never goes back.
    pub fn tick(&mut self, now_millis: f64) -> FrameReport {
        self.advance(now_millis);
        if self.panels.is_empty() {
            return self.tick_unseen();
        }
        if self.awaits_first_data(now_millis) {
            self.ask_ahead();
            return FrameReport { draw: None, again: true };
        }
        let version = self.context.shared.borrow().version;
        let shimmer = !self.complete && now_millis - self.last_draw_millis >= SHIMMER_MILLIS;
        // Where frames take long, data alone do not ask for one after the other: drawing would take the time from decoding.
        let more_comes = self.context.shared.borrow().queue.visible_in_flight() > 0;
        let paced = !self.needs_draw && more_comes && self.last_draw_fed && now_millis - self.last_draw_millis < self.pace_millis();
        if paced || (!self.needs_draw && version == self.seen_version && !shimmer) {
            return FrameReport { draw: None, again: self.again() };
        }
        self.needs_draw = false;
        self.last_draw_millis = now_millis;
        let (list, more_uploads) = self.frame(now_millis, true);
        self.seen_version = self.context.shared.borrow().version;
        // What is left goes up with the next frame, not with the next shimmer.
        self.needs_draw |= more_uploads;
        self.draws += 1;
        let draw = self.arranged_before.is_none().then_some(list);
        FrameReport { draw, again: self.again() || self.needs_draw }
    }

    /// The first frame makes the device busy for long, for it makes the pipelines: it is better drawn with data, if they come soon.
    fn awaits_first_data(&mut self, now_millis: f64) -> bool {
        let first_tick = *self.first_tick_millis.get_or_insert(now_millis);
        let shared = self.context.shared.borrow();
        let is_on_its_way = !self.layers_opened() || shared.queue.visible_in_flight() > 0;
        self.draws == 0 && is_on_its_way && shared.bricks.used_bytes() == 0 && now_millis - first_tick < FIRST_DATA_MILLIS
    }

    /// In the place of a [`View::tick`] that could not draw, for the device is busy: what has come into view is asked for meanwhile.
    pub fn tick_ahead(&mut self, now_millis: f64) {
        self.advance(now_millis);
        self.ask_ahead();
    }

    /// Takes in what has happened, and moves.
    fn advance(&mut self, now_millis: f64) {
        self.context.shared.borrow_mut().finish_reads();
        self.settle();
        let was_gliding = self.animation.is_some();
        self.animate(now_millis);
        self.follow_hover();
        self.track_motion(now_millis, was_gliding);
    }

    /// Asks for what has come into view, before the frame that shows it.
    pub(super) fn ask_ahead(&mut self) {
        if self.plan.is_some() || self.panels.is_empty() {
            return;
        }
        let (layers, places) = self.scene_layers();
        let plan = self.plan(&layers);
        let (wanted, _) = self.needs(&plan, &layers);
        self.ask(&wanted, &places);
        self.plan = Some(plan);
    }

    /// A view without size shows nothing: it wants no chunk, and is complete once its layers are opened or have failed.
    fn tick_unseen(&mut self) -> FrameReport {
        self.ask(&Needs::default(), &[]);
        if self.layers_opened() && self.animation.is_none() {
            self.answer_idle();
        }
        FrameReport { draw: None, again: self.animation.is_some() }
    }

    fn layers_opened(&self) -> bool {
        self.layers.iter().all(|layer| !layer.is_visible() || !matches!(layer.status, Status::Opening))
    }

    pub(super) fn answer_idle(&mut self) {
        for sender in self.idle.drain(..) {
            // Whoever waited may have gone.
            let _gone = sender.send(());
        }
    }

    /// Whether something goes on without anything happening; a view that moves has to notice that it has stopped.
    fn again(&self) -> bool {
        self.animation.is_some() || !self.complete || self.motion.2 != DVec3::ZERO
    }

    pub(super) fn frame(&mut self, now_millis: f64, overlays: bool) -> (DrawList, bool) {
        let (layers, places) = self.scene_layers();
        let plan = self.plan(&layers);
        let (wanted, frame) = self.needs(&plan, &layers);
        let more_uploads = self.upload(&wanted, &layers, &places, frame);
        self.ask(&wanted, &places);
        let counts_complete = wanted.counts.iter().all(|counts| counts.loaded + counts.absent + counts.failed == counts.visible);
        let complete = counts_complete && self.layers_opened() && !more_uploads;
        // Before there are layers, nothing is on its way that could be marked.
        self.incomplete_since = if complete || layers.is_empty() { None } else { self.incomplete_since.or(Some(now_millis)) };
        if self.auto_contrast(complete) {
            // Drawn with the new window in the next frame.
            self.needs_draw = true;
        }
        let list = {
            let mut shared = self.context.shared.borrow_mut();
            let slow = self.incomplete_since.is_some_and(|since| now_millis - since > PATIENCE_MILLIS);
            let (panels, table) = slices(&plan, &layers, self.panels.len(), slow, &mut Lookup { shared: &mut shared, frame });
            self.draw_list(panels, table, now_millis, overlays)
        };
        self.plan = Some(plan);
        self.complete = complete;
        self.loading_frames = if complete { 0 } else { self.loading_frames + 1 };
        if complete && !self.needs_draw && self.animation.is_none() {
            self.answer_idle();
        }
        (list, more_uploads)
    }

    /// The plan that still holds, or a new one.
    fn plan(&mut self, layers: &[SceneLayer]) -> Plan {
        self.plan.take().unwrap_or_else(|| {
            let budget = self.context.gpu_budget().heap_bytes.min(self.context.limits().cpu_bytes / 2);
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let policy = PlanPolicy { most_gpu_bytes: budget as f64 * 0.8, ..PlanPolicy::default() };
            Plan::new(self.plane_views(), layers, self.motion.2, &policy)
        })
    }

    /// What a plan needs, and the number of the frame: what is used in it is not evicted for it.
    fn needs(&self, plan: &Plan, layers: &[SceneLayer]) -> (Needs, u64) {
        let mut shared = self.context.shared.borrow_mut();
        shared.frame += 1;
        shared.bricks.advance();
        let frame = shared.frame;
        (needs(plan, layers, &mut Lookup { shared: &mut shared, frame }), frame)
    }

    /// The layers to be drawn, and which layers of the view they are.
    fn scene_layers(&self) -> (Vec<SceneLayer>, Vec<usize>) {
        let shared = self.context.shared.borrow();
        self.layers.iter().enumerate().filter_map(|(place, layer)| Some((layer.scene_layer(&shared)?, place))).unzip()
    }

    /// Makes bricks resident, as many as one frame may. Says whether the next frame has more to do: some are left, or
    /// have turned out to be none that can be drawn.
    fn upload(&mut self, wanted: &Needs, layers: &[SceneLayer], places: &[usize], frame: u64) -> bool {
        self.last_draw_fed = false;
        let mut shared = self.context.shared.borrow_mut();
        let budget = shared.limits.max_upload_bytes_per_frame;
        let (mut sent, mut refused) = (0, false);
        for want in &wanted.uploads {
            let (Some(scene), Some(layer)) = (layers.get(want.layer), places.get(want.layer).and_then(|place| self.layers.get(*place)))
            else {
                continue;
            };
            // Two panels may want the same brick.
            if shared.residency.touch(scene.layer, want.key, frame).is_some() {
                continue;
            }
            let Some(brick) = shared.bricks.get(&want.key) else { continue };
            let bytes = brick.size_bytes() as u64;
            // A brick beyond the budget goes up as the first of its frame, or it never would.
            if sent > 0 && sent + bytes > budget {
                return true;
            }
            sent += bytes;
            self.last_draw_fed = true;
            let colors = |id: u64| layer.palette_color(id);
            let colors: Option<&dyn Fn(u64) -> _> = if layer.is_segmentation() { Some(&colors) } else { None };
            match shared.residency.insert(scene.layer, want.key, &brick, colors, frame) {
                Ok(_) => {}
                // All that is resident is in view: more would not fit, whatever frame it is.
                Err(ResidencyError::Full { .. }) => return refused,
                Err(error) => {
                    shared.refuse_brick(want.chunk, &want.key, error.into());
                    refused = true;
                }
            }
        }
        refused
    }

    fn ask(&mut self, wanted: &Needs, places: &[usize]) {
        for layer in &mut self.layers {
            layer.counts = crate::scene::resolve::ChunkCounts::default();
        }
        for (counts, place) in wanted.counts.iter().zip(places) {
            if let Some(layer) = self.layers.get_mut(*place) {
                layer.counts = *counts;
            }
        }
        self.context.shared.borrow_mut().set_wants(self.ticket, wanted.chunks.clone());
    }

    fn auto_contrast(&mut self, complete: bool) -> bool {
        let shared = self.context.shared.borrow();
        let mut changed = false;
        for layer in self.layers.iter_mut().filter(|layer| complete || layer.contrast_pending()) {
            changed |= layer.update_auto_contrast(complete, &shared);
        }
        changed
    }

    fn draw_list(&self, slices: Vec<Vec<crate::scene::draw::SliceDraw>>, table: Vec<u32>, now_millis: f64, overlays: bool) -> DrawList {
        let [[r, g, b], space] = self.background;
        // Until all are known, what would be made ready for some of them would not be drawn with.
        let visible = self.layers.iter().filter(|layer| layer.is_visible() && !matches!(layer.status, Status::Failed(_)));
        let looks: Vec<_> =
            if self.complete { Vec::new() } else { visible.map(ViewLayer::look).collect::<Option<_>>().unwrap_or_default() };
        let panels = self.panels.iter().zip(slices).map(|(panel, mut slices)| {
            let mut looks = looks.clone();
            if panel.kind == PanelKind::Space {
                // Seen from afar, rims are mere noise.
                slices.iter_mut().map(|slice| &mut slice.style).chain(&mut looks).for_each(|style| *style = style.without_outline());
            }
            PanelDraw {
                rect_px: panel.rect_px,
                background: if panel.kind == PanelKind::Space { [space[0], space[1], space[2], 1.0] } else { [r, g, b, 1.0] },
                depth: panel.kind == PanelKind::Space,
                slices,
                lines: if overlays { self.lines(panel) } else { Vec::new() },
                looks,
            }
        });
        #[expect(clippy::cast_possible_truncation, reason = "a ratio near 1")]
        let px_ratio = self.px_ratio as f32;
        DrawList {
            size_px: self.size_px(),
            clear: [r * 0.55, g * 0.55, b * 0.55, 1.0],
            px_ratio,
            time_millis: now_millis,
            overlays,
            panels: panels.collect(),
            table,
        }
    }

    fn animate(&mut self, now_millis: f64) {
        let Some(glide) = self.animation.take() else { return };
        let over = glide.way.is_over(now_millis);
        self.show(glide.way.at(now_millis), glide.by_user);
        if over {
            self.events.push(ViewEvent::MoveEnd { number: glide.number });
        } else {
            self.animation = Some(glide);
        }
    }

    /// What is under a resting pointer changes as data comes and the view moves.
    fn follow_hover(&mut self) {
        let Some((panel, at)) = self.hover else { return };
        let info = self.pick_in(panel, at);
        if info != self.last_hover {
            self.last_hover.clone_from(&info);
            self.events.push(ViewEvent::Hover(info));
        }
    }

    fn track_motion(&mut self, now_millis: f64, was_gliding: bool) {
        let (position, at, velocity) = self.motion;
        let elapsed = now_millis - at;
        if self.state.position != position {
            let new = (self.state.position - position) / elapsed.max(1.0);
            // A jump is no movement, be it the last frame of a glide: nothing lies ahead of it.
            let steady = elapsed < STILL_MILLIS && !was_gliding;
            self.motion = (self.state.position, now_millis, if steady { velocity.lerp(new, 0.5) } else { DVec3::ZERO });
        } else if elapsed > STILL_MILLIS && velocity != DVec3::ZERO {
            self.motion.2 = DVec3::ZERO;
            // Nothing lies ahead any more.
            self.replan();
        }
    }
}
