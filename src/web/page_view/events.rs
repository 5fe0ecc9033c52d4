//! What a viewer tells its page.

use wasm_bindgen::prelude::*;

use crate::engine::ViewEvent;
use crate::error::ViewerError;
use crate::web::convert::{error_to_js, to_js, to_js_numbers};
use crate::web::view_state::ViewStateJs;

use super::{PageView, object};

/// What happens at the edge, and not in the engine.
pub(super) enum OwnEvent {
    DeviceLost { restored: bool },
    Error(ViewerError),
}

#[wasm_bindgen]
impl PageView {
    /// What has happened since the last call: `{ type, detail }`.
    ///
    /// # Errors
    /// None that a caller can cause.
    #[wasm_bindgen(js_name = drainEvents)]
    pub fn drain_events(&self) -> Result<js_sys::Array, JsValue> {
        let events = self.inner.view.borrow_mut().drain_events();
        let own = self.inner.own_events.take();
        let list = js_sys::Array::new();
        for event in events {
            if let Some((name, detail)) = self.event_detail(&event)? {
                list.push(&event_object(name, &detail)?);
            }
        }
        for event in own {
            let (name, detail) = match event {
                OwnEvent::DeviceLost { restored } => ("devicelost", object(&[("restored", restored.into())])?),
                OwnEvent::Error(error) => ("error", error_to_js(&error)),
            };
            list.push(&event_object(name, &detail)?);
        }
        Ok(list)
    }
}

impl PageView {
    /// `None` where nothing is to be told any more.
    fn event_detail(&self, event: &ViewEvent) -> Result<Option<(&'static str, JsValue)>, JsValue> {
        let view = self.inner.view.borrow();
        Ok(Some(match event {
            ViewEvent::ViewState { by_user } => {
                let source = if *by_user { "user" } else { "api" };
                ("viewstatechange", object(&[("viewState", to_js_numbers(&ViewStateJs::of(&view))?), ("source", source.into())])?)
            }
            ViewEvent::Layer { id } => {
                // It may have been removed since.
                let Some(info) = view.layer_info(id) else { return Ok(None) };
                let error = info.error.as_ref().map_or(JsValue::UNDEFINED, error_to_js);
                ("layerstatechange", object(&[("id", id.into()), ("state", to_js_numbers(&info.state)?), ("error", error)])?)
            }
            ViewEvent::Layers => {
                let ids: js_sys::Array = view.layers().into_iter().map(|layer| JsValue::from(layer.id.unwrap_or_default())).collect();
                ("layerschange", object(&[("ids", ids.into())])?)
            }
            ViewEvent::Hover(info) => ("hover", info.as_ref().map_or(Ok(JsValue::NULL), to_js)?),
            ViewEvent::Click(info) => ("click", to_js(info)?),
            ViewEvent::MoveEnd { number } => ("moveend", object(&[("number", (*number).into())])?),
            ViewEvent::Page(id) => ("action", object(&[("id", (*id).into())])?),
            ViewEvent::Layout => ("layoutchange", object(&[("layout", to_js_numbers(&view.layout())?)])?),
            ViewEvent::Error(error) => ("error", error_to_js(error)),
        }))
    }
}

fn event_object(name: &str, detail: &JsValue) -> Result<JsValue, JsValue> {
    object(&[("type", name.into()), ("detail", detail.clone())])
}
