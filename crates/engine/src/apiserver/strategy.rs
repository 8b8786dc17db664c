//! What happens to an object of a kind before it is stored: fields that belong to the server, the first status, and the
//! generation.
//!
//! Models the strategies under `pkg/registry/*/*/strategy.go` (`PrepareForCreate`, `PrepareForUpdate`).

mod qos;
mod service;

use std::rc::Rc;

pub use qos::qos_class;
pub(super) use service::allocate as allocate_service;

use crate::api::{Kind, Map, Object, Value};
use crate::json;

/// Whether objects of the kind count their changes of spec in `metadata.generation`.
pub(super) fn has_generation(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::Job
            | Kind::CronJob
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicationController
            | Kind::PodTemplate
            | Kind::PodDisruptionBudget
            | Kind::HorizontalPodAutoscaler
            | Kind::Ingress
            | Kind::IngressClass
            | Kind::NetworkPolicy
            | Kind::EndpointSlice
            | Kind::PriorityClass
    )
}

/// Whether an update without a resourceVersion is taken.
pub(super) fn allows_unconditional_update(kind: Kind) -> bool {
    !matches!(kind, Kind::PodDisruptionBudget | Kind::Lease)
}

/// Whether a subresource `status` exists.
pub fn has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::Job
            | Kind::CronJob
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicationController
            | Kind::PodDisruptionBudget
            | Kind::HorizontalPodAutoscaler
            | Kind::Ingress
            | Kind::Namespace
            | Kind::Node
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::Service
    )
}

/// The status of a new object; null where the kind has none, or keeps what the creator says.
fn first_status(kind: Kind) -> Value {
    match kind {
        Kind::Job | Kind::CronJob | Kind::Deployment | Kind::ResourceQuota => Value::empty_object(),
        Kind::ReplicaSet | Kind::ReplicationController => json!({"replicas": 0}),
        Kind::StatefulSet => json!({"replicas": 0, "availableReplicas": 0}),
        Kind::DaemonSet => json!({
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        }),
        Kind::PodDisruptionBudget => {
            json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0})
        }
        Kind::HorizontalPodAutoscaler => json!({"desiredReplicas": 0, "currentMetrics": null}),
        Kind::Namespace => json!({"phase": "Active"}),
        Kind::PersistentVolume | Kind::PersistentVolumeClaim => json!({"phase": "Pending"}),
        Kind::Service | Kind::Ingress => json!({"loadBalancer": {}}),
        _ => Value::Null,
    }
}

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Prepares a new object; its uid is already there.
pub(super) fn prepare_create(kind: Kind, body: &mut Value) {
    if has_generation(kind) {
        body.set("metadata.generation", 1);
    } else {
        body.unset("metadata.generation");
    }
    match kind {
        Kind::Pod => {
            let mut status = Map::new();
            status.insert("phase", "Pending");
            if !body.at("spec.schedulingGates").items().is_empty() {
                let gated = json!({
                    "type": "PodScheduled",
                    "status": "False",
                    "lastProbeTime": null,
                    "lastTransitionTime": null,
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                });
                status.insert("conditions", vec![gated]);
            }
            status.insert("qosClass", qos_class(body.at("spec")));
            body.set("status", Value::from(status));
            return;
        }
        Kind::Job => generate_selector(body),
        Kind::Namespace => {
            let name = body.at("metadata.name").clone();
            body.set_key("metadata.labels", "kubernetes.io/metadata.name", name);
            let finalizers = body.slot("spec.finalizers").make_array();
            if !finalizers.iter().any(|f| f.as_str() == Some("kubernetes")) {
                finalizers.push("kubernetes".into());
            }
        }
        Kind::DaemonSet if body.at("metadata.annotations").get(TEMPLATE_GENERATION).is_none() => {
            body.set_key("metadata.annotations", TEMPLATE_GENERATION, "1");
        }
        _ => {}
    }
    if kind == Kind::Node {
        return;
    }
    match first_status(kind) {
        Value::Null => {}
        status => body.set("status", status),
    }
}

/// Prepares a new version, after the status and the server's metadata were taken over from the old one.
pub(super) fn prepare_update(kind: Kind, body: &mut Value, old: &Object) {
    if kind == Kind::DaemonSet {
        let mut generation: i64 = old.annotation(TEMPLATE_GENERATION).and_then(|g| g.parse().ok()).unwrap_or(1);
        if body.at("spec.template") != old.at("spec.template") {
            generation += 1;
        }
        body.set_key("metadata.annotations", TEMPLATE_GENERATION, generation.to_string());
    }
    if !has_generation(kind) {
        return;
    }
    let changed = match kind {
        Kind::PriorityClass => false,
        Kind::EndpointSlice => body.at("endpoints") != old.at("endpoints") || body.at("ports") != old.at("ports"),
        Kind::PodTemplate => body.at("template") != old.at("template"),
        Kind::Deployment => {
            body.at("spec") != old.at("spec") || body.at("metadata.annotations") != old.at("metadata.annotations")
        }
        _ => body.at("spec") != old.at("spec"),
    };
    if changed {
        body.set("metadata.generation", old.generation() + 1);
    }
}

/// Gives a Job its selector and its Pods the labels that it selects. Models `generateSelector` in
/// `pkg/registry/batch/job/strategy.go`.
fn generate_selector(body: &mut Value) {
    // Defaulting gives a Job without labels those of its template; it runs before the labels below are added, and again
    // whenever the Job is read.
    if body.at("metadata.labels").as_object().is_none_or(Map::is_empty) {
        let labels = body.at("spec.template.metadata.labels").clone();
        if labels.as_object().is_some_and(|m| !m.is_empty()) {
            body.set("metadata.labels", labels);
        }
    }
    if !body.bool_at("spec.manualSelector") {
        let name = body.at("metadata.name").clone();
        let uid = body.at("metadata.uid").clone();
        let labels = body.slot("spec.template.metadata.labels").make_object();
        for (key, value) in [
            ("job-name", &name),
            ("controller-uid", &uid),
            ("batch.kubernetes.io/job-name", &name),
            ("batch.kubernetes.io/controller-uid", &uid),
        ] {
            if !labels.contains_key(key) {
                labels.insert(key, value.clone());
            }
        }
        let selects = body.slot("spec.selector.matchLabels").make_object();
        if !selects.contains_key("batch.kubernetes.io/controller-uid") {
            selects.insert("batch.kubernetes.io/controller-uid", uid);
        }
    }
    if body.at("metadata.labels").as_object().is_none_or(Map::is_empty) {
        let labels = body.at("spec.template.metadata.labels").clone();
        if !labels.is_null() {
            body.set("metadata.labels", labels);
        }
    }
}

/// The default of `propagationPolicy`: Jobs and ReplicationControllers of v1 leave their Pods behind.
pub(super) fn orphans_by_default(kind: Kind) -> bool {
    matches!(kind, Kind::Job | Kind::ReplicationController)
}

/// Fields of metadata that a client cannot change.
pub(super) const SYSTEM_FIELDS: [&str; 4] =
    ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

/// Copies a field of metadata from the old version, or takes it away where that has none.
pub(super) fn keep_metadata(body: &mut Value, old: &Map, field: &str) {
    let metadata = body.slot("metadata");
    match old.get(field) {
        Some(v) if metadata.get(field).is_some_and(|have| have.same(v)) => {}
        Some(v) => {
            metadata.make_object().insert(field, v.clone());
        }
        None if metadata.get(field).is_some() => {
            metadata.make_object().remove(field);
        }
        None => {}
    }
}

/// The name that `generateName` gives: the prefix, cut so that five letters more still make a label.
pub(super) fn generated_name(prefix: &str, suffix: &str) -> Rc<str> {
    let mut base = prefix;
    if base.len() > 58 {
        let mut end = 58;
        while !base.is_char_boundary(end) {
            end -= 1;
        }
        base = &base[..end];
    }
    Rc::from(format!("{base}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_gets_its_selector_and_labels() {
        let mut body = json!({"metadata": {"name": "pi", "uid": "u1"}, "spec": {"template": {"spec": {}}}});
        prepare_create(Kind::Job, &mut body);
        assert_eq!(
            body.at("spec.selector").to_json(),
            r#"{"matchLabels":{"batch.kubernetes.io/controller-uid":"u1"}}"#
        );
        assert_eq!(body.at("spec.template.metadata.labels").as_object().map(Map::len), Some(4));
        assert_eq!(body.at("metadata.labels"), body.at("spec.template.metadata.labels"));
        assert_eq!(body.int_at("metadata.generation"), Some(1));
        assert_eq!(body.at("status").to_json(), "{}");
    }

    #[test]
    fn generation_counts_changes_of_spec() {
        for (kind, change, want) in [
            (Kind::Job, "spec.parallelism", 4),
            (Kind::Job, "metadata.annotations.x", 3),
            (Kind::Deployment, "metadata.annotations.x", 4),
            (Kind::Deployment, "status.replicas", 3),
        ] {
            let body = json!({"metadata": {"name": "a", "generation": 3}, "spec": {"parallelism": 1}});
            let old = Object::new(kind, body.clone());
            let mut new = body;
            new.set(change, 7);
            prepare_update(kind, &mut new, &old);
            assert_eq!(new.int_at("metadata.generation"), Some(want), "{change}");
        }
    }

    #[test]
    fn long_prefixes_are_cut() {
        assert_eq!(generated_name("pi-", "abcde").as_ref(), "pi-abcde");
        assert_eq!(generated_name(&"x".repeat(80), "abcde").len(), 63);
    }
}
