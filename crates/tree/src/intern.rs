//! Short texts that come again and again, kept once.
//!
//! A cluster's history holds millions of field names and words like `True`. Each is an allocation of its own where it is
//! made from a literal; this cache hands out the one made before. It forgets as it likes: what it gives is equal, shared or
//! not, so nothing depends on it.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::map::mark;
use crate::order;

const SLOTS: usize = 4096;
/// Longer texts are names and messages, which seldom come again.
const LONGEST: usize = 40;

thread_local! {
    // Of a fixed size, so that it may be left to the end of the process: freeing it takes as long as a tenth of a run.
    static CACHE: ManuallyDrop<RefCell<Vec<Option<Rc<str>>>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// A number that is mostly another for another text: by its length, how it begins and how it ends.
fn text_hash(text: &[u8]) -> u64 {
    let word = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(a), Some(b)) => {
            u64::from_le_bytes(*a).rotate_left(23) ^ u64::from_le_bytes(*b) ^ (text.len() as u64) << 56
        }
        _ => mark(text),
    };
    let mixed = word.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// A shared text of this content.
pub fn intern(text: &str) -> Rc<str> {
    if text.len() > LONGEST {
        return Rc::from(text);
    }
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        if cache.is_empty() {
            cache.resize(SLOTS, None);
        }
        let place = &mut cache[(text_hash(text.as_bytes()) >> 48) as usize % SLOTS];
        match place {
            Some(there) if order::same(there.as_bytes(), text.as_bytes()) => there.clone(),
            _ => {
                let made: Rc<str> = Rc::from(text);
                *place = Some(made.clone());
                made
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        assert!(Rc::ptr_eq(&intern("status"), &intern("status")));
        assert_eq!(intern(&"x".repeat(100)).len(), 100);
    }
}
