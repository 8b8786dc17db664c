//! Starts batchyard's page. Everything is in the library beside it.

use wasm_bindgen::prelude::wasm_bindgen;

fn main() {
    batchyard::start();
}

/// Runs the first example for nothing; see `batchyard::session::desk::rehearse`.
#[wasm_bindgen]
pub fn rehearse(all: bool) {
    batchyard::session::desk::rehearse(all);
}
