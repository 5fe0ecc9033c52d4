//! JavaScript values to Rust and back: options in, infos and errors out.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::error::{ErrorCode, ViewerError};

/// A plain object; 64-bit numbers become bigints, maps become objects, `None` becomes `undefined`.
///
/// # Errors
/// A defect of this program: nothing that is sent out can fail to be written.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true).serialize_large_number_types_as_bigints(true);
    value.serialize(&serializer).map_err(|error| error_to_js(&ViewerError::new(ErrorCode::Internal, error.to_string())))
}

/// A plain object in which every number is a plain number. For values without segment ids.
///
/// # Errors
/// As [`to_js`].
pub fn to_js_numbers(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(|error| error_to_js(&ViewerError::new(ErrorCode::Internal, error.to_string())))
}

/// Reads options; `undefined` and `null` read as the empty object.
///
/// # Errors
/// `invalid-options` with what is wrong.
pub fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, JsValue> {
    let value = if value.is_undefined() || value.is_null() { js_sys::Object::new().into() } else { value.clone() };
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| error_to_js(&ViewerError::new(ErrorCode::InvalidOptions, format!("the options cannot be used: {error}"))))
}

thread_local! {
    /// A port whose other end is closed.
    static NOWHERE: Option<web_sys::MessagePort> = web_sys::MessageChannel::new().ok().map(|channel| {
        channel.port2().close();
        channel.port1()
    });
}

/// Gives the memory of bytes that were copied back at once, which leaves the array empty: the garbage collector lets tens of megabytes of
/// them lie. What is sent to nobody is freed; after `ArrayBuffer.transfer(0)` Chromium keeps what came from a message or the network.
pub fn release(bytes: &js_sys::Uint8Array) {
    NOWHERE.with(|nowhere| {
        if let Some(nowhere) = nowhere {
            // What cannot be sent is collected in its time.
            let _kept = nowhere.post_message_with_transferable(&JsValue::NULL, &js_sys::Array::of1(&bytes.buffer()));
        }
    });
}

/// The plain object that an error crosses the edge as.
#[must_use]
pub fn error_to_js(error: &ViewerError) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    error.serialize(&serializer).unwrap_or_else(|_| JsValue::from_str(&error.message))
}

/// The error that the package's JavaScript has thrown: a `ViewerError` of its own, or whatever else.
#[must_use]
pub fn error_from_js(thrown: &JsValue) -> ViewerError {
    let field = |key: &str| js_sys::Reflect::get(thrown, &key.into()).ok();
    let text = |key: &str| field(key)?.as_string();
    let code = field("code").and_then(|code| serde_wasm_bindgen::from_value(code).ok()).unwrap_or(ErrorCode::Internal);
    let mut error = ViewerError::new(code, text("message").or_else(|| thrown.as_string()).unwrap_or_else(|| format!("{thrown:?}")));
    error.remedy = text("remedy");
    error.retryable = field("retryable").is_some_and(|retryable| retryable.is_truthy());
    error
}
