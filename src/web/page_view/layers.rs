//! The layers of a viewer, as JavaScript sees them.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::scene::layer::LayerOptions;
use crate::web::convert::{error_to_js, from_js, to_js, to_js_numbers};

use super::{PageView, edge, object};

#[wasm_bindgen]
impl PageView {
    /// Adds a layer; resolves when its metadata is read. A layer that cannot be read stays, in state "error". `document` is what the page
    /// has read already at `url`, of what opening the layer reads.
    ///
    /// # Errors
    /// Options that cannot be used, or why the metadata could not be read.
    #[wasm_bindgen(js_name = addLayer)]
    pub async fn add_layer(
        &self,
        request: u32,
        spec: JsValue,
        before: Option<String>,
        url: Option<String>,
        document: Option<Vec<u8>>,
    ) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let options: LayerOptions = from_js(&spec)?;
        let id = options.id.clone().unwrap_or_default();
        let documents = url.zip(document).map(|(url, document)| (url, Some(document.into()))).into_iter().collect();
        let receiver = edge(inner.view.borrow_mut().add_layer(options, before.as_deref(), documents))?;
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

    /// A layer's failed chunks by cause.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn failures(&self, layer_id: &str) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.view.borrow().failures(layer_id))
    }

    /// Makes the coarser levels that a layer's volume lacks.
    ///
    /// # Errors
    /// No such layer, or none that lacks levels which could be made.
    #[wasm_bindgen(js_name = makeLevels)]
    pub fn make_levels(&self, id: &str) -> Result<(), JsValue> {
        edge(self.inner.view.borrow_mut().make_levels(id))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// Stops making levels, and removes what was made of them.
    ///
    /// # Errors
    /// No such layer.
    #[wasm_bindgen(js_name = stopLevels)]
    pub fn stop_levels(&self, id: &str) -> Result<(), JsValue> {
        edge(self.inner.view.borrow_mut().stop_levels(id))?;
        self.inner.ask_frame();
        Ok(())
    }

    /// Asks again for what failed, of one layer or of all.
    #[wasm_bindgen(js_name = retryFailed)]
    pub fn retry_failed(&self, layer_id: Option<String>) {
        self.inner.view.borrow_mut().retry_failed(layer_id.as_deref());
        self.inner.ask_frame();
    }
}
