//! The browser's clock.

use futures::future::{FutureExt, LocalBoxFuture};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast as _;

use crate::runtime::Clock;

/// `performance.now`, `setTimeout` and `Math.random`, in a page or a worker.
#[derive(Clone, Debug)]
pub struct BrowserClock {
    performance: Option<web_sys::Performance>,
}

impl BrowserClock {
    /// The clock of the global scope.
    #[must_use]
    pub fn new() -> Self {
        let performance = js_sys::Reflect::get(&js_sys::global(), &"performance".into()).ok();
        Self { performance: performance.and_then(|performance| performance.dyn_into().ok()) }
    }
}

impl Default for BrowserClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for BrowserClock {
    fn now_millis(&self) -> f64 {
        self.performance.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::now)
    }

    fn sleep(&self, millis: f64) -> LocalBoxFuture<'static, ()> {
        // setTimeout reads its delay as a signed 32-bit number.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range just before")]
        let millis = millis.ceil().clamp(0.0, f64::from(i32::MAX)) as u32;
        TimeoutFuture::new(millis).boxed_local()
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }
}
