//! The context as JavaScript sees it: the graphics device, the engine's shared parts, and the workers' messages.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::{Rc, Weak};

use js_sys::Function;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::engine::{Context, Limits, LimitsPatch, PageRequest, WorkerId, WorkerModule};
use crate::error::{ErrorCode, ViewerError};
use crate::job::FromWorker;
use crate::store::{LocalFile, RequestPatch};

use super::convert::{error_from_js, error_to_js, from_js, to_js_numbers};
use super::page_view::ViewInner;
use super::pool::{BrowserWorkers, EventSink, WorkerEvents};
use super::surface::Device;

/// What viewers of one page share.
pub(super) struct ContextInner {
    pub(super) engine: Context,
    /// Not there yet at first: data are fetched meanwhile.
    pub(super) device: RefCell<Option<Device>>,
    pub(super) views: RefCell<Vec<Weak<ViewInner>>>,
    /// Says how requests are made: the page's hook, its own files, its credentials.
    resolver: Function,
    sink: EventSink,
    restoring: Cell<bool>,
}

/// The context of one or more viewers.
#[wasm_bindgen]
pub struct PageContext {
    pub(super) inner: Rc<ContextInner>,
}

impl std::fmt::Debug for PageContext {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PageContext")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    gpu_bytes: u64,
    cpu_bytes: u64,
    disk_bytes: u64,
}

#[wasm_bindgen]
impl PageContext {
    /// Makes a context: the workers, the budgets. Nothing is drawn before [`PageContext::ready`] has got a device.
    ///
    /// # Errors
    /// `invalid-options` for limits that nothing could work with.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<PageContext, JsValue> {
        console_error_panic_hook::set_once();
        let field = |key: &str| js_sys::Reflect::get(&options, &key.into()).unwrap_or(JsValue::UNDEFINED);
        let patch: LimitsPatch = from_js(&field("limits"))?;
        let workers = field("workers").as_f64().unwrap_or(2.0).clamp(1.0, f64::from(Limits::MOST_WORKERS));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let defaults = Limits { workers: workers as u32, ..Limits::default() };
        let limits = defaults.patched(patch).map_err(|error| error_to_js(&error))?;
        let (spawn, fetch_full) = (field("spawn").dyn_into()?, field("fetchFull").dyn_into()?);
        let first_module = if field("full").is_truthy() { WorkerModule::Full } else { WorkerModule::Small };
        let resolver = field("resolveRequest").dyn_into::<Function>()?;
        let sink = EventSink::default();
        let workers = BrowserWorkers::new(spawn, fetch_full, first_module, Rc::clone(&sink), field("asksPage").is_truthy());
        let engine = Context::new(limits, Box::new(workers));
        let inner = Rc::new(ContextInner {
            engine,
            device: RefCell::default(),
            views: RefCell::default(),
            resolver,
            sink: Rc::clone(&sink),
            restoring: Cell::new(false),
        });
        *sink.borrow_mut() = Some(Rc::new(Events(Rc::downgrade(&inner))));
        Ok(Self { inner })
    }

    /// Gets the graphics device, if there is none. Rejects with `unsupported` without WebGPU.
    pub fn ready(&self) -> js_sys::Promise {
        let inner = Rc::clone(&self.inner);
        future_to_promise(async move {
            if inner.device.borrow().is_some() {
                return Ok(JsValue::UNDEFINED);
            }
            inner.get_device().await.map_err(|error| error_to_js(&error))?;
            inner.views().iter().for_each(|view| view.device_changed());
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Bytes in use.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn usage(&self) -> Result<JsValue, JsValue> {
        let (gpu_bytes, cpu_bytes, disk_bytes) = self.inner.engine.usage();
        to_js_numbers(&Usage { gpu_bytes, cpu_bytes, disk_bytes })
    }

    /// The limits in force.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn limits(&self) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.engine.limits())
    }

    /// Drops every brick that was fetched, and every level that was made.
    #[wasm_bindgen(js_name = clearCache)]
    pub fn clear_cache(&self) {
        self.inner.engine.clear_cache();
        self.inner.wake_views();
    }
}

impl Drop for PageContext {
    fn drop(&mut self) {
        // The workers end with the engine; until the last view goes, none of their words reaches anybody.
        self.inner.sink.borrow_mut().take();
    }
}

impl ContextInner {
    /// The device that draws.
    pub(super) fn device(&self) -> Result<RefMut<'_, Device>, ViewerError> {
        RefMut::filter_map(self.device.borrow_mut(), Option::as_mut)
            .map_err(|_| ViewerError::new(ErrorCode::DeviceLost, "there is no graphics device").retryable())
    }

    pub(super) fn wake_views(&self) {
        self.views().iter().for_each(|view| view.settle());
    }

    fn views(&self) -> Vec<Rc<ViewInner>> {
        let mut views = self.views.borrow_mut();
        views.retain(|view| view.strong_count() > 0);
        views.iter().filter_map(Weak::upgrade).collect()
    }

    async fn get_device(self: &Rc<Self>) -> Result<(), ViewerError> {
        let device = Device::new(self.engine.limits().gpu_bytes).await?;
        self.engine.device_changed(device.largest_buffer_bytes());
        *self.device.borrow_mut() = Some(device);
        self.watch_device();
        Ok(())
    }

    fn answer_requests(self: &Rc<Self>) {
        for request in self.engine.take_requests() {
            // The page may take its time, or for ever: that does not keep the context.
            let (inner, resolver) = (Rc::downgrade(self), self.resolver.clone());
            spawn_local(async move {
                let patch = resolve(&resolver, &request).await;
                if let Some(inner) = inner.upgrade() {
                    inner.engine.answer_request(&request, patch);
                }
            });
        }
    }

    /// Hears of the device's loss even where nothing is drawn.
    fn watch_device(self: &Rc<Self>) {
        let Some(lost) = self.device.borrow_mut().as_mut().and_then(|device| device.gpu.take_lost()) else { return };
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            if lost.await.is_ok()
                && let Some(inner) = inner.upgrade()
            {
                inner.restore_device();
            }
        });
    }

    /// Gets another device after the loss of one, and lets every view draw anew. Where there is none, [`PageContext::ready`] may ask again.
    pub(super) fn restore_device(self: &Rc<Self>) {
        if self.restoring.replace(true) {
            return;
        }
        let inner = Rc::clone(self);
        spawn_local(async move {
            let restored = inner.get_device().await.is_ok();
            if !restored {
                inner.device.borrow_mut().take();
            }
            inner.restoring.set(false);
            inner.views().iter().for_each(|view| view.device_lost(restored));
        });
    }
}

/// How the page wants a request to be made.
async fn resolve(resolver: &Function, request: &PageRequest) -> Result<RequestPatch, ViewerError> {
    #[derive(Serialize)]
    struct Asked<'a> {
        url: &'a str,
        kind: crate::job::RequestKind,
        credentials: Option<u32>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Answer {
        url: Option<String>,
        headers: Option<std::collections::BTreeMap<String, String>>,
        credentials: Option<String>,
        /// The length of the file at `url`; negative where there is none.
        size: Option<f64>,
        /// When it was changed, ms since 1970.
        modified: f64,
    }
    let failed = |error: JsValue| error_from_js(&error);
    let asked = to_js_numbers(&Asked { url: &request.url, kind: request.kind, credentials: request.credentials }).map_err(failed)?;
    let answer = resolver.call1(&JsValue::NULL, &asked).map_err(failed)?;
    let answer = JsFuture::from(js_sys::Promise::resolve(&answer)).await.map_err(failed)?;
    let answer: Answer = from_js(&answer).map_err(failed)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths and times of files are whole and far below 2^53")]
    let local = match (answer.size, &answer.url) {
        (Some(size), Some(url)) if size >= 0.0 => {
            Some(LocalFile::Blob { url: url.clone(), size: size as u64, modified_millis: answer.modified as u64 })
        }
        (Some(_), _) => Some(LocalFile::Absent),
        (None, _) => None,
    };
    Ok(RequestPatch {
        url: if local.is_some() { None } else { answer.url },
        headers: answer.headers.into_iter().flatten().collect(),
        with_credentials: answer.credentials.as_deref() == Some("include"),
        local,
    })
}

/// Takes in what workers say, for as long as the context lives.
struct Events(Weak<ContextInner>);

impl WorkerEvents for Events {
    fn message(&self, from: WorkerId, message: FromWorker) {
        if let Some(inner) = self.0.upgrade() {
            inner.engine.on_message(from, message);
            inner.answer_requests();
            inner.wake_views();
        }
    }

    fn crash(&self, at: WorkerId, reason: &str) {
        if let Some(inner) = self.0.upgrade() {
            inner.engine.on_crash(at, reason);
            inner.wake_views();
        }
    }

    fn full_module(&self, fetched: Result<(), ViewerError>) {
        if let Some(inner) = self.0.upgrade() {
            inner.engine.on_full_module(fetched);
            inner.wake_views();
        }
    }
}
