//! Exports of layers, as JavaScript sees them.

use std::rc::Rc;

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::engine::{ExportOptions, Exporting};
use crate::web::convert::{error_to_js, from_js};

use super::{PageView, edge};

#[wasm_bindgen]
impl PageView {
    /// Writes a layer as files. `write(bytes, done, total)` takes the next bytes, perhaps none, and promises when it may go on.
    ///
    /// # Errors
    /// No such layer or level, a box or format that cannot be, why a chunk could not be had, or what `write` has thrown.
    #[wasm_bindgen(js_name = exportVolume)]
    pub async fn export_volume(&self, request: u32, layer_id: String, options: JsValue, write: Function) -> Result<(), JsValue> {
        let inner = Rc::clone(&self.inner);
        let options: ExportOptions = from_js(&options)?;
        let exporting = edge(inner.view.borrow_mut().export_volume(&layer_id, options))?;
        edge(inner.unless_aborted(request, hand_over(exporting, write)).await)?
    }
}

async fn hand_over(mut exporting: Exporting, write: Function) -> Result<(), JsValue> {
    while let Some(piece) = exporting.next().await {
        let piece = piece.map_err(|error| error_to_js(&error))?;
        let bytes = Uint8Array::from(&piece.bytes[..]);
        #[expect(clippy::cast_precision_loss, reason = "chunks of a volume are fewer than 2^53")]
        let [done, total] = [piece.progress.done, piece.progress.total].map(|count| JsValue::from(count as f64));
        let written = write.call3(&JsValue::NULL, &bytes, &done, &total)?;
        JsFuture::from(Promise::resolve(&written)).await?;
    }
    Ok(())
}
