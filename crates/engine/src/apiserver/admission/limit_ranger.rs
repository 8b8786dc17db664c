//! LimitRanger: what containers ask for where they do not say, and what they may ask for.
//!
//! Models `plugin/pkg/admission/limitranger/admission.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::quota::{ResourceList, pod_limits, pod_requests, read_list};
use crate::api::{Kind, Object, Quantity, Value};
use crate::apiserver::{ApiServer, Status};

impl ApiServer {
    fn limit_ranges(&self, namespace: &str) -> Vec<Rc<Object>> {
        if self.store.count(Kind::LimitRange) == 0 {
            return Vec::new();
        }
        self.store.list_in(Kind::LimitRange, namespace).cloned().collect()
    }

    /// Gives containers the default requests and limits of the namespace. Returns whether any was given.
    pub(super) fn default_limits(&self, body: &mut Value) -> bool {
        let mut any = false;
        for range in self.limit_ranges(body.str_at("metadata.namespace")) {
            any |= set_defaults(&range, body);
        }
        any
    }

    /// Refuses what lies outside of the namespace's limits.
    pub(in crate::apiserver) fn check_limits(&self, kind: Kind, body: &Value) -> Result<(), Status> {
        if !matches!(kind, Kind::Pod | Kind::PersistentVolumeClaim) {
            return Ok(());
        }
        for range in self.limit_ranges(body.str_at("metadata.namespace")) {
            let errors = if kind == Kind::Pod { pod_violations(&range, body) } else { claim_violations(&range, body) };
            let why = match errors.as_slice() {
                [] => continue,
                [one] => one.clone(),
                many => format!("[{}]", many.join(", ")),
            };
            return Err(Status::forbidden(kind, super::name_of(body), &why));
        }
        Ok(())
    }
}

fn set_defaults(range: &Object, body: &mut Value) -> bool {
    let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
    for limit in range.at("spec.limits").items().iter().filter(|l| l.str_at("type") == "Container") {
        for (list, from) in [(&mut requests, "defaultRequest"), (&mut limits, "default")] {
            list.extend(limit.at(from).fields().map(|(k, v)| (k.clone(), v.clone())));
        }
    }
    let mut notes = Vec::new();
    for (list, what) in [("spec.containers", "container"), ("spec.initContainers", "init container")] {
        if body.at(list).items().is_empty() {
            continue;
        }
        for container in body.slot(list).make_array() {
            for (defaults, field, word) in [(&requests, "requests", "request"), (&limits, "limits", "limit")] {
                let given: Vec<_> =
                    defaults.iter().filter(|(k, _)| container.at("resources").at(field).get(k).is_none()).collect();
                if given.is_empty() {
                    continue;
                }
                let names: Vec<&str> = given.iter().map(|(k, _)| k.as_ref()).collect();
                notes.push(format!("{} {word} for {what} {}", names.join(", "), container.str_at("name")));
                let into = container.slot("resources").make_object().entry(field).make_object();
                for (k, v) in given {
                    into.insert(k.clone(), v.clone());
                }
            }
        }
    }
    if notes.is_empty() {
        return false;
    }
    let note = format!("LimitRanger plugin set: {}", notes.join("; "));
    body.set_key("metadata.annotations", "kubernetes.io/limit-ranger", note);
    true
}

/// Both amounts and the bound at a precision that tells them apart.
fn precise(a: &Quantity, b: &Quantity) -> std::cmp::Ordering {
    a.nanos().cmp(&b.nanos())
}

fn below_min(kind: &str, name: &str, min: &Quantity, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
    let Some(request) = requests.get(name) else {
        return Some(format!("minimum {name} usage per {kind} is {min}.  No request is specified"));
    };
    if precise(request, min).is_lt() {
        return Some(format!("minimum {name} usage per {kind} is {min}, but request is {request}"));
    }
    let limit = limits.get(name).filter(|l| precise(l, min).is_lt())?;
    Some(format!("minimum {name} usage per {kind} is {min}, but limit is {limit}"))
}

fn above_max(kind: &str, name: &str, max: &Quantity, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
    let Some(limit) = limits.get(name) else {
        return Some(format!("maximum {name} usage per {kind} is {max}.  No limit is specified"));
    };
    if precise(limit, max).is_gt() {
        return Some(format!("maximum {name} usage per {kind} is {max}, but limit is {limit}"));
    }
    let request = requests.get(name).filter(|r| precise(r, max).is_gt())?;
    Some(format!("maximum {name} usage per {kind} is {max}, but request is {request}"))
}

fn above_ratio(
    kind: &str,
    name: &str,
    max: &Quantity,
    requests: &ResourceList,
    limits: &ResourceList,
) -> Option<String> {
    let Some(request) = requests.get(name).filter(|q| !q.is_zero()) else {
        return Some(format!(
            "{name} max limit to request ratio per {kind} is {max}, but no request is specified or request is 0"
        ));
    };
    let Some(limit) = limits.get(name).filter(|q| !q.is_zero()) else {
        return Some(format!(
            "{name} max limit to request ratio per {kind} is {max}, but no limit is specified or limit is 0"
        ));
    };
    let ratio = limit.milli_value() as f64 / request.milli_value() as f64;
    (ratio * 1000.0 > max.milli_value() as f64)
        .then(|| format!("{name} max limit to request ratio per {kind} is {max}, but provided ratio is {ratio:.6}"))
}

fn constraints(kind: &str, limit: &Value, requests: &ResourceList, limits: &ResourceList, errors: &mut Vec<String>) {
    for (name, min) in &read_list(limit.at("min")) {
        errors.extend(below_min(kind, name, min, requests, limits));
    }
    for (name, max) in &read_list(limit.at("max")) {
        errors.extend(above_max(kind, name, max, requests, limits));
    }
    for (name, max) in &read_list(limit.at("maxLimitRequestRatio")) {
        errors.extend(above_ratio(kind, name, max, requests, limits));
    }
}

fn pod_violations(range: &Object, body: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    for limit in range.at("spec.limits").items() {
        match limit.str_at("type") {
            "Container" => {
                for list in ["spec.containers", "spec.initContainers"] {
                    for container in body.at(list).items() {
                        let requests = read_list(container.at("resources.requests"));
                        let limits = read_list(container.at("resources.limits"));
                        constraints("Container", limit, &requests, &limits, &mut errors);
                    }
                }
            }
            "Pod" => {
                let spec = body.at("spec");
                constraints("Pod", limit, &pod_requests(spec), &pod_limits(spec), &mut errors);
            }
            _ => {}
        }
    }
    errors
}

fn claim_violations(range: &Object, body: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    let requests = read_list(body.at("spec.resources.requests"));
    let none = ResourceList::new();
    for limit in range.at("spec.limits").items().iter().filter(|l| l.str_at("type") == "PersistentVolumeClaim") {
        for (name, min) in &read_list(limit.at("min")) {
            errors.extend(below_min("PersistentVolumeClaim", name, min, &requests, &none));
        }
        for (name, max) in &read_list(limit.at("max")) {
            let text = match requests.get(name) {
                None => ".  No request is specified".to_owned(),
                Some(q) if precise(q, max).is_gt() => format!(", but request is {q}"),
                Some(_) => continue,
            };
            errors.push(format!("maximum {name} usage per PersistentVolumeClaim is {max}{text}"));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn defaults_and_bounds() {
        let range = Object::new(
            Kind::LimitRange,
            json!({"spec": {"limits": [{
                "type": "Container",
                "default": {"cpu": "300m", "memory": "128Mi"},
                "defaultRequest": {"cpu": "100m", "memory": "64Mi"},
                "max": {"cpu": "1"},
            }]}}),
        );
        let mut pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main"}]}});
        assert!(set_defaults(&range, &mut pod));
        assert_eq!(
            pod.at("metadata.annotations").get("kubernetes.io/limit-ranger").and_then(Value::as_str),
            Some(
                "LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for container main"
            )
        );
        assert!(pod_violations(&range, &pod).is_empty());
        pod.set("spec.containers.0.resources.limits.cpu", "2");
        assert_eq!(pod_violations(&range, &pod), ["maximum cpu usage per Container is 1, but limit is 2"]);
    }
}
