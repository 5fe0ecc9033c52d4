//! Where a viewer looks, its panels, and the colours around the data.

use wasm_bindgen::prelude::*;

use crate::scene::layer::parse_color;
use crate::scene::panels::Layout;
use crate::web::convert::{from_js, to_js_numbers};
use crate::web::view_state::{ViewStateJs, ViewStatePatch};

use super::{PageView, edge, now_millis};

#[wasm_bindgen]
impl PageView {
    /// Where the viewer looks.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = viewState)]
    pub fn view_state(&self) -> Result<JsValue, JsValue> {
        to_js_numbers(&ViewStateJs::of(&self.inner.view.borrow()))
    }

    /// Looks elsewhere. Gives the number of the move, which "moveend" has.
    ///
    /// # Errors
    /// A view state that makes no sense.
    #[wasm_bindgen(js_name = setViewState)]
    pub fn set_view_state(&self, patch: JsValue, duration_millis: f64) -> Result<u32, JsValue> {
        let patch: ViewStatePatch = from_js(&patch)?;
        let number = edge(patch.apply(&mut self.inner.view.borrow_mut(), now_millis(), duration_millis))?;
        self.inner.ask_frame();
        Ok(number)
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
}
