//! `kubectl get --raw`: a path of the API server, and what it answers as it stands.
//!
//! Models `pkg/rawhttp/raw.go`, and of the API server what objects, lists and a few small paths look like.

use super::super::super::output::typed_json;
use super::super::super::rbac::Deed;
use super::super::{Done, misc, ok};
use crate::api::{KINDS, Kind, Object, ObjectKey, Value, schema};
use crate::apiserver::Status;
use crate::kubectl::Cx;
use crate::kubectl::args::Parsed;
use crate::kubectl::failure::error;
use crate::kubectl::session::Io;

/// Runs `kubectl get --raw PATH`.
pub fn run(path: &str, p: &Parsed, cx: &Cx<'_>, io: &mut Io) -> Done {
    if !p.args.is_empty() {
        return error("arguments may not be passed when --raw is specified");
    }
    if p.has("output") {
        return error("--raw and --output are mutually exclusive");
    }
    let path = path.split('?').next().unwrap_or("");
    match path {
        "/healthz" | "/livez" | "/readyz" => io.print("ok"),
        "/version" | "/version/" => io.print(&misc::server_version()),
        _ => {
            let (kind, namespace, name) = place(path)?;
            let text = if name.is_empty() { list(kind, namespace, cx)? } else { one(kind, namespace, name, cx)? };
            io.line(&text);
        }
    }
    ok()
}

/// The kind, namespace and name that a path is about.
fn place(path: &str) -> Result<(Kind, &str, &str), crate::kubectl::failure::Failure> {
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match steps.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Status::no_resource().into()),
    };
    let served = KINDS.iter().any(|k| k.group == group && k.version == version);
    if served && rest.is_empty() || steps.len() < 3 {
        return error(format!("--raw {path} is not simulated: use kubectl api-resources"));
    }
    let find = |plural: &str| {
        let kind = KINDS.iter().find(|k| k.group == group && k.version == version && k.plural == plural);
        kind.map(|k| k.kind).ok_or_else(Status::no_resource)
    };
    Ok(match rest {
        ["namespaces", namespace, plural] => (find(plural)?, *namespace, ""),
        ["namespaces", namespace, plural, name] | ["namespaces", namespace, plural, name, "status"] => {
            (find(plural)?, *namespace, *name)
        }
        [plural] => (find(plural)?, "", ""),
        [plural, name] => (find(plural)?, "", *name),
        _ => return Err(Status::no_resource().into()),
    })
}

fn body(o: &Object, cx: &Cx<'_>) -> Value {
    let mut v = o.body().clone();
    let managed = cx.api.managed_fields(o);
    if !managed.items().is_empty() {
        v.set("metadata.managedFields", managed);
    }
    v
}

fn one(kind: Kind, namespace: &str, name: &str, cx: &Cx<'_>) -> Result<String, Status> {
    let key = ObjectKey::new(kind, namespace, name);
    cx.may(Deed::on_one("get"), &key)?;
    let o = cx.api.get(&key).ok_or_else(|| Status::not_found(kind, name))?;
    Ok(typed_json(&body(o, cx), schema::of(kind)))
}

fn list(kind: Kind, namespace: &str, cx: &Cx<'_>) -> Result<String, Status> {
    if !kind.info().namespaced && !namespace.is_empty() {
        return Err(Status::no_resource());
    }
    cx.may(Deed::on_all("list"), &ObjectKey::new(kind, namespace, ""))?;
    let all = cx.api.store().list(kind).filter(|o| namespace.is_empty() || o.namespace().as_ref() == namespace);
    let items: Vec<String> = all
        .map(|o| {
            let mut v = body(o, cx);
            for field in ["kind", "apiVersion"] {
                v.unset(field);
            }
            typed_json(&v, schema::of(kind))
        })
        .collect();
    Ok(format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":\"{}\"}},\"items\":[{}]}}",
        kind.name(),
        kind.api_version(),
        cx.api.resource_version(),
        items.join(",")
    ))
}
