//! What a whole Pod asks for and may use, where that is said in part: the rest follows from its containers.
//!
//! Models `DefaultPodLevelResources` of `pkg/api/pod/util.go`.

use crate::api::resource_list::{containers_total, read_list, write_list};
use crate::api::{Quantity, Value};

/// Whether a Pod as a whole can ask for a resource. Models `IsSupportedPodLevelResource`.
fn supported(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Completes `spec.resources`, in upstream's order: limits of huge pages, requests, other limits.
pub fn complete(spec: &mut Value) {
    let (mut requests, mut limits) = (read_list(spec.at("resources.requests")), read_list(spec.at("resources.limits")));
    if requests.is_empty() && limits.is_empty() {
        return;
    }
    let may_use = containers_total(spec, "limits");
    for (name, limit) in &may_use {
        if is_huge_page(name) && !requests.contains_key(name) {
            limits.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
    for (name, request) in containers_total(spec, "requests") {
        if supported(&name) && !is_huge_page(&name) {
            requests.entry(name).or_insert(request);
        }
    }
    for (name, limit) in &limits {
        if supported(name) {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
    for (name, request) in &requests {
        if supported(name) && !limits.contains_key(name) && all_limited(spec, name) {
            let limit = may_use.get(name).cloned().unwrap_or_default();
            limits.insert(name.clone(), greater(limit, request));
        }
    }
    for (field, list) in [("resources.requests", requests), ("resources.limits", limits)] {
        if list.len() > spec.at(field).fields().count() {
            spec.set(field, write_list(&list));
        }
    }
}

fn all_limited(spec: &Value, name: &str) -> bool {
    ["containers", "initContainers"]
        .iter()
        .all(|list| spec.at(list).items().iter().all(|c| c.at("resources.limits").get(name).is_some()))
}

fn greater(a: Quantity, b: &Quantity) -> Quantity {
    if b.nanos() > a.nanos() { b.clone() } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_follows_from_the_containers() {
        for (spec, want) in [
            (r#"{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#, r"null"),
            (
                r#"{"resources":{"limits":{"cpu":"2"}},"containers":[{}]}"#,
                r#"{"limits":{"cpu":"2"},"requests":{"cpu":"2"}}"#,
            ),
            (
                r#"{"resources":{"limits":{"cpu":"2","pids":"5"}},"containers":[{"resources":{"requests":{"cpu":"500m","memory":"1Mi"}}},{}]}"#,
                r#"{"limits":{"cpu":"2","pids":"5"},"requests":{"cpu":"500m","memory":"1Mi"}}"#,
            ),
            (
                r#"{"resources":{"requests":{"cpu":"3"}},"containers":[{"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}},{"resources":{"limits":{"cpu":"1"}}}]}"#,
                r#"{"limits":{"cpu":"3"},"requests":{"cpu":"3"}}"#,
            ),
        ] {
            let mut spec = Value::from_json(spec).unwrap();
            complete(&mut spec);
            let got = spec.at("resources").clone();
            assert_eq!(got, Value::from_json(want).unwrap(), "{}", got.to_json());
        }
    }
}
