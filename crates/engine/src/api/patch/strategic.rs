//! Applying a strategic merge patch.
//!
//! Models `mergeMap` and what it calls in apimachinery `pkg/util/strategicpatch/patch.go`.

use super::{DELETE_FROM, DIRECTIVE, PatchError, RETAIN_KEYS, SET_ORDER, Strategy, go_scalar, root, strategy};
use crate::api::schema::Type;
use crate::api::{Kind, Map, Value};

/// Applies a strategic merge patch to an object of a kind.
pub fn strategic(kind: Kind, original: &Value, patch: &Value) -> Result<Value, PatchError> {
    let empty = Map::new();
    merge_map(
        original.as_object().unwrap_or(&empty),
        patch.as_object().unwrap_or(&empty),
        Some(root(kind)),
        Options { onto_object: true },
    )
}

/// What a patch is merged onto.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// An object: directives are carried out and unmatched nulls dropped. Otherwise another patch: they are kept.
    pub onto_object: bool,
}

pub(super) fn merge_map(
    original: &Map,
    patch: &Map,
    ty: Option<&'static Type>,
    options: Options,
) -> Result<Value, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                let mut patch = patch.clone();
                patch.remove(DIRECTIVE);
                Ok(Value::from(patch))
            }
            Some("delete") => Ok(Value::empty_object()),
            _ => Err(PatchError::new(format!(
                "unknown patch type: {} in map: {}",
                go_scalar(directive),
                super::go_value(&Value::from(patch.clone()))
            ))),
        };
    }
    let (mut original, mut patch) = (original.clone(), patch.clone());
    retain_keys(&mut original, &mut patch, options)?;
    ordered_lists(&mut original, &mut patch, ty, options)?;
    for (key, value) in patch.iter() {
        let (key, deletes) = match key.strip_prefix(DELETE_FROM) {
            Some(_) if !options.onto_object => {
                original.insert(key.clone(), value.clone());
                continue;
            }
            Some(rest) => (rest.strip_prefix('/').ok_or_else(|| PatchError::bad_format("primitive list"))?, true),
            None => (key.as_ref(), false),
        };
        if value.is_null() {
            original.remove(key);
            if options.onto_object {
                continue;
            }
        }
        let merged = match (original.get(key), value) {
            (None, _) if deletes => continue,
            (Some(Value::Object(a)), Value::Object(b)) => {
                let s = strategy(ty, key);
                Some(if s.how == "replace" { value.clone() } else { merge_map(a, b, s.ty, options)? })
            }
            (Some(Value::Array(a)), Value::Array(b)) => {
                let s = strategy(ty, key);
                Some(merge_slice_by_strategy(a, b, s, deletes, options)?)
            }
            _ if deletes => continue,
            _ => without_directives(value, options.onto_object),
        };
        match merged {
            Some(v) => {
                original.insert(key, v);
            }
            None => {
                original.remove(key);
            }
        }
    }
    Ok(Value::from(original))
}

/// The value to put where there was none: without directives and, for an object, without nulls. None where it is itself
/// nothing but a directive.
fn without_directives(v: &Value, drop_nulls: bool) -> Option<Value> {
    match v {
        Value::Object(m) if m.contains_key(DIRECTIVE) => None,
        Value::Object(m) => {
            let kept = m
                .iter()
                .filter(|(_, v)| !(drop_nulls && v.is_null()))
                .filter_map(|(k, v)| Some((k.clone(), without_directives(v, drop_nulls)?)));
            Some(Value::from(kept.collect::<Map>()))
        }
        Value::Array(a) => Some(Value::array(a.iter().filter_map(|v| without_directives(v, drop_nulls)))),
        _ => Some(v.clone()),
    }
}

fn retain_keys(original: &mut Map, patch: &mut Map, options: Options) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if !options.onto_object {
        if !original.contains_key(RETAIN_KEYS) {
            original.insert(RETAIN_KEYS, keys);
        }
        return Ok(());
    }
    let listed = |k: &str| keys.items().iter().any(|v| v.as_str() == Some(k));
    let unlisted = patch
        .iter()
        .any(|(k, v)| !v.is_null() && !k.starts_with(DELETE_FROM) && !k.starts_with(SET_ORDER) && !listed(k));
    if keys.as_array().is_none() || unlisted {
        return Err(PatchError::bad_format("retainKeys"));
    }
    original.retain(|k, _| listed(k));
    Ok(())
}

/// Merges the lists whose order the patch says with `$setElementOrder/field`.
fn ordered_lists(
    original: &mut Map,
    patch: &mut Map,
    ty: Option<&'static Type>,
    options: Options,
) -> Result<(), PatchError> {
    let directives: Vec<_> =
        patch.iter().filter(|(k, _)| k.starts_with(SET_ORDER)).map(|(k, v)| (k.clone(), v.clone())).collect();
    for (directive, order) in directives {
        if !options.onto_object {
            match original.get(&directive) {
                Some(o) if *o != order => return Err(PatchError::bad_format("setElementOrder list")),
                _ => original.insert(directive.clone(), order.clone()),
            };
        }
        patch.remove(&directive);
        let key = directive[SET_ORDER.len()..]
            .strip_prefix('/')
            .ok_or_else(|| PatchError::bad_format("setElementOrder list"))?;
        let Some(order) = order.as_array() else { return Err(PatchError::bad_format("setElementOrder list")) };
        let s = strategy(ty, key);
        let (old, new) = (original.get(key).cloned(), patch.remove(key));
        if let Some(new) = &new {
            check_order(new.items(), order, s.key, &directive)?;
        }
        let merged = match (&old, &new) {
            (Some(old), None) => old.items().to_vec(),
            (None, Some(new)) => without_directives(new, false).unwrap_or_default().items().to_vec(),
            (Some(old), Some(new)) => {
                merge_slice_by_strategy(old.items(), new.items(), s, false, options)?.items().to_vec()
            }
            (None, None) => continue,
        };
        let (ours, server_only) = merged.into_iter().partition(|v| position(order, v, s.key).is_some());
        let live = old.as_ref().map_or(&[][..], Value::items);
        original.insert(key, Value::from(in_order(ours, server_only, order, live, s.key)));
    }
    Ok(())
}

fn check_order(items: &[Value], order: &[Value], key: &str, directive: &str) -> Result<(), PatchError> {
    if order.is_empty() {
        return Ok(());
    }
    let mut rest = order.iter();
    for item in items.iter().filter(|v| v.get(DIRECTIVE).is_none()) {
        if !rest.any(|o| same_key(o, item, key)) {
            let list = Value::array(items.iter().cloned());
            let order = Value::array(order.iter().cloned());
            let name = directive.split('/').next().unwrap_or(directive);
            return Err(PatchError::new(format!(
                "The order in patch list:\n{}\n doesn't match {name} list:\n{}\n",
                super::go_value(&list),
                super::go_value(&order)
            )));
        }
    }
    Ok(())
}

fn merge_slice_by_strategy(
    original: &[Value],
    patch: &[Value],
    s: Strategy,
    deletes: bool,
    options: Options,
) -> Result<Value, PatchError> {
    if s.how == "merge" || deletes {
        merge_slice(original, patch, s, deletes, options)
    } else {
        Ok(Value::array(patch.iter().cloned()))
    }
}

fn merge_slice(
    original: &[Value],
    patch: &[Value],
    s: Strategy,
    deletes: bool,
    options: Options,
) -> Result<Value, PatchError> {
    let objects = original.iter().chain(patch).next().is_some_and(|v| matches!(v, Value::Object(_)));
    let mut merged: Vec<Value> = original.to_vec();
    let mut items: Vec<Value> = patch.to_vec();
    if objects {
        if s.key.is_empty() {
            let name = s.ty.map_or("", |t| t.name);
            return Err(PatchError::new(format!("cannot merge lists without merge key for {name}")));
        }
        let mut replace = false;
        items = Vec::with_capacity(patch.len());
        for item in patch {
            match item.get(DIRECTIVE).map(|d| (d, d.as_str())) {
                None => items.push(item.clone()),
                Some((_, Some("delete"))) => {
                    let key = item.get(s.key).ok_or_else(|| PatchError::no_merge_key(item, s.key))?;
                    merged.retain(|v| v.get(s.key) != Some(key));
                }
                Some((_, Some("replace"))) => replace = true,
                Some((_, Some("merge"))) => {
                    return Err(PatchError::new("merging lists cannot yet be specified in the patch"));
                }
                Some((d, _)) => {
                    let text = format!("unknown patch type: {} in map: {}", go_scalar(d), super::go_value(item));
                    return Err(PatchError::new(text));
                }
            }
        }
        if replace {
            return Ok(Value::from(items));
        }
        for item in &items {
            let key = item.get(s.key).ok_or_else(|| PatchError::no_merge_key(item, s.key))?;
            match merged.iter_mut().find(|v| v.get(s.key) == Some(key)) {
                Some(Value::Object(old)) => {
                    let empty = Map::new();
                    let new = merge_map(old, item.as_object().unwrap_or(&empty), s.ty, options)?;
                    if let Some(slot) = merged.iter_mut().find(|v| v.get(s.key) == Some(key)) {
                        *slot = new;
                    }
                }
                _ => merged.push(item.clone()),
            }
        }
    } else {
        if deletes && options.onto_object {
            merged.retain(|v| !patch.contains(v));
            return Ok(Value::from(merged));
        }
        for item in patch {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
    }
    let (ours, server_only) = merged.into_iter().partition(|v| position(&items, v, s.key).is_some());
    Ok(Value::from(in_order(ours, server_only, &items, original, s.key)))
}

pub(super) fn same_key(a: &Value, b: &Value, key: &str) -> bool {
    if key.is_empty() { a == b } else { a.get(key) == b.get(key) }
}

fn position(list: &[Value], item: &Value, key: &str) -> Option<usize> {
    list.iter().position(|v| same_key(v, item, key))
}

/// Sorts what the patch names by the patch's order and the rest by the live order, then interleaves them: the relative
/// order of each is kept, and where the live order knows both, it decides.
fn in_order(patch: Vec<Value>, server_only: Vec<Value>, order: &[Value], live: &[Value], key: &str) -> Vec<Value> {
    let patch = sorted(patch, order, key);
    let server_only = sorted(server_only, live, key);
    let mut out = Vec::with_capacity(patch.len() + server_only.len());
    let (mut left, mut right) = (server_only.into_iter().peekable(), patch.into_iter().peekable());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let before = matches!((position(live, l, key), position(live, r, key)), (Some(a), Some(b)) if a < b);
        out.extend(if before { left.next() } else { right.next() });
    }
    out.extend(left);
    out.extend(right);
    out
}

/// Go's insertion sort with the comparison of `normalizeSliceOrder`, by which what is not in `order` moves forward;
/// deletions go last.
pub(super) fn sorted(items: Vec<Value>, order: &[Value], key: &str) -> Vec<Value> {
    let (deletions, mut items): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|v| v.get(DIRECTIVE).and_then(Value::as_str) == Some("delete"));
    let less = |a: &Value, b: &Value| match (position(order, a, key), position(order, b, key)) {
        (Some(a), Some(b)) => a < b,
        _ => true,
    };
    for i in 1..items.len() {
        let mut j = i;
        while j > 0 && less(&items[j], &items[j - 1]) {
            items.swap(j, j - 1);
            j -= 1;
        }
    }
    items.extend(deletions);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(original: &str, patch: &str) -> Result<String, PatchError> {
        let (original, patch) = (Value::from_json(original).unwrap(), Value::from_json(patch).unwrap());
        strategic(Kind::Pod, &original, &patch).map(|v| v.to_json())
    }

    #[test]
    fn lists_merge_by_key() {
        for (original, patch, want) in [
            (
                r#"{"spec":{"containers":[{"image":"x","name":"a"},{"image":"y","name":"b"}]}}"#,
                r#"{"spec":{"containers":[{"name":"b","image":"z"}]}}"#,
                r#"{"spec":{"containers":[{"image":"x","name":"a"},{"image":"z","name":"b"}]}}"#,
            ),
            (
                r#"{"spec":{"containers":[{"image":"x","name":"a"},{"image":"y","name":"b"}]}}"#,
                r#"{"spec":{"containers":[{"name":"a","$patch":"delete"},{"name":"c"}]}}"#,
                r#"{"spec":{"containers":[{"name":"c"},{"image":"y","name":"b"}]}}"#,
            ),
            (
                r#"{"spec":{"containers":[{"name":"a"}]}}"#,
                r#"{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}"#,
                r#"{"spec":{"containers":[{"name":"c"}]}}"#,
            ),
            (
                r#"{"metadata":{"finalizers":["a","b","c"]}}"#,
                r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}"#,
                r#"{"metadata":{"finalizers":["a","c"]}}"#,
            ),
            (
                r#"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
                r#"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}"#,
                r#"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#,
            ),
            (
                r#"{"metadata":{"labels":{"a":"1","b":"2"}}}"#,
                r#"{"metadata":{"labels":{"a":null,"c":"3"}}}"#,
                r#"{"metadata":{"labels":{"b":"2","c":"3"}}}"#,
            ),
            (
                r#"{"spec":{"nodeSelector":{"a":"1"}}}"#,
                r#"{"spec":{"nodeSelector":{"$patch":"replace","b":"2"}}}"#,
                r#"{"spec":{"nodeSelector":{"b":"2"}}}"#,
            ),
            (
                r#"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
                r#"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}"#,
                r#"{"spec":{"volumes":[{"hostPath":{"path":"/x"},"name":"v"}]}}"#,
            ),
            (
                r#"{"spec":{"containers":[{"args":["x"],"name":"a"}]}}"#,
                r#"{"spec":{"containers":[{"name":"a","args":["y","z"]}]}}"#,
                r#"{"spec":{"containers":[{"args":["y","z"],"name":"a"}]}}"#,
            ),
        ] {
            assert_eq!(apply(original, patch), Ok(want.to_owned()), "{patch}");
        }
    }

    #[test]
    fn refusals() {
        let doc = r#"{"spec":{"containers":[{"name":"a"}]}}"#;
        for (patch, text) in [
            (r#"{"$patch":"jump"}"#, "unknown patch type: jump in map: map[$patch:jump]"),
            (
                r#"{"spec":{"containers":[{"image":"x"}]}}"#,
                "map: map[image:x] does not contain declared merge key: name",
            ),
            (r#"{"spec":{"$retainKeys":["x"],"hostname":"y"}}"#, "invalid patch format of retainKeys"),
        ] {
            assert_eq!(apply(doc, patch).unwrap_err().message, text);
        }
    }
}
