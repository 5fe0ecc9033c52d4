//! The workers of the page: module workers that the package's JavaScript makes, spoken to in runs of bytes.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, MessageEvent, Worker};

use crate::engine::{SpawnWorker, WorkerId, WorkerModule, WorkerPort};
use crate::error::ViewerError;
use crate::job::{FromWorker, ToWorker};

use super::convert::{error_from_js, release};

/// What the page does with what workers say.
pub trait WorkerEvents {
    /// A worker has said something.
    fn message(&self, from: WorkerId, message: FromWorker);
    /// A worker has died.
    fn crash(&self, at: WorkerId, reason: &str);
    /// The full module is there, or cannot be had.
    fn full_module(&self, fetched: Result<(), ViewerError>);
}

/// Where events go, once there is somebody to take them.
pub type EventSink = Rc<RefCell<Option<Rc<dyn WorkerEvents>>>>;

/// Makes workers through a function of the package's JavaScript.
pub struct BrowserWorkers {
    spawn: Function,
    fetch_full: Function,
    first_module: WorkerModule,
    sink: EventSink,
    asks_page: bool,
}

impl std::fmt::Debug for BrowserWorkers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BrowserWorkers")
    }
}

impl BrowserWorkers {
    /// `spawn(full)` gives a `Worker` that has been sent the compiled module; `fetch_full()` promises that it may be called with `true`.
    /// `asks_page`: the page has a request hook, which workers ask before they fetch.
    #[must_use]
    pub fn new(spawn: Function, fetch_full: Function, first_module: WorkerModule, sink: EventSink, asks_page: bool) -> Self {
        Self { spawn, fetch_full, first_module, sink, asks_page }
    }
}

impl SpawnWorker for BrowserWorkers {
    fn first_module(&self) -> WorkerModule {
        self.first_module
    }

    fn fetch_full_module(&self) {
        let (sink, promise) = (Rc::clone(&self.sink), self.fetch_full.call0(&JsValue::NULL));
        spawn_local(async move {
            let fetched = match promise {
                Ok(promise) => JsFuture::from(js_sys::Promise::resolve(&promise)).await,
                Err(error) => Err(error),
            };
            let events = sink.borrow().clone();
            if let Some(events) = events {
                events.full_module(fetched.map(|_| ()).map_err(|error| error_from_js(&error)));
            }
        });
    }

    fn spawn(&self, at: WorkerId, module: WorkerModule) -> Box<dyn WorkerPort> {
        let sink = Rc::clone(&self.sink);
        let crash = {
            let sink = Rc::clone(&sink);
            move |reason: &str| {
                let events = sink.borrow().clone();
                if let Some(events) = events {
                    events.crash(at, reason);
                }
            }
        };
        let full = JsValue::from_bool(module == WorkerModule::Full);
        let worker = match self.spawn.call1(&JsValue::NULL, &full).and_then(JsCast::dyn_into::<Worker>) {
            Ok(worker) => worker,
            Err(error) => {
                let reason = message_of(&error).unwrap_or_else(|| "it could not be made".to_owned());
                // Not from inside of the call that makes it.
                spawn_local(async move { crash(&reason) });
                return Box::new(DeadPort);
            }
        };
        let on_message = {
            let crash = crash.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
                let message = bytes.to_vec();
                release(&bytes);
                match postcard::from_bytes::<FromWorker>(&message) {
                    Ok(message) => {
                        let events = sink.borrow().clone();
                        if let Some(events) = events {
                            events.message(at, message);
                        }
                    }
                    Err(error) => crash(&format!("its message cannot be read: {error}")),
                }
            })
        };
        let script = if module == WorkerModule::Full { "worker_full.js" } else { "worker.js" };
        // An ErrorEvent from a script that runs, a plain Event for one that could not be loaded.
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            event.prevent_default();
            crash(
                &message_of(&event).unwrap_or_else(|| format!("{script}, which lies beside the package's index.js, could not be loaded")),
            );
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let port = BrowserPort { worker, _on_message: on_message, _on_error: on_error };
        port.send(ToWorker::Configure { asks_page: self.asks_page });
        Box::new(port)
    }
}

/// The `message` of an error or event.
fn message_of(thrown: &JsValue) -> Option<String> {
    js_sys::Reflect::get(thrown, &"message".into()).ok()?.as_string()
}

struct BrowserPort {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl WorkerPort for BrowserPort {
    fn send(&self, message: ToWorker) {
        let Ok(bytes) = postcard::to_stdvec(&message) else { return };
        let array = Uint8Array::from(bytes.as_slice());
        // A worker that cannot be posted to is dead, and its error event says so.
        let _dead = self.worker.post_message_with_transfer(&array, &Array::of1(&array.buffer()));
    }
}

impl Drop for BrowserPort {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// A worker that could not be made, and was reported as crashed.
struct DeadPort;

impl WorkerPort for DeadPort {
    fn send(&self, _message: ToWorker) {}
}
