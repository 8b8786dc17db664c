//! What the cluster's own components write of an object, as far as that can be told from the object.

use crate::api::{Kind, Object, Value, schema};
use crate::clock::Time;

/// The annotation with a Deployment's revision.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

/// Takes away the volume with the Pod's token and its mounts: admission adds them, and they are nobody's.
pub fn without_token(body: &mut Value) {
    let keep = |holder: &mut Value, field: &'static str| {
        if holder.at(field).items().is_empty() {
            return;
        }
        holder.slot(field).make_array().retain(|v| !v.str_at("name").starts_with("kube-api-access-"));
        if holder.at(field).items().is_empty() {
            holder.unset(field);
        }
    };
    for list in ["spec.containers", "spec.initContainers"] {
        if !body.at(list).items().is_empty() {
            body.slot(list).make_array().iter_mut().for_each(|c| keep(c, "volumeMounts"));
        }
    }
    keep(body, "spec.volumes");
}

/// The status without what nobody has written yet: numbers that are as they were at the start.
pub fn reported(object: &Object) -> Value {
    let mut status = object.at("status").clone();
    match object.kind() {
        Kind::Service => Value::Null,
        Kind::Pod => status,
        _ if status.as_object().is_none() => status,
        kind => {
            // What is behind a pointer is there only once somebody wrote it.
            let ty = schema::of(kind).field("status").and_then(|f| f.ty.as_struct());
            let written = |field: &str| ty.and_then(|t| t.field(field)).is_some_and(|f| f.pointer);
            status.make_object().retain(|field, v| v.as_i64() != Some(0) || written(field));
            status
        }
    }
}

/// The latest of the times that a status speaks of.
pub fn last_time(v: &Value) -> Option<String> {
    match v {
        Value::Str(text) => Time::parse_rfc3339(text).is_some().then(|| text.to_string()),
        Value::Array(_) => v.items().iter().filter_map(last_time).max(),
        Value::Object(_) => v.fields().filter_map(|(_, v)| last_time(v)).max(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_of_a_status() {
        let status =
            crate::json!({"a": [{"t": "2026-11-24T09:00:05Z"}, {"t": "no time"}], "b": "2026-11-24T09:00:02Z"});
        assert_eq!(last_time(&status).as_deref(), Some("2026-11-24T09:00:05Z"));
        assert_eq!(last_time(&crate::json!({"n": 1})), None);
    }
}
