//! Turns: what may wait a little is called a few at a time, after one frame and the next, so that no frame has much to lay out.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::frames::Frames;

/// So many are called after each frame.
const AT_ONCE: usize = 2;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn FnOnce()>>,
    frames: Option<Frames>,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// Calls when its turn has come.
pub fn wait(call: impl FnOnce() + 'static) {
    QUEUE.with_borrow_mut(|queue| {
        queue.waiting.push_back(Box::new(call));
        queue.frames.get_or_insert_with(|| Frames::start(|_| some()));
    });
}

fn some() {
    let now: Vec<_> = QUEUE.with_borrow_mut(|queue| {
        let n = queue.waiting.len().min(AT_ONCE);
        let now = queue.waiting.drain(..n).collect();
        if queue.waiting.is_empty() {
            queue.frames = None;
        }
        now
    });
    now.into_iter().for_each(|call| call());
}
