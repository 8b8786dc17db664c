//! ResourceQuota: what objects use of a namespace's quotas.
//!
//! Models `apiserver/pkg/admission/plugin/resourcequota/controller.go` (`CheckRequest`) and the evaluators of
//! `pkg/quota/v1/evaluator/core`. The quota controller measures with the same functions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::api::defaults::qos_class;
use crate::api::quantity::Format;
pub use crate::api::resource_list::{ResourceList, read_list, write_list};
use crate::api::resource_list::{add_to, containers_total};
use crate::api::{Kind, Object, Quantity, Value};
use crate::apiserver::{ApiServer, Status, Store};
use crate::clock::{SECOND, Time};

fn pod_total(spec: &Value, field: &'static str) -> ResourceList {
    let mut total = containers_total(spec, field);
    for (k, q) in read_list(spec.at("resources").at(field)) {
        total.insert(k, q);
    }
    total
}

/// What a Pod asks for. Models `resourcehelper.PodRequests`.
pub fn pod_requests(spec: &Value) -> ResourceList {
    let mut total = pod_total(spec, "requests");
    add_to(&mut total, &read_list(spec.at("overhead")));
    total
}

/// What a Pod may use. Models `resourcehelper.PodLimits`.
pub fn pod_limits(spec: &Value) -> ResourceList {
    let mut total = pod_total(spec, "limits");
    for (k, q) in read_list(spec.at("overhead")) {
        if let Some(limit) = total.get_mut(&k) {
            limit.add(&q);
        }
    }
    total
}

/// Requests and limits under the names that quotas use. Models `podComputeUsageHelper`.
fn compute_usage(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut usage = ResourceList::new();
    usage.insert(Rc::from("pods"), one());
    for (k, q) in requests {
        if matches!(k.as_ref(), "cpu" | "memory" | "ephemeral-storage") || k.starts_with("hugepages-") {
            usage.insert(k.clone(), q.clone());
            usage.insert(Rc::from(format!("requests.{k}")), q.clone());
        } else {
            usage.insert(Rc::from(format!("requests.{k}")), q.clone());
        }
    }
    for (k, q) in limits {
        if matches!(k.as_ref(), "cpu" | "memory" | "ephemeral-storage") {
            usage.insert(Rc::from(format!("limits.{k}")), q.clone());
        }
    }
    usage
}

fn one() -> Quantity {
    Quantity::from_int(1, Format::DecimalSi)
}

/// Whether a Pod counts: it has not ended, and its grace period has not run out.
fn pod_counts(pod: &Object, now: Time) -> bool {
    if matches!(pod.at("status.phase").as_str(), Some("Succeeded" | "Failed")) {
        return false;
    }
    match (pod.deletion_time(), pod.at("metadata.deletionGracePeriodSeconds").as_i64()) {
        (Some(deleted), Some(grace)) => now <= deleted + grace * SECOND,
        _ => true,
    }
}

/// What an object uses.
pub fn usage(object: &Object, now: Time) -> ResourceList {
    let kind = object.kind();
    let mut used = ResourceList::new();
    used.insert(Rc::from(format!("count/{}", kind.group_resource())), one());
    match kind {
        Kind::Pod if pod_counts(object, now) => {
            let spec = object.at("spec");
            used.extend(compute_usage(&pod_requests(spec), &pod_limits(spec)));
        }
        Kind::Service => {
            used.insert(Rc::from("services"), one());
            let ports = object.at("spec.ports").items().len() as i64;
            let node_ports = match object.at("spec.type").as_str() {
                Some("NodePort") => ports,
                Some("LoadBalancer") => {
                    used.insert(Rc::from("services.loadbalancers"), one());
                    ports
                }
                _ => 0,
            };
            used.insert(Rc::from("services.nodeports"), Quantity::from_int(node_ports, Format::DecimalSi));
        }
        Kind::PersistentVolumeClaim => {
            used.insert(Rc::from("persistentvolumeclaims"), one());
            let class =
                object.at("spec.storageClassName").as_str().map(|c| format!("{c}.storageclass.storage.k8s.io/"));
            if let Some(class) = &class {
                used.insert(Rc::from(format!("{class}persistentvolumeclaims")), one());
            }
            if let Some(q) = read_list(object.at("spec.resources.requests")).remove("storage") {
                if let Some(class) = &class {
                    used.insert(Rc::from(format!("{class}requests.storage")), q.clone());
                }
                used.insert(Rc::from("requests.storage"), q);
            }
        }
        Kind::ConfigMap | Kind::Secret | Kind::ReplicationController | Kind::ResourceQuota => {
            used.insert(Rc::from(kind.info().plural), one());
        }
        _ => {}
    }
    used
}

/// Whether a quota's resource is one that objects of the kind use.
fn concerns(kind: Kind, resource: &str) -> bool {
    if let Some(counted) = resource.strip_prefix("count/") {
        return counted == kind.group_resource();
    }
    match kind {
        Kind::Pod => {
            matches!(
                resource,
                "pods"
                    | "cpu"
                    | "memory"
                    | "ephemeral-storage"
                    | "requests.cpu"
                    | "requests.memory"
                    | "requests.ephemeral-storage"
                    | "limits.cpu"
                    | "limits.memory"
                    | "limits.ephemeral-storage"
            ) || resource.starts_with("hugepages-")
                || (resource.starts_with("requests.") && resource != "requests.storage")
        }
        Kind::Service => resource == "services" || resource.starts_with("services."),
        Kind::PersistentVolumeClaim => {
            matches!(resource, "persistentvolumeclaims" | "requests.storage")
                || resource.contains(".storageclass.storage.k8s.io/")
        }
        Kind::ConfigMap | Kind::Secret | Kind::ReplicationController | Kind::ResourceQuota => {
            resource == kind.info().plural
        }
        _ => false,
    }
}

/// Whether a quota counts an object, by its scopes.
fn in_scope(quota: &Object, object: &Object) -> bool {
    let scopes = quota.at("spec.scopes").items().iter().map(|s| (s.as_str().unwrap_or(""), "Exists", &[][..]));
    let selectors = quota.at("spec.scopeSelector.matchExpressions").items();
    let selected = selectors.iter().map(|s| (s.str_at("scopeName"), s.str_at("operator"), s.at("values").items()));
    scopes.chain(selected).all(|(name, operator, values)| {
        if object.kind() != Kind::Pod {
            return false;
        }
        let spec = object.at("spec");
        let class = spec.str_at("priorityClassName");
        match name {
            "Terminating" => spec.int_at("activeDeadlineSeconds").is_some_and(|s| s >= 0),
            "NotTerminating" => spec.int_at("activeDeadlineSeconds").is_none_or(|s| s < 0),
            "BestEffort" => qos_class(object.body()) == "BestEffort",
            "NotBestEffort" => qos_class(object.body()) != "BestEffort",
            "PriorityClass" => {
                let listed = !class.is_empty() && values.iter().any(|v| v.as_str() == Some(class));
                match operator {
                    "In" => listed,
                    "NotIn" => !listed,
                    "DoesNotExist" => class.is_empty(),
                    _ => !class.is_empty(),
                }
            }
            _ => false,
        }
    })
}

/// The part of an object's usage that a quota of these hard limits counts; empty where it counts none of it.
pub fn counted(quota: &Object, hard: &Value, object: &Object, now: Time) -> ResourceList {
    let kind = object.kind();
    if !hard.fields().any(|(k, _)| concerns(kind, k)) || !in_scope(quota, object) {
        return ResourceList::new();
    }
    usage(object, now).into_iter().filter(|(k, _)| hard.get(k).is_some()).collect()
}

/// The kinds whose objects a quota of these hard limits counts.
pub fn counted_kinds(hard: &Value) -> Vec<Kind> {
    let concerned = |kind: Kind| hard.fields().any(|(k, _)| concerns(kind, k));
    crate::api::KINDS.iter().map(|i| i.kind).filter(|k| concerned(*k)).collect()
}

/// The containers that must say what they ask for, as a quota of cpu or memory demands. Models `Constraints`.
fn missing_requests(hard: &Value, spec: &Value) -> Option<String> {
    let pod_level = spec.at("resources");
    if !pod_level.at("requests").is_null() || !pod_level.at("limits").is_null() {
        return None;
    }
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for list in ["containers", "initContainers"] {
        for container in spec.at(list).items() {
            let (requests, limits) = (container.at("resources.requests"), container.at("resources.limits"));
            for (resource, _) in hard.fields() {
                let said = match resource.as_ref() {
                    "cpu" | "memory" => requests.get(resource).is_some(),
                    "requests.cpu" | "requests.memory" => requests.get(&resource["requests.".len()..]).is_some(),
                    "limits.cpu" | "limits.memory" => limits.get(&resource["limits.".len()..]).is_some(),
                    _ => true,
                };
                if !said {
                    missing.entry(resource).or_default().insert(container.str_at("name"));
                }
            }
        }
    }
    if missing.is_empty() {
        return None;
    }
    let parts = missing
        .iter()
        .map(|(resource, names)| format!("{resource} for: {}", names.iter().copied().collect::<Vec<_>>().join(",")));
    Some(format!("must specify {}", parts.collect::<Vec<_>>().join("; ")))
}

fn printed(list: &ResourceList, only: &[Rc<str>]) -> String {
    let parts = only.iter().map(|k| format!("{k}={}", list.get(k).cloned().unwrap_or_default()));
    parts.collect::<Vec<_>>().join(",")
}

/// What the objects of its namespace use of a quota. Models `syncResourceQuota` of the controller.
pub fn measured(store: &Store, quota: &Object, now: Time) -> ResourceList {
    let hard = quota.at("spec.hard");
    let mut used: ResourceList =
        hard.fields().map(|(name, _)| (name.clone(), Quantity::from_int(0, Format::DecimalSi))).collect();
    for kind in counted_kinds(hard) {
        for object in store.list_in(kind, quota.namespace()) {
            for (name, amount) in counted(quota, hard, object, now) {
                used.entry(name).or_default().add(&amount);
            }
        }
    }
    used
}

/// Writes what a quota allows and what is used of it into its status.
pub fn set_status(quota: &mut Value, used: &ResourceList) {
    let hard = quota.at("spec.hard").clone();
    quota.set("status.hard", hard);
    quota.set("status.used", write_list(used));
}

impl ApiServer {
    /// What a new object (or the change of an old one) adds to the quotas of its namespace: for each that it adds to, its
    /// new `status.used`. Refuses where a quota would be exceeded.
    pub(in crate::apiserver) fn charge(
        &self,
        object: &Object,
        old: Option<&Object>,
    ) -> Result<Vec<(Rc<Object>, ResourceList)>, Status> {
        let kind = object.kind();
        let mut charges = Vec::new();
        if self.store.count(Kind::ResourceQuota) == 0 || kind == Kind::Event {
            return Ok(charges);
        }
        for quota in self.store.list_in(Kind::ResourceQuota, object.namespace()) {
            let quota = &self.counted_quota(quota);
            let hard = quota.at("status.hard");
            let concerned: Vec<Rc<str>> = hard.fields().map(|(k, _)| k.clone()).filter(|k| concerns(kind, k)).collect();
            if concerned.is_empty() || !in_scope(quota, object) {
                continue;
            }
            let refuse = |why: &str| Status::forbidden(kind, object.name(), why);
            if kind == Kind::Pod
                && old.is_none()
                && let Some(why) = missing_requests(hard, object.at("spec"))
            {
                return Err(refuse(&format!("failed quota: {}: {why}", quota.name())));
            }
            let mut used = read_list(quota.at("status.used"));
            if concerned.iter().any(|k| !used.contains_key(k)) {
                return Err(refuse(&format!(
                    "status unknown for quota: {}, resources: {}",
                    quota.name(),
                    concerned.join(",")
                )));
            }
            let mut delta = counted(quota, hard, object, self.now);
            if let Some(old) = old {
                for (k, q) in counted(quota, hard, old, self.now) {
                    if let Some(d) = delta.get_mut(&k) {
                        d.sub(&q);
                    }
                }
            }
            delta.retain(|_, q| q.nanos() > 0);
            if delta.is_empty() {
                continue;
            }
            let before = used.clone();
            add_to(&mut used, &delta);
            let limits = read_list(hard);
            let exceeded: Vec<Rc<str>> = delta
                .keys()
                .filter(|k| limits.get(*k).is_some_and(|l| used[*k].nanos() > l.nanos()))
                .cloned()
                .collect();
            if !exceeded.is_empty() {
                return Err(refuse(&format!(
                    "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                    quota.name(),
                    printed(&delta, &exceeded),
                    printed(&before, &exceeded),
                    printed(&limits, &exceeded)
                )));
            }
            charges.push((quota.clone(), used));
        }
        Ok(charges)
    }

    /// A quota as the controller counts it. It takes the controller a few milliseconds to do so after a quota is made or
    /// changed, and kubectl longer to send its next request; here the next request may come in the same instant.
    fn counted_quota(&self, quota: &Rc<Object>) -> Rc<Object> {
        if quota.at("status.hard") == quota.at("spec.hard") {
            return quota.clone();
        }
        let mut body = quota.body().clone();
        set_status(&mut body, &measured(&self.store, quota, self.now));
        Rc::new(Object::following(quota, body))
    }

    /// Writes what [`ApiServer::charge`] found into the quotas.
    pub(in crate::apiserver) fn commit_charges(&mut self, charges: Vec<(Rc<Object>, ResourceList)>) {
        for (quota, used) in charges {
            let mut body = quota.body().clone();
            body.set("status.used", write_list(&used));
            self.commit(Object::following(&quota, body), Some(&quota));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn pods_use_what_their_containers_ask_for() {
        let spec = json!({"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "1"}}},
            {"name": "b", "resources": {"requests": {"cpu": "1"}}},
        ]});
        let pod = Object::new(Kind::Pod, json!({"metadata": {"name": "p"}, "spec": (spec.clone())}));
        let texts: Vec<String> = usage(&pod, Time(0)).iter().map(|(k, q)| format!("{k}={q}")).collect();
        assert_eq!(
            texts.join(" "),
            "count/pods=1 cpu=1100m limits.cpu=1 memory=1Gi pods=1 requests.cpu=1100m requests.memory=1Gi"
        );
        let hard = json!({"requests.memory": "1Gi", "limits.cpu": "2"});
        assert_eq!(
            missing_requests(&hard, &spec).as_deref(),
            Some("must specify limits.cpu for: b; requests.memory for: b")
        );
    }
}
