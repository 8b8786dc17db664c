//! The patch that `kubectl apply` sends: what the manifest changes, and what it no longer says.
//!
//! Models apimachinery `pkg/util/strategicpatch` (`CreateThreeWayMergePatch`).

use crate::api::schema::{self, Field, Ty};
use crate::api::{Kind, Map, Value};

/// The strategic merge patch from what is there to what a manifest says. `original` is what was applied last: what it
/// says and the manifest does not is deleted.
pub fn patch(kind: Kind, original: &Value, modified: &Value, current: &Value) -> Value {
    let ty = Some(schema::of(kind));
    maps(ty, original, modified, current)
}

type Struct = Option<&'static schema::Type>;

fn struct_of(ty: Ty) -> Struct {
    ty.as_struct()
}

/// What differs between maps, as a patch.
fn maps(ty: Struct, original: &Value, modified: &Value, current: &Value) -> Value {
    let mut out = Map::new();
    for (key, wanted) in modified.fields() {
        let field = ty.and_then(|t| t.field(key));
        let had = original.get(key).unwrap_or(&Value::Null);
        match current.get(key) {
            _ if wanted.is_null() => {
                if current.get(key).is_some_and(|v| !v.is_null()) {
                    out.insert(key.clone(), Value::Null);
                }
            }
            None | Some(Value::Null) => {
                let is_empty =
                    wanted.as_object().is_some_and(Map::is_empty) || wanted.as_array().is_some_and(<[_]>::is_empty);
                if !is_empty {
                    out.insert(key.clone(), wanted.clone());
                }
            }
            Some(now) => {
                if let Some(change) = values(field, had, wanted, now) {
                    out.insert(key.clone(), change);
                }
            }
        }
    }
    for (key, _) in original.fields() {
        if modified.get(key).is_none() && current.get(key).is_some() {
            out.insert(key.clone(), Value::Null);
        }
    }
    Value::from(out)
}

fn values(field: Option<&'static Field>, had: &Value, wanted: &Value, now: &Value) -> Option<Value> {
    match (wanted, now) {
        (Value::Object(_), Value::Object(_)) => {
            let change = maps(field.and_then(|f| struct_of(f.ty)), had, wanted, now);
            let empty = change.as_object().is_none_or(Map::is_empty);
            (!empty).then_some(change)
        }
        (Value::Array(_), Value::Array(_)) => {
            if let Some(f) = field.filter(|f| f.patch_strategy.split(',').any(|s| s == "merge")) {
                return if f.patch_merge_key.is_empty() { texts(had, wanted, now) } else { keyed(f, had, wanted, now) };
            }
            (wanted != now).then(|| wanted.clone())
        }
        _ => (wanted != now && !alike(field, wanted, now)).then(|| wanted.clone()),
    }
}

/// Quantities and the like that are written differently and mean the same are still different to kubectl; numbers are not.
fn alike(_field: Option<&'static Field>, a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) if a.as_i64().is_some() && a.as_i64() == b.as_i64())
}

/// Lists of texts that merge.
fn texts(had: &Value, wanted: &Value, now: &Value) -> Option<Value> {
    let add: Vec<Value> = wanted.items().iter().filter(|v| !now.items().contains(v)).cloned().collect();
    let _ = had;
    (!add.is_empty()).then(|| Value::from(add))
}

/// Lists of objects that merge by a key.
fn keyed(f: &'static Field, had: &Value, wanted: &Value, now: &Value) -> Option<Value> {
    let key = f.patch_merge_key;
    let ty = f.ty.element().and_then(struct_of);
    let find = |list: &Value, id: &Value| list.items().iter().find(|i| i.get(key) == Some(id)).cloned();
    let mut out = Vec::new();
    for item in wanted.items() {
        let Some(id) = item.get(key) else {
            return (wanted != now).then(|| wanted.clone());
        };
        match find(now, id) {
            None => out.push(item.clone()),
            Some(there) => {
                let mut change = maps(ty, &find(had, id).unwrap_or_default(), item, &there);
                if change.as_object().is_some_and(|m| !m.is_empty()) {
                    change.set_key_top(key, id.clone());
                    out.push(change);
                }
            }
        }
    }
    for item in had.items() {
        let Some(id) = item.get(key) else { continue };
        if find(wanted, id).is_none() && find(now, id).is_some() {
            let mut gone = Map::new();
            gone.insert("$patch", "delete");
            gone.insert(key, id.clone());
            out.push(gone.into());
        }
    }
    (!out.is_empty()).then(|| Value::from(out))
}

trait SetTop {
    fn set_key_top(&mut self, key: &str, value: Value);
}

impl SetTop for Value {
    fn set_key_top(&mut self, key: &str, value: Value) {
        self.make_object().insert(key, value);
    }
}
