//! Workloads. Models `pkg/apis/batch/v1/defaults.go` and `pkg/apis/apps/v1/defaults.go`.

use super::{default, default_text, each, pod, within};
use crate::api::Value;

/// A Job, or the Job that a CronJob makes (whose own labels are not filled in).
pub(super) fn job(object: &mut Value, with_labels: bool) {
    pod::template(object, "spec.template");
    within(object, "spec", |spec| {
        if spec.at("parallelism").is_null() {
            default(spec, "completions", 1);
            spec.set("parallelism", 1);
        }
        let limit = if spec.at("backoffLimitPerIndex").is_null() { 6 } else { i32::MAX };
        default(spec, "backoffLimit", limit);
        default(spec, "completionMode", "NonIndexed");
        default(spec, "suspend", false);
        let policy = if spec.at("podFailurePolicy").is_null() { "TerminatingOrFailed" } else { "Failed" };
        default(spec, "podReplacementPolicy", policy);
        default(spec, "manualSelector", false);
    });
    conditions(object);
    if with_labels {
        labels_from_template(object);
    }
}

fn conditions(object: &mut Value) {
    within(object, "spec", |spec| {
        within(spec, "podFailurePolicy", |p| {
            each(p, "rules", |r| each(r, "onPodConditions", |c| default_text(c, "status", "True")));
        });
    });
}

/// Without labels of its own an object takes those of its template.
pub(super) fn labels_from_template(object: &mut Value) {
    let labels = object.at("spec.template.metadata.labels").clone();
    if labels.as_object().is_some_and(|m| !m.is_empty()) && object.at("metadata.labels").fields().next().is_none() {
        object.set("metadata.labels", labels);
    }
}

pub(super) fn cron_job(object: &mut Value) {
    within(object, "spec", |spec| {
        default_text(spec, "concurrencyPolicy", "Allow");
        default(spec, "suspend", false);
        default(spec, "successfulJobsHistoryLimit", 3);
        default(spec, "failedJobsHistoryLimit", 1);
        // The job in it is defaulted only as far as its pods go: what a Job fills in is filled in when it is made.
        within(spec, "jobTemplate", |t| {
            pod::template(t, "spec.template");
            conditions(t);
        });
    });
}

pub(super) fn deployment(object: &mut Value) {
    pod::template(object, "spec.template");
    within(object, "spec", |spec| {
        default(spec, "replicas", 1);
        default_text(spec, "strategy.type", "RollingUpdate");
        if spec.str_at("strategy.type") == "RollingUpdate" {
            default(spec, "strategy.rollingUpdate.maxUnavailable", "25%");
            default(spec, "strategy.rollingUpdate.maxSurge", "25%");
        }
        default(spec, "revisionHistoryLimit", 10);
        default(spec, "progressDeadlineSeconds", 600);
    });
}

pub(super) fn replica_set(object: &mut Value) {
    pod::template(object, "spec.template");
    within(object, "spec", |spec| default(spec, "replicas", 1));
}

pub(super) fn stateful_set(object: &mut Value) {
    pod::template(object, "spec.template");
    within(object, "spec", |spec| {
        default_text(spec, "podManagementPolicy", "OrderedReady");
        if spec.str_at("updateStrategy.type").is_empty() {
            spec.set("updateStrategy.type", "RollingUpdate");
            default(spec, "updateStrategy.rollingUpdate", Value::empty_object());
        }
        if spec.str_at("updateStrategy.type") == "RollingUpdate" && !spec.at("updateStrategy.rollingUpdate").is_null() {
            default(spec, "updateStrategy.rollingUpdate.partition", 0);
            default(spec, "updateStrategy.rollingUpdate.maxUnavailable", 1);
        }
        default_text(spec, "persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain");
        default_text(spec, "persistentVolumeClaimRetentionPolicy.whenScaled", "Retain");
        default(spec, "replicas", 1);
        default(spec, "revisionHistoryLimit", 10);
        each(spec, "volumeClaimTemplates", |c| {
            super::other::apply(crate::api::Kind::PersistentVolumeClaim, c);
            default_text(c, "apiVersion", "v1");
            default_text(c, "kind", "PersistentVolumeClaim");
        });
    });
}

pub(super) fn daemon_set(object: &mut Value) {
    pod::template(object, "spec.template");
    within(object, "spec", |spec| {
        default_text(spec, "updateStrategy.type", "RollingUpdate");
        if spec.str_at("updateStrategy.type") == "RollingUpdate" {
            default(spec, "updateStrategy.rollingUpdate.maxUnavailable", 1);
            default(spec, "updateStrategy.rollingUpdate.maxSurge", 0);
        }
        default(spec, "revisionHistoryLimit", 10);
    });
}

pub(super) fn replication_controller(object: &mut Value) {
    pod::template(object, "spec.template");
    let labels = object.at("spec.template.metadata.labels").clone();
    if !labels.is_null() && object.at("spec.selector").fields().next().is_none() {
        object.set("spec.selector", labels);
    }
    labels_from_template(object);
    within(object, "spec", |spec| {
        default(spec, "replicas", 1);
    });
}
