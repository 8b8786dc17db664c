//! Maps and sets in order of key, whose copies share what stays the same.
//!
//! Every checkpoint holds a copy of all that a cluster knows. A copy of these costs one count, and a change after it copies
//! one short run of neighbours, not the whole map: a hundred checkpoints of ten thousand Pods cost little more than one.
//! Models the copy-on-write `btree` of etcd's `mvcc` index, which is there for the same reason.

use std::borrow::Borrow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use batchyard_tree::order;

use crate::clock::Time;

/// What entries are sorted by. It is the order of [`Ord`], but finds out sooner: texts mostly are the very same, or differ in
/// their first eight bytes, and WebAssembly compares byte by byte.
pub trait Key {
    /// How it stands to another.
    fn order(&self, other: &Self) -> Ordering;
}

impl Key for str {
    fn order(&self, other: &Self) -> Ordering {
        order::of(self, other)
    }
}

impl Key for Rc<str> {
    fn order(&self, other: &Self) -> Ordering {
        order::of_shared(self, other)
    }
}

/// Keys that find out as soon as they can by themselves.
macro_rules! ordered {
    ($($t:ty),*) => {$(
        impl $crate::sorted::Key for $t {
            fn order(&self, other: &Self) -> std::cmp::Ordering {
                self.cmp(other)
            }
        }
    )*};
}
pub(crate) use ordered;

ordered!(Time, i64, u32, u64, (i64, Time, u64));

impl<A: Key, B: Key> Key for (A, B) {
    fn order(&self, other: &Self) -> Ordering {
        self.0.order(&other.0).then_with(|| self.1.order(&other.1))
    }
}

/// The most entries of a run.
const RUN: usize = 64;
/// A run with fewer is put together with a neighbour where both fit.
const FEW: usize = 16;

type Run<K, V> = Rc<Vec<(K, V)>>;

/// A map in order of key. Cloning it is O(1); a lookup is O(log n); a change of a shared map copies a run and a list of runs.
pub struct SortedMap<K, V> {
    /// None is empty.
    runs: Rc<Vec<Run<K, V>>>,
    len: usize,
    /// Where was sought last: what is read is often written next, and what is new goes where it was found missing.
    last: Cell<Place>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { runs: Rc::default(), len: 0, last: Cell::default() }
    }
}

impl<K, V> Clone for SortedMap<K, V> {
    fn clone(&self) -> Self {
        Self { runs: self.runs.clone(), len: self.len, last: self.last.clone() }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A place in a map: a run and a place in it.
type Place = (usize, usize);

impl<K, V> SortedMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Where the entry is for which `order` says that it is equal, or else where it would be.
    fn place(&self, order: &dyn Fn(&K) -> Ordering) -> Result<Place, Place> {
        let (run, i) = self.last.get();
        if let Some(entries) = self.runs.get(run) {
            let there = entries.get(i).map(|(k, _)| order(k));
            if there == Some(Ordering::Equal) {
                return Ok((run, i));
            }
            // Between two neighbours of one run it can only be missing.
            let after = i > 0 && there == Some(Ordering::Greater);
            if after && entries.get(i - 1).is_some_and(|(k, _)| order(k) == Ordering::Less) {
                return Err((run, i));
            }
        }
        let place = self.search(order);
        self.last.set(place.unwrap_or_else(|place| place));
        place
    }
    fn search(&self, order: &dyn Fn(&K) -> Ordering) -> Result<Place, Place> {
        let after = self.runs.partition_point(|run| order(&run[0].0) != Ordering::Greater);
        let run = after.saturating_sub(1);
        match self.runs.get(run) {
            None => Err((0, 0)),
            Some(entries) => match entries.binary_search_by(|(k, _)| order(k)) {
                Ok(i) => Ok((run, i)),
                Err(i) => Err((run, i)),
            },
        }
    }
    /// The value of the key for which `order` (the key's, towards the one that is sought) says that it is equal.
    pub fn find(&self, order: &dyn Fn(&K) -> Ordering) -> Option<&V> {
        self.place(order).ok().map(|(run, i)| &self.runs[run][i].1)
    }
    /// The entries from the first on for which `order` says that it is not less.
    pub fn starting<'a>(
        &'a self,
        order: &dyn Fn(&K) -> Ordering,
    ) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let (run, i) = self.place(order).unwrap_or_else(|place| place);
        let first = self.runs.get(run).map_or(&[][..], |r| &r[i..]);
        let rest = self.runs.get(run + 1..).unwrap_or(&[]).iter().flat_map(|r| r.iter());
        first.iter().chain(rest).map(|(k, v)| (k, v))
    }
    /// The entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.runs.iter().flat_map(|run| run.iter().map(|(k, v)| (k, v)))
    }
    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(k, _)| k)
    }
    /// The values, in order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, v)| v)
    }
    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.runs.first().and_then(|run| run.first()).map(|(k, v)| (k, v))
    }
}

impl<K: Key + Clone, V: Clone> SortedMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Key + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(&|k| k.borrow().order(key))
    }
    /// Whether there is a key.
    pub fn contains_key<Q: Key + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }
    /// The value of a key, for changing it.
    pub fn get_mut<Q: Key + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(&|k| k.borrow().order(key)).ok()?;
        Some(self.value_at(place))
    }
    fn value_at(&mut self, (run, i): Place) -> &mut V {
        &mut Rc::make_mut(&mut Rc::make_mut(&mut self.runs)[run])[i].1
    }
    fn insert_at(&mut self, (mut run, mut i): Place, key: K, value: V) -> Place {
        self.len += 1;
        let runs = Rc::make_mut(&mut self.runs);
        if runs.is_empty() {
            runs.push(Rc::default());
        }
        if runs[run].len() >= RUN {
            // What is added at the end mostly goes on there: then the runs stay full.
            let at = if run + 1 == runs.len() && i == RUN { RUN } else { RUN / 2 };
            let rest = Rc::make_mut(&mut runs[run]).split_off(at);
            runs.insert(run + 1, Rc::new(rest));
            if i >= at {
                (run, i) = (run + 1, i - at);
            }
        }
        Rc::make_mut(&mut runs[run]).insert(i, (key, value));
        (run, i)
    }
    /// Sets the value of a key and returns what it was.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&|k| k.order(&key)) {
            Ok(place) => Some(std::mem::replace(self.value_at(place), value)),
            Err(place) => {
                self.insert_at(place, key, value);
                None
            }
        }
    }
    /// The value of a key, made by `value` where there is none.
    pub fn or_insert_with(&mut self, key: &K, value: impl FnOnce() -> V) -> &mut V {
        let place = match self.place(&|k| k.order(key)) {
            Ok(place) => place,
            Err(place) => self.insert_at(place, key.clone(), value()),
        };
        self.value_at(place)
    }
    fn remove_at(&mut self, (run, i): Place) -> (K, V) {
        self.len -= 1;
        let runs = Rc::make_mut(&mut self.runs);
        let entries = Rc::make_mut(&mut runs[run]);
        let gone = entries.remove(i);
        if entries.is_empty() {
            runs.remove(run);
        } else if entries.len() < FEW && run + 1 < runs.len() && runs[run].len() + runs[run + 1].len() <= RUN / 2 {
            let next = runs.remove(run + 1);
            Rc::make_mut(&mut runs[run]).extend(next.iter().cloned());
        }
        gone
    }
    /// Takes a key away and returns its value.
    pub fn remove<Q: Key + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(&|k| k.borrow().order(key)).ok()?;
        Some(self.remove_at(place).1)
    }
    /// Takes the first entry away.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.remove_at((0, 0)))
    }
    /// Keeps the entries that `keep` says yes to.
    pub fn retain(&mut self, keep: &dyn Fn(&K, &V) -> bool) {
        if self.iter().all(|(k, v)| keep(k, v)) {
            return;
        }
        *self = self.iter().filter(|(k, v)| keep(k, v)).map(|(k, v)| (k.clone(), v.clone())).collect();
    }
}

impl<K: Key + Clone, V: Clone> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(iter: T) -> Self {
        let mut map = Self::new();
        for (k, v) in iter {
            map.insert(k, v);
        }
        map
    }
}

/// A set in order: a [`SortedMap`] without values.
pub struct SortedSet<K>(SortedMap<K, ()>);

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self(SortedMap::default())
    }
}

impl<K> Clone for SortedSet<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: fmt::Debug> fmt::Debug for SortedSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K> SortedSet<K> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// All, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.keys()
    }
    /// Those from the first on for which `order` says that it is not less.
    pub fn starting<'a>(&'a self, order: &dyn Fn(&K) -> Ordering) -> impl Iterator<Item = &'a K> + use<'a, K> {
        self.0.starting(order).map(|(k, ())| k)
    }
}

impl<K: Key + Clone> SortedSet<K> {
    /// Whether it holds a key.
    pub fn contains<Q: Key + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
    /// Adds a key; whether it is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }
    /// Takes a key away; whether it was there.
    pub fn remove<Q: Key + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
    /// Takes the first away.
    pub fn pop_first(&mut self) -> Option<K> {
        self.0.pop_first().map(|(k, ())| k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Does the same to a map of the standard library.
    #[test]
    fn it_does_what_a_btree_map_does() {
        let (mut map, mut model, mut state) = (SortedMap::new(), BTreeMap::new(), 7_u64);
        let mut old = Vec::new();
        for step in 0..6000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (state >> 33) % 900;
            // First it grows, then it shrinks.
            if (state >> 20) % 8 < if step < 3000 { 5 } else { 2 } {
                assert_eq!(map.insert(key, step), model.insert(key, step));
            } else if (state >> 20) % 8 == 7 {
                assert_eq!(map.pop_first(), model.pop_first());
            } else {
                assert_eq!(map.remove(&key), model.remove(&key));
            }
            if step % 500 == 0 {
                old.push((map.clone(), model.clone()));
            }
            assert_eq!(map.len(), model.len());
            assert_eq!(map.get(&key), model.get(&key));
        }
        old.push((map, model));
        for (map, model) in old {
            assert!(map.iter().eq(model.iter()));
            assert!(map.iter().rev().eq(model.iter().rev()));
            for from in [0, 17, 450, 899, 1000] {
                assert!(map.starting(&|k| k.cmp(&from)).eq(model.range(from..)), "from {from}");
            }
        }
    }

    #[test]
    fn what_is_added_in_order_fills_its_runs() {
        let map: SortedMap<u32, ()> = (0..1000).map(|n| (n, ())).collect();
        assert_eq!(map.runs.len(), 1000_usize.div_ceil(RUN));
    }

    #[test]
    fn a_change_copies_one_run() {
        let mut map: SortedMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
        let before = map.clone();
        *map.or_insert_with(&500, || 0) += 1;
        let same = map.runs.iter().zip(before.runs.iter()).filter(|(a, b)| Rc::ptr_eq(a, b)).count();
        assert_eq!(same, map.runs.len() - 1);
        assert_eq!((map.get(&500), before.get(&500)), (Some(&501), Some(&500)));
    }
}
