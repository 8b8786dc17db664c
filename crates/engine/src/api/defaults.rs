//! Defaulting: what the API server fills in, and what it makes of an object when one is created or changed.
//!
//! [`apply`] models `SetDefaults_*` of `pkg/apis/*/v1/defaults.go`; [`prepare_for_create`] and [`prepare_for_update`] model
//! the strategies of `pkg/registry`. All expect the typed form that strict decoding gives, and are idempotent.

mod other;
mod pod;
mod pod_level;
mod prepare;
mod workloads;

pub use pod::{pod_spec as apply_pod_spec, qos_class};
pub use prepare::{prepare_for_create, prepare_for_update};

use super::{Kind, Value};

/// Fills in what a kind's object leaves open.
pub fn apply(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Pod => pod::pod(object),
        Kind::PodTemplate => pod::template(object, "template"),
        Kind::Job => workloads::job(object, true),
        Kind::CronJob => workloads::cron_job(object),
        Kind::Deployment => workloads::deployment(object),
        Kind::ReplicaSet => workloads::replica_set(object),
        Kind::StatefulSet => workloads::stateful_set(object),
        Kind::DaemonSet => workloads::daemon_set(object),
        Kind::ReplicationController => workloads::replication_controller(object),
        _ => other::apply(kind, object),
    }
}

/// What an object gets when it is read back for the first time: a Job without labels those that were made for its Pods.
pub fn apply_on_read(kind: Kind, object: &mut Value) {
    if kind == Kind::Job {
        workloads::labels_from_template(object);
    }
}

/// Sets the value at a path where there is none.
fn default(v: &mut Value, path: &'static str, value: impl Into<Value>) {
    if v.at(path).is_null() {
        v.set(path, value);
    }
}

/// Sets the text at a path where there is none or it is empty.
fn default_text(v: &mut Value, path: &'static str, text: &str) {
    if v.str_at(path).is_empty() && v.at(path).as_object().is_none() {
        v.set(path, text);
    }
}

/// Runs over the items of a list for changing them, where there is one.
fn each(v: &mut Value, path: &'static str, mut change: impl FnMut(&mut Value)) {
    if v.at(path).items().is_empty() {
        return;
    }
    for item in v.slot(path).make_array() {
        change(item);
    }
}

/// Changes the object at a path, where there is one.
fn within(v: &mut Value, path: &'static str, change: impl FnOnce(&mut Value)) {
    if v.at(path).as_object().is_some() {
        change(v.slot(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_job_and_its_pod() {
        let mut job = json!({"metadata": {"name": "a"}, "spec": {"template": {"metadata": {}, "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "a", "image": "busybox", "resources": {"limits": {"cpu": "1000m"}}}]
        }}}});
        apply(Kind::Job, &mut job);
        for (path, want) in [
            ("spec.completions", Value::from(1)),
            ("spec.backoffLimit", Value::from(6)),
            ("spec.completionMode", Value::from("NonIndexed")),
            ("spec.podReplacementPolicy", Value::from("TerminatingOrFailed")),
            ("spec.template.spec.containers.0.imagePullPolicy", Value::from("Always")),
            ("spec.template.spec.terminationGracePeriodSeconds", Value::from(30)),
            ("spec.template.spec.securityContext", Value::empty_object()),
        ] {
            assert_eq!(job.at(path), &want, "{path}");
        }
        let once = job.clone();
        apply(Kind::Job, &mut job);
        assert_eq!(once, job);
    }

    #[test]
    fn a_pods_requests_follow_its_limits() {
        let mut pod = json!({"spec": {"containers": [{"name": "a", "image": "a:1", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}});
        apply(Kind::Pod, &mut pod);
        assert_eq!(pod.at("spec.containers.0.resources.requests").to_json(), r#"{"cpu":"1","memory":"1Gi"}"#);
        assert_eq!(qos_class(&pod), "Guaranteed");
    }
}
