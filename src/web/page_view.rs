//! A viewer as JavaScript sees it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::Function;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

use crate::engine::{View, ViewEvent};
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::{DVec2, PanelKind, VoxelBox};
use crate::scene::layer::{LayerKind, LayerOptions, parse_color};
use crate::scene::panels::Layout;
use crate::tools::actions::Situation;
use crate::tools::command::{Controls, ViewCommand};
use crate::tools::gestures::{Gestures, PanelPlace, PointerInput, PointerKind, WheelInput};
use crate::tools::key::Modifiers;
use crate::tools::keymap::Keymap;
use crate::tools::wheel::DeltaMode;

use super::convert::{error_to_js, from_js, to_js, to_js_numbers};
use super::page_context::{ContextInner, PageContext};
use super::surface::{CanvasSurface, gpu_error};
use super::view_state::{ViewStateJs, ViewStatePatch};
use super::voxel_block::block_to_js;

/// What a viewer is made of.
pub(super) struct ViewInner {
    context: Rc<ContextInner>,
    canvas: HtmlCanvasElement,
    view: RefCell<View>,
    surface: RefCell<Option<CanvasSurface>>,
    wake: Function,
    gestures: RefCell<Gestures>,
    keymap: RefCell<Keymap>,
    open: RefCell<FxHashMap<u32, oneshot::Sender<()>>>,
    own_events: RefCell<Vec<OwnEvent>>,
    frame_millis: std::cell::Cell<f64>,
    picture: futures::lock::Mutex<()>,
}

enum OwnEvent {
    DeviceLost { restored: bool },
    Error(ViewerError),
}

impl ViewInner {
    /// Takes in what messages have brought, and asks for a frame.
    pub(super) fn settle(&self) {
        self.view.borrow_mut().settle();
        self.ask_frame();
    }

    fn ask_frame(&self) {
        // A page that throws from its own callback gets its own error report.
        let _thrown = self.wake.call0(&JsValue::NULL);
    }

    /// There is another device, or none.
    pub(super) fn device_changed(&self, restored: bool) {
        self.surface.borrow_mut().take();
        self.own_events.borrow_mut().push(OwnEvent::DeviceLost { restored });
        self.ask_frame();
    }

    /// Waits for an answer unless the request is aborted.
    async fn answer<T>(&self, request: u32, receiver: oneshot::Receiver<T>) -> Result<T, ViewerError> {
        let (abort, aborted) = oneshot::channel();
        self.open.borrow_mut().insert(request, abort);
        let disposed = || ViewerError::new(ErrorCode::Disposed, "the viewer was disposed or the request was aborted");
        let result = match select(receiver, aborted).await {
            Either::Left((answer, _)) => answer.map_err(|_| disposed()),
            Either::Right(_) => Err(disposed()),
        };
        self.open.borrow_mut().remove(&request);
        result
    }

    fn dispatch(&self, commands: impl IntoIterator<Item = ViewCommand>) {
        let now = now_millis();
        let reduced = reduced_motion();
        let mut any = false;
        for command in commands {
            self.view.borrow_mut().dispatch(&command, now, reduced);
            any = true;
        }
        if any {
            self.ask_frame();
        }
    }

    /// Lets the gestures make commands of an event, and executes them.
    fn gesture(&self, event: impl FnOnce(&mut Gestures, f64, &mut Vec<ViewCommand>) -> bool) -> bool {
        let mut commands = Vec::new();
        let handled = {
            let view = self.view.borrow();
            let mut gestures = self.gestures.borrow_mut();
            gestures.set_panels(view.panels().iter().map(|panel| PanelPlace::of(panel, view.px_ratio())).collect());
            gestures.set_controls(view.controls());
            event(&mut gestures, now_millis(), &mut commands)
        };
        self.dispatch(commands);
        handled
    }

    fn situation(&self) -> Situation {
        let view = self.view.borrow();
        let count = |kind| view.layers().iter().filter(|layer| layer.kind == Some(kind)).count();
        Situation { images: count(LayerKind::Image), segmentations: count(LayerKind::Segmentation), failures: view.failure_count() }
    }
}

fn now_millis() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or_else(js_sys::Date::now, |performance| performance.now())
}

fn reduced_motion() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// One viewer.
#[wasm_bindgen]
pub struct PageView {
    inner: Rc<ViewInner>,
}

impl std::fmt::Debug for PageView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PageView")
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ViewOptions {
    view_state: Option<ViewStatePatch>,
    layout: Option<Layout>,
    controller: Option<ControllerOptions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ControllerOptions {
    All(bool),
    Some { pan: Option<bool>, zoom: Option<bool>, rotate: Option<bool>, keyboard: Option<bool> },
}

impl From<ControllerOptions> for Controls {
    fn from(options: ControllerOptions) -> Self {
        match options {
            ControllerOptions::All(all) => Self { pan: all, zoom: all, rotate: all, keyboard: all },
            ControllerOptions::Some { pan, zoom, rotate, keyboard } => Self {
                pan: pan.unwrap_or(true),
                zoom: zoom.unwrap_or(true),
                rotate: rotate.unwrap_or(true),
                keyboard: keyboard.unwrap_or(true),
            },
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ReadOptions {
    level: usize,
    channel: Option<u32>,
    at: Option<BTreeMap<String, u64>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CaptureOptions {
    width: Option<f64>,
    height: Option<f64>,
    panel: Option<PanelKind>,
    overlays: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedState {
    version: u32,
    view_state: ViewStatePatch,
    layout: Layout,
    layers: Vec<LayerOptions>,
}

fn edge<T>(result: Result<T, ViewerError>) -> Result<T, JsValue> {
    result.map_err(|error| error_to_js(&error))
}

#[wasm_bindgen]
impl PageView {
    /// A viewer on a canvas. `wake()` asks for a [`PageView::tick`] with the next frame.
    ///
    /// # Errors
    /// Options that cannot be used, or a canvas that cannot be drawn to.
    #[wasm_bindgen(constructor)]
    pub fn new(context: &PageContext, canvas: HtmlCanvasElement, options: JsValue, wake: Function) -> Result<PageView, JsValue> {
        let options: ViewOptions = from_js(&options)?;
        let mut view = View::new(&context.inner.engine);
        if let Some(controller) = options.controller {
            view.set_controls(controller.into());
        }
        if let Some(layout) = options.layout {
            view.set_layout(layout);
        }
        if let Some(patch) = options.view_state {
            edge(patch.apply(&mut view, 0.0, 0.0))?;
        }
        let surface = edge(context.inner.device.borrow().surface(canvas.clone()))?;
        let inner = Rc::new(ViewInner {
            context: Rc::clone(&context.inner),
            canvas,
            view: RefCell::new(view),
            surface: RefCell::new(Some(surface)),
            wake,
            gestures: RefCell::default(),
            keymap: RefCell::default(),
            open: RefCell::default(),
            own_events: RefCell::default(),
            frame_millis: std::cell::Cell::new(0.0),
            picture: futures::lock::Mutex::new(()),
        });
        context.inner.views.borrow_mut().push(Rc::downgrade(&inner));
        Ok(Self { inner })
    }

    /// The size of the canvas in CSS pixels, and device pixels per CSS pixel.
    pub fn resize(&self, width: f64, height: f64, device_pixel_ratio: f64) {
        let mut view = self.inner.view.borrow_mut();
        view.resize(DVec2::new(width, height), device_pixel_ratio);
        let [width, height] = view.size_px();
        drop(view);
        if self.inner.canvas.width() != width || self.inner.canvas.height() != height {
            self.inner.canvas.set_width(width);
            self.inner.canvas.set_height(height);
        }
        self.inner.ask_frame();
    }

    /// One frame. `true`: another is wanted.
    pub fn tick(&self, _frame_millis: f64) -> bool {
        let begin = now_millis();
        self.inner.gesture(|gestures, now, out| {
            gestures.tick(now, out);
            true
        });
        let report = self.inner.view.borrow_mut().tick(begin);
        let Some(list) = report.draw else { return report.again };
        let drawn = self.draw(&list);
        self.inner.frame_millis.set(now_millis() - begin);
        match drawn {
            Ok(()) => report.again,
            Err(error) if error.code == ErrorCode::DeviceLost => {
                self.inner.context.restore_device();
                false
            }
            Err(error) => {
                self.inner.own_events.borrow_mut().push(OwnEvent::Error(error));
                false
            }
        }
    }

    fn draw(&self, list: &crate::scene::draw::DrawList) -> Result<(), ViewerError> {
        let inner = &self.inner;
        let mut device = inner.context.device.borrow_mut();
        let uploads = inner.context.engine.take_uploads();
        device.gpu.apply(&uploads).map_err(|error| gpu_error(&error))?;
        let mut surface = inner.surface.borrow_mut();
        let target = match surface.take() {
            Some(target) => surface.insert(target),
            None => surface.insert(device.surface(inner.canvas.clone())?),
        };
        device.draw(target, list)
    }

    /// What has happened since the last call: `{ type, detail }`.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = drainEvents)]
    pub fn drain_events(&self) -> Result<js_sys::Array, JsValue> {
        let events = self.inner.view.borrow_mut().drain_events();
        let own = self.inner.own_events.take();
        let list = js_sys::Array::new();
        for event in events {
            let (name, detail) = self.event_detail(&event)?;
            list.push(&event_object(name, &detail)?);
        }
        for event in own {
            let (name, detail) = match event {
                OwnEvent::DeviceLost { restored } => ("devicelost", object(&[("restored", restored.into())])?),
                OwnEvent::Error(error) => ("error", error_to_js(&error)),
            };
            list.push(&event_object(name, &detail)?);
        }
        Ok(list)
    }

    fn event_detail(&self, event: &ViewEvent) -> Result<(&'static str, JsValue), JsValue> {
        let view = self.inner.view.borrow();
        Ok(match event {
            ViewEvent::ViewState { by_user } => {
                let source = if *by_user { "user" } else { "api" };
                ("viewstatechange", object(&[("viewState", to_js_numbers(&ViewStateJs::of(&view))?), ("source", source.into())])?)
            }
            ViewEvent::Layer { id } => {
                let Some(info) = view.layer_info(id) else { return Ok(("layerschange", object(&[("ids", js_sys::Array::new().into())])?)) };
                let error = info.error.as_ref().map_or(JsValue::UNDEFINED, error_to_js);
                ("layerstatechange", object(&[("id", id.into()), ("state", to_js_numbers(&info.state)?), ("error", error)])?)
            }
            ViewEvent::Layers => {
                let ids: js_sys::Array = view.layers().into_iter().map(|layer| JsValue::from(layer.id.unwrap_or_default())).collect();
                ("layerschange", object(&[("ids", ids.into())])?)
            }
            ViewEvent::Hover(info) => ("hover", info.as_ref().map_or(Ok(JsValue::NULL), to_js)?),
            ViewEvent::Click(info) => ("click", to_js(info)?),
            ViewEvent::AnimationEnd => ("animationend", object(&[])?),
            ViewEvent::Page(id) => ("action", object(&[("id", (*id).into())])?),
            ViewEvent::Layout => ("layoutchange", object(&[("layout", to_js_numbers(&view.layout())?)])?),
            ViewEvent::Error(error) => ("error", error_to_js(error)),
        })
    }

    /// Adds a layer; resolves when its metadata is read. A layer that cannot be read stays, in state "error".
    ///
    /// # Errors
    /// Options that cannot be used, or why the metadata could not be read.
    #[wasm_bindgen(js_name = addLayer)]
    pub async fn add_layer(&self, request: u32, spec: JsValue, before: Option<String>) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let options: LayerOptions = from_js(&spec)?;
        let id = options.id.clone().unwrap_or_default();
        let receiver = edge(inner.view.borrow_mut().add_layer(options, before.as_deref()))?;
        inner.ask_frame();
        match inner.answer(request, receiver).await {
            Ok(info) => to_js_numbers(&edge(info)?),
            Err(aborted) => {
                // Whoever asked has changed their mind.
                if let Ok(mut view) = inner.view.try_borrow_mut() {
                    let _gone_already = view.remove_layer(&id);
                }
                Err(error_to_js(&aborted))
            }
        }
    }

    /// Changes options of a layer.
    ///
    /// # Errors
    /// No such layer, or options that cannot be used.
    #[wasm_bindgen(js_name = updateLayer)]
    pub fn update_layer(&self, id: &str, patch: JsValue) -> Result<(), JsValue> {
        let patch: LayerOptions = from_js(&patch)?;
        edge(self.inner.view.borrow_mut().update_layer(id, patch))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// Removes a layer.
    ///
    /// # Errors
    /// No such layer.
    #[wasm_bindgen(js_name = removeLayer)]
    pub fn remove_layer(&self, id: &str) -> Result<(), JsValue> {
        edge(self.inner.view.borrow_mut().remove_layer(id))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// Moves a layer under another, or to the top.
    ///
    /// # Errors
    /// No such layer.
    #[wasm_bindgen(js_name = moveLayer)]
    pub fn move_layer(&self, id: &str, before: Option<String>) -> Result<(), JsValue> {
        edge(self.inner.view.borrow_mut().move_layer(id, before.as_deref()))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// The options of a layer.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn layer(&self, id: &str) -> Result<JsValue, JsValue> {
        let layers = self.inner.view.borrow().layers();
        layers.iter().find(|layer| layer.id.as_deref() == Some(id)).map_or(Ok(JsValue::UNDEFINED), to_js)
    }

    /// The options of all layers, bottom first.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn layers(&self) -> Result<JsValue, JsValue> {
        to_js(&self.inner.view.borrow().layers())
    }

    /// What is known of a layer.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = layerInfo)]
    pub fn layer_info(&self, id: &str) -> Result<JsValue, JsValue> {
        self.inner.view.borrow().layer_info(id).map_or(Ok(JsValue::UNDEFINED), |info| to_js_numbers(&info))
    }

    /// Where the viewer looks.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = viewState)]
    pub fn view_state(&self) -> Result<JsValue, JsValue> {
        to_js_numbers(&ViewStateJs::of(&self.inner.view.borrow()))
    }

    /// Looks elsewhere.
    ///
    /// # Errors
    /// A view state that makes no sense.
    #[wasm_bindgen(js_name = setViewState)]
    pub fn set_view_state(&self, patch: JsValue, duration_millis: f64) -> Result<(), JsValue> {
        let patch: ViewStatePatch = from_js(&patch)?;
        edge(patch.apply(&mut self.inner.view.borrow_mut(), now_millis(), duration_millis))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// Which panels are shown.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn layout(&self) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.view.borrow().layout())
    }

    /// Shows other panels.
    ///
    /// # Errors
    /// A layout that does not exist.
    #[wasm_bindgen(js_name = setLayout)]
    pub fn set_layout(&self, layout: JsValue) -> Result<(), JsValue> {
        let layout: Layout = from_js(&layout)?;
        self.inner.view.borrow_mut().set_layout(layout);
        self.inner.ask_frame();
        Ok(())
    }

    /// What is under a point of the canvas, CSS pixels.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn pick(&self, x: f64, y: f64) -> Result<JsValue, JsValue> {
        self.inner.view.borrow().pick(DVec2::new(x, y)).map_or(Ok(JsValue::NULL), |info| to_js(&info))
    }

    /// Reads a box of voxels.
    ///
    /// # Errors
    /// No such layer or level, a box that holds nothing or too much, or why a chunk could not be had.
    #[wasm_bindgen(js_name = readVoxels)]
    pub async fn read_voxels(&self, request: u32, layer_id: String, voxels: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let voxels: VoxelBox = from_js(&voxels)?;
        let options: ReadOptions = from_js(&options)?;
        let receiver = edge(inner.view.borrow_mut().read_voxels(&layer_id, voxels, options.level, options.channel, options.at))?;
        let block = edge(edge(inner.answer(request, receiver).await)?)?;
        block_to_js(&block, options.level)
    }

    /// Draws a picture: RGBA, 8 bits each.
    ///
    /// # Errors
    /// A size that cannot be drawn, no such panel, or a lost device.
    pub async fn capture(&self, options: JsValue) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let options: CaptureOptions = from_js(&options)?;
        // One picture at a time: each arranges the view for itself.
        let _turn = inner.picture.lock().await;
        let other = options.width.is_some() || options.height.is_some() || options.panel.is_some();
        if other {
            let size = options.width.zip(options.height).map(|(width, height)| [width, height]);
            edge(inner.view.borrow_mut().begin_picture(size, options.panel))?;
            let ready = inner.view.borrow_mut().idle();
            inner.ask_frame();
            // Cancelled only where the viewer goes; then the next line says so.
            let _gone = ready.await;
        }
        let list = inner.view.borrow_mut().picture(now_millis(), options.overlays.unwrap_or(false));
        inner.view.borrow_mut().end_picture();
        let [width, height] = list.size_px;
        let pixels = {
            let mut device = inner.context.device.borrow_mut();
            let uploads = inner.context.engine.take_uploads();
            edge(device.gpu.apply(&uploads).map_err(|error| gpu_error(&error)))?;
            edge(device.gpu.render_to_rgba(&list).map_err(|error| gpu_error(&error)))?
        };
        let rgba = edge(pixels.await.map_err(|error| gpu_error(&error)))?;
        inner.ask_frame();
        object(&[("width", width.into()), ("height", height.into()), ("rgba", js_sys::Uint8Array::from(rgba.as_slice()).into())])
    }

    /// Resolves when all that is in view is drawn, or known to be absent or failed.
    ///
    /// # Errors
    /// The request was aborted.
    pub async fn idle(&self, request: u32) -> Result<(), JsValue> {
        let inner = Rc::clone(&self.inner);
        let receiver = inner.view.borrow_mut().idle();
        inner.ask_frame();
        edge(inner.answer(request, receiver).await)
    }

    /// Figures.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn stats(&self) -> Result<JsValue, JsValue> {
        let mut stats = self.inner.view.borrow().stats();
        stats.frame_ms = self.inner.frame_millis.get();
        to_js_numbers(&stats)
    }

    /// How often values occur in what is loaded of an image layer.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn histogram(&self, layer_id: &str) -> Result<JsValue, JsValue> {
        let Some(histogram) = self.inner.view.borrow().histogram(layer_id) else { return Ok(JsValue::UNDEFINED) };
        let counts: Vec<f64> = histogram.counts.iter().map(|&count| f64::from(count)).collect();
        object(&[
            ("min", histogram.min.into()),
            ("max", histogram.max.into()),
            ("counts", js_sys::Float64Array::from(counts.as_slice()).into()),
        ])
    }

    /// The panels, CSS pixels, with what is written on them.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn panels(&self) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.view.borrow().panel_infos())
    }

    /// Moves the borders between panels, 0 to 1 of width and height.
    #[wasm_bindgen(js_name = setPanelSplit)]
    pub fn set_panel_split(&self, x: f64, y: f64) {
        self.inner.view.borrow_mut().set_split([x, y]);
        self.inner.ask_frame();
    }

    /// Every action a person can take, with its keys.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn actions(&self, view: Option<String>) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.keymap.borrow().list(view.as_deref(), &self.inner.situation()))
    }

    /// Runs an action.
    ///
    /// # Errors
    /// No such action.
    #[wasm_bindgen(js_name = runAction)]
    pub fn run_action(&self, id: &str, args: JsValue) -> Result<(), JsValue> {
        let unknown = || error_to_js(&ViewerError::new(ErrorCode::NotFound, format!("there is no action \"{id}\"")));
        let action = crate::tools::actions::by_id(id).ok_or_else(unknown)?;
        let nth = js_sys::Reflect::get(&args, &"index".into()).ok().and_then(|index| index.as_f64()).unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; a layer that does not exist does nothing"
        )]
        let command = action.command(self.inner.gestures.borrow().panel_for_keys(), nth as usize);
        self.inner.dispatch(command);
        Ok(())
    }

    /// Gives an action other keys; `null` gives back its own.
    ///
    /// # Errors
    /// No such action, or keys that cannot be used.
    #[wasm_bindgen(js_name = setKeys)]
    pub fn set_keys(&self, id: &str, keys: Option<Vec<String>>) -> Result<(), JsValue> {
        let result = self.inner.keymap.borrow_mut().set_keys(id, keys.as_deref());
        edge(result.map_err(|error| ViewerError::new(ErrorCode::InvalidOptions, error.to_string())))
    }

    /// The view as JSON.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = getState)]
    pub fn get_state(&self) -> Result<JsValue, JsValue> {
        let view = self.inner.view.borrow();
        let layers = js_sys::Array::new();
        for mut options in view.layers() {
            let selected = options.selected.take();
            let saved = to_js_numbers(&options)?;
            if let Some(selected) = selected {
                let ids: js_sys::Array = selected.iter().map(|id| JsValue::from(id.0.to_string())).collect();
                js_sys::Reflect::set(&saved, &"selected".into(), &ids)?;
            }
            layers.push(&saved);
        }
        object(&[
            ("version", 1.into()),
            ("viewState", to_js_numbers(&ViewStateJs::of(&view))?),
            ("layout", to_js_numbers(&view.layout())?),
            ("layers", layers.into()),
        ])
    }

    /// Shows a saved view. Layers that stay the same are kept.
    ///
    /// # Errors
    /// A state that cannot be used; then nothing has changed.
    #[wasm_bindgen(js_name = setState)]
    pub async fn set_state(&self, state: JsValue) -> Result<(), JsValue> {
        let inner = Rc::clone(&self.inner);
        let state: SavedState = from_js(&state)?;
        if state.version != 1 {
            return Err(error_to_js(&ViewerError::new(
                ErrorCode::BadData,
                format!("the saved view has version {}; this viewer reads version 1", state.version),
            )));
        }
        edge(inner.view.borrow_mut().restore(state.layers))?;
        let mut view = inner.view.borrow_mut();
        view.set_layout(state.layout);
        edge(state.view_state.apply(&mut view, now_millis(), 0.0))?;
        drop(view);
        inner.ask_frame();
        Ok(())
    }

    /// The colour of a segment, `#rrggbb`.
    ///
    /// # Errors
    /// No such segmentation layer.
    #[wasm_bindgen(js_name = segmentColor)]
    pub fn segment_color(&self, layer_id: &str, id: u64) -> Result<String, JsValue> {
        edge(self.inner.view.borrow().segment_color(layer_id, id))
    }

    /// The colours behind slices and behind the 3D panel, `#rrggbb`.
    #[wasm_bindgen(js_name = setBackground)]
    pub fn set_background(&self, slice: &str, projection: &str) {
        if let (Some(slice), Some(projection)) = (parse_color(slice), parse_color(projection)) {
            self.inner.view.borrow_mut().set_background(slice, projection);
            self.inner.ask_frame();
        }
    }

    /// A layer's failed chunks by cause.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn failures(&self, layer_id: &str) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.view.borrow().failures(layer_id))
    }

    /// Asks again for what failed, of one layer or of all.
    #[wasm_bindgen(js_name = retryFailed)]
    pub fn retry_failed(&self, layer_id: Option<String>) {
        self.inner.view.borrow_mut().retry_failed(layer_id.as_deref());
        self.inner.ask_frame();
    }

    /// Gives a request up.
    pub fn abort(&self, request: u32) {
        if let Some(abort) = self.inner.open.borrow_mut().remove(&request) {
            // It may have been answered just now.
            let _answered = abort.send(());
            self.inner.ask_frame();
        }
    }

    /// A pointer event. `true`: it was handled.
    #[expect(clippy::too_many_arguments, reason = "what a pointer event has")]
    pub fn pointer(&self, kind: &str, pointer_id: i32, pointer_type: &str, x: f64, y: f64, buttons: u32, modifiers: u32) -> bool {
        let Some(kind) = PointerKind::from_name(kind) else { return false };
        let input = PointerInput {
            kind,
            id: pointer_id,
            touch: pointer_type == "touch",
            at: DVec2::new(x, y),
            buttons,
            modifiers: Modifiers(modifiers),
        };
        self.inner.gesture(|gestures, now, out| gestures.pointer(&input, now, out))
    }

    /// A wheel event. `true`: it was handled.
    pub fn wheel(&self, x: f64, y: f64, delta_x: f64, delta_y: f64, delta_mode: u32, modifiers: u32) -> bool {
        let input = WheelInput {
            at: DVec2::new(x, y),
            delta: DVec2::new(delta_x, delta_y),
            mode: DeltaMode::from_dom(delta_mode),
            modifiers: Modifiers(modifiers),
        };
        self.inner.gesture(|gestures, now, out| gestures.wheel(&input, now, out))
    }

    /// A key. `true`: it was handled.
    pub fn key(&self, code: &str, key: &str, modifiers: u32) -> bool {
        if !self.inner.view.borrow().controls().keyboard {
            return false;
        }
        let found = self.inner.keymap.borrow().lookup(code, key, Modifiers(modifiers));
        let Some((action, nth)) = found else { return false };
        let command = action.command(self.inner.gestures.borrow().panel_for_keys(), nth);
        self.inner.dispatch(command);
        true
    }
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = js_sys::Object::new();
    for (key, value) in fields {
        js_sys::Reflect::set(&object, &(*key).into(), value)?;
    }
    Ok(object.into())
}

fn event_object(name: &str, detail: &JsValue) -> Result<JsValue, JsValue> {
    object(&[("type", name.into()), ("detail", detail.clone())])
}
