//! The store: the newest version of every object, by kind, namespace and name, with an index by owner.
//!
//! Models etcd as the API server sees it, and the informers' `controllerUID` index. Cloning it is cheap: copies
//! share what stays the same.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, order};
use crate::sorted::{SortedMap, SortedSet};

/// A namespace and a name in it.
type Name = (Rc<str>, Rc<str>);

fn name_of(key: &ObjectKey) -> Name {
    (key.namespace.clone(), key.name.clone())
}

type Objects = SortedMap<Name, Rc<Object>>;

/// The newest version of every object.
#[derive(Clone, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, Objects>,
    /// How many objects there are of all kinds.
    len: usize,
    /// Owner's uid to the objects that name it in an owner reference.
    dependents: SortedMap<Rc<str>, SortedSet<ObjectKey>>,
}

impl Store {
    /// An object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        self.find(key.kind, &key.namespace, &key.name)
    }
    /// An object, by the parts of its key.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Rc<Object>> {
        let in_namespace = |n: &Rc<str>| {
            // Mostly it is the very text.
            let same = n.as_ptr() == namespace.as_ptr() && n.len() == namespace.len();
            if same { Ordering::Equal } else { order::of(n, namespace) }
        };
        self.kinds.get(&kind)?.find(&|k| in_namespace(&k.0).then_with(|| order::of(&k.1, name)))
    }
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Rc<Object>> {
        self.kinds.get(&kind).into_iter().flat_map(Objects::values)
    }
    /// The objects of a kind in a namespace, by name.
    pub fn list_in(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Rc<Object>> {
        let kind = self.kinds.get(&kind).into_iter();
        kind.flat_map(move |m| m.starting(&|k| (k.0.as_ref(), k.1.as_ref()).cmp(&(namespace, ""))))
            .take_while(move |((ns, _), _)| ns.as_ref() == namespace)
            .map(|(_, o)| o)
    }
    /// The objects that name an owner of this uid, by kind and name. O(their number).
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Rc<Object>> {
        self.dependents.get(uid).into_iter().flat_map(SortedSet::iter).filter_map(|k| self.get(k))
    }
    /// The kinds that have objects.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.kinds.iter().filter(|(_, m)| !m.is_empty()).map(|(k, _)| *k)
    }
    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).map_or(0, Objects::len)
    }
    /// Puts a version in place of the one before, which is returned.
    pub(super) fn put(&mut self, key: &ObjectKey, object: &Rc<Object>) -> Option<Rc<Object>> {
        let map = self.kinds.entry(key.kind).or_default();
        let before = map.insert(name_of(key), object.clone());
        self.len += usize::from(before.is_none());
        if before.as_ref().is_none_or(|b| b.owners() != object.owners()) {
            if let Some(b) = &before {
                self.unindex(b);
            }
            if !object.owners().is_empty() {
                for owner in object.owners() {
                    self.dependents.or_insert_with(&owner.uid, SortedSet::default).insert(key.clone());
                }
            }
        }
        before
    }
    /// Takes an object away.
    pub(super) fn remove(&mut self, key: &ObjectKey) -> Option<Rc<Object>> {
        let map = self.kinds.get_mut(&key.kind)?;
        let gone = map.remove(&name_of(key))?;
        self.len -= 1;
        self.unindex(&gone);
        Some(gone)
    }
    fn unindex(&mut self, object: &Object) {
        if object.owners().is_empty() {
            return;
        }
        let key = object.key();
        for owner in object.owners() {
            if let Some(set) = self.dependents.get_mut(&owner.uid) {
                set.remove(&key);
                if set.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
        }
    }
}
