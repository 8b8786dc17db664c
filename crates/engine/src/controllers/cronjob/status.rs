//! A CronJob's status while a sync works on it.
//!
//! Models `batch/v1` `CronJobStatus` and the active list's helpers in `pkg/controller/cronjob/utils.go`.

use crate::api::{Object, Value};
use crate::clock::Time;

/// The status.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct CronJobStatus {
    /// References to the Jobs that run.
    pub active: Vec<Value>,
    pub last_schedule_time: Option<Time>,
    pub last_successful_time: Option<Time>,
    /// Whether it is to be written.
    pub changed: bool,
}

impl CronJobStatus {
    pub fn read(cron_job: &Object) -> Self {
        let time = |path: &'static str| cron_job.at(path).as_str().and_then(Time::parse_rfc3339);
        Self {
            active: cron_job.at("status.active").items().to_vec(),
            last_schedule_time: time("status.lastScheduleTime"),
            last_successful_time: time("status.lastSuccessfulTime"),
            changed: false,
        }
    }
    pub fn value(&self) -> Value {
        let active = if self.active.is_empty() { Value::Null } else { self.active.clone().into() };
        Value::object([
            ("active", active),
            ("lastScheduleTime", self.last_schedule_time.map(Time::rfc3339).into()),
            ("lastSuccessfulTime", self.last_successful_time.map(Time::rfc3339).into()),
        ])
    }
    pub fn is_active(&self, uid: &str) -> bool {
        self.active.iter().any(|j| j.str_at("uid") == uid)
    }
    pub fn is_active_by_name(&self, namespace: &str, name: &str) -> bool {
        self.active.iter().any(|j| j.str_at("name") == name && j.str_at("namespace") == namespace)
    }
    pub fn remove_active(&mut self, uid: &str) {
        self.active.retain(|j| j.str_at("uid") != uid);
    }
    /// Adds a reference to a Job.
    pub fn add_active(&mut self, job: &Object) {
        self.active.push(Value::object([
            ("apiVersion", Value::from(job.kind().api_version())),
            ("kind", job.kind().name().into()),
            ("name", job.name().into()),
            ("namespace", job.namespace().into()),
            ("resourceVersion", job.resource_version().to_string().into()),
            ("uid", job.uid().into()),
        ]));
    }
}
