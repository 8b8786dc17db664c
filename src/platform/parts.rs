//! Whether all of the WebAssembly is there: a first load brings what runs at once, the rest follows in the background
//! (scripts/split-loader.js). A build that is not split is whole from the start.

use wasm_bindgen::JsValue;

use super::dom::{Listener, window};

/// Whether nothing is still to come.
pub fn whole() -> bool {
    js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("batchyardWhole")).is_ok_and(|v| v != false)
}

/// Tells when nothing is still to come.
pub fn on_whole(callback: impl FnMut() + 'static) -> Listener {
    let mut callback = callback;
    Listener::new(&window(), "batchyard:whole", move |_| callback())
}
