//! The workers of the page: module workers that the package's JavaScript makes, spoken to in runs of bytes.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::engine::{SpawnWorker, WorkerId, WorkerPort};
use crate::job::{FromWorker, ToWorker};

/// What the page does with what workers say.
pub trait WorkerEvents {
    /// A worker has said something.
    fn message(&self, from: WorkerId, message: FromWorker);
    /// A worker has died.
    fn crash(&self, at: WorkerId, reason: &str);
}

/// Where events go, once there is somebody to take them.
pub type EventSink = Rc<RefCell<Option<Rc<dyn WorkerEvents>>>>;

/// Makes workers through a function of the package's JavaScript.
pub struct BrowserWorkers {
    spawn: Function,
    sink: EventSink,
    asks_page: bool,
}

impl std::fmt::Debug for BrowserWorkers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BrowserWorkers")
    }
}

impl BrowserWorkers {
    /// `spawn()` gives a `Worker` that has been sent the compiled module. `asks_page`: the page has a request hook, which
    /// workers ask before they fetch.
    #[must_use]
    pub fn new(spawn: Function, sink: EventSink, asks_page: bool) -> Self {
        Self { spawn, sink, asks_page }
    }
}

impl SpawnWorker for BrowserWorkers {
    fn spawn(&self, at: WorkerId) -> Box<dyn WorkerPort> {
        let worker = self.spawn.call0(&JsValue::NULL).ok().and_then(|worker| worker.dyn_into::<Worker>().ok());
        let Some(worker) = worker else { return Box::new(DeadPort) };
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
        let on_message = {
            let crash = crash.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
                match postcard::from_bytes::<FromWorker>(&bytes.to_vec()) {
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
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            crash(&event.message());
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let port = BrowserPort { worker, _on_message: on_message, _on_error: on_error };
        port.send(ToWorker::Configure { asks_page: self.asks_page });
        Box::new(port)
    }
}

struct BrowserPort {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
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

/// A worker that could not be made.
struct DeadPort;

impl WorkerPort for DeadPort {
    fn send(&self, _message: ToWorker) {}
}
