//! Validation: what the API server refuses, in Kubernetes' words and order.
//!
//! Everything here expects the typed, defaulted form of an object. Models `pkg/apis/*/validation` and the `Validate`,
//! `ValidateUpdate` and `WarningsOn*` of the strategies in `pkg/registry`.

mod affinity;
mod apps;
mod certificates;
mod config;
mod container;
mod env;
mod ingress;
mod internal;
mod job;
mod job_policy;
mod meta;
mod network;
mod os;
mod other;
mod pod;
mod probe;
mod quota;
mod resources;
mod security;
mod service;
mod storage;
mod update;
mod volume;
mod volume_source;
mod warnings;

pub use internal::internal_json;
pub use warnings::{warnings, warnings_on_update};

use super::field::{FieldError, Path};
use super::{Kind, Value};

/// What is wrong with a new object.
pub fn validate_create(kind: Kind, object: &Value) -> Vec<FieldError> {
    let mut v = Checks::default();
    v.create(kind, object);
    v.errors
}

/// What is wrong with a change of an object.
pub fn validate_update(kind: Kind, object: &Value, old: &Value) -> Vec<FieldError> {
    let mut v = Checks::default();
    v.update(kind, object, old);
    v.errors
}

const NEGATIVE: &str = "must be greater than or equal to 0";
const IMMUTABLE: &str = "field is immutable";

/// The errors found so far; the checks are methods on it.
#[derive(Default)]
struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    fn create(&mut self, kind: Kind, object: &Value) {
        match kind {
            Kind::Pod => self.pod_create(object),
            Kind::Job => self.job_create(object),
            Kind::CronJob => self.cron_job_create(object),
            Kind::Deployment => self.deployment(object),
            Kind::ReplicaSet => self.replica_set(object),
            Kind::StatefulSet => self.stateful_set(object),
            Kind::DaemonSet => self.daemon_set(object),
            Kind::Service => self.service_create(object),
            Kind::ResourceQuota => self.resource_quota(object),
            Kind::LimitRange => self.limit_range(object),
            _ => self.other_create(kind, object),
        }
    }

    fn push(&mut self, e: FieldError) {
        self.errors.push(e);
    }
    fn required(&mut self, path: &Path, detail: &str) {
        self.push(FieldError::required(path, detail));
    }
    fn invalid(&mut self, path: &Path, value: impl Into<Value>, detail: impl Into<String>) {
        self.push(FieldError::invalid(path, value, detail));
    }
    fn forbidden(&mut self, path: &Path, detail: impl Into<String>) {
        self.push(FieldError::forbidden(path, detail));
    }
    fn duplicate(&mut self, path: &Path, value: impl Into<Value>) {
        self.push(FieldError::duplicate(path, value));
    }
    fn not_found(&mut self, path: &Path, value: impl Into<Value>) {
        self.push(FieldError::not_found(path, value));
    }
    fn not_supported(&mut self, path: &Path, value: impl Into<Value>, known: &[&str]) {
        self.push(FieldError::not_supported(path, value, known));
    }
    /// One error a message.
    fn messages(&mut self, path: &Path, value: &str, messages: Vec<String>) {
        for m in messages {
            self.invalid(path, value, m);
        }
    }
    fn number_messages(&mut self, path: &Path, value: i64, messages: Vec<String>) {
        for m in messages {
            self.invalid(path, value, m);
        }
    }
    /// A number that must not be negative, where it is given.
    fn nonnegative(&mut self, object: &Value, field: &'static str, path: &Path) {
        if let Some(n) = object.int_at(field).filter(|n| *n < 0) {
            self.invalid(&path.child(field), n, NEGATIVE);
        }
    }
    /// A text that must be one of a few: missing and wrong are different errors.
    fn one_of(&mut self, path: &Path, value: &str, known: &[&str]) {
        if value.is_empty() {
            self.required(path, "");
        } else if !known.contains(&value) {
            self.not_supported(path, value, known);
        }
    }
    /// A field that may not change.
    fn immutable(&mut self, path: &Path, new: &Value, old: &Value) {
        if new != old {
            self.invalid(path, new.clone(), IMMUTABLE);
        }
    }
}

/// The items of a list with their paths.
fn items<'a>(object: &'a Value, field: &'static str, path: &Path) -> impl Iterator<Item = (&'a Value, Path)> + use<'a> {
    let path = path.child(field);
    object.at(field).items().iter().enumerate().map(move |(i, v)| (v, path.index(i)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::defaults;
    use crate::json;

    /// What a Job's template spec, put together of a restart policy and containers, is told.
    fn job(spec: Value) -> Vec<String> {
        let mut job = json!({"metadata": {"name": "a", "namespace": "n", "uid": "u"}, "spec": spec});
        defaults::apply(Kind::Job, &mut job);
        defaults::prepare_for_create(Kind::Job, &mut job);
        validate_create(Kind::Job, &job).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_job_has_no_errors() {
        let container = json!({"name": "a", "image": "busybox", "resources": {}});
        let spec = json!({"template": {"metadata": {}, "spec": {"restartPolicy": "Never", "containers": [container]}}});
        assert_eq!(job(spec), Vec::<String>::new());
    }

    #[test]
    fn the_usual_mistakes() {
        assert_eq!(
            job(
                json!({"parallelism": (-1), "template": {"metadata": {}, "spec": {"containers": [{"name": "A", "resources": {}}]}}})
            ),
            [
                "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
                "spec.template.spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                "spec.template.spec.containers[0].image: Required value",
                "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
            ]
        );
    }
}
