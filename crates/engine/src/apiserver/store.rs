//! The store: the newest version of every object, by kind, namespace and name, with an index by owner.
//!
//! Models etcd as the API server sees it, and the informers' `controllerUID` index. Cloning it is cheap: each kind's map
//! is shared until it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey};

type Objects = BTreeMap<(Rc<str>, Rc<str>), Rc<Object>>;

/// The newest version of every object.
#[derive(Clone, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, Rc<Objects>>,
    /// Owner's uid to the objects that name it in an owner reference.
    dependents: Rc<BTreeMap<Rc<str>, BTreeSet<ObjectKey>>>,
}

impl Store {
    /// An object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        self.kinds.get(&key.kind)?.get(&(key.namespace.clone(), key.name.clone()))
    }
    /// An object, by the parts of its key.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Rc<Object>> {
        self.kinds.get(&kind)?.get(&(Rc::from(namespace), Rc::from(name)))
    }
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.kinds.values().map(|m| m.len()).sum()
    }
    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Rc<Object>> {
        self.kinds.get(&kind).into_iter().flat_map(|m| m.values())
    }
    /// The objects of a kind in a namespace, by name.
    pub fn list_in(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Rc<Object>> {
        let from = (Rc::from(namespace), Rc::from(""));
        self.kinds
            .get(&kind)
            .into_iter()
            .flat_map(move |m| m.range(from.clone()..))
            .map(|(_, o)| o)
            .take_while(move |o| o.namespace().as_ref() == namespace)
    }
    /// The objects that name an owner of this uid, by kind and name. O(their number).
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Rc<Object>> {
        self.dependents.get(uid).into_iter().flatten().filter_map(|k| self.get(k))
    }
    /// The kinds that have objects.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.kinds.iter().filter(|(_, m)| !m.is_empty()).map(|(k, _)| *k)
    }
    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).map_or(0, |m| m.len())
    }
    /// Puts a version in place of the one before, which is returned.
    pub(super) fn put(&mut self, key: &ObjectKey, object: &Rc<Object>) -> Option<Rc<Object>> {
        let map = Rc::make_mut(self.kinds.entry(key.kind).or_default());
        let before = map.insert((key.namespace.clone(), key.name.clone()), object.clone());
        if before.as_ref().is_none_or(|b| b.owners() != object.owners()) {
            if let Some(b) = &before {
                self.unindex(b);
            }
            if !object.owners().is_empty() {
                let index = Rc::make_mut(&mut self.dependents);
                for owner in object.owners() {
                    index.entry(owner.uid.clone()).or_default().insert(key.clone());
                }
            }
        }
        before
    }
    /// Takes an object away.
    pub(super) fn remove(&mut self, key: &ObjectKey) -> Option<Rc<Object>> {
        let map = Rc::make_mut(self.kinds.get_mut(&key.kind)?);
        let gone = map.remove(&(key.namespace.clone(), key.name.clone()))?;
        self.unindex(&gone);
        Some(gone)
    }
    fn unindex(&mut self, object: &Object) {
        if object.owners().is_empty() {
            return;
        }
        let key = object.key();
        let index = Rc::make_mut(&mut self.dependents);
        for owner in object.owners() {
            if let Some(set) = index.get_mut(&owner.uid) {
                set.remove(&key);
                if set.is_empty() {
                    index.remove(&owner.uid);
                }
            }
        }
    }
}
