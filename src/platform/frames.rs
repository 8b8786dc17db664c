//! Animation frames and timeouts, each ended by dropping its handle.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::dom::{document, window};

type Tick = Closure<dyn FnMut(f64)>;

/// Calls back on every animation frame, with the milliseconds of the browser's clock, until it is dropped.
pub struct Frames {
    alive: Rc<Cell<bool>>,
}

impl Frames {
    /// Starts.
    pub fn start(mut on_frame: impl FnMut(f64) + 'static) -> Self {
        let alive = Rc::new(Cell::new(true));
        let slot: Rc<RefCell<Option<Tick>>> = Rc::default();
        let (again, still) = (slot.clone(), alive.clone());
        *slot.borrow_mut() = Some(Closure::new(move |ms: f64| {
            if !still.get() {
                again.borrow_mut().take();
                return;
            }
            on_frame(ms);
            request(&again);
        }));
        request(&slot);
        Self { alive }
    }
}

fn request(slot: &Rc<RefCell<Option<Tick>>>) {
    if let Some(tick) = slot.borrow().as_ref() {
        let _ = window().request_animation_frame(tick.as_ref().unchecked_ref());
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.alive.set(false);
    }
}

/// Calls back once after a while unless it is dropped before.
pub struct Timeout {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Starts.
    pub fn new(ms: i32, callback: impl FnMut() + 'static) -> Self {
        let closure: Closure<dyn FnMut()> = Closure::new(callback);
        let id = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(closure.as_ref().unchecked_ref(), ms)
            .unwrap_or_default();
        Self { id, _closure: closure }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

/// The browser's monotonic clock in milliseconds.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Whether the page is hidden.
pub fn hidden() -> bool {
    document().hidden()
}
