//! The fields of an object, sorted by name.
//!
//! A history holds a million maps, but only a few hundred lists of names: all Pods have the same fields. So a map is its
//! values and a reference to the list of their names, which all maps of those names share. Which list a map has after a
//! field is added is looked up by the list it had and the name, as a JavaScript engine finds its hidden classes: a map is
//! built without a list of its own ever being made.

use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::Value;
use crate::intern::intern;
use crate::literal::{self, Field};
use crate::order;
use crate::place;
use crate::value::{NULL, step_len};

/// Names of fields, sorted.
#[derive(Clone)]
pub(super) struct Names {
    texts: Vec<Rc<str>>,
    /// The [`mark`] of each: what a search looks at.
    marks: Vec<u64>,
    /// Where each name is, by its mark: a table half full at the most, searched onwards from where a mark would be. That of
    /// a long list is not in use.
    table: [u8; TABLE],
}

const TABLE: usize = 2 * SHARED;
/// A free place of the table.
const FREE: u8 = u8::MAX;

/// Where the search for a mark begins.
#[inline]
fn start(mark: u64) -> usize {
    (mark.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize
}

pub(super) type Keys = Rc<Names>;

/// The length of a text and its first and last four bytes: all of it, where it has eight at the most.
#[inline]
pub(super) fn mark(text: &[u8]) -> u64 {
    let word = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(a), Some(b)) => u64::from(u32::from_le_bytes(*a)) << 32 | u64::from(u32::from_le_bytes(*b)),
        _ => text.iter().fold(0, |w, b| w << 8 | u64::from(*b)),
    };
    word ^ (text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Whether two texts of the same [`mark`] are the same.
#[inline]
fn same_text(a: &[u8], b: &[u8]) -> bool {
    (a.len() <= 8 && a.len() == b.len()) || order::same(a, b)
}

impl Names {
    fn of(texts: Vec<Rc<str>>) -> Self {
        let marks: Vec<u64> = texts.iter().map(|t| mark(t.as_bytes())).collect();
        let mut table = [FREE; TABLE];
        for (i, mark) in marks.iter().enumerate().take(SHARED) {
            let mut place = start(*mark);
            while table[place % TABLE] != FREE {
                place += 1;
            }
            table[place % TABLE] = i as u8;
        }
        Self { texts, marks, table }
    }
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }
    /// Where a name is.
    pub(super) fn position(&self, key: &[u8]) -> Option<usize> {
        if self.len() > SHARED {
            return self.find(std::str::from_utf8(key).ok()?).ok();
        }
        let mark = mark(key);
        let mut place = start(mark);
        loop {
            let at = usize::from(self.table[place % TABLE]);
            let there = *self.marks.get(at)?;
            if there == mark && same_text(self.texts[at].as_bytes(), key) {
                return Some(at);
            }
            place += 1;
        }
    }
    /// Where a name is, or else where it would be.
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.texts.binary_search_by(|k| k.as_ref().cmp(key))
    }
}

/// A map with more fields has its list for itself: such maps are few, and each has names of its own.
const SHARED: usize = 32;
const STEPS: usize = 4096;
const LISTS: usize = 1024;

/// What a list becomes when a name is added to it or taken away, and where the name stands in the longer one.
struct Step {
    from: Keys,
    to: Keys,
    at: usize,
}

/// The lists in use. It forgets as it likes: two lists of the same names are equal, one or not.
struct Lists {
    empty: Keys,
    steps: Vec<Option<Step>>,
    known: Vec<Option<Keys>>,
}

thread_local! {
    // Left to the end of the process, as the cache of texts is.
    static CACHE: ManuallyDrop<RefCell<Lists>> = ManuallyDrop::new(RefCell::new(Lists {
        empty: Rc::new(Names::of(Vec::new())),
        steps: (0..STEPS).map(|_| None).collect(),
        known: (0..LISTS).map(|_| None).collect(),
    }));
}

impl Lists {
    /// The one list of these names.
    fn list(&mut self, keys: Vec<Rc<str>>) -> Keys {
        if keys.is_empty() {
            return self.empty.clone();
        }
        let names = Names::of(keys);
        if names.len() > SHARED {
            return Rc::new(names);
        }
        let hash = names.marks.iter().fold(0, |h: u64, m| h.rotate_left(7) ^ m);
        let place = &mut self.known[(hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize % LISTS];
        match place {
            Some(there) if there.texts == names.texts => there.clone(),
            _ => place.insert(Rc::new(names)).clone(),
        }
    }
    /// The list with one name more, which it does not hold, and the place of the name.
    fn with(&mut self, from: &Keys, key: &str) -> (Keys, usize) {
        let place = Self::place(from, mark(key.as_bytes()));
        if let Some(step) = &self.steps[place]
            && Rc::ptr_eq(&step.from, from)
            && step.to.len() > from.len()
            && order::same(step.to.texts[step.at].as_bytes(), key.as_bytes())
        {
            return (step.to.clone(), step.at);
        }
        let at = from.find(key).unwrap_or_else(|at| at);
        let mut keys = Vec::with_capacity(from.len() + 1);
        keys.extend_from_slice(&from.texts[..at]);
        keys.push(intern(key));
        keys.extend_from_slice(&from.texts[at..]);
        let to = self.list(keys);
        self.steps[place] = Some(Step { from: from.clone(), to: to.clone(), at });
        (to, at)
    }
    /// The list without the name at a place.
    fn without(&mut self, from: &Keys, at: usize) -> Keys {
        let place = Self::place(from, at as u64);
        if let Some(step) = &self.steps[place]
            && Rc::ptr_eq(&step.from, from)
            && step.to.len() < from.len()
            && step.at == at
        {
            return step.to.clone();
        }
        let keys = from.texts[..at].iter().chain(&from.texts[at + 1..]).cloned().collect();
        let to = self.list(keys);
        self.steps[place] = Some(Step { from: from.clone(), to: to.clone(), at });
        to
    }
    /// Where a step from a list is remembered.
    fn place(from: &Keys, by: u64) -> usize {
        let hash = (Rc::as_ptr(from) as usize as u64 >> 3) ^ by;
        (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize % STEPS
    }
}

/// Fields of an object, sorted by name, as `kubectl -o yaml` prints them.
#[derive(Clone)]
pub struct Map {
    keys: Keys,
    values: Vec<Value>,
}

impl Default for Map {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        (Rc::ptr_eq(&self.keys, &other.keys) || self.keys.texts == other.keys.texts) && self.values == other.values
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
    /// A map that has room for some fields.
    pub fn with_capacity(fields: usize) -> Self {
        Self { keys: CACHE.with(|c| c.borrow().empty.clone()), values: Vec::with_capacity(fields) }
    }
    /// A map of these fields, null or not.
    pub fn of<const N: usize>(mut fields: [(&'static str, Value); N]) -> Self {
        Self::take(&mut fields, true)
    }
    /// A map of those of these fields that are there, null or not.
    pub fn some<const N: usize>(fields: [(&'static str, Option<Value>); N]) -> Self {
        const { assert!(N < 32, "a bit for each field") };
        let kept = fields.iter().rev().fold(0, |kept, (_, v)| kept << 1 | u32::from(v.is_some()));
        Self::keep(&mut fields.map(|(name, value)| (name, value.unwrap_or_default())), kept)
    }
    /// A map of the fields whose values are taken from here, without the null ones unless `nulls`.
    pub(super) fn take(fields: &mut [Field], nulls: bool) -> Self {
        if let Some(kept) = literal::kept(fields, nulls) {
            return Self::keep(fields, kept);
        }
        fields.iter_mut().filter(|(_, v)| nulls || !v.is_null()).map(|(key, v)| (*key, std::mem::take(v))).collect()
    }
    /// A map of the fields that have a bit, whose values are taken from here.
    fn keep(fields: &mut [Field], kept: u32) -> Self {
        if let Some((keys, values)) = literal::known(fields, kept) {
            return Self { keys, values };
        }
        let mut map = Self::with_capacity(fields.len());
        for (i, (key, value)) in fields.iter_mut().enumerate() {
            if kept >> i & 1 == 1 {
                map.put(key, std::mem::take(value));
            }
        }
        literal::learn(fields, kept, &map.keys);
        map
    }
    /// Where a field is.
    #[inline]
    fn position(&self, key: &[u8]) -> Option<usize> {
        self.keys.position(key)
    }
    /// Adds a field that is not there, and returns its place. The room grows by little at a time: most maps are small, many,
    /// and kept for long.
    fn add(&mut self, key: &str, value: Value) -> usize {
        let at = if self.keys.len() < SHARED {
            let (keys, at) = CACHE.with(|c| c.borrow_mut().with(&self.keys, key));
            self.keys = keys;
            at
        } else {
            let at = self.keys.find(key).unwrap_or_else(|at| at);
            let names = Rc::make_mut(&mut self.keys);
            names.texts.insert(at, intern(key));
            names.marks.insert(at, mark(key.as_bytes()));
            at
        };
        if self.values.len() == self.values.capacity() {
            self.values.reserve_exact(2 + self.values.len() / 8);
        }
        self.values.insert(at, value);
        at
    }
    /// The value of a field.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.field(key.as_bytes())
    }
    /// The value of a field, by the bytes of its name.
    pub(super) fn field(&self, key: &[u8]) -> Option<&Value> {
        self.position(key).map(|i| &self.values[i])
    }
    /// The value that the first steps of a path lead to, null where one is absent, and how much of the path they are: all of
    /// it mostly. None where nothing is known of that in the first place to look.
    #[inline]
    pub(super) fn walk_known(&self, path: &'static [u8]) -> Option<(&Value, usize)> {
        self.walk_as_in(path, place::FIRST)
    }
    /// The same by what is known in the other place.
    #[inline(never)]
    pub(super) fn walk_other(&self, path: &'static [u8]) -> Option<(&Value, usize)> {
        self.walk_as_in(path, place::OTHER)
    }
    #[allow(clippy::inline_always, reason = "half of a run's time is spent here")]
    #[inline(always)]
    fn walk_as_in(&self, path: &'static [u8], place: usize) -> Option<(&Value, usize)> {
        place::with(place, &self.keys, path, |known| {
            if !known.is_of(&self.keys, path) {
                return None;
            }
            let (mut map, mut n) = (self, 0);
            loop {
                let step = &known.steps[n];
                let (end, value) = (usize::from(step.end.get()), map.values.get(usize::from(step.at.get())));
                let Some(value) = value else { return Some((NULL, path.len())) };
                n += 1;
                match value {
                    Value::Object(next)
                        if end < path.len()
                            && n < place::STEPS
                            && known.steps[n].names.get() == place::id(&next.keys) =>
                    {
                        map = next;
                    }
                    _ => return Some((value, end)),
                }
            }
        })
    }
    /// The same where nothing is known, which then is.
    #[cold]
    #[inline(never)]
    pub(super) fn walk_anew(&self, path: &'static [u8]) -> (&Value, usize) {
        let mut steps = Vec::with_capacity(place::STEPS);
        let (mut map, mut value, mut end) = (self, NULL, 0);
        while map.keys.len() <= SHARED && steps.len() < place::STEPS {
            let step = step_len(&path[end..]);
            let at = map.position(&path[end..end + step]);
            end += step;
            steps.push((map.keys.clone(), at.map_or(place::ABSENT, |at| at as u8), end));
            value = at.map_or(NULL, |at| &map.values[at]);
            match value {
                Value::Object(next) if end < path.len() => (map, end) = (next, end + 1),
                _ => break,
            }
        }
        place::learn(path, &steps);
        match steps.last() {
            Some((_, place::ABSENT, _)) => (NULL, path.len()),
            Some((_, _, end)) => (value, *end),
            None => {
                let step = step_len(path);
                (self.field(&path[..step]).unwrap_or(NULL), step)
            }
        }
    }
    /// The value of the field that the first step of a path names, made null if it was not there, and how long that step is.
    pub(super) fn step_mut(&mut self, text: &'static str) -> (&mut Value, usize) {
        let path = text.as_bytes();
        let first = |known: &place::Known| {
            let step = &known.steps[0];
            known.is_of(&self.keys, path).then(|| (usize::from(step.at.get()), usize::from(step.end.get())))
        };
        let known = |place| place::with(place, &self.keys, path, first);
        let known = known(place::FIRST).or_else(|| known(place::OTHER)).or_else(|| {
            self.walk_anew(path);
            known(place::FIRST)
        });
        let (at, step) = match known {
            Some((at, step)) => ((at < self.values.len()).then_some(at), step),
            // A long list, or a long path.
            None => {
                let step = step_len(path);
                (self.position(&path[..step]), step)
            }
        };
        let at = at.unwrap_or_else(|| self.add(&text[..step], Value::Null));
        (&mut self.values[at], step)
    }
    /// The value of a field, for changing it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key.as_bytes()).map(|i| &mut self.values[i])
    }
    /// Whether the field is there, be it null.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key.as_bytes()).is_some()
    }
    /// Sets a field and returns what it was.
    pub fn insert(&mut self, key: impl AsRef<str>, value: impl Into<Value>) -> Option<Value> {
        self.put(key.as_ref(), value.into())
    }
    fn put(&mut self, key: &str, value: Value) -> Option<Value> {
        if let Some(i) = self.position(key.as_bytes()) {
            return Some(std::mem::replace(&mut self.values[i], value));
        }
        self.add(key, value);
        None
    }
    /// The field, made null if it was not there.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let i = match self.position(key.as_bytes()) {
            Some(i) => i,
            None => self.add(key, Value::Null),
        };
        &mut self.values[i]
    }
    /// Takes a field away and returns what it was.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let i = self.position(key.as_bytes())?;
        if self.keys.len() > SHARED + 1 {
            let names = Rc::make_mut(&mut self.keys);
            names.texts.remove(i);
            names.marks.remove(i);
        } else {
            self.keys = CACHE.with(|c| c.borrow_mut().without(&self.keys, i));
        }
        Some(self.values.remove(i))
    }
    /// Fields in order of name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &Value)> {
        self.keys.texts.iter().zip(&self.values)
    }
    /// Fields in order of name, their values for changing.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &mut Value)> {
        self.keys.texts.iter().zip(&mut self.values)
    }
    /// Names of the fields.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Rc<str>> {
        self.keys.texts.iter()
    }
    /// Values of the fields, in order of name.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.values.iter()
    }
    /// Keeps the fields that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        let kept: Vec<bool> = self.iter_mut().map(|(k, v)| keep(k, v)).collect();
        if kept.contains(&false) {
            let keys = self.keys.texts.iter().zip(&kept).filter(|(_, k)| **k).map(|(key, _)| key.clone()).collect();
            self.keys = CACHE.with(|c| c.borrow_mut().list(keys));
            let mut kept = kept.into_iter();
            self.values.retain(|_| kept.next().unwrap_or(true));
        }
    }
    /// How many fields.
    pub fn len(&self) -> usize {
        self.values.len()
    }
    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
    /// The name of the field at a place.
    pub(super) fn name(&self, place: usize) -> &Rc<str> {
        &self.keys.texts[place]
    }
    /// Where a field of this name is: mostly at the place given.
    pub(super) fn place_of(&self, name: &Rc<str>, likely: usize) -> Option<usize> {
        let there = self.keys.texts.get(likely).is_some_and(|there| Rc::ptr_eq(there, name));
        if there { Some(likely) } else { self.position(name.as_bytes()) }
    }
    /// The values alone, by place: for what looks at two maps of the same names.
    pub(super) fn slots(&self) -> &[Value] {
        &self.values
    }
    pub(super) fn slots_mut(&mut self) -> &mut Vec<Value> {
        &mut self.values
    }
    /// Whether both have the one list of names.
    pub(super) fn same_names(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.keys, &other.keys)
    }
    /// A number that is the same for all maps of one list of names.
    pub(super) fn names_id(&self) -> usize {
        Rc::as_ptr(&self.keys) as usize
    }
}

impl<K: AsRef<str>> FromIterator<(K, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(iter: T) -> Self {
        let iter = iter.into_iter();
        let mut map = Self::with_capacity(iter.size_hint().0);
        for (k, v) in iter {
            map.put(k.as_ref(), v);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn maps_of_the_same_names_share_them() {
        let map = |keys: &[&str]| keys.iter().map(|k| (*k, Value::from(1))).collect::<Map>();
        let (mut a, b) = (map(&["name", "kind", "uid"]), map(&["uid", "name", "kind"]));
        assert!(a.same_names(&b));
        assert_eq!(a.keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["kind", "name", "uid"]);
        a.remove("kind");
        assert!(a.same_names(&map(&["uid", "name"])));
        a.retain(|k, _| k != "uid");
        assert!(a.same_names(&map(&["name"])));
    }

    /// Small and large maps, names of all sorts, in any order.
    #[test]
    fn it_does_what_a_btree_map_does() {
        for names in [5_u64, 40, 300] {
            let (mut map, mut model, mut state) = (Map::new(), BTreeMap::new(), names);
            for step in 0..2000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let key =
                    format!("{}-{}", ["a", "key", "longer/name"][(state >> 40) as usize % 3], (state >> 33) % names);
                if (state >> 20) % 3 == 0 {
                    assert_eq!(map.remove(&key), model.remove(key.as_str()));
                } else {
                    assert_eq!(map.insert(key.as_str(), step), model.insert(key.clone(), Value::from(step)));
                }
                assert_eq!(map.get(&key), model.get(&key));
            }
            assert!(map.iter().map(|(k, v)| (k.to_string(), v.clone())).eq(model.clone()));
            map.retain(|k, _| k.starts_with("key"));
            model.retain(|k, _| k.starts_with("key"));
            assert!(map.iter().map(|(k, v)| (k.to_string(), v.clone())).eq(model));
        }
    }
}
