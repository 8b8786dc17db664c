//! Turns: what may wait a little is called a few at a time, after one frame and the next, so that no frame has much to lay out.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::frames::{Frames, Timeout};

/// So many are called after each frame, and one where frames come later than this, in milliseconds: on a slow machine.
const AT_ONCE: usize = 2;
const LATE: f64 = 30.0;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn FnOnce()>>,
    frames: Option<Frames>,
    /// When the last frame was.
    last: f64,
    /// The calls of this frame, after all else that it leads to.
    calls: Option<Timeout>,
    /// Whether the coming frame has enough to lay out without them.
    full: bool,
    still: bool,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// Calls when its turn has come.
pub fn wait(call: impl FnOnce() + 'static) {
    QUEUE.with_borrow_mut(|queue| {
        queue.waiting.push_back(Box::new(call));
        queue.frames.get_or_insert_with(|| Frames::start(frame));
    });
}

/// Says that much was drawn for the coming frame: what waits has its turn after the next one.
pub fn full() {
    QUEUE.with_borrow_mut(|queue| queue.full = true);
}

/// Says whether what is drawn next stands still, or has just been asked for: then nothing waits, and what waited is called.
pub fn still(on: bool) {
    QUEUE.with_borrow_mut(|queue| queue.still = on);
    if on {
        call(usize::MAX);
    }
}

/// Whether nothing waits.
pub fn is_still() -> bool {
    QUEUE.with_borrow(|queue| queue.still)
}

fn frame(at: f64) {
    let late = QUEUE.with_borrow_mut(|queue| at - std::mem::replace(&mut queue.last, at) > LATE);
    let calls = Timeout::new(0, move || {
        if !QUEUE.with_borrow_mut(|queue| std::mem::take(&mut queue.full)) {
            call(if late { 1 } else { AT_ONCE });
        }
    });
    QUEUE.with_borrow_mut(|queue| queue.calls = Some(calls));
}

fn call(most: usize) {
    let now: Vec<_> = QUEUE.with_borrow_mut(|queue| {
        let n = queue.waiting.len().min(most);
        let now = queue.waiting.drain(..n).collect();
        if queue.waiting.is_empty() {
            queue.frames = None;
        }
        now
    });
    now.into_iter().for_each(|call| call());
}
