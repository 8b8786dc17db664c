//! Jobs, CronJobs, and the workloads of apps/v1.
//!
//! Models `describeJob`, `describeCronJob`, `describeDeployment` and their neighbours.

use std::rc::Rc;

use super::container::quantity;
use super::template::pod_template;
use super::{Doc, Scene, annotations, conditions, controlled_by, head, labels, number, stamp};
use crate::api::int_or_string::display;
use crate::api::selector::format_label_selector;
use crate::api::{Kind, Object, Selector, Value};
use crate::clock::{Time, human_duration};

fn selector_text(v: &Value) -> String {
    Selector::from_object(v).map_or_else(|e| format!("Failed to get selector: {e}"), |s| s.to_string())
}

/// A number, or what stands for none.
fn or_unset(v: &Value, unit: &str) -> String {
    v.as_i64().map_or_else(|| "<unset>".into(), |n| format!("{n}{unit}"))
}

pub fn job(job: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let (spec, status) = (job.at("spec"), job.at("status"));
    let _ = scene;
    head(job, w);
    w.field(0, "Selector", &selector_text(spec.at("selector")));
    labels("Labels", job.labels(), w);
    annotations("Annotations", job.at("metadata.annotations"), w);
    controlled_by(job, w);
    if let Some(n) = spec.int_at("parallelism") {
        w.field(0, "Parallelism", &n.to_string());
    }
    w.field(0, "Completions", &or_unset(spec.at("completions"), ""));
    if let Some(mode) = spec.at("completionMode").as_str() {
        w.field(0, "Completion Mode", mode);
    }
    if let Some(suspend) = spec.at("suspend").as_bool() {
        w.field(0, "Suspend", &suspend.to_string());
    }
    if let Some(n) = spec.int_at("backoffLimit") {
        w.field(0, "Backoff Limit", &n.to_string());
    }
    if let Some(n) = spec.int_at("ttlSecondsAfterFinished") {
        w.field(0, "TTL Seconds After Finished", &n.to_string());
    }
    let time = |field: &'static str| status.at(field).as_str().and_then(Time::parse_rfc3339);
    if let Some(t) = time("startTime") {
        w.field(0, "Start Time", &t.rfc1123z());
    }
    if let Some(t) = time("completionTime") {
        w.field(0, "Completed At", &t.rfc1123z());
    }
    if let (Some(a), Some(b)) = (time("startTime"), time("completionTime")) {
        w.field(0, "Duration", &human_duration(b - a));
    }
    if let Some(n) = spec.int_at("activeDeadlineSeconds") {
        w.field(0, "Active Deadline Seconds", &format!("{n}s"));
    }
    let n = |field: &'static str| number(status.at(field));
    let ready = status.int_at("ready").map_or_else(String::new, |r| format!(" ({r} Ready)"));
    w.field(
        0,
        "Pods Statuses",
        &format!("{} Active{ready} / {} Succeeded / {} Failed", n("active"), n("succeeded"), n("failed")),
    );
    if spec.str_at("completionMode") == "Indexed" {
        w.field(0, "Completed Indexes", &capped(status.str_at("completedIndexes")));
    }
    pod_template(spec.at("template"), w);
}

/// Indexes, cut at the first comma after 50 letters. Models `capIndexesListOrNone`.
fn capped(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".into();
    }
    match indexes.get(50..).and_then(|rest| rest.find(',')) {
        Some(i) => format!("{}...", &indexes[..=50 + i]),
        None => indexes.to_owned(),
    }
}

pub fn cron_job(cron: &Object, w: &mut Doc) {
    let spec = cron.at("spec");
    head(cron, w);
    labels("Labels", cron.labels(), w);
    annotations("Annotations", cron.at("metadata.annotations"), w);
    w.field(0, "Schedule", spec.str_at("schedule"));
    w.field(0, "Concurrency Policy", spec.str_at("concurrencyPolicy"));
    let suspend = match spec.at("suspend").as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    w.field(0, "Suspend", suspend);
    w.field(0, "Time Zone", spec.at("timeZone").as_str().unwrap_or("<unset>"));
    w.field(0, "Successful Job History Limit", &or_unset(spec.at("successfulJobsHistoryLimit"), ""));
    w.field(0, "Failed Job History Limit", &or_unset(spec.at("failedJobsHistoryLimit"), ""));
    w.field(0, "Starting Deadline Seconds", &or_unset(spec.at("startingDeadlineSeconds"), "s"));
    let job = spec.at("jobTemplate.spec");
    let selector = job.at("selector");
    w.field(0, "Selector", &if selector.is_null() { "<unset>".to_owned() } else { selector_text(selector) });
    w.field(0, "Parallelism", &or_unset(job.at("parallelism"), ""));
    w.field(0, "Completions", &or_unset(job.at("completions"), ""));
    if let Some(n) = job.int_at("activeDeadlineSeconds") {
        w.field(0, "Active Deadline Seconds", &format!("{n}s"));
    }
    pod_template(job.at("template"), w);
    let last = cron.at("status.lastScheduleTime");
    w.field(0, "Last Schedule Time", &if last.is_null() { "<unset>".to_owned() } else { stamp(last) });
    let active: Vec<&str> = cron.at("status.active").items().iter().map(|a| a.str_at("name")).collect();
    w.field(0, "Active Jobs", &if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
}

/// How many Pods of a controller are in which phase. Models `getPodStatusForController`.
fn pod_counts(o: &Object, scene: &Scene<'_>) -> String {
    let (mut running, mut waiting, mut succeeded, mut failed) = (0, 0, 0, 0);
    let selector = o.at("spec.selector");
    let selector = match (o.kind(), Selector::from_object(selector)) {
        (Kind::ReplicationController, _) => Selector::from_labels(selector),
        (_, Ok(s)) => s,
        _ => Selector::Nothing,
    };
    for pod in scene.store.list_in(Kind::Pod, o.namespace()) {
        if !selector.matches(pod.labels()) || pod.controller().is_none_or(|c| c.uid != *o.uid()) {
            continue;
        }
        match pod.at("status.phase").as_str() {
            Some("Running") => running += 1,
            Some("Pending") => waiting += 1,
            Some("Succeeded") => succeeded += 1,
            Some("Failed") => failed += 1,
            _ => {}
        }
    }
    format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
}

pub fn replica_set(r: &Object, scene: &Scene<'_>, w: &mut Doc) {
    head(r, w);
    let selector = r.at("spec.selector");
    let text = if r.kind() == Kind::ReplicationController {
        super::super::printers::format_labels(selector)
    } else {
        format_label_selector(selector)
    };
    w.field(0, "Selector", &text);
    labels("Labels", r.labels(), w);
    annotations("Annotations", r.at("metadata.annotations"), w);
    controlled_by(r, w);
    let n = |path: &'static str| number(r.at(path));
    w.field(0, "Replicas", &format!("{} current / {} desired", n("status.replicas"), n("spec.replicas")));
    w.field(0, "Pods Status", &pod_counts(r, scene));
    pod_template(r.at("spec.template"), w);
    conditions(r, w);
}

pub fn deployment(d: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let (spec, status) = (d.at("spec"), d.at("status"));
    head(d, w);
    w.field(0, "CreationTimestamp", &stamp(d.at("metadata.creationTimestamp")));
    labels("Labels", d.labels(), w);
    annotations("Annotations", d.at("metadata.annotations"), w);
    w.field(0, "Selector", &selector_text(spec.at("selector")));
    let n = |field: &'static str| number(status.at(field));
    w.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(spec.at("replicas")),
            n("updatedReplicas"),
            n("replicas"),
            n("availableReplicas"),
            n("unavailableReplicas")
        ),
    );
    w.field(0, "StrategyType", spec.str_at("strategy.type"));
    w.field(0, "MinReadySeconds", &number(spec.at("minReadySeconds")).to_string());
    let rolling = spec.at("strategy.rollingUpdate");
    if !rolling.is_null() {
        let part = |f: &'static str| display(rolling.at(f));
        let text = format!("{} max unavailable, {} max surge", part("maxUnavailable"), part("maxSurge"));
        w.field(0, "RollingUpdateStrategy", &text);
    }
    pod_template(spec.at("template"), w);
    conditions(d, w);
    let (old, new) = replica_sets(d, scene);
    if old.is_empty() && new.is_empty() {
        return;
    }
    let list = |sets: &[&Rc<Object>]| {
        let texts: Vec<String> = sets
            .iter()
            .map(|r| {
                let n = |path: &'static str| number(r.at(path));
                format!("{} ({}/{} replicas created)", r.name(), n("status.replicas"), n("spec.replicas"))
            })
            .collect();
        if texts.is_empty() { "<none>".to_owned() } else { texts.join(", ") }
    };
    w.field(0, "OldReplicaSets", &list(&old));
    w.field(0, "NewReplicaSet", &list(&new));
}

/// The old ReplicaSets of a Deployment (that have replicas or not) and the new one.
fn replica_sets<'a>(d: &Object, scene: &'a Scene<'_>) -> (Vec<&'a Rc<Object>>, Vec<&'a Rc<Object>>) {
    let mut mine: Vec<&Rc<Object>> = scene
        .store
        .list_in(Kind::ReplicaSet, d.namespace())
        .filter(|r| r.controller().is_some_and(|c| c.uid == *d.uid()))
        .collect();
    mine.sort_by_key(|r| (r.creation_time(), r.name().clone()));
    let wanted = without_hash(d.at("spec.template"));
    let new = mine.iter().find(|r| without_hash(r.at("spec.template")) == wanted).copied();
    let old = mine.iter().filter(|r| new.is_none_or(|n| n.uid() != r.uid())).copied().collect();
    (old, new.into_iter().collect())
}

fn without_hash(template: &Value) -> Value {
    let mut t = template.clone();
    if t.at("metadata.labels").get("pod-template-hash").is_some() {
        t.slot("metadata.labels").make_object().remove("pod-template-hash");
    }
    t
}

pub fn stateful_set(s: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let spec = s.at("spec");
    head(s, w);
    w.field(0, "CreationTimestamp", &stamp(s.at("metadata.creationTimestamp")));
    w.field(0, "Selector", &selector_text(spec.at("selector")));
    labels("Labels", s.labels(), w);
    annotations("Annotations", s.at("metadata.annotations"), w);
    for (name, field) in [("Service Name", "serviceName"), ("Pod Management Policy", "podManagementPolicy")] {
        if !spec.str_at(field).is_empty() {
            w.field(0, name, spec.str_at(field));
        }
    }
    let (desired, total) = (number(spec.at("replicas")), number(s.at("status.replicas")));
    w.field(0, "Replicas", &format!("{desired} desired | {total} total"));
    w.field(0, "Update Strategy", spec.str_at("updateStrategy.type"));
    let rolling = spec.at("updateStrategy.rollingUpdate");
    if let Some(n) = rolling.int_at("partition") {
        w.field(1, "Partition", &n.to_string());
        if !rolling.at("maxUnavailable").is_null() {
            w.field(1, "MaxUnavailable", &display(rolling.at("maxUnavailable")));
        }
    }
    let keep = spec.at("persistentVolumeClaimRetentionPolicy");
    if !keep.is_null() {
        w.line(0, "Persistent Volume Claim Retention Policy:");
        w.field(1, "WhenDeleted", keep.str_at("whenDeleted"));
        w.field(1, "WhenScaled", keep.str_at("whenScaled"));
    }
    w.field(0, "Pods Status", &pod_counts(s, scene));
    pod_template(spec.at("template"), w);
    let claims = spec.at("volumeClaimTemplates").items();
    if claims.is_empty() {
        w.field(0, "Volume Claims", "<none>");
        return;
    }
    w.line(0, "Volume Claims:");
    for c in claims {
        w.field(1, "Name", c.str_at("metadata.name"));
        w.field(1, "StorageClass", c.str_at("spec.storageClassName"));
        labels("  Labels", c.at("metadata.labels"), w);
        labels("  Annotations", c.at("metadata.annotations"), w);
        let size = c.at("spec.resources.requests.storage");
        w.field(1, "Capacity", &if size.is_null() { "<default>".to_owned() } else { quantity(size) });
        let modes: Vec<&str> = c.at("spec.accessModes").items().iter().filter_map(Value::as_str).collect();
        w.field(1, "Access Modes", &format!("[{}]", modes.join(" ")));
    }
}

pub fn daemon_set(d: &Object, scene: &Scene<'_>, w: &mut Doc) {
    head(d, w);
    w.field(0, "Selector", &selector_text(d.at("spec.selector")));
    let nodes = super::super::printers::format_labels(d.at("spec.template.spec.nodeSelector"));
    w.field(0, "Node-Selector", &nodes);
    labels("Labels", d.labels(), w);
    annotations("Annotations", d.at("metadata.annotations"), w);
    for (text, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        w.line(0, &format!("{text}: {}", number(d.at("status").at(field))));
    }
    w.field(0, "Pods Status", &pod_counts(d, scene));
    pod_template(d.at("spec.template"), w);
}
