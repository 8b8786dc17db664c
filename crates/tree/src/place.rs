//! Where paths lead, remembered by the list of names they start from and the place of the path itself.
//!
//! Most of a run's time is spent in fields, and the engine asks for the same few hundred paths, which are part of the program,
//! in the same few hundred kinds of maps. As a JavaScript engine's inline cache does, this one answers from addresses, without
//! a look at the text: for the maps a path goes through it knows their lists of names, and which field to take of each. It
//! forgets as it likes.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::map::Keys;

/// Fewer where what belongs to a thread takes room of its stack.
const SLOTS: usize = if cfg!(target_family = "wasm") { 16_384 } else { 4096 };
/// How many steps of a path are remembered together; the rest of a longer one is a path of its own.
pub const STEPS: usize = 3;
/// Stands for a field that is not there.
pub const ABSENT: u8 = u8::MAX;

/// A step of a path.
pub struct Step {
    /// The list of names of the map that it is taken in.
    pub names: Cell<usize>,
    /// Which field it is, or [`ABSENT`].
    pub at: Cell<u8>,
    /// Where it ends in the path.
    pub end: Cell<u8>,
}

/// Where a path leads. Its lists of names are held in [`HELD`], so that no others can have their addresses; a path that
/// lives as long as the program keeps its own.
pub struct Known {
    path: Cell<usize>,
    len: Cell<u8>,
    /// The steps. Those that are not known are of no list of names.
    pub steps: [Step; STEPS],
}

impl Known {
    /// Whether it is about this path from a map of these names.
    #[inline]
    pub fn is_of(&self, names: &Keys, path: &'static [u8]) -> bool {
        self.path.get() == path.as_ptr() as usize
            && self.steps[0].names.get() == id(names)
            && usize::from(self.len.get()) == path.len()
    }
    /// Becomes a copy of another.
    fn take_over(&self, other: &Self) {
        self.path.set(other.path.get());
        self.len.set(other.len.get());
        for (to, from) in self.steps.iter().zip(&other.steps) {
            to.names.set(from.names.get());
            to.at.set(from.at.get());
            to.end.set(from.end.get());
        }
    }
}

const fn nothing() -> Known {
    let steps = [const { Step { names: Cell::new(0), at: Cell::new(0), end: Cell::new(0) } }; STEPS];
    Known { path: Cell::new(0), len: Cell::new(0), steps }
}

thread_local! {
    static CACHE: [Known; SLOTS] = const { [const { nothing() }; SLOTS] };
    // Left to the end of the process, as the cache of texts is.
    static HELD: ManuallyDrop<RefCell<Vec<Vec<Keys>>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// The number that a list of names is known by.
#[inline]
pub fn id(names: &Keys) -> usize {
    Rc::as_ptr(names) as usize
}

#[inline]
fn slot(names: usize, path: &'static [u8]) -> usize {
    let mixed = (names as u64).rotate_left(20) ^ path.as_ptr() as usize as u64;
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize % SLOTS
}

/// Which of the two places where something may be known of a path: the first, which is looked at where time counts.
pub const FIRST: usize = 0;
/// And the other, where what stood in the first was put.
pub const OTHER: usize = 1;

/// Calls `then` with the place where it may be known where a path leads from a map of these names.
#[allow(clippy::inline_always, reason = "half of a run's time is spent here")]
#[inline(always)]
pub fn with<T>(place: usize, names: &Keys, path: &'static [u8], then: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
    CACHE.try_with(|cache| then(&cache[slot(id(names), path) ^ place])).ok()?
}

/// Remembers the steps of a path: the list of names of each map it goes through, which field it takes there and where the
/// step ends. What was remembered in its place is put in the other, so that two in use do not drive each other out again
/// and again. Nothing is remembered of a path that is too long.
pub fn learn(path: &'static [u8], steps: &[(Keys, u8, usize)]) {
    let (Ok(len), Some((first, _, _))) = (u8::try_from(path.len()), steps.first()) else { return };
    let slot = slot(id(first), path);
    CACHE.with(|cache| {
        let known = &cache[slot];
        cache[slot ^ 1].take_over(known);
        known.path.set(path.as_ptr() as usize);
        known.len.set(len);
        for (n, to) in known.steps.iter().enumerate() {
            let step = steps.get(n);
            to.names.set(step.map_or(0, |(names, _, _)| id(names)));
            to.at.set(step.map_or(ABSENT, |(_, at, _)| *at));
            to.end.set(step.map_or(0, |(_, _, end)| *end as u8));
        }
    });
    HELD.with(|held| {
        let mut held = held.borrow_mut();
        if held.is_empty() {
            held.resize(SLOTS, Vec::new());
        }
        held.swap(slot, slot ^ 1);
        held[slot] = steps.iter().map(|(names, _, _)| names.clone()).collect();
    });
}

#[cfg(test)]
mod tests {
    use crate::Value;

    /// Far more kinds of maps than there are places: each is forgotten, and learnt anew.
    #[test]
    fn what_is_forgotten_is_found_again() {
        let mut maps: Vec<Value> = (0..2 * super::SLOTS)
            .map(|i| {
                Value::object_from([(format!("a{i}"), 0.into()), ("b".to_owned(), Value::object([("c", i.into())]))])
            })
            .collect();
        for round in 0..3 {
            for (i, map) in maps.iter_mut().enumerate() {
                assert_eq!(map.int_at("b.c"), Some((i + round) as i64), "{i}");
                assert_eq!(map.at("b.d.e"), &Value::Null, "{i}");
                map.set("b.c", i + round + 1);
            }
        }
    }
}
