//! Parts of objects that are equal, kept once.
//!
//! The fifty Pods that start in one second have the same conditions, addresses of nodes and environment; the events about
//! one version of a Pod refer to it alike. What is stored passes through here, and takes the place of a part made before
//! where there was an equal one. The pool forgets as it likes: what it gives is equal, so nothing depends on it.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::map::mark;
use crate::value::NULL;
use crate::{Map, Value, order};

const SLOTS: usize = 4096;

thread_local! {
    // Left to the end of the process, as the cache of texts is.
    static POOL: ManuallyDrop<RefCell<Vec<Value>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Whether both are one allocation or equal scalars.
#[inline]
fn one(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b),
        (Value::Array(a), Value::Array(b)) => Rc::ptr_eq(a, b),
        (Value::Str(a), Value::Str(b)) => order::same_shared(a, b),
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(_), _) => a == b,
        _ => false,
    }
}

/// Whether both have the same parts.
fn alike(a: &Value, b: &Value) -> bool {
    let all = |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| one(a, b));
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.same_names(b) && all(a.slots(), b.slots()),
        (Value::Array(a), Value::Array(b)) => all(a, b),
        _ => false,
    }
}

fn mix(hash: usize, n: usize) -> usize {
    (hash.rotate_left(5) ^ n).wrapping_mul(0x9E37_79B1)
}

fn hash(value: &Value) -> usize {
    let part = |v: &Value| match v {
        Value::Null => 1,
        Value::Bool(b) => 2 + usize::from(*b),
        Value::Int(n) => *n as usize,
        Value::Float(f) => f.to_bits() as usize,
        Value::Str(s) => mark(s.as_bytes()) as usize ^ (mark(s.as_bytes()) >> 32) as usize,
        Value::Array(a) => Rc::as_ptr(a) as usize,
        Value::Object(m) => Rc::as_ptr(m) as usize,
    };
    match value {
        Value::Object(m) => m.slots().iter().fold(m.names_id(), |h, v| mix(h, part(v))),
        Value::Array(a) => a.iter().fold(7, |h, v| mix(h, part(v))),
        _ => 0,
    }
}

/// The parts of an older version that stand where those of a map do.
struct Counterparts<'a> {
    old: Option<&'a Map>,
    /// Which part of it is next: mostly both have the same fields, but for one that came or went.
    next: usize,
}

impl<'a> Counterparts<'a> {
    fn of(before: &'a Value) -> Self {
        Self { old: before.as_object(), next: 0 }
    }
    /// That of the field at a place of a map; to be asked in order of place.
    fn at(&mut self, map: &Map, place: usize) -> &'a Value {
        let Some(old) = self.old else { return NULL };
        let at = if old.same_names(map) { Some(place) } else { old.place_of(map.name(place), self.next) };
        let Some(at) = at else { return NULL };
        self.next = at + 1;
        &old.slots()[at]
    }
}

/// Puts what is equal in the version before, or in the pool, in the place of a value's parts. A list or map that others
/// hold too is copied, and only where a part of it changes.
fn share_parts(value: &mut Value, before: &Value, new: bool) {
    match value {
        Value::Object(map) => {
            let own = Rc::get_mut(map).is_some();
            let mut counterparts = Counterparts::of(before);
            for i in 0..map.len() {
                let old = counterparts.at(map, i);
                if map.slots()[i].is_scalar() || one(&map.slots()[i], old) {
                    continue;
                }
                if let Some(map) = Rc::get_mut(map) {
                    share(&mut map.slots_mut()[i], old, new);
                    continue;
                }
                let mut part = map.slots()[i].clone();
                share(&mut part, old, new);
                if !one(&part, &map.slots()[i]) {
                    Rc::make_mut(map).slots_mut()[i] = part;
                }
            }
            if let Some(map) = Rc::get_mut(map).filter(|_| own) {
                trim(map.slots_mut());
            }
        }
        Value::Array(list) => {
            let old = before.items();
            let before = |i: usize| old.get(i).unwrap_or(&Value::Null);
            if let Some(list) = Rc::get_mut(list) {
                for (i, part) in list.iter_mut().enumerate() {
                    share(part, before(i), new);
                }
                trim(list);
                return;
            }
            for i in 0..list.len() {
                let mut part = list[i].clone();
                share(&mut part, before(i), new);
                if !one(&part, &list[i]) {
                    Rc::make_mut(list)[i] = part;
                }
            }
        }
        _ => {}
    }
}

/// Gives room back that is not needed, where it is worth it.
fn trim(values: &mut Vec<Value>) {
    if values.capacity() > values.len() + 1 {
        values.shrink_to_fit();
    }
}

/// Whether another holds the same list or map.
fn is_shared(value: &Value) -> bool {
    match value {
        Value::Object(m) => Rc::strong_count(m) > 1,
        Value::Array(a) => Rc::strong_count(a) > 1,
        _ => false,
    }
}

/// Puts an equal value in the place of a value and of its parts: that of the version before, or one from the pool. What a new
/// object shares already, with its template or with the one who made it, is let be.
fn share(value: &mut Value, before: &Value, new: bool) {
    if let (Value::Str(new), Value::Str(old)) = (&mut *value, before) {
        if new == old {
            *new = old.clone();
        }
        return;
    }
    if !matches!(value, Value::Object(_) | Value::Array(_)) || one(value, before) || (new && is_shared(value)) {
        return;
    }
    share_parts(value, before, new);
    if alike(value, before) {
        *value = before.clone();
        return;
    }
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.is_empty() {
            pool.resize(SLOTS, Value::Null);
        }
        let hash = hash(value);
        let place = &mut pool[(hash ^ (hash >> 12)) % SLOTS];
        if alike(value, place) {
            *value = place.clone();
        } else {
            *place = value.clone();
        }
    });
}

/// Puts what is equal in the version before (null for a new object), or was stored lately, in the place of an object's
/// parts. Its metadata and the object as a whole are like no other, and are left out.
pub fn share_object(body: &mut Value, before: &Value) {
    let Value::Object(map) = body else { return };
    let map = Rc::make_mut(map);
    let new = before.is_null();
    let mut counterparts = Counterparts::of(before);
    for i in 0..map.len() {
        let old = counterparts.at(map, i);
        let apart = matches!(map.name(i).as_ref(), "metadata" | "status");
        let part = &mut map.slots_mut()[i];
        if one(part, old) {
            continue;
        }
        if apart {
            share_parts(part, old, new);
        } else {
            share(part, old, new);
        }
    }
    trim(map.slots_mut());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_of_two_objects_are_one() {
        let text =
            r#"{"metadata":{"name":"NAME","labels":{"a":"b"}},"spec":{"env":[{"name":"X","value":"y"}],"n":[1,2]}}"#;
        let read = |name: &str| {
            let mut v = Value::from_json(&text.replace("NAME", name)).unwrap();
            share_object(&mut v, &Value::Null);
            v
        };
        let (a, b) = (read("one"), read("two"));
        for path in ["spec", "spec.env", "metadata.labels"] {
            assert!(a.at(path).same(b.at(path)), "{path}");
        }
        assert_eq!((a.str_at("metadata.name"), b.str_at("metadata.name")), ("one", "two"));
    }

    #[test]
    fn what_others_hold_is_not_changed_for_them() {
        let old = Value::from_json(r#"{"status":{"conditions":[{"type":"Ready","x":{"y":1}}]}}"#).unwrap();
        let fresh =
            Value::from_json(r#"{"status":{"conditions":[{"type":"Ready","x":{"y":1}}],"phase":"Running"}}"#).unwrap();
        let (mut new, held) = (fresh.clone(), fresh.at("status").clone());
        share_object(&mut new, &old);
        assert!(new.at("status.conditions").same(old.at("status.conditions")));
        assert_eq!((&held, &new), (fresh.at("status"), &fresh));
    }
}
