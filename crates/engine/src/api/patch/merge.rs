//! JSON merge patch (RFC 7386).

use crate::api::{Map, Value};

/// Applies a merge patch: fields are set, null takes them away, lists are replaced.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let fields = target.make_object();
    for (key, value) in patch.iter() {
        match value {
            Value::Null => {
                fields.remove(key);
            }
            Value::Object(_) => merge(fields.entry(key), value),
            _ => {
                fields.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The merge patch that makes `modified` of `original`. Models `jsonpatch.CreateMergePatch`.
pub fn create_merge(original: &Value, modified: &Value) -> Value {
    let (Value::Object(a), Value::Object(b)) = (original, modified) else { return modified.clone() };
    let mut patch = Map::new();
    for (key, new) in b.iter() {
        match a.get(key) {
            Some(old) if old == new => {}
            Some(old @ Value::Object(_)) if matches!(new, Value::Object(_)) => {
                patch.insert(key.clone(), create_merge(old, new));
            }
            _ => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in a.keys().filter(|k| !b.contains_key(k)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::from(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (target, patch, want) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let mut v = Value::from_json(target).unwrap();
            merge(&mut v, &Value::from_json(patch).unwrap());
            assert_eq!(v.to_json(), want);
        }
    }

    #[test]
    fn a_difference_applied_gives_the_other() {
        let a = Value::from_json(r#"{"a":1,"b":{"c":[1],"d":2},"e":3}"#).unwrap();
        let b = Value::from_json(r#"{"a":1,"b":{"c":[2],"f":2}}"#).unwrap();
        let patch = create_merge(&a, &b);
        assert_eq!(patch.to_json(), r#"{"b":{"c":[2],"d":null,"f":2},"e":null}"#);
        let mut c = a.clone();
        merge(&mut c, &patch);
        assert_eq!(c, b);
    }
}
