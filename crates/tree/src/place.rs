//! Where the fields are that paths lead to, remembered by the list of names and the place of the path itself.
//!
//! Most of a run's time is spent in fields, and the engine asks for the same few hundred paths, which are part of the program,
//! in the same few hundred kinds of maps. As a JavaScript engine's inline cache does, this one answers from two addresses,
//! without a look at the text. It forgets as it likes.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::map::Keys;
use crate::value::step_len;

const SLOTS: usize = 4096;
const ABSENT: u8 = u8::MAX;

/// Where a path's first step leads in maps of a list of names. The list is held, so that no other can have its address; a
/// path that lives as long as the program keeps its own.
struct Known {
    names: Keys,
    path: *const u8,
    len: usize,
    step: u16,
    at: u8,
}

thread_local! {
    // Left to the end of the process, as the cache of texts is.
    static CACHE: ManuallyDrop<RefCell<Vec<Option<Known>>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

#[inline]
fn slot(names: &Keys, path: &'static [u8]) -> usize {
    let mixed = (Rc::as_ptr(names) as usize as u64).rotate_left(20) ^ path.as_ptr() as usize as u64;
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize % SLOTS
}

/// Where the field is that the first step of a path names, and how long that step is.
#[inline]
pub fn of(names: &Keys, path: &'static [u8]) -> (Option<usize>, usize) {
    let known = CACHE.with(|cache| match cache.borrow().get(slot(names, path)) {
        Some(Some(k)) if Rc::ptr_eq(&k.names, names) && k.path == path.as_ptr() && k.len == path.len() => {
            Some((k.at, k.step))
        }
        _ => None,
    });
    let (at, step) = known.unwrap_or_else(|| look(names, path));
    ((at != ABSENT).then_some(usize::from(at)), usize::from(step))
}

#[cold]
#[inline(never)]
fn look(names: &Keys, path: &'static [u8]) -> (u8, u16) {
    let step = step_len(path);
    let at = names.position(&path[..step]).map_or(ABSENT, |at| at as u8);
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        if cache.is_empty() {
            cache.resize_with(SLOTS, || None);
        }
        cache[slot(names, path)] =
            Some(Known { names: names.clone(), path: path.as_ptr(), len: path.len(), step: step as u16, at });
    });
    (at, step as u16)
}
