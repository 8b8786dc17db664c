//! Objects as server-side apply sees them: which fields there are, which differ, and two put together.
//!
//! Models `structured-merge-diff/typed`. Lists and maps merge as the table of fields says.

use super::set::Set;
use crate::api::schema::{self, Merge, Ty, Type};
use crate::api::{Map, Value};

/// How a value is looked at.
#[derive(Clone, Copy)]
enum Shape {
    /// As a whole.
    Leaf,
    /// Field by field, each of its own type.
    Struct(&'static Type),
    /// Entry by entry, all of one type.
    Map(Ty),
    /// Item by item, told apart by fields.
    ByKey(&'static [&'static str], Ty),
    /// Item by item, told apart by their value.
    Set,
}

fn shape(ty: Ty, merge: &'static Merge) -> Shape {
    let own = ty.named().map_or(&Merge::Unset, |t| &t.merge);
    let merge = if *merge == Merge::Unset { own } else { merge };
    match (ty.resolve(), merge) {
        (_, Merge::Atomic) => Shape::Leaf,
        (Ty::Named(id), _) => Shape::Struct(schema::get(id)),
        (Ty::Map(_, element), _) => Shape::Map(*element),
        (Ty::List(element), Merge::ByKey(keys)) => Shape::ByKey(keys, *element),
        (Ty::List(_), Merge::Set) => Shape::Set,
        _ => Shape::Leaf,
    }
}

/// Fields that nobody manages, by where they are.
fn unmanaged(path: &[&str], field: &str) -> bool {
    match path {
        [] => field == "status",
        ["metadata"] => matches!(
            field,
            "name"
                | "namespace"
                | "creationTimestamp"
                | "deletionTimestamp"
                | "deletionGracePeriodSeconds"
                | "selfLink"
                | "uid"
                | "generation"
                | "managedFields"
                | "resourceVersion"
        ),
        _ => false,
    }
}

/// The fields that an object sets.
pub fn fields(ty: &'static Type, object: &Value) -> Set {
    let mut set = Set::default();
    struct_differences(ty, None, object, &mut set, &[], None);
    set
}

/// The fields that are new where there was nothing before. A struct that was not there is a field by itself, too.
pub fn written(ty: &'static Type, object: &Value) -> Set {
    let mut set = Set::default();
    struct_differences(ty, None, object, &mut set, &[], Some(true));
    set
}

/// What a new version sets otherwise than an old one, and what it no longer sets.
pub fn differences(ty: &'static Type, old: Option<&Value>, new: &Value) -> (Set, Set) {
    let mut changed = Set::default();
    struct_differences(ty, old, new, &mut changed, &[], Some(true));
    let mut removed = old.map(|o| fields(ty, o)).unwrap_or_default();
    removed.subtract(&fields(ty, new));
    (changed, removed)
}

/// `there` says whether the struct itself was there before, as those are that Go always writes; none where that is not asked.
fn struct_differences(
    ty: &'static Type,
    old: Option<&Value>,
    new: &Value,
    out: &mut Set,
    path: &[&str],
    there: Option<bool>,
) {
    for (name, value) in new.fields() {
        let Some(field) = ty.field(name).filter(|_| !unmanaged(path, name)) else { continue };
        let before = old.and_then(|o| o.get(name));
        if before.is_some_and(|b| b.same(value)) {
            continue;
        }
        let below: &[&str] = if path.is_empty() { &[field.json] } else { &["", ""] };
        let mut inner = Set::default();
        let there = there.map(|there| before.is_some() || there && !field.pointer);
        value_differences(shape(field.ty, &field.merge), before, value, &mut inner, below, there);
        // What Go always writes, as null where it is empty, was there before.
        inner.member &= field.omitempty || inner.children.is_empty();
        if !inner.is_empty() {
            out.children.insert(format!("f:{name}"), inner);
        }
    }
}

fn value_differences(
    shape: Shape,
    old: Option<&Value>,
    new: &Value,
    out: &mut Set,
    path: &[&str],
    there: Option<bool>,
) {
    let of = |before: Option<&Value>| there.map(|_| before.is_some());
    match (shape, new) {
        (_, Value::Null) => out.member = old.is_none(),
        // An empty struct is a field by itself.
        (Shape::Struct(_), Value::Object(m)) if m.is_empty() => out.member = old.is_none(),
        (Shape::Struct(ty), Value::Object(_)) => {
            out.member = there == Some(false);
            struct_differences(ty, old, new, out, path, there);
        }
        (Shape::Map(element), Value::Object(m)) => {
            out.member = old.is_none();
            let shape = self::shape(element, &Merge::Unset);
            for (name, value) in m.iter() {
                let before = old.and_then(|o| o.get(name));
                let mut inner = Set::default();
                value_differences(shape, before, value, &mut inner, &["", ""], of(before));
                if !inner.is_empty() {
                    out.children.insert(format!("f:{name}"), inner);
                }
            }
        }
        (Shape::ByKey(keys, element), Value::Array(items)) => {
            out.member = old.is_none();
            let shape = self::shape(element, &Merge::Unset);
            for item in items.iter() {
                let step = key_step(keys, element, item);
                let mut others = old.map_or(&[][..], Value::items).iter();
                let before = others.find(|o| key_step(keys, element, o) == step);
                let inner = out.below(step);
                value_differences(shape, before, item, inner, &["", ""], of(before));
                inner.member = before.is_none();
            }
        }
        (Shape::Set, Value::Array(items)) => {
            out.member = old.is_none();
            for item in items.iter().filter(|i| !old.is_some_and(|o| o.items().contains(i))) {
                out.below(format!("v:{}", item.to_json())).member = true;
            }
        }
        _ => out.member = old != Some(new),
    }
}

/// The step to an item, with the defaults of keys that it leaves out.
fn key_step(keys: &[&'static str], element: Ty, item: &Value) -> String {
    let of = |key: &'static str| {
        let given = item.get(key).cloned();
        let default = || element.as_struct()?.field(key).and_then(|f| Value::from_json(f.default).ok());
        (key, given.or_else(default).unwrap_or_default())
    };
    format!("k:{}", Value::object_from(keys.iter().map(|k| of(k))).to_json())
}

/// A live object with what a configuration sets.
pub fn merged(ty: &'static Type, live: &Value, config: &Value) -> Value {
    merge_struct(ty, live, config, &[])
}

fn merge_struct(ty: &'static Type, live: &Value, config: &Value, path: &[&str]) -> Value {
    let mut out = live.as_object().cloned().unwrap_or_default();
    for (name, value) in config.fields() {
        let Some(field) = ty.field(name).filter(|_| !unmanaged(path, name)) else { continue };
        let below: &[&str] = if path.is_empty() { &[field.json] } else { &["", ""] };
        let new = merge_value(shape(field.ty, &field.merge), out.get(name), value, below);
        out.insert(name.clone(), new);
    }
    Value::from(out)
}

fn merge_value(shape: Shape, live: Option<&Value>, config: &Value, path: &[&str]) -> Value {
    let Some(live) = live else { return config.clone() };
    match (shape, live, config) {
        (Shape::Struct(ty), Value::Object(_), Value::Object(_)) => merge_struct(ty, live, config, path),
        (Shape::Map(element), Value::Object(old), Value::Object(new)) => {
            let shape = self::shape(element, &Merge::Unset);
            let mut out: Map = (**old).clone();
            for (name, value) in new.iter() {
                let merged = merge_value(shape, old.get(name), value, &["", ""]);
                out.insert(name.clone(), merged);
            }
            Value::from(out)
        }
        (Shape::ByKey(keys, element), Value::Array(old), Value::Array(new)) => {
            let shape = self::shape(element, &Merge::Unset);
            let mut out: Vec<Value> = old.to_vec();
            for item in new.iter() {
                let step = key_step(keys, element, item);
                match out.iter_mut().find(|o| key_step(keys, element, o) == step) {
                    Some(there) => *there = merge_value(shape, Some(&*there), item, &["", ""]),
                    None => out.push(item.clone()),
                }
            }
            Value::from(out)
        }
        (Shape::Set, Value::Array(old), Value::Array(new)) => {
            let more = new.iter().filter(|v| !old.contains(v));
            Value::array(old.iter().chain(more).cloned())
        }
        (_, _, Value::Null) => live.clone(),
        _ => config.clone(),
    }
}

/// Takes the fields of a set out of an object.
pub fn remove(object: &mut Value, set: &Set) {
    for (step, below) in &set.children {
        match step.split_once(':') {
            Some(("f", name)) => {
                if object.get(name).is_none() {
                    continue;
                }
                let whole = below.member && below.children.is_empty();
                let fields = object.make_object();
                if whole {
                    fields.remove(name);
                } else if let Some(inner) = fields.get_mut(name) {
                    remove(inner, below);
                    let empty =
                        inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(<[_]>::is_empty);
                    if below.member && empty {
                        fields.remove(name);
                    }
                }
            }
            Some(("k", keys)) => {
                let keys = Value::from_json(keys).unwrap_or_default();
                let is = |item: &Value| keys.fields().all(|(k, v)| item.get(k).is_none_or(|have| have == v));
                if object.as_array().is_none() {
                    continue;
                }
                let items = object.make_array();
                if below.member {
                    items.retain(|i| !is(i));
                } else if let Some(item) = items.iter_mut().find(|i| is(i)) {
                    remove(item, below);
                }
            }
            Some((_, value)) if object.as_array().is_some() => {
                object.make_array().retain(|i| i.to_json() != value);
            }
            _ => {}
        }
    }
}
