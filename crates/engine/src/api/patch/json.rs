//! JSON patch (RFC 6902).
//!
//! Models `gopkg.in/evanphx/json-patch.v4`: a path must exist but for its last step in `add`, and `-` appends.

use crate::api::Value;

/// Why a JSON patch is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JsonPatchError {
    /// It is not a list of operations.
    Malformed(String),
    /// An operation does not fit the document.
    Failed(String),
}

/// Applies the operations of a JSON patch one after the other.
pub fn json_patch(document: &Value, patch: &Value) -> Result<Value, JsonPatchError> {
    let Some(operations) = patch.as_array() else {
        let what = super::json_type(patch);
        return Err(JsonPatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {what} into Go value of type []handlers.jsonPatchOp"
        )));
    };
    let mut document = document.clone();
    for op in operations {
        apply(&mut document, op).map_err(JsonPatchError::Failed)?;
    }
    Ok(document)
}

fn apply(document: &mut Value, op: &Value) -> Result<(), String> {
    let path = || op.at("path").as_str().ok_or_else(|| "missing required field path".to_owned());
    let from = || op.at("from").as_str().ok_or_else(|| "missing required field from".to_owned());
    let value = op.at("value").clone();
    let kind = op.str_at("op");
    match kind {
        "add" => put(document, path()?, value, Put::Add),
        "replace" => put(document, path()?, value, Put::Replace),
        "remove" => take(document, path()?, "remove").map(|_| ()),
        "move" => {
            let value = take(document, from()?, "move")?;
            put(document, path()?, value, Put::Move)
        }
        "copy" => {
            let from = from()?;
            let value = find(document, from).ok_or_else(|| {
                format!("copy operation does not apply: doc is missing from path: {from}: missing value")
            })?;
            put(document, path()?, value.clone(), Put::Copy)
        }
        "test" => {
            let path = path()?;
            match find(document, path) {
                Some(found) if *found == value => Ok(()),
                None if value.is_null() => Ok(()),
                _ => Err(format!("testing value {path} failed: test failed")),
            }
        }
        _ => Err(format!("Unexpected kind: {kind}")),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Put {
    Add,
    Replace,
    Move,
    Copy,
}

impl Put {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::Copy => "copy",
        }
    }
}

fn steps(path: &str) -> Option<(Vec<String>, String)> {
    let decode = |s: &str| s.replace("~1", "/").replace("~0", "~");
    let mut steps: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect();
    let last = steps.pop()?;
    Some((steps, last))
}

fn index(step: &str, len: usize) -> Result<usize, String> {
    let n: i64 = step.parse().map_err(|_| format!("strconv.Atoi: parsing {step:?}: invalid syntax"))?;
    let at = if n < 0 { n + len as i64 } else { n };
    usize::try_from(at).map_err(|_| format!("Unable to access invalid index: {n}: invalid index referenced"))
}

fn find<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(document);
    }
    let (parents, last) = steps(path)?;
    parents.iter().chain([&last]).try_fold(document, |v, step| child(v, step))
}

fn child<'a>(v: &'a Value, step: &str) -> Option<&'a Value> {
    match v {
        Value::Object(m) => m.get(step),
        Value::Array(a) => a.get(index(step, a.len()).ok()?),
        _ => None,
    }
}

/// The list or object that holds a path's last step.
fn container<'a>(document: &'a mut Value, parents: &[String]) -> Option<&'a mut Value> {
    let mut v = document;
    for step in parents {
        v = match v {
            Value::Object(_) => v.make_object().get_mut(step)?,
            Value::Array(_) => {
                let items = v.make_array();
                let i = index(step, items.len()).ok()?;
                items.get_mut(i)?
            }
            _ => return None,
        };
    }
    matches!(v, Value::Object(_) | Value::Array(_)).then_some(v)
}

fn put(document: &mut Value, path: &str, value: Value, how: Put) -> Result<(), String> {
    let name = how.name();
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let missing = || match how {
        Put::Replace => format!("replace operation does not apply: doc is missing path: {path}: missing value"),
        Put::Move | Put::Copy => {
            format!("{name} operation does not apply: doc is missing destination path: {path}: missing value")
        }
        Put::Add => format!("add operation does not apply: doc is missing path: {path:?}: missing value"),
    };
    let (parents, last) = steps(path).ok_or_else(missing)?;
    match container(document, &parents).ok_or_else(missing)? {
        v @ Value::Object(_) => {
            let fields = v.make_object();
            if how == Put::Replace && !fields.contains_key(&last) {
                return Err(format!("replace operation does not apply: doc is missing key: {path}: missing value"));
            }
            fields.insert(last, value);
        }
        v => {
            let items = v.make_array();
            if how == Put::Replace {
                let i = index(&last, items.len())?;
                *items.get_mut(i).ok_or_else(|| {
                    format!("replace operation does not apply: doc is missing key: {path}: missing value")
                })? = value;
            } else if last == "-" {
                items.push(value);
            } else {
                let i = index(&last, items.len())?;
                if i > items.len() {
                    return Err(format!("Unable to access invalid index: {last}: invalid index referenced"));
                }
                items.insert(i, value);
            }
        }
    }
    Ok(())
}

fn take(document: &mut Value, path: &str, name: &str) -> Result<Value, String> {
    let missing = || format!("{name} operation does not apply: doc is missing path: {path:?}: missing value");
    let (parents, last) = steps(path).ok_or_else(missing)?;
    match container(document, &parents).ok_or_else(missing)? {
        v @ Value::Object(_) => v.make_object().remove(&last).ok_or_else(|| {
            format!("error in remove for path: '{path}': Unable to remove nonexistent key: {last}: missing value")
        }),
        v => {
            let items = v.make_array();
            let i = index(&last, items.len())?;
            if i >= items.len() {
                return Err(format!(
                    "error in remove for path: '{path}': Unable to access invalid index: {last}: invalid index referenced"
                ));
            }
            Ok(items.remove(i))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations() {
        let doc = r#"{"a":{"b":[1,2,3]},"c/d":"x"}"#;
        for (patch, want) in [
            (r#"[{"op":"add","path":"/a/b/1","value":9}]"#, r#"{"a":{"b":[1,9,2,3]},"c/d":"x"}"#),
            (r#"[{"op":"add","path":"/a/b/-","value":9}]"#, r#"{"a":{"b":[1,2,3,9]},"c/d":"x"}"#),
            (r#"[{"op":"remove","path":"/a/b/0"}]"#, r#"{"a":{"b":[2,3]},"c/d":"x"}"#),
            (r#"[{"op":"replace","path":"/c~1d","value":null}]"#, r#"{"a":{"b":[1,2,3]},"c/d":null}"#),
            (r#"[{"op":"move","from":"/a/b","path":"/e"}]"#, r#"{"a":{},"c/d":"x","e":[1,2,3]}"#),
            (r#"[{"op":"copy","from":"/a/b/2","path":"/a/n"}]"#, r#"{"a":{"b":[1,2,3],"n":3},"c/d":"x"}"#),
            (r#"[{"op":"test","path":"/a/b/0","value":1}]"#, doc),
        ] {
            let got = json_patch(&Value::from_json(doc).unwrap(), &Value::from_json(patch).unwrap());
            assert_eq!(got.map(|v| v.to_json()), Ok(want.to_owned()), "{patch}");
        }
    }

    #[test]
    fn refusals() {
        let doc = Value::from_json(r#"{"a":1}"#).unwrap();
        for patch in [
            r#"[{"op":"replace","path":"/b","value":1}]"#,
            r#"[{"op":"remove","path":"/b"}]"#,
            r#"[{"op":"add","path":"/b/c","value":1}]"#,
            r#"[{"op":"test","path":"/a","value":2}]"#,
            r#"[{"op":"jump","path":"/a"}]"#,
        ] {
            let got = json_patch(&doc, &Value::from_json(patch).unwrap());
            assert!(matches!(got, Err(JsonPatchError::Failed(_))), "{patch}");
        }
        assert!(matches!(json_patch(&doc, &doc), Err(JsonPatchError::Malformed(_))));
    }
}
