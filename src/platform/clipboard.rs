//! Copying text, through whichever way this browser allows.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::dom::window;

/// Puts a text on the clipboard; whether the browser took the request.
pub fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let Ok(clipboard) = Reflect::get(&navigator, &JsValue::from_str("clipboard")) else { return false };
    let Some(write) =
        Reflect::get(&clipboard, &JsValue::from_str("writeText")).ok().and_then(|f| f.dyn_into::<Function>().ok())
    else {
        return false;
    };
    write.call1(&clipboard, &JsValue::from_str(text)).is_ok()
}
