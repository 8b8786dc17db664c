//! All objects at one moment.

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::Store;
use crate::clock::Time;

/// All objects at one moment. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    now: Time,
    store: Store,
}

impl Snapshot {
    pub(super) fn new(now: Time, store: Store) -> Self {
        Self { now, store }
    }
    /// The moment.
    pub fn now(&self) -> Time {
        self.now
    }
    /// The objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Rc<Object>> {
        self.store.list(kind)
    }
    /// An object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        self.store.get(key)
    }
    /// The objects that name an owner of this uid.
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Rc<Object>> {
        self.store.dependents(uid)
    }
}
