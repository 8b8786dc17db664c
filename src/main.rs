//! Starts batchyard's page. Everything is in the library beside it.

use wasm_bindgen::prelude::wasm_bindgen;

fn main() {
    batchyard::start();
}

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

/// Runs the first example for nothing; see `batchyard::session::desk::rehearse`.
#[wasm_bindgen]
pub fn rehearse(all: bool) {
    batchyard::session::desk::rehearse(all);
}
