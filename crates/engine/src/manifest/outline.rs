//! What kubectl itself finds wrong in the items of a List: unlike a single object, the API server checks no List's fields.
//!
//! Models kube-openapi `pkg/util/proto/validation`.

use crate::api::schema::{self, Ty, Type};
use crate::api::{Kind, Value};

/// The problems of an object, as kubectl words them.
pub fn problems(kind: Kind, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    visit(schema::of(kind), value, kind.name(), true, &mut out);
    out
}

/// The type as the published schema calls it.
fn published(ty: &Type) -> String {
    let package = if ty.group == "meta" { "io.k8s.apimachinery.pkg.apis" } else { "io.k8s.api" };
    format!("{package}.{}.{}.{}", ty.group, ty.package, ty.name)
}

fn visit(ty: &'static Type, value: &Value, path: &str, top: bool, out: &mut Vec<String>) {
    let Value::Object(_) = value else {
        let got = match value {
            Value::Array(_) => "array",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "number",
            _ => "string",
        };
        out.push(format!(
            "ValidationError({path}): invalid type for {}: got \"{got}\", expected \"map\"",
            published(ty)
        ));
        return;
    };
    for (key, inner) in value.fields().filter(|(_, v)| !v.is_null()) {
        if top && matches!(key.as_ref(), "apiVersion" | "kind") {
            continue;
        }
        match ty.field(key) {
            Some(field) => descend(field.ty, inner, &format!("{path}.{key}"), out),
            None => out.push(format!("ValidationError({path}): unknown field \"{key}\" in {}", published(ty))),
        }
    }
    let mut missing: Vec<&str> =
        ty.fields.iter().filter(|f| f.required && value.at(f.json).is_null()).map(|f| f.json).collect();
    missing.sort_unstable();
    for field in missing {
        out.push(format!("ValidationError({path}): missing required field \"{field}\" in {}", published(ty)));
    }
}

fn descend(ty: Ty, value: &Value, path: &str, out: &mut Vec<String>) {
    if let Some(inner) = ty.as_struct() {
        if inner.underlying.is_none() {
            visit(inner, value, path, false, out);
        }
        return;
    }
    let Some(element) = ty.element() else { return };
    for (i, item) in value.items().iter().enumerate().filter(|(_, v)| !v.is_null()) {
        descend(element, item, &format!("{path}[{i}]"), out);
    }
    for (key, item) in value.fields().filter(|(_, v)| !v.is_null()) {
        descend(element, item, &format!("{path}.{key}"), out);
    }
}

#[cfg(test)]
mod tests {
    use super::problems;
    use crate::api::Kind;
    use crate::json;

    #[test]
    fn fields_that_are_not_there() {
        let pod = json!({"metadata": {"name": "a", "nam": 1}, "spec": {"containers": [{"name": "b", "foo": 1}]}});
        assert_eq!(
            problems(Kind::Pod, &pod),
            [
                "ValidationError(Pod.metadata): unknown field \"nam\" in io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
                "ValidationError(Pod.spec.containers[0]): unknown field \"foo\" in io.k8s.api.core.v1.Container",
            ]
        );
        let job = json!({"metadata": {"name": "a"}, "spec": {}});
        let want = "ValidationError(Job.spec): missing required field \"template\" in io.k8s.api.batch.v1.JobSpec";
        assert_eq!(problems(Kind::Job, &job), [want]);
        assert!(problems(Kind::ConfigMap, &json!({"metadata": {"labels": {"x": "y"}}, "data": {"a": 1}})).is_empty());
    }
}
