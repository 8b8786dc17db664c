//! batchyard's embed widget, a program of its own: it is fetched on a click in somebody else's page, so it is made for size where the
//! page is made for speed. It draws nothing before its shell (embed/frame.js) asks for it.

use wasm_bindgen::prelude::wasm_bindgen;

fn main() {}

/// Draws the embed widget; see `batchyard::embed_mount`.
#[wasm_bindgen]
pub fn embed_mount(root: web_sys::Element, parameters: &str, heard: js_sys::Function) {
    batchyard::embed_mount(root, parameters, heard);
}

/// Passes a host's message on to the embed widget; see `batchyard::embed_call`.
#[wasm_bindgen]
pub fn embed_call(kind: &str, payload: &str) -> String {
    batchyard::embed_call(kind, payload)
}
