//! A Job's spec, read once a sync.
//!
//! Models `batch/v1` `JobSpec` after defaulting, and the small questions that the controller asks of it.

use crate::api::{Object, Value};

/// The `managedBy` of Jobs that this controller manages.
const JOB_CONTROLLER_NAME: &str = "kubernetes.io/job-controller";

/// What the controller reads of a Job's spec.
#[allow(clippy::struct_excessive_bools, reason = "each is a field or a fact of its own upstream")]
#[derive(Clone, Debug)]
pub(super) struct JobSpec {
    pub parallelism: i64,
    pub completions: Option<i64>,
    pub indexed: bool,
    pub backoff_limit: i64,
    pub backoff_limit_per_index: Option<i64>,
    pub max_failed_indexes: Option<i64>,
    pub active_deadline_seconds: Option<i64>,
    pub suspend: bool,
    /// `podReplacementPolicy: Failed`: a Pod is replaced only once it has ended.
    pub only_replace_failed: bool,
    /// `restartPolicy: OnFailure` of the template.
    pub restart_on_failure: bool,
    pub pod_failure_policy: Value,
    pub success_policy: Value,
}

impl JobSpec {
    pub fn read(job: &Object) -> Self {
        let spec = job.at("spec");
        let number = |field: &str| spec.get(field).and_then(Value::as_i64);
        let per_index = number("backoffLimitPerIndex");
        Self {
            parallelism: number("parallelism").unwrap_or(1),
            completions: number("completions"),
            indexed: spec.str_at("completionMode") == "Indexed",
            backoff_limit: number("backoffLimit").unwrap_or(if per_index.is_some() { i64::from(i32::MAX) } else { 6 }),
            backoff_limit_per_index: per_index,
            max_failed_indexes: number("maxFailedIndexes"),
            active_deadline_seconds: number("activeDeadlineSeconds"),
            suspend: is_suspended(job),
            only_replace_failed: spec.str_at("podReplacementPolicy") == "Failed",
            restart_on_failure: spec.at("template.spec").str_at("restartPolicy") == "OnFailure",
            pod_failure_policy: spec.at("podFailurePolicy").clone(),
            success_policy: spec.at("successPolicy").clone(),
        }
    }
    /// The completions of an Indexed Job, which always has them.
    pub fn index_count(&self) -> i64 {
        self.completions.unwrap_or(0)
    }
}

/// Whether the Job is suspended.
pub(super) fn is_suspended(job: &Object) -> bool {
    job.at("spec.suspend").as_bool() == Some(true)
}

/// Whether another controller manages the Job.
pub(super) fn is_managed_elsewhere(job: &Object) -> bool {
    job.at("spec.managedBy").as_str().is_some_and(|name| name != JOB_CONTROLLER_NAME)
}

/// Which of Complete and Failed the Job is, if it is over. Models `pkg/controller/job/util`.
pub(crate) fn finished_condition(job: &Object) -> Option<&'static str> {
    let conditions = job.at("status.conditions").items().iter().filter(|c| c.str_at("status") == "True");
    conditions.into_iter().find_map(|c| ["Complete", "Failed"].into_iter().find(|t| *t == c.str_at("type")))
}

/// Whether the Job is over.
pub(crate) fn is_finished(job: &Object) -> bool {
    finished_condition(job).is_some()
}
