//! Pointer, wheel, keys and actions of a viewer.

use wasm_bindgen::prelude::*;

use crate::error::{ErrorCode, ViewerError};
use crate::geometry::DVec2;
use crate::tools::gestures::{PointerInput, PointerKind, WheelInput};
use crate::tools::key::Modifiers;
use crate::tools::wheel::DeltaMode;
use crate::web::convert::{error_to_js, to_js_numbers};

use super::{PageView, edge};

#[wasm_bindgen]
impl PageView {
    /// Every action a person can take, with its keys.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn actions(&self, view: Option<String>) -> Result<JsValue, JsValue> {
        to_js_numbers(&self.inner.keymap.borrow().list(view.as_deref(), &self.inner.situation()))
    }

    /// Runs an action.
    ///
    /// # Errors
    /// No such action.
    #[wasm_bindgen(js_name = runAction)]
    pub fn run_action(&self, id: &str, args: JsValue) -> Result<(), JsValue> {
        let unknown = || error_to_js(&ViewerError::new(ErrorCode::NotFound, format!("there is no action \"{id}\"")));
        let action = crate::tools::actions::by_id(id).ok_or_else(unknown)?;
        let nth = js_sys::Reflect::get(&args, &"index".into()).ok().and_then(|index| index.as_f64()).unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; a layer that does not exist does nothing"
        )]
        let command = action.command(self.inner.gestures.borrow().panel_for_keys(), nth as usize);
        self.inner.dispatch(command);
        Ok(())
    }

    /// Gives an action other keys; `null` gives back its own.
    ///
    /// # Errors
    /// No such action, or keys that cannot be used.
    #[wasm_bindgen(js_name = setKeys)]
    pub fn set_keys(&self, id: &str, keys: Option<Vec<String>>) -> Result<(), JsValue> {
        let result = self.inner.keymap.borrow_mut().set_keys(id, keys.as_deref());
        edge(result.map_err(|error| ViewerError::new(ErrorCode::InvalidOptions, error.to_string())))
    }

    /// A pointer event. `true`: it was handled.
    #[expect(clippy::too_many_arguments, reason = "what a pointer event has")]
    pub fn pointer(&self, kind: &str, pointer_id: i32, pointer_type: &str, x: f64, y: f64, buttons: u32, modifiers: u32) -> bool {
        let Some(kind) = PointerKind::from_name(kind) else { return false };
        let input = PointerInput {
            kind,
            id: pointer_id,
            touch: pointer_type == "touch",
            at: DVec2::new(x, y),
            buttons,
            modifiers: Modifiers(modifiers),
        };
        self.inner.gesture(|gestures, now, out| gestures.pointer(&input, now, out))
    }

    /// A wheel event. `true`: it was handled.
    pub fn wheel(&self, x: f64, y: f64, delta_x: f64, delta_y: f64, delta_mode: u32, modifiers: u32) -> bool {
        let input = WheelInput {
            at: DVec2::new(x, y),
            delta: DVec2::new(delta_x, delta_y),
            mode: DeltaMode::from_dom(delta_mode),
            modifiers: Modifiers(modifiers),
        };
        self.inner.gesture(|gestures, now, out| gestures.wheel(&input, now, out))
    }

    /// A key. `true`: it was handled.
    pub fn key(&self, code: &str, key: &str, modifiers: u32) -> bool {
        if !self.inner.view.borrow().controls().keyboard {
            return false;
        }
        let found = self.inner.keymap.borrow().lookup(code, key, Modifiers(modifiers));
        let Some((action, nth)) = found else { return false };
        let command = action.command(self.inner.gestures.borrow().panel_for_keys(), nth);
        self.inner.dispatch(command);
        true
    }
}
