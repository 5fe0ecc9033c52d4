//! What only a browser can show: tests of the wasm build, in the page (feature `page`) and in a worker (feature `worker`).
//!
//! `cargo xtask test wasm` runs them. Beside them the server has `tests/data` under `/data/` and `/fault/…`; its origin is the
//! location's.

#![cfg(target_arch = "wasm32")]
#![cfg_attr(feature = "worker", expect(clippy::unwrap_used, reason = "a test fails by panicking"))]

#[cfg(feature = "worker")]
mod fetch;

use wasm_bindgen_test::wasm_bindgen_test;

/// Where the tests run is where the code will run.
#[wasm_bindgen_test]
fn this_is_the_right_global_scope() {
    let scope = js_sys::global().constructor().name();
    let expected = if cfg!(feature = "page") { "Window" } else { "DedicatedWorkerGlobalScope" };
    assert_eq!(String::from(scope), expected);
}
