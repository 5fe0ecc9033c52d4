//! A viewer as JavaScript sees it.

mod events;
mod export;
mod input;
mod layers;
mod options;
mod pixels;
mod place;
mod saved;

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::Function;
use rustc_hash::FxHashMap;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlCanvasElement;

use crate::engine::{Context, View};
use crate::error::{ErrorCode, ViewerError};
use crate::geometry::DVec2;
use crate::render::gpu::GpuError;
use crate::scene::layer::LayerKind;
use crate::tools::actions::Situation;
use crate::tools::command::ViewCommand;
use crate::tools::gestures::{Gestures, PanelPlace};
use crate::tools::keymap::Keymap;

use crate::web::convert::{error_to_js, from_js, to_js, to_js_numbers};
use crate::web::page_context::{ContextInner, PageContext};
use crate::web::surface::{CanvasSurface, gpu_error};

use events::OwnEvent;
use options::ViewOptions;

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
    drawing: std::cell::Cell<bool>,
    closed: std::cell::Cell<bool>,
    picture: futures::lock::Mutex<()>,
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

    /// Holds the next frame back until this one is drawn: on a slow device frames would queue up, and what a person does
    /// would be seen only after all of them.
    fn watch_drawing(self: &Rc<Self>) {
        self.drawing.set(true);
        let (done, drawn) = oneshot::channel();
        if let Some(device) = self.context.device.borrow().as_ref() {
            device.gpu.queue().on_submitted_work_done(move || {
                // The viewer may have gone.
                let _gone = done.send(());
            });
        }
        let view = Rc::downgrade(self);
        let begin = now_millis();
        spawn_local(async move {
            // A device that was lost sends nothing: then the channel ends.
            let _lost = drawn.await;
            if let Some(view) = view.upgrade() {
                view.drawing.set(false);
                view.view.borrow_mut().drawn_in(now_millis() - begin);
                view.ask_frame();
            }
        });
    }

    /// There is another device, or none any more.
    pub(super) fn device_changed(&self) {
        self.drawing.set(false);
        self.surface.borrow_mut().take();
        self.view.borrow_mut().device_changed();
        self.ask_frame();
    }

    /// The device was lost; `restored`: there is another.
    pub(super) fn device_lost(&self, restored: bool) {
        self.own_events.borrow_mut().push(OwnEvent::DeviceLost { restored });
        self.device_changed();
    }

    /// Waits for an answer unless the request is aborted.
    async fn answer<T>(&self, request: u32, receiver: oneshot::Receiver<T>) -> Result<T, ViewerError> {
        self.unless_aborted(request, receiver).await?.map_err(|_| disposed())
    }

    /// Waits for what comes of a future unless the request is aborted, which drops it.
    async fn unless_aborted<T>(&self, request: u32, future: impl Future<Output = T>) -> Result<T, ViewerError> {
        let (abort, aborted) = oneshot::channel();
        if self.closed.get() {
            drop(abort);
        } else {
            self.open.borrow_mut().insert(request, abort);
        }
        let result = match select(std::pin::pin!(future), aborted).await {
            Either::Left((result, _)) => Ok(result),
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
        if self.gestures.borrow().deadline_millis().is_some() {
            self.ask_frame();
        }
        handled
    }

    fn situation(&self) -> Situation {
        let view = self.view.borrow();
        let count = |kind| view.layers().iter().filter(|layer| layer.kind == Some(kind)).count();
        Situation { images: count(LayerKind::Image), segmentations: count(LayerKind::Segmentation), failures: view.failure_count() }
    }
}

fn disposed() -> ViewerError {
    ViewerError::new(ErrorCode::Disposed, "the viewer was disposed or the request was aborted")
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

fn edge<T>(result: Result<T, ViewerError>) -> Result<T, JsValue> {
    result.map_err(|error| error_to_js(&error))
}

#[wasm_bindgen]
impl PageView {
    /// A viewer on a canvas. `wake()` asks for a [`PageView::tick`] with the next frame.
    ///
    /// # Errors
    /// Options that cannot be used.
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
        let inner = Rc::new(ViewInner {
            context: Rc::clone(&context.inner),
            canvas,
            view: RefCell::new(view),
            surface: RefCell::default(),
            wake,
            gestures: RefCell::default(),
            keymap: RefCell::default(),
            open: RefCell::default(),
            own_events: RefCell::default(),
            frame_millis: std::cell::Cell::new(0.0),
            drawing: std::cell::Cell::new(false),
            closed: std::cell::Cell::new(false),
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
        if self.inner.drawing.get() || self.inner.context.device.borrow().is_none() {
            self.inner.view.borrow_mut().tick_ahead(begin);
            return false;
        }
        self.inner.gesture(|gestures, now, out| {
            gestures.tick(now, out);
            true
        });
        let report = self.inner.view.borrow_mut().tick(begin);
        let Some(list) = report.draw else { return report.again };
        let drawn = self.draw(&list);
        self.inner.frame_millis.set(now_millis() - begin);
        match drawn {
            Ok(()) => {
                self.inner.watch_drawing();
                report.again
            }
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
        let mut device = inner.context.device()?;
        let uploads = inner.context.engine.take_uploads();
        device.gpu.apply(&uploads).map_err(|error| uploads_lost(&inner.context.engine, &error))?;
        let mut surface = inner.surface.borrow_mut();
        let target = match surface.take() {
            Some(target) => surface.insert(target),
            None => surface.insert(device.surface(inner.canvas.clone())?),
        };
        device.draw(target, list)
    }

    /// What is under a point of the canvas, CSS pixels.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn pick(&self, x: f64, y: f64) -> Result<JsValue, JsValue> {
        self.inner.view.borrow().pick(DVec2::new(x, y)).map_or(Ok(JsValue::NULL), |info| to_js(&info))
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

    /// Gives every request up, and those still to come: then nothing holds the viewer, and it can be freed.
    pub fn close(&self) {
        self.inner.closed.set(true);
        self.inner.open.borrow_mut().clear();
    }

    /// Gives a request up.
    pub fn abort(&self, request: u32) {
        if let Some(abort) = self.inner.open.borrow_mut().remove(&request) {
            // It may have been answered just now.
            let _answered = abort.send(());
            self.inner.ask_frame();
        }
    }
}

/// What was taken for the buffers and is not in them must not count as resident: all is uploaded again.
fn uploads_lost(engine: &Context, error: &GpuError) -> ViewerError {
    engine.uploads_lost();
    gpu_error(error)
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = js_sys::Object::new();
    for (key, value) in fields {
        js_sys::Reflect::set(&object, &(*key).into(), value)?;
    }
    Ok(object.into())
}
