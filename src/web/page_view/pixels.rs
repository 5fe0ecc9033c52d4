//! Voxels, documents and pictures of a viewer: what comes back in bulk.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::geometry::{PanelKind, VoxelBox};
use crate::scene::layer::SourceOptions;
use crate::web::convert::from_js;
use crate::web::surface::gpu_error;
use crate::web::voxel_block::block_to_js;

use super::{PageView, edge, now_millis, object, uploads_lost};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ReadOptions {
    level: usize,
    channel: Option<u32>,
    at: Option<BTreeMap<String, u64>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CaptureOptions {
    width: Option<f64>,
    height: Option<f64>,
    panel: Option<PanelKind>,
    overlays: Option<bool>,
}

#[wasm_bindgen]
impl PageView {
    /// Reads a box of voxels.
    ///
    /// # Errors
    /// No such layer or level, a box that holds nothing or too much, or why a chunk could not be had.
    #[wasm_bindgen(js_name = readVoxels)]
    pub async fn read_voxels(&self, request: u32, layer_id: String, voxels: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let voxels: VoxelBox = from_js(&voxels)?;
        let options: ReadOptions = from_js(&options)?;
        let receiver = edge(inner.view.borrow_mut().read_voxels(&layer_id, voxels, options.level, options.channel, options.at))?;
        let block = edge(edge(inner.answer(request, receiver).await)?)?;
        block_to_js(&block, options.level)
    }

    /// Reads a document in the folder that a source names; undefined where there is none.
    ///
    /// # Errors
    /// An address that cannot be understood, or why the document could not be had.
    #[wasm_bindgen(js_name = readDocument)]
    pub async fn read_document(&self, request: u32, source: JsValue, name: String) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let source: SourceOptions = from_js(&source)?;
        let receiver = edge(inner.view.borrow_mut().read_document(&source, &name))?;
        let document = edge(edge(inner.answer(request, receiver).await)?)?;
        Ok(document.map_or(JsValue::UNDEFINED, |bytes| js_sys::Uint8Array::from(&*bytes).into()))
    }

    /// Draws a picture: RGBA, 8 bits each.
    ///
    /// # Errors
    /// A size that cannot be drawn, no such panel, or a lost device.
    pub async fn capture(&self, request: u32, options: JsValue) -> Result<JsValue, JsValue> {
        let inner = Rc::clone(&self.inner);
        let options: CaptureOptions = from_js(&options)?;
        // Without a device the view would never be complete.
        drop(edge(inner.context.device())?);
        // One picture at a time: each arranges the view for itself.
        let _turn = inner.picture.lock().await;
        let other = options.width.is_some() || options.height.is_some() || options.panel.is_some();
        if other {
            edge(inner.view.borrow_mut().begin_picture([options.width, options.height], options.panel))?;
            let ready = inner.view.borrow_mut().idle();
            inner.ask_frame();
            if let Err(gone) = inner.answer(request, ready).await {
                inner.view.borrow_mut().end_picture();
                return edge(Err(gone));
            }
        }
        let list = inner.view.borrow_mut().picture(now_millis(), options.overlays.unwrap_or(false));
        inner.view.borrow_mut().end_picture();
        let [width, height] = list.size_px;
        let pixels = {
            let mut device = edge(inner.context.device())?;
            let uploads = inner.context.engine.take_uploads();
            edge(device.gpu.apply(&uploads).map_err(|error| uploads_lost(&inner.context.engine, &error)))?;
            edge(device.gpu.render_to_rgba(&list).map_err(|error| gpu_error(&error)))?
        };
        let rgba = edge(pixels.await.map_err(|error| gpu_error(&error)))?;
        inner.ask_frame();
        object(&[("width", width.into()), ("height", height.into()), ("rgba", js_sys::Uint8Array::from(rgba.as_slice()).into())])
    }

    /// Resolves when all that is in view is drawn, or known to be absent or failed.
    ///
    /// # Errors
    /// The request was aborted, or the device was lost and there is no other.
    pub async fn idle(&self, request: u32) -> Result<(), JsValue> {
        let inner = Rc::clone(&self.inner);
        drop(edge(inner.context.device())?);
        let receiver = inner.view.borrow_mut().idle();
        inner.ask_frame();
        edge(inner.answer(request, receiver).await)
    }
}
