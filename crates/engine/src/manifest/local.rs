//! What kubectl itself says about a document before the API server is asked.
//!
//! Models kubectl `pkg/validation` and cli-runtime `pkg/resource` (`visitor.go`, `mapper.go`, `metadata_decoder.go`).

use super::decode::{DecodeError, decode_field};
use super::outline;
use crate::api::text::{go_json, go_quote};
use crate::api::{KINDS, Kind, Value, schema};

/// One object of a file, its kind known.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The kind.
    pub kind: Kind,
    /// The kind as the manifest writes it: kubectl also takes it in lower case, the API server does not.
    pub labelled: String,
    /// The object as written.
    pub value: Value,
    /// Where in the document it is: empty, or `items[1]` of a List.
    pub path: String,
}

/// Why kubectl does not send an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LocalError {
    /// The whole command ends here, what was before it is done. `error validating "FILE": ...`
    Stop(String),
    /// The object is passed over and the command goes on; it fails in the end. `unable to decode "FILE": ...`
    Skip(String),
}

impl LocalError {
    /// The text after `error: `.
    pub fn message(&self) -> &str {
        match self {
            Self::Stop(m) | Self::Skip(m) => m,
        }
    }
}

/// The objects of a document, or what kubectl says instead. `validate` is false under `--validate=false`.
pub fn resources(value: &Value, file: &str, validate: bool) -> Vec<Result<Resource, LocalError>> {
    if validate && let Err(problems) = check_header(value) {
        return vec![Err(LocalError::Stop(format!(
            "error validating {}: error validating data: {problems}; if you choose to ignore these errors, turn validation off with --validate=false",
            go_quote(file)
        )))];
    }
    let decode_error =
        |reason: String| vec![Err(LocalError::Skip(format!("unable to decode {}: {reason}", go_quote(file))))];
    if value.as_object().is_none() {
        return decode_error(format!(
            "json: cannot unmarshal {} into Go value of type unstructured.detector",
            match value {
                Value::Array(_) => "array",
                Value::Str(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            }
        ));
    }
    if value.str_at("kind").is_empty() {
        return decode_error(format!("Object 'Kind' is missing in '{}'", go_json(value)));
    }
    if let Err(e) = check_metadata(value) {
        return decode_error(e.message);
    }
    match value.get("items") {
        Some(Value::Array(items)) => {
            let listed = list_items(value, items, file);
            let of_item = |r: &Result<Resource, LocalError>| match r {
                Ok(r) => outline::problems(r.kind, &r.value),
                Err(_) => Vec::new(),
            };
            let mut problems: Vec<String> =
                if validate { listed.iter().flat_map(of_item).collect() } else { Vec::new() };
            let text = match problems.len() {
                0 => return listed,
                1 => problems.remove(0),
                _ => format!("[{}]", problems.join(", ")),
            };
            vec![Err(LocalError::Stop(format!(
                "error validating {}: error validating data: {text}; if you choose to ignore these errors, turn validation off with --validate=false",
                go_quote(file)
            )))]
        }
        _ => vec![recognise(value.clone(), String::new(), file)],
    }
}

/// The objects of a List; an item without kind and apiVersion takes them from the list's own (`PodList` holds Pods).
fn list_items(list: &Value, items: &[Value], file: &str) -> Vec<Result<Resource, LocalError>> {
    let item_kind = list.str_at("kind").trim_end_matches("List").to_owned();
    let item = |(i, item): (usize, &Value)| {
        let mut item = item.clone();
        if item.as_object().is_none() {
            let shape = if item.is_null() { "null" } else { "a value that is no object" };
            return Err(LocalError::Skip(format!("unable to decode {}: items[{i}] is {shape}", go_quote(file))));
        }
        if item.str_at("kind").is_empty() && item.str_at("apiVersion").is_empty() {
            item.set("kind", item_kind.as_str());
            item.set("apiVersion", list.str_at("apiVersion"));
        }
        recognise(item, format!("items[{i}]"), file)
    };
    items.iter().enumerate().map(item).collect()
}

fn recognise(mut value: Value, path: String, file: &str) -> Result<Resource, LocalError> {
    if value.str_at("apiVersion") == "autoscaling/v1" && value.str_at("kind") == "HorizontalPodAutoscaler" {
        autoscaler_of_v1(&mut value);
    }
    let labelled = value.str_at("kind").to_owned();
    match find_kind(value.str_at("apiVersion"), &labelled) {
        Ok(kind) => Ok(Resource { kind, labelled, value, path }),
        Err(reason) => Err(LocalError::Skip(format!(
            "resource mapping not found for name: {} namespace: {} from {}: {reason}\nensure CRDs are installed first",
            go_quote(value.str_at("metadata.name")),
            go_quote(value.str_at("metadata.namespace")),
            go_quote(file)
        ))),
    }
}

/// An autoscaler of the version before, as one of `autoscaling/v2`, in which all are stored.
fn autoscaler_of_v1(value: &mut Value) {
    value.set("apiVersion", "autoscaling/v2");
    if value.at("spec").as_object().is_none() {
        return;
    }
    if let Some(percent) = value.slot("spec").make_object().remove("targetCPUUtilizationPercentage") {
        let target = Value::object([("averageUtilization", percent), ("type", "Utilization".into())]);
        let resource = Value::object([("name", "cpu".into()), ("target", target)]);
        let metric = Value::object([("resource", resource), ("type", "Resource".into())]);
        value.set("spec.metrics", Value::array([metric]));
    }
}

/// The kind that kubectl finds: exact, or all in lower case.
pub fn find_kind(api_version: &str, kind: &str) -> Result<Kind, String> {
    KINDS
        .iter()
        .find(|i| (i.name == kind || i.name.to_ascii_lowercase() == kind) && i.kind.api_version() == api_version)
        .map(|i| i.kind)
        .ok_or_else(|| format!("no matches for kind {} in version {}", go_quote(kind), go_quote(api_version)))
}

/// What every object needs: `apiVersion` and `kind`. The error is the list of complaints as it is printed.
fn check_header(value: &Value) -> Result<(), String> {
    if value.as_object().is_none() {
        return Err("invalid object to validate".to_owned());
    }
    let mut problems = Vec::new();
    match value.get("apiVersion") {
        None | Some(Value::Null) => problems.push("apiVersion not set".to_owned()),
        Some(Value::Str(s)) if s.matches('/').count() > 1 => {
            problems.push(format!("unexpected GroupVersion string: {s}"));
        }
        Some(Value::Str(_)) => {}
        Some(_) => problems.push("apiVersion isn't string type".to_owned()),
    }
    match value.get("kind") {
        None | Some(Value::Null) => problems.push("kind not set".to_owned()),
        Some(Value::Str(_)) => {}
        Some(_) => problems.push("kind isn't string type".to_owned()),
    }
    match &problems[..] {
        [] => Ok(()),
        [one] => Err(one.clone()),
        _ => Err(format!("[{}]", problems.join(", "))),
    }
}

/// Whether `metadata` can be read: kubectl needs name and namespace from it.
pub fn check_metadata(value: &Value) -> Result<(), DecodeError> {
    let ty = schema::field_at(Kind::Pod, "metadata").map(|f| f.ty);
    match (ty, value.get("metadata")) {
        (Some(ty), Some(metadata)) => decode_field("metadataOnlyObject", "metadata", ty, metadata).map(|_| ()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(json: &str) -> Result<Resource, LocalError> {
        resources(&Value::from_json(json).unwrap(), "f.yaml", true).remove(0)
    }

    #[test]
    fn what_kubectl_says_itself() {
        for (json, want) in [
            (
                r#"{"kind":"Job"}"#,
                r#"error validating "f.yaml": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false"#,
            ),
            (
                r#"{"apiVersion":"batch/v1","kind":"Job","metadata":"x"}"#,
                r#"unable to decode "f.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta"#,
            ),
            (
                r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":5}}"#,
                r#"unable to decode "f.yaml": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"#,
            ),
            (
                r#"{"apiVersion":"batch/v2","kind":"Job","metadata":{"name":"a"}}"#,
                "resource mapping not found for name: \"a\" namespace: \"\" from \"f.yaml\": no matches for kind \"Job\" in version \"batch/v2\"\nensure CRDs are installed first",
            ),
        ] {
            assert_eq!(first(json).unwrap_err().message(), want);
        }
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod"},{"apiVersion":"batch/v1","kind":"job"}]}"#;
        let got = resources(&Value::from_json(list).unwrap(), "f.yaml", true);
        let kinds: Vec<Kind> = got.iter().map(|r| r.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, [Kind::Pod, Kind::Job]);
        assert_eq!(got[1].as_ref().unwrap().labelled, "job");
    }
}
