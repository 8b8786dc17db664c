//! A Job's status while a sync works on it, and its conditions.
//!
//! Models `batch/v1` `JobStatus` and `newCondition`, `ensureJobConditionStatus` and `findConditionByType` of
//! `pkg/controller/job/job_controller.go`.

use std::rc::Rc;

use crate::api::{Object, Value};
use crate::clock::Time;

/// A condition to be: without its times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Condition {
    pub kind: &'static str,
    pub reason: String,
    pub message: String,
}

impl Condition {
    pub fn new(kind: &'static str, reason: &str, message: &str) -> Self {
        Self { kind, reason: reason.to_owned(), message: message.to_owned() }
    }
    /// The same for the same reason under another type: the interim condition becomes the final one.
    pub fn with_kind(&self, kind: &'static str) -> Self {
        Self { kind, ..self.clone() }
    }
    pub fn value(&self, status: &str, now: Time) -> Value {
        Value::object([
            ("type", Value::from(self.kind)),
            ("status", status.into()),
            ("lastProbeTime", now.rfc3339().into()),
            ("lastTransitionTime", now.rfc3339().into()),
            ("reason", self.reason.as_str().into()),
            ("message", self.message.as_str().into()),
        ])
    }
}

/// A Job's status. Times keep their milliseconds until they are written.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct JobStatus {
    pub conditions: Vec<Value>,
    pub start_time: Option<Time>,
    pub completion_time: Option<Time>,
    pub active: i64,
    pub ready: Option<i64>,
    pub terminating: Option<i64>,
    pub succeeded: i64,
    pub failed: i64,
    pub completed_indexes: String,
    pub failed_indexes: Option<String>,
    /// Uids of Pods that are to be counted once their finalizer is gone.
    pub uncounted_succeeded: Vec<Rc<str>>,
    pub uncounted_failed: Vec<Rc<str>>,
}

impl JobStatus {
    pub fn read(job: &Object) -> Self {
        let status = job.at("status");
        let number = |field: &str| status.get(field).and_then(Value::as_i64);
        let time = |field: &str| status.get(field).and_then(Value::as_str).and_then(Time::parse_rfc3339);
        let uids = |v: &Value| v.items().iter().filter_map(Value::as_rc_str).collect();
        let uncounted = status.at("uncountedTerminatedPods");
        Self {
            conditions: status.at("conditions").items().to_vec(),
            start_time: time("startTime"),
            completion_time: time("completionTime"),
            active: number("active").unwrap_or(0),
            ready: number("ready"),
            terminating: number("terminating"),
            succeeded: number("succeeded").unwrap_or(0),
            failed: number("failed").unwrap_or(0),
            completed_indexes: status.str_at("completedIndexes").to_owned(),
            failed_indexes: status.at("failedIndexes").as_str().map(str::to_owned),
            uncounted_succeeded: uids(uncounted.at("succeeded")),
            uncounted_failed: uids(uncounted.at("failed")),
        }
    }
    /// As it is written: counters that are 0 are left out, but for those that are pointers upstream.
    pub fn value(&self) -> Value {
        let count = |n: i64| if n == 0 { Value::Null } else { n.into() };
        let uids = |list: &[Rc<str>]| {
            if list.is_empty() { Value::Null } else { Value::array(list.iter().map(Value::from)) }
        };
        let conditions = if self.conditions.is_empty() { Value::Null } else { self.conditions.clone().into() };
        let indexes = Some(self.completed_indexes.as_str()).filter(|s| !s.is_empty());
        Value::object([
            ("active", count(self.active)),
            ("completedIndexes", indexes.into()),
            ("completionTime", self.completion_time.map(Time::rfc3339).into()),
            ("conditions", conditions),
            ("failed", count(self.failed)),
            ("failedIndexes", self.failed_indexes.as_deref().into()),
            ("ready", self.ready.into()),
            ("startTime", self.start_time.map(Time::rfc3339).into()),
            ("succeeded", count(self.succeeded)),
            ("terminating", self.terminating.into()),
            (
                "uncountedTerminatedPods",
                Value::object([
                    ("failed", uids(&self.uncounted_failed)),
                    ("succeeded", uids(&self.uncounted_succeeded)),
                ]),
            ),
        ])
    }
    pub fn find(&self, kind: &str) -> Option<&Value> {
        self.conditions.iter().find(|c| c.str_at("type") == kind)
    }
    /// The condition of a type, where it is True.
    pub fn find_true(&self, kind: &'static str) -> Option<Condition> {
        let c = self.find(kind).filter(|c| c.str_at("status") == "True")?;
        Some(Condition::new(kind, c.str_at("reason"), c.str_at("message")))
    }
    /// Adds a condition, or changes the one of its type. A condition that is not there is not added as False. Returns
    /// whether anything changed.
    pub fn ensure(&mut self, condition: &Condition, status: &str, now: Time) -> bool {
        let found = self.conditions.iter_mut().find(|c| c.str_at("type") == condition.kind);
        match found {
            Some(c) => {
                let same = c.str_at("status") == status
                    && c.str_at("reason") == condition.reason
                    && c.str_at("message") == condition.message;
                if !same {
                    *c = condition.value(status, now);
                }
                !same
            }
            None if status == "False" => false,
            None => {
                self.conditions.push(condition.value(status, now));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn a_status_reads_as_it_was_written() {
        let text = r#"{"status":{"active":2,"completedIndexes":"0-3","conditions":[{"status":"False","type":"Suspended"}],"failed":1,"failedIndexes":"","ready":0,"startTime":"2026-11-24T07:06:15Z","succeeded":4,"terminating":0,"uncountedTerminatedPods":{"failed":["u"]}}}"#;
        let job = Object::new(Kind::Job, Value::from_json(text).unwrap());
        assert_eq!(JobStatus::read(&job).value(), *job.at("status"));
    }

    #[test]
    fn conditions_are_added_changed_or_left() {
        let (mut status, now) = (JobStatus::default(), Time::from_seconds(0));
        let resumed = Condition::new("Suspended", "JobResumed", "Job resumed");
        let suspended = Condition::new("Suspended", "JobSuspended", "Job suspended");
        for (condition, state, changed, count) in [
            (&resumed, "False", false, 0),
            (&suspended, "True", true, 1),
            (&suspended, "True", false, 1),
            (&resumed, "False", true, 1),
        ] {
            assert_eq!(status.ensure(condition, state, now), changed, "{condition:?}");
            assert_eq!(status.conditions.len(), count);
        }
    }
}
