//! How much of the WebAssembly is there: a first load brings what draws the page, the simulator and the rest follow
//! (scripts/split-loader.js). A build that is not split is all there from the start.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::dom::{Listener, window};

/// So many are all.
pub const ALL: u32 = 3;

/// How many parts have come, of those that come one by one; nothing where all came at once.
pub fn here() -> Option<u32> {
    let n = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("batchyardParts")).ok()?.as_f64()?;
    Some(n as u32)
}

/// Tells when more is there.
pub fn on_more(mut callback: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "batchyard:part", move |_| callback())
}

/// Calls once all parts are there.
pub fn when_all(draw: impl FnOnce() + 'static) {
    let all = || here().is_none_or(|n| n >= ALL);
    if all() {
        return draw();
    }
    let waiting: Rc<RefCell<Option<Listener>>> = Rc::default();
    let (kept, mut draw) = (waiting.clone(), Some(draw));
    *waiting.borrow_mut() = Some(on_more(move || {
        if all()
            && let Some(draw) = draw.take()
        {
            draw();
            // The listener cannot go while it is being called.
            let kept = kept.clone();
            wasm_bindgen_futures::spawn_local(async move { drop(kept.take()) });
        }
    }));
}
