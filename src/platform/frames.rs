//! Animation frames and timeouts, each ended by dropping its handle.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::dom::{document, window};

type Tick = Closure<dyn FnMut(f64)>;

/// Calls back after every animation frame, with the milliseconds of the browser's clock at it, until it is dropped.
///
/// Each call is a task of its own: what it changes is laid out and painted by the next frame, so that the two never add up.
pub struct Frames {
    alive: Rc<Cell<bool>>,
}

impl Frames {
    /// Starts.
    pub fn start(mut on_frame: impl FnMut(f64) + 'static) -> Self {
        let alive = Rc::new(Cell::new(true));
        // The frame whose call is still to come.
        let due: Rc<Cell<Option<f64>>> = Rc::default();
        let (still, called) = (alive.clone(), due.clone());
        let call: Closure<dyn FnMut()> = Closure::new(move || {
            if let Some(ms) = called.take().filter(|_| still.get()) {
                on_frame(ms);
            }
        });
        let slot: Rc<RefCell<Option<Tick>>> = Rc::default();
        let (again, still, mut timer) = (slot.clone(), alive.clone(), 0);
        *slot.borrow_mut() = Some(Closure::new(move |ms: f64| {
            if !still.get() {
                window().clear_timeout_with_handle(timer);
                again.borrow_mut().take();
                return;
            }
            if due.replace(Some(ms)).is_none() {
                timer = after(0, &call);
            }
            request(&again);
        }));
        request(&slot);
        Self { alive }
    }
}

fn after(ms: i32, call: &Closure<dyn FnMut()>) -> i32 {
    let call = call.as_ref().unchecked_ref();
    window().set_timeout_with_callback_and_timeout_and_arguments_0(call, ms).unwrap_or_default()
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
        Self { id: after(ms, &closure), _closure: closure }
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
