//! The entry of a worker: messages in, jobs run, answers out.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::error::{ErrorCode, ViewerError};
use crate::job::{FromWorker, JobRunner, ToWorker};
use crate::store::{HttpProvider, StorePolicy, Traffic};

use super::authorise::AskPage;
use super::convert::release;
use super::{BrowserClock, BrowserFetch};

/// Sends to the page.
pub(super) fn post(message: &FromWorker) {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let Some(bytes) = message.to_bytes() else { return };
    let array = Uint8Array::from(bytes.as_slice());
    // The page may have gone; then nobody needs the answer.
    let _gone = scope.post_message_with_transfer(&array, &Array::of1(&array.buffer()));
}

/// Bytes of this instance's memory.
fn memory_bytes() -> u64 {
    let memory = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
    let buffer = memory.buffer().unchecked_into::<js_sys::ArrayBuffer>();
    u64::from(buffer.byte_length())
}

/// Starts the worker: from now on it takes messages.
///
/// # Errors
/// Where this is not a dedicated worker.
#[wasm_bindgen]
pub fn start() -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let fetch = Rc::new(BrowserFetch::default());
    let ask = Rc::new(AskPage::default());
    let provider = HttpProvider::new(fetch, Rc::new(BrowserClock::new()), Some(Rc::clone(&ask) as Rc<_>), StorePolicy::default())
        .map_err(|error| JsValue::from_str(&error.to_string()))?;
    let runner = JobRunner::new(Rc::new(provider.clone()));
    #[cfg(feature = "export")]
    let runner = runner.with_outlet(Rc::new(|message| post(&message)), Rc::new(BrowserClock::new()));
    #[cfg(feature = "levels")]
    let runner = runner.with_scratch(Rc::new(super::scratch::BrowserScratch::new("neurolume")));
    let worker = Rc::new(WorkerState { runner, provider, ask, told: Cell::default() });
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
        let message = bytes.to_vec();
        release(&bytes);
        if let Ok(message) = postcard::from_bytes::<ToWorker>(&message) {
            worker.take(message);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It listens for as long as the worker lives.
    on_message.forget();
    Ok(())
}

struct WorkerState {
    runner: JobRunner,
    provider: HttpProvider,
    ask: Rc<AskPage>,
    /// What the page has been told of the traffic.
    told: Cell<Traffic>,
}

impl WorkerState {
    /// The traffic since the page was last told.
    fn news(&self) -> Traffic {
        let now = self.provider.traffic();
        let before = self.told.replace(now);
        Traffic { requests: now.requests - before.requests, bytes: now.bytes - before.bytes }
    }

    fn take(self: &Rc<Self>, message: ToWorker) {
        match message {
            ToWorker::Configure { asks_page } => self.ask.set_hook(asks_page),
            ToWorker::Start { id, job } => {
                let worker = Rc::clone(self);
                spawn_local(async move {
                    let result = worker.runner.run(id, job).await;
                    // A cancelled job's answer interests nobody.
                    if !matches!(&result, Err(ViewerError { code: ErrorCode::Disposed, .. })) {
                        let traffic = worker.news();
                        post(&FromWorker::Done { id, result, memory_bytes: memory_bytes(), traffic });
                    }
                });
            }
            ToWorker::Attach { volume, open, documents, levels } => self.runner.attach(volume, open, documents, levels),
            ToWorker::Detach { volume } => self.runner.detach(volume),
            ToWorker::Cancel { id } => self.runner.cancel(id),
            #[cfg(feature = "export")]
            ToWorker::More { id } => self.runner.more(id),
            // Only where an export runs is there more to come.
            #[cfg(not(feature = "export"))]
            ToWorker::More { .. } => {}
            ToWorker::Request { id, patch } => self.ask.answer(id, patch),
        }
    }
}
