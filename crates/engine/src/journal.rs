//! The history of a run: every change of every object, with its time and who made it.
//!
//! It is what the page animates, rewinds and draws as a timeline, and what two runs are compared by.

use std::rc::Rc;

use crate::api::{Object, ObjectKey};
use crate::apiserver::Change;
use crate::clock::Time;

/// Append-only, but for a fork: acting in the past cuts what came after.
#[derive(Clone, Default)]
pub struct Journal {
    entries: Vec<Rc<Change>>,
}

impl Journal {
    /// All changes, oldest first; after going back also those that lie ahead.
    pub fn entries(&self) -> &[Rc<Change>] {
        &self.entries
    }
    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// The changes up to and at a time. O(log n).
    pub fn until(&self, at: Time) -> &[Rc<Change>] {
        &self.entries[..self.entries.partition_point(|c| c.at <= at)]
    }
    /// The version of an object at a time, none where it did not exist.
    pub fn object_at(&self, key: &ObjectKey, at: Time) -> Option<&Rc<Object>> {
        self.until(at).iter().rev().find(|c| c.key == *key).and_then(|c| c.after.as_ref())
    }
    pub(crate) fn push(&mut self, change: Change) {
        self.entries.push(Rc::new(change));
    }
    pub(crate) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }
    /// A hash over all changes (FNV-1a, 64 bits): equal for equal histories, natively and in WebAssembly.
    pub fn hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut feed = |bytes: &[u8]| {
            for b in bytes {
                hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for c in &self.entries {
            feed(&c.at.0.to_le_bytes());
            feed(c.key.kind.name().as_bytes());
            feed(c.key.namespace.as_bytes());
            feed(c.key.name.as_bytes());
            feed(c.after.as_ref().map_or_else(String::new, |o| o.body().to_json()).as_bytes());
        }
        hash
    }
}
