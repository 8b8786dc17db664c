//! The strategic merge patches that kubectl computes: from two documents, and from three for `kubectl apply`.
//!
//! Models `diffMaps` and `CreateThreeWayMergePatch` in apimachinery `pkg/util/strategicpatch/patch.go`.

use super::strategic::{Options, merge_map, same_key, sorted};
use super::{DELETE_FROM, DIRECTIVE, PatchError, RETAIN_KEYS, SET_ORDER, go_scalar, root, strategy};
use crate::api::schema::Type;
use crate::api::{Kind, Map, Value};

/// Which differences a patch takes up.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is upstream's own option")]
pub struct DiffOptions {
    /// Not what is only in the original.
    pub ignore_deletions: bool,
    /// Only what is gone.
    pub ignore_changes_and_additions: bool,
    /// Lists merged by key say their order.
    pub set_element_order: bool,
    retain_keys: bool,
}

/// The patch that makes `modified` of `original`. Models `CreateTwoWayMergePatch`.
pub fn two_way(kind: Kind, original: &Value, modified: &Value) -> Result<Value, PatchError> {
    diff(kind, original, modified, DiffOptions { set_element_order: true, ..DiffOptions::default() }).map(Value::from)
}

/// The patch of `kubectl apply`: what `modified` has otherwise than `current`, less what `original`, applied last, had and
/// `modified` has no more. Models `CreateThreeWayMergePatch` with overwriting.
pub fn three_way(kind: Kind, original: &Value, modified: &Value, current: &Value) -> Result<Value, PatchError> {
    let options = DiffOptions { set_element_order: true, ..DiffOptions::default() };
    let delta = diff(kind, current, modified, DiffOptions { ignore_deletions: true, ..options })?;
    let deletions = diff(kind, original, modified, DiffOptions { ignore_changes_and_additions: true, ..options })?;
    merge_map(&deletions, &delta, Some(root(kind)), Options { onto_object: false })
}

fn diff(kind: Kind, original: &Value, modified: &Value, options: DiffOptions) -> Result<Map, PatchError> {
    let empty = Map::new();
    let (a, b) = (original.as_object().unwrap_or(&empty), modified.as_object().unwrap_or(&empty));
    diff_maps(a, b, Some(root(kind)), options)
}

fn diff_maps(
    original: &Map,
    modified: &Map,
    ty: Option<&'static Type>,
    options: DiffOptions,
) -> Result<Map, PatchError> {
    let mut patch = Map::new();
    let adds = !options.ignore_changes_and_additions;
    for (key, new) in modified.iter() {
        let Some(old) = original.get(key) else {
            if adds {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        if key.as_ref() == DIRECTIVE {
            if old != new {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        }
        if old.same(new) {
            continue;
        }
        match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                let s = strategy(ty, key);
                if s.how == "replace" {
                    if adds {
                        patch.insert(key.clone(), new.clone());
                    }
                } else {
                    let inner = diff_maps(a, b, s.ty, DiffOptions { retain_keys: s.retain_keys, ..options })?;
                    if !inner.is_empty() {
                        patch.insert(key.clone(), inner);
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) if strategy(ty, key).how == "merge" => {
                let s = strategy(ty, key);
                let inner = DiffOptions { retain_keys: s.retain_keys, ..options };
                let lists = diff_lists(a, b, s.ty, s.key, inner)?;
                if !lists.patch.is_empty() {
                    patch.insert(key.clone(), lists.patch);
                }
                if !lists.delete.is_empty() {
                    patch.insert(format!("{DELETE_FROM}/{key}"), lists.delete);
                }
                if !lists.order.is_empty() {
                    patch.insert(format!("{SET_ORDER}/{key}"), lists.order);
                }
            }
            _ if adds && old != new => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    if !options.ignore_deletions {
        for key in original.keys().filter(|k| !modified.contains_key(k)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    if options.retain_keys {
        let kept: Vec<Value> = modified.iter().filter(|(_, v)| !v.is_null()).map(|(k, _)| Value::from(k)).collect();
        let more = original.keys().any(|k| !modified.contains_key(k));
        if !kept.is_empty() && (!patch.is_empty() || more) {
            patch.insert(RETAIN_KEYS, kept);
        }
    }
    Ok(patch)
}

#[derive(Default)]
struct Lists {
    patch: Vec<Value>,
    delete: Vec<Value>,
    order: Vec<Value>,
}

fn diff_lists(
    original: &[Value],
    modified: &[Value],
    ty: Option<&'static Type>,
    key: &str,
    options: DiffOptions,
) -> Result<Lists, PatchError> {
    let adds = !options.ignore_changes_and_additions;
    if original.is_empty() {
        let patch = if adds { modified.to_vec() } else { Vec::new() };
        return Ok(Lists { patch, ..Lists::default() });
    }
    let mut lists = Lists::default();
    if matches!(original[0], Value::Object(_)) {
        let (changes, deletions) = diff_objects(original, modified, ty, key, options)?;
        lists.patch = sorted(changes, modified, key);
        lists.patch.extend(deletions);
        let same_order =
            original.len() == modified.len() && original.iter().zip(modified).all(|(a, b)| same_key(a, b, key));
        let changed = !lists.patch.is_empty();
        if options.set_element_order && ((adds && (changed || !same_order)) || (!options.ignore_deletions && changed)) {
            lists.order =
                modified.iter().map(|v| Value::object_from([(key, v.get(key).cloned().unwrap_or_default())])).collect();
        }
        return Ok(lists);
    }
    if adds {
        let mut new: Vec<Value> = modified.iter().filter(|v| !original.contains(v)).cloned().collect();
        new.sort_by_key(go_scalar);
        lists.patch = sorted(new, modified, "");
    }
    if !options.ignore_deletions {
        lists.delete = original.iter().filter(|v| !modified.contains(v)).cloned().collect();
        lists.delete.sort_by_key(go_scalar);
        lists.delete.dedup();
    }
    let differ = original != modified;
    if options.set_element_order && ((!options.ignore_deletions && !lists.delete.is_empty()) || (adds && differ)) {
        lists.order = modified.to_vec();
    }
    Ok(lists)
}

fn diff_objects(
    original: &[Value],
    modified: &[Value],
    ty: Option<&'static Type>,
    key: &str,
    options: DiffOptions,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let by_key = |list: &[Value]| -> Result<Vec<(String, Value)>, PatchError> {
        let mut items = Vec::with_capacity(list.len());
        for v in list {
            let k = v.get(key).ok_or_else(|| PatchError::no_merge_key(v, key))?;
            items.push((go_scalar(k), v.clone()));
        }
        items.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(items)
    };
    let (old, new) = (by_key(original)?, by_key(modified)?);
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    let empty = Map::new();
    while i < old.len() || j < new.len() {
        let order = match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) => a.0.cmp(&b.0),
            (None, _) => std::cmp::Ordering::Greater,
            (_, None) => std::cmp::Ordering::Less,
        };
        match order {
            std::cmp::Ordering::Equal => {
                let (a, b) = (old[i].1.as_object().unwrap_or(&empty), new[j].1.as_object().unwrap_or(&empty));
                let mut patch = diff_maps(a, b, ty, options)?;
                if !patch.is_empty() {
                    patch.insert(key, b.get(key).cloned().unwrap_or_default());
                    changes.push(Value::from(patch));
                }
                i += 1;
                j += 1;
            }
            std::cmp::Ordering::Greater => {
                if !options.ignore_changes_and_additions {
                    changes.push(new[j].1.clone());
                }
                j += 1;
            }
            std::cmp::Ordering::Less => {
                if !options.ignore_deletions {
                    let value = old[i].1.get(key).cloned().unwrap_or_default();
                    deletions.push(Value::object_from([(key, value), (DIRECTIVE, Value::from("delete"))]));
                }
                i += 1;
            }
        }
    }
    Ok((changes, deletions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::patch::strategic;

    fn json(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn two_way_differences_apply() {
        for (a, b, want) in [
            (
                r#"{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b"}],"hostname":"h"}}"#,
                r#"{"spec":{"containers":[{"name":"a","image":"y"}]}}"#,
                r#"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"y","name":"a"},{"$patch":"delete","name":"b"}],"hostname":null}}"#,
            ),
            (
                r#"{"metadata":{"finalizers":["a","b"]}}"#,
                r#"{"metadata":{"finalizers":["b","c"]}}"#,
                r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b","c"],"finalizers":["c"]}}"#,
            ),
            (
                r#"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
                r#"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}}"#,
                r#"{"spec":{"$setElementOrder/volumes":[{"name":"v"}],"volumes":[{"$retainKeys":["hostPath","name"],"emptyDir":null,"hostPath":{"path":"/"},"name":"v"}]}}"#,
            ),
        ] {
            let patch = two_way(Kind::Pod, &json(a), &json(b)).unwrap();
            assert_eq!(patch.to_json(), want);
            assert_eq!(strategic(Kind::Pod, &json(a), &patch).unwrap(), json(b), "{want}");
        }
    }

    #[test]
    fn three_way_keeps_what_others_set() {
        let original = json(r#"{"metadata":{"labels":{"a":"1","gone":"x"}},"spec":{"parallelism":1}}"#);
        let modified = json(r#"{"metadata":{"labels":{"a":"2"}},"spec":{"parallelism":1}}"#);
        let current = json(
            r#"{"metadata":{"labels":{"a":"1","gone":"x","other":"y"}},"spec":{"backoffLimit":6,"parallelism":3}}"#,
        );
        let patch = three_way(Kind::Job, &original, &modified, &current).unwrap();
        assert_eq!(patch.to_json(), r#"{"metadata":{"labels":{"a":"2","gone":null}},"spec":{"parallelism":1}}"#);
        let unchanged = three_way(Kind::Job, &original, &original, &original).unwrap();
        assert_eq!(unchanged.to_json(), "{}");
    }

    #[test]
    fn three_way_says_the_order_of_lists() {
        let original = json(r#"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b"}]}}}}"#);
        let modified = json(r#"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"y"}]}}}}"#);
        let current = json(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x","resources":{}},{"name":"b","resources":{}}]}}}}"#,
        );
        let patch = three_way(Kind::Job, &original, &modified, &current).unwrap();
        assert_eq!(
            patch.to_json(),
            r#"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"y","name":"a"},{"$patch":"delete","name":"b"}]}}}}"#
        );
        let after = strategic(Kind::Job, &current, &patch).unwrap();
        assert_eq!(
            after.to_json(),
            r#"{"spec":{"template":{"spec":{"containers":[{"image":"y","name":"a","resources":{}}]}}}}"#
        );
    }
}
