//! A view as JSON, and back.

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::error::{ErrorCode, ViewerError};
use crate::scene::layer::LayerOptions;
use crate::scene::panels::Layout;
use crate::web::convert::{error_to_js, from_js, to_js_numbers};
use crate::web::view_state::{ViewStateJs, ViewStatePatch};

use super::{PageView, edge, now_millis, object};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedState {
    version: u32,
    view_state: ViewStatePatch,
    layout: Layout,
    layers: Vec<LayerOptions>,
}

#[wasm_bindgen]
impl PageView {
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
    pub fn set_state(&self, state: JsValue) -> Result<(), JsValue> {
        let inner = &self.inner;
        let state: SavedState = from_js(&state)?;
        if state.version != 1 {
            return Err(error_to_js(&ViewerError::new(
                ErrorCode::BadData,
                format!("the saved view has version {}; this viewer reads version 1", state.version),
            )));
        }
        let mut view = inner.view.borrow_mut();
        edge(state.view_state.patched(&view))?;
        edge(view.restore(state.layers))?;
        view.set_layout(state.layout);
        edge(state.view_state.whole().apply(&mut view, now_millis(), 0.0))?;
        drop(view);
        inner.ask_frame();
        Ok(())
    }
}
