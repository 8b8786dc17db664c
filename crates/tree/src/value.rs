//! The tree that every API object is made of: JSON with structural sharing.
//!
//! A cluster keeps thousands of versions of objects that differ in a few fields. Arrays and objects are behind `Rc`, so a
//! clone costs one count, a change copies only the path to it, and two versions that share a subtree are compared by
//! pointer first. Models what `unstructured.Unstructured` is upstream.

use std::fmt;
use std::rc::Rc;

use crate::intern::intern;
use crate::map::Map;
use crate::order;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A JSON value. Numbers are integers where they were written as such.
#[derive(Clone, Default)]
pub enum Value {
    /// `null`; also what `get` of an absent field gives through [`Value::at`].
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Str(Rc<str>),
    /// A list.
    Array(Rc<Vec<Value>>),
    /// Fields, sorted by name.
    Object(Rc<Map>),
}

pub(super) const NULL: &Value = &Value::Null;

/// Where the first dot (0x2E) of a path is, looking at eight bytes at a time: most of the engine's time is spent in fields.
fn dot(path: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let in_word = |word: u64| {
        let zeros = word ^ (LOW * 0x2E);
        let found = zeros.wrapping_sub(LOW) & !zeros & (LOW << 7);
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    };
    let mut at = 0;
    while let Some(word) = path.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        if let Some(i) = in_word(u64::from_le_bytes(*word)) {
            return Some(at + i);
        }
        at += 8;
    }
    // The rest, with some of what was looked at already.
    if let (true, Some(word)) = (at < path.len(), path.last_chunk::<8>()) {
        return in_word(u64::from_le_bytes(*word)).map(|i| path.len() - 8 + i);
    }
    if let (true, Some(a), Some(b)) = (at == 0, path.first_chunk::<4>(), path.last_chunk::<4>()) {
        let word = u64::from(u32::from_le_bytes(*a)) | u64::from(u32::from_le_bytes(*b)) << 32;
        return in_word(word).map(|i| if i < 4 { i } else { path.len() + i - 8 });
    }
    path[at..].iter().position(|b| *b == b'.').map(|i| at + i)
}

/// How long a path's first step is.
pub(super) fn step_len(path: &[u8]) -> usize {
    dot(path).unwrap_or(path.len())
}

/// A path without its last step, and that.
fn last_step(path: &str) -> Option<(&str, &str)> {
    let at = path.bytes().rposition(|b| b == b'.')?;
    Some((&path[..at], &path[at + 1..]))
}

/// The place in a list that a step of a path names.
fn index(step: &[u8]) -> Option<usize> {
    std::str::from_utf8(step).ok()?.parse().ok()
}

impl Value {
    /// An object of the given fields; those with a null value are left out.
    pub fn object<const N: usize>(mut fields: [(&'static str, Value); N]) -> Self {
        Self::from(Map::take(&mut fields, false))
    }
    /// An object of fields whose names are made as the program runs; those with a null value are left out.
    pub fn object_from<K: AsRef<str>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        fields.into_iter().filter(|(_, v)| !v.is_null()).collect::<Map>().into()
    }
    /// A list.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Self {
        Self::Array(Rc::new(items.into_iter().collect()))
    }
    /// An object without fields.
    pub fn empty_object() -> Self {
        Self::Object(Rc::new(Map::new()))
    }
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    /// Whether it is a number, a boolean or null.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Self::Str(_) | Self::Array(_) | Self::Object(_))
    }
    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(s) = self { Some(s) } else { None }
    }
    /// The shared text, if it is text.
    pub fn as_rc_str(&self) -> Option<Rc<str>> {
        if let Self::Str(s) = self { Some(s.clone()) } else { None }
    }
    /// The integer, if it is one (a float without a fraction counts).
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(*f as i64),
            _ => None,
        }
    }
    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }
    /// The fields, if it is an object.
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(m) = self { Some(m) } else { None }
    }
    /// The items, if it is a list.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(a) = self { Some(a) } else { None }
    }
    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Value] {
        self.as_array().unwrap_or(&[])
    }
    /// The fields of an object; none of anything else.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &Value)> {
        self.as_object().into_iter().flat_map(Map::iter)
    }
    /// A field of an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object().and_then(|m| m.get(key))
    }
    /// The value at a dotted path, null where any step is absent. A step that is a number picks from a list.
    /// `pod.at("status.phase")`.
    pub fn at(&self, path: &'static str) -> &Value {
        let path = path.as_bytes();
        if let Self::Object(m) = self
            && let Some((value, end)) = m.walk_known(path)
        {
            return match path.get(end + 1..) {
                None => value,
                Some(rest) => value.walk(rest),
            };
        }
        self.walk(path)
    }
    /// What [`Value::at`] does where it is not known how, or there is a list on the way.
    #[inline(never)]
    fn walk(&self, path: &'static [u8]) -> &Value {
        let (mut v, mut rest) = (self, path);
        loop {
            let step;
            v = match v {
                Self::Object(m) => {
                    let known = m.walk_known(rest).or_else(|| m.walk_other(rest));
                    let (value, end) = known.unwrap_or_else(|| m.walk_anew(rest));
                    step = end;
                    value
                }
                Self::Array(a) => {
                    step = step_len(rest);
                    index(&rest[..step]).and_then(|i| a.get(i)).unwrap_or(NULL)
                }
                _ => return NULL,
            };
            match rest.get(step + 1..) {
                Some(more) => rest = more,
                None => return v,
            }
        }
    }
    /// The value at a dotted path that is made as the program runs.
    pub fn at_path(&self, path: &str) -> &Value {
        let (mut v, mut rest) = (self, path.as_bytes());
        loop {
            let (step, more) = rest.split_at(step_len(rest));
            v = match v {
                Self::Object(m) => m.field(step).unwrap_or(NULL),
                Self::Array(a) => index(step).and_then(|i| a.get(i)).unwrap_or(NULL),
                _ => return NULL,
            };
            match more.split_first() {
                Some((_, more)) => rest = more,
                None => return v,
            }
        }
    }
    /// A text, or null where it is empty, as Go leaves an empty one out.
    pub fn given(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::from(text) }
    }
    /// The text at a path, empty where there is none.
    pub fn str_at(&self, path: &'static str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }
    /// The shared text at a path, empty where there is none.
    pub fn rc_str_at(&self, path: &'static str) -> Rc<str> {
        self.at(path).as_rc_str().unwrap_or_default()
    }
    /// The integer at a path.
    pub fn int_at(&self, path: &'static str) -> Option<i64> {
        self.at(path).as_i64()
    }
    /// Whether the value at a path is `true`.
    pub fn bool_at(&self, path: &'static str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }
    /// The fields for changing; anything that is not an object becomes one.
    pub fn make_object(&mut self) -> &mut Map {
        if !matches!(self, Self::Object(_)) {
            *self = Self::empty_object();
        }
        match self {
            Self::Object(m) => Rc::make_mut(m),
            _ => unreachable!("made an object above"),
        }
    }
    /// The items for changing; anything that is not a list becomes one.
    pub fn make_array(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Self::Array(_)) {
            *self = Self::array([]);
        }
        match self {
            Self::Array(a) => Rc::make_mut(a),
            _ => unreachable!("made a list above"),
        }
    }
    /// The value at a dotted path for changing, objects made on the way.
    pub fn slot(&mut self, path: &'static str) -> &mut Value {
        let (mut v, mut rest) = (self, path);
        loop {
            let step;
            v = match v.item(rest.as_bytes()) {
                Some((i, len)) => {
                    step = len;
                    &mut v.make_array()[i]
                }
                None => {
                    let (field, len) = v.make_object().step_mut(rest);
                    step = len;
                    field
                }
            };
            match rest.get(step + 1..) {
                Some(more) => rest = more,
                None => return v,
            }
        }
    }
    /// The value at a dotted path that is made as the program runs, for changing, objects made on the way.
    pub fn slot_path(&mut self, path: &str) -> &mut Value {
        let (mut v, mut rest) = (self, path);
        loop {
            let (step, more) = match dot(rest.as_bytes()) {
                Some(dot) => (&rest[..dot], Some(&rest[dot + 1..])),
                None => (rest, None),
            };
            v = match v.item(step.as_bytes()) {
                Some((i, _)) => &mut v.make_array()[i],
                None => v.make_object().entry(step),
            };
            match more {
                Some(more) => rest = more,
                None => return v,
            }
        }
    }
    /// The item of this list that the first step of a path names, and how long that step is.
    fn item(&self, path: &[u8]) -> Option<(usize, usize)> {
        let Self::Array(a) = self else { return None };
        let step = step_len(path);
        index(&path[..step]).filter(|i| *i < a.len()).map(|i| (i, step))
    }
    /// Sets the value at a dotted path, making objects on the way.
    pub fn set(&mut self, path: &'static str, value: impl Into<Value>) {
        *self.slot(path) = value.into();
    }
    /// Sets one field whose name may hold dots (labels, annotations) in the object at a dotted path.
    pub fn set_key(&mut self, path: &'static str, key: &str, value: impl Into<Value>) {
        self.slot(path).make_object().insert(key, value.into());
    }
    /// Takes the value at a dotted path away; nothing happens where it is absent.
    pub fn unset(&mut self, path: &str) -> Option<Value> {
        if !self.has(path) {
            return None;
        }
        match last_step(path) {
            Some((parent, key)) => self.slot_path(parent).make_object().remove(key),
            None => self.make_object().remove(path),
        }
    }
    /// Whether the field at a dotted path is there, be it null.
    pub fn has(&self, path: &str) -> bool {
        match last_step(path) {
            Some((parent, key)) => self.at_path(parent).get(key).is_some(),
            None => self.get(path).is_some(),
        }
    }
    /// Whether both are the same allocation (or equal scalars): a cheap "surely equal".
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(a), Self::Object(b)) => Rc::ptr_eq(a, b),
            (Self::Array(a), Self::Array(b)) => Rc::ptr_eq(a, b),
            (Self::Str(a), Self::Str(b)) => Rc::ptr_eq(a, b) || order::same(a.as_bytes(), b.as_bytes()),
            (Self::Object(_) | Self::Array(_) | Self::Str(_), _) => false,
            _ => self == other,
        }
    }
    /// JSON on one line, fields sorted by name.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
    /// Reads JSON.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => Rc::ptr_eq(a, b) || order::same(a.as_bytes(), b.as_bytes()),
            (Self::Array(a), Self::Array(b)) => Rc::ptr_eq(a, b) || a == b,
            (Self::Object(a), Self::Object(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

macro_rules! from {
    ($($t:ty => $v:expr),* $(,)?) => {$(
        impl From<$t> for Value {
            fn from(x: $t) -> Self {
                #[allow(clippy::redundant_closure_call, reason = "one line a type")]
                ($v)(x)
            }
        }
    )*};
}
from! {
    bool => Value::Bool,
    i32 => |x| Value::Int(i64::from(x)),
    u32 => |x| Value::Int(i64::from(x)),
    i64 => Value::Int,
    usize => |x| Value::Int(x as i64),
    f64 => Value::Float,
    &str => |x: &str| Value::Str(intern(x)),
    String => |x: String| Value::Str(intern(&x)),
    &String => |x: &String| Value::Str(intern(x)),
    Rc<str> => Value::Str,
    &Rc<str> => |x: &Rc<str>| Value::Str(x.clone()),
    Vec<Value> => |x| Value::Array(Rc::new(x)),
    Map => |x| Value::Object(Rc::new(x)),
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Self {
        x.map_or(Value::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Int(n) => s.serialize_i64(*n),
            Self::Float(f) => s.serialize_f64(*f),
            Self::Str(t) => s.serialize_str(t),
            Self::Array(a) => {
                let mut seq = s.serialize_seq(Some(a.len()))?;
                for v in a.iter() {
                    seq.serialize_element(v)?;
                }
                seq.end()
            }
            Self::Object(m) => {
                let mut map = s.serialize_map(Some(m.len()))?;
                for (k, v) in m.iter() {
                    map.serialize_entry(k.as_ref(), v)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
                Ok(Value::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Int(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
                Ok(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
                Ok(Value::Float(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Value, E> {
                Ok(Value::from(v))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Value, A::Error> {
                let mut out = Vec::new();
                while let Some(v) = a.next_element()? {
                    out.push(v);
                }
                Ok(Value::from(out))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut a: A) -> Result<Value, A::Error> {
                let mut out = Map::new();
                while let Some((k, v)) = a.next_entry::<String, Value>()? {
                    out.insert(k, v);
                }
                Ok(Value::from(out))
            }
        }
        d.deserialize_any(V)
    }
}

/// Builds a [`Value`] in the shape of JSON: `json!({"a": 1, "b": [x, null]})`. Keys are literals, values expressions.
#[macro_export]
macro_rules! json {
    (null) => { $crate::Value::Null };
    ([ $($t:tt),* $(,)? ]) => { $crate::Value::array([ $($crate::json!($t)),* ]) };
    ({ $($k:literal : $v:tt),* $(,)? }) => { $crate::Value::from($crate::Map::of([ $(($k, $crate::json!($v))),* ])) };
    ($e:expr) => { $crate::Value::from($e) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_copies_only_its_path() {
        let a = Value::from_json(r#"{"spec":{"x":[1,2]},"status":{"phase":"Pending"}}"#).unwrap();
        let mut b = a.clone();
        b.set("status.phase", "Running");
        assert_eq!(a.str_at("status.phase"), "Pending");
        assert_eq!(b.str_at("status.phase"), "Running");
        assert!(a.at("spec").same(b.at("spec")));
        assert!(!a.at("status").same(b.at("status")));
    }

    #[test]
    fn paths_reach_into_lists_and_absent_fields_are_null() {
        let a = Value::from_json(r#"{"a":[{"b":"c"}]}"#).unwrap();
        for (path, want) in [("a.0.b", "c"), ("a.1.b", ""), ("x.y", "")] {
            assert_eq!(a.str_at(path), want, "{path}");
        }
    }

    #[test]
    fn the_first_dot_is_found_wherever_it_stands() {
        for len in 0..40 {
            assert_eq!(dot("x".repeat(len).as_bytes()), None);
            for at in 0..len {
                let path = format!("{}.{}", "-".repeat(at), "/.é".repeat(len - at));
                assert_eq!(dot(path.as_bytes()), Some(at), "{path}");
            }
        }
    }

    #[test]
    fn unset_leaves_the_rest() {
        let mut a = Value::from_json(r#"{"a":{"b":1,"c":2}}"#).unwrap();
        assert_eq!(a.unset("a.b"), Some(Value::Int(1)));
        assert_eq!(a.unset("a.x.y"), None);
        assert_eq!(a.to_json(), r#"{"a":{"c":2}}"#);
    }

    #[test]
    fn json_reads_as_it_looks() {
        let name = "x";
        assert_eq!(json!({"b": [1, name, null], "a": {"c": true}}).to_json(), r#"{"a":{"c":true},"b":[1,"x",null]}"#);
    }
}
