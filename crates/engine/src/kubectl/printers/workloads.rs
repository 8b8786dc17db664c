//! Rows of Jobs, CronJobs and the controllers of apps/v1.
//!
//! Models `printJob`, `printCronJob`, `printDeployment` and their neighbours.

use crate::api::{Object, Value};
use crate::clock::{Time, human_duration};

use super::{age, containers, format_labels, format_selector, selector_text, since};

/// The word of a Job's STATUS column.
pub fn job_status_word(job: &Object) -> &'static str {
    for word in ["Complete", "Failed"] {
        if job.condition_is_true(word) {
            return word;
        }
    }
    if job.is_deleting() {
        return "Terminating";
    }
    for word in ["Suspended", "FailureTarget", "SuccessCriteriaMet"] {
        if job.condition_is_true(word) {
            return word;
        }
    }
    "Running"
}

/// The COMPLETIONS column of a Job.
pub fn job_completions(job: &Object) -> String {
    let done = job.at("status.succeeded").as_i64().unwrap_or(0);
    match (job.at("spec.completions").as_i64(), job.at("spec.parallelism").as_i64().unwrap_or(0)) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallelism) if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        (None, _) => format!("{done}/1"),
    }
}

pub(super) fn job(job: &Object, now: Time) -> Vec<Value> {
    let time = |path: &'static str| job.at(path).as_str().and_then(Time::parse_rfc3339);
    let duration = time("status.startTime")
        .map_or_else(String::new, |start| human_duration(time("status.completionTime").unwrap_or(now) - start));
    let [names, images] = containers(job.at("spec.template.spec"));
    vec![
        job.name().into(),
        job_status_word(job).into(),
        job_completions(job).into(),
        duration.into(),
        age(job, now),
        names,
        images,
        format_selector(job.at("spec.selector")).into(),
    ]
}

pub(super) fn cron_job(cron: &Object, now: Time) -> Vec<Value> {
    let last = cron.at("status.lastScheduleTime");
    let suspend = match cron.at("spec.suspend").as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let [names, images] = containers(cron.at("spec.jobTemplate.spec.template.spec"));
    vec![
        cron.name().into(),
        Value::from(cron.at("spec.schedule").as_str().unwrap_or("")),
        Value::from(cron.at("spec.timeZone").as_str().unwrap_or("<none>")),
        suspend.into(),
        cron.at("status.active").items().len().into(),
        if last.is_null() { "<none>".into() } else { since(last, now).into() },
        age(cron, now),
        names,
        images,
        format_selector(cron.at("spec.jobTemplate.spec.selector")).into(),
    ]
}

fn count(object: &Object, path: &'static str) -> i64 {
    object.at(path).as_i64().unwrap_or(0)
}

pub(super) fn deployment(d: &Object, now: Time) -> Vec<Value> {
    let [names, images] = containers(d.at("spec.template.spec"));
    vec![
        d.name().into(),
        format!("{}/{}", count(d, "status.readyReplicas"), count(d, "spec.replicas")).into(),
        count(d, "status.updatedReplicas").into(),
        count(d, "status.availableReplicas").into(),
        age(d, now),
        names,
        images,
        selector_text(d.at("spec.selector")).into(),
    ]
}

pub(super) fn replica_set(r: &Object, now: Time) -> Vec<Value> {
    let [names, images] = containers(r.at("spec.template.spec"));
    let selector = r.at("spec.selector");
    let is_map = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    vec![
        r.name().into(),
        count(r, "spec.replicas").into(),
        count(r, "status.replicas").into(),
        count(r, "status.readyReplicas").into(),
        age(r, now),
        names,
        images,
        if is_map { format_labels(selector) } else { format_selector(selector) }.into(),
    ]
}

pub(super) fn stateful_set(s: &Object, now: Time) -> Vec<Value> {
    let [names, images] = containers(s.at("spec.template.spec"));
    let ready = format!("{}/{}", count(s, "status.readyReplicas"), count(s, "spec.replicas"));
    vec![s.name().into(), ready.into(), age(s, now), names, images]
}

pub(super) fn daemon_set(d: &Object, now: Time) -> Vec<Value> {
    let [names, images] = containers(d.at("spec.template.spec"));
    let mut cells = vec![d.name().into()];
    for field in
        ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"]
    {
        cells.push(d.at("status").int_at(field).unwrap_or(0).into());
    }
    cells.extend([
        format_labels(d.at("spec.template.spec.nodeSelector")).into(),
        age(d, now),
        names,
        images,
        format_selector(d.at("spec.selector")).into(),
    ]);
    cells
}

pub(super) fn controller_revision(r: &Object, now: Time) -> Vec<Value> {
    let controller = r.controller().map_or_else(
        || "<none>".to_owned(),
        |c| {
            let group = c.api_version.rsplit_once('/').map_or_else(String::new, |(g, _)| format!(".{g}"));
            format!("{}{group}/{}", c.kind.to_lowercase(), c.name)
        },
    );
    vec![r.name().into(), controller.into(), count(r, "revision").into(), age(r, now)]
}
