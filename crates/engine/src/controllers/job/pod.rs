//! A Pod as the Job controller looks at it: what every sync asks of it, read once when it changes.

use std::rc::Rc;

use super::spec::JobSpec;
use crate::api::{Object, Value};
use crate::clock::{SECOND, Time};
use crate::controllers::pod_control::is_pod_ready;

/// The finalizer that keeps a Pod until its Job has counted it.
pub(super) const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// Annotation and label with the completion index.
pub(super) const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often the index has failed before this Pod.
pub(super) const INDEX_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
/// How many failures of the index before this Pod were ignored.
pub(super) const INDEX_IGNORED_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// `status.phase`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// A Pod of a Job.
#[allow(clippy::struct_excessive_bools, reason = "each is a field or a fact of its own upstream")]
#[derive(Clone, Debug)]
pub(super) struct PodView {
    pub object: Rc<Object>,
    pub phase: Phase,
    /// Whether it has the tracking finalizer: not counted yet.
    pub tracked: bool,
    pub deleting: bool,
    pub ready: bool,
    pub index: Option<i64>,
    /// Whether its labels changed, so that it may not belong to its Job any more.
    pub relabelled: bool,
}

impl PodView {
    pub fn new(object: Rc<Object>, relabelled: bool) -> Self {
        let phase = match object.at("status.phase").as_str() {
            Some("Running") => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            Some("Unknown") => Phase::Unknown,
            _ => Phase::Pending,
        };
        Self {
            phase,
            tracked: object.has_finalizer(TRACKING_FINALIZER),
            deleting: object.is_deleting(),
            ready: is_pod_ready(&object),
            index: completion_index(&object),
            relabelled,
            object,
        }
    }
    /// Whether the phase is final.
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && !self.deleting
    }
    pub fn is_terminating(&self) -> bool {
        !self.is_terminal() && self.deleting
    }
    /// Whether the Job counts it as failed: also one being deleted, unless only ended Pods are replaced.
    pub fn is_failed(&self, spec: &JobSpec) -> bool {
        self.phase == Phase::Failed || (!spec.only_replace_failed && self.deleting && self.phase != Phase::Succeeded)
    }
    pub fn uid(&self) -> &Rc<str> {
        self.object.uid()
    }
    /// The index, where the Job has it.
    pub fn valid_index(&self, spec: &JobSpec) -> Option<i64> {
        self.index.filter(|i| *i < spec.index_count())
    }
    pub fn index_failure_count(&self) -> i64 {
        count_annotation(&self.object, INDEX_FAILURE_COUNT)
    }
    pub fn ignored_failure_count(&self) -> i64 {
        count_annotation(&self.object, INDEX_IGNORED_FAILURE_COUNT)
    }
    pub fn absolute_failure_count(&self) -> i64 {
        self.index_failure_count() + self.ignored_failure_count()
    }
    /// When it ended: the latest end of its containers, else when it was last ready, else when it was deleted, else when it
    /// was created. Models `getFinishedTime`.
    pub fn finished_time(&self) -> Time {
        let pod = &self.object;
        finish_time_from_containers(pod)
            .or_else(|| {
                let ready = pod.condition("Ready").filter(|c| c.str_at("status") == "False")?;
                Time::parse_rfc3339(ready.str_at("lastTransitionTime"))
            })
            .or_else(|| {
                let grace = pod.at("metadata.deletionGracePeriodSeconds").as_i64().unwrap_or(0);
                pod.deletion_time().map(|t| t - grace.saturating_mul(SECOND))
            })
            .or(pod.creation_time())
            .unwrap_or_default()
    }
}

fn completion_index(pod: &Object) -> Option<i64> {
    pod.annotation(COMPLETION_INDEX)?.parse().ok().filter(|i| *i >= 0)
}

/// A count in an annotation; 0 where it is none.
fn count_annotation(pod: &Object, key: &str) -> i64 {
    let count = pod.annotation(key).and_then(|v| v.parse::<i64>().ok());
    count.filter(|n| (0..=i64::from(i32::MAX)).contains(n)).unwrap_or(0)
}

/// Models `getFinishTimeFromContainers`: ordinary containers and sidecars, all of which must have ended.
fn finish_time_from_containers(pod: &Object) -> Option<Time> {
    let is_sidecar = |status: &&Value| {
        let named = |c: &&Value| c.str_at("name") == status.str_at("name");
        pod.at("spec.initContainers").items().iter().find(named).is_some_and(|c| c.str_at("restartPolicy") == "Always")
    };
    let latest = |mut latest: Option<Time>, statuses: &mut dyn Iterator<Item = &Value>| {
        for status in statuses {
            let end = Time::parse_rfc3339(status.str_at("state.terminated.finishedAt"))?;
            latest = latest.max(Some(end));
        }
        latest
    };
    let ordinary = latest(None, &mut pod.at("status.containerStatuses").items().iter());
    latest(ordinary, &mut pod.at("status.initContainerStatuses").items().iter().filter(is_sidecar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn view(json: &str) -> PodView {
        PodView::new(Rc::new(Object::new(Kind::Pod, Value::from_json(json).unwrap())), false)
    }

    #[test]
    fn when_a_pod_ended() {
        let ended = |name: &str, at: &str| {
            format!(r#"{{"name":"{name}","state":{{"terminated":{{"finishedAt":"2026-11-24T07:00:{at}Z"}}}}}}"#)
        };
        let not_ready =
            r#""conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-11-24T07:00:30Z"}]"#;
        for (case, json, want) in [
            (
                "the latest end of the containers",
                format!(r#"{{"status":{{"containerStatuses":[{},{}]}}}}"#, ended("a", "05"), ended("b", "03")),
                "05",
            ),
            (
                "a sidecar that ended later counts",
                format!(
                    r#"{{"spec":{{"initContainers":[{{"name":"s","restartPolicy":"Always"}},{{"name":"i"}}]}},"status":{{"containerStatuses":[{}],"initContainerStatuses":[{},{}]}}}}"#,
                    ended("a", "05"),
                    ended("s", "07"),
                    ended("i", "59")
                ),
                "07",
            ),
            (
                "a container that still runs leaves the Ready condition",
                format!(r#"{{"status":{{"containerStatuses":[{},{{"name":"b"}}],{not_ready}}}}}"#, ended("a", "05")),
                "30",
            ),
            (
                "a deleted Pod that never ran ended when it was deleted",
                r#"{"metadata":{"deletionTimestamp":"2026-11-24T07:00:40Z","deletionGracePeriodSeconds":30}}"#
                    .to_owned(),
                "10",
            ),
            (
                "nothing known but its creation",
                r#"{"metadata":{"creationTimestamp":"2026-11-24T07:00:01Z"}}"#.to_owned(),
                "01",
            ),
        ] {
            assert_eq!(view(&json).finished_time().rfc3339(), format!("2026-11-24T07:00:{want}Z"), "{case}");
        }
    }

    #[test]
    fn indexes_and_counts_of_annotations() {
        for (value, want) in [("3", Some(3)), ("-1", None), ("x", None), ("", None)] {
            let json = format!(r#"{{"metadata":{{"annotations":{{"{COMPLETION_INDEX}":"{value}"}}}}}}"#);
            assert_eq!(view(&json).index, want, "{value}");
        }
        for (value, want) in [("3", 3), ("-1", 0), ("9999999999", 0), ("x", 0)] {
            let json = format!(r#"{{"metadata":{{"annotations":{{"{INDEX_FAILURE_COUNT}":"{value}"}}}}}}"#);
            assert_eq!(view(&json).index_failure_count(), want, "{value}");
        }
    }
}
