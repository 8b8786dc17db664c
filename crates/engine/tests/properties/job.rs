//! What must hold of a Job at every version of its status.

use std::collections::{BTreeMap, BTreeSet};

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::{Change, Cluster};
use proptest::prelude::*;

use crate::manifest::Job;

fn count(job: &Object, field: &'static str) -> i64 {
    job.at("status").int_at(field).unwrap_or(0)
}

/// Reads `0,2-4`; canonical form is part of the promise.
fn indexes(text: &str) -> Option<BTreeSet<i64>> {
    let mut set = BTreeSet::new();
    let mut last = -2;
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (a, b) = part.split_once('-').unwrap_or((part, part));
        let (a, b) = (a.parse::<i64>().ok()?, b.parse::<i64>().ok()?);
        let pair_written_out = a == last + 1 && a == b;
        if a <= last || b < a || (a == last + 1 && !pair_written_out) || (a != b && b < a + 2) {
            return None;
        }
        set.extend(a..=b);
        last = b;
    }
    Some(set)
}

/// What has been seen of the Pods up to some change.
#[derive(Default)]
struct Pods {
    /// Every Pod there is: whether it is active.
    active: BTreeMap<String, bool>,
    created: i64,
    succeeded: BTreeSet<String>,
    /// Pods that failed, or were deleted before they had succeeded.
    failed: BTreeSet<String>,
}

impl Pods {
    fn see(&mut self, change: &Change) {
        let pod = change.object();
        let uid = pod.uid().to_string();
        let phase = pod.at("status.phase").as_str().unwrap_or("Pending");
        if change.is_added() {
            self.created += 1;
        }
        match phase {
            "Succeeded" => drop(self.succeeded.insert(uid.clone())),
            "Failed" => drop(self.failed.insert(uid.clone())),
            _ if pod.is_deleting() || change.is_deleted() => drop(self.failed.insert(uid.clone())),
            _ => {}
        }
        let ended = matches!(phase, "Succeeded" | "Failed");
        if change.is_deleted() {
            self.active.remove(&uid);
        } else {
            self.active.insert(uid, !ended && !pod.is_deleting());
        }
    }
    fn running(&self) -> i64 {
        self.active.values().filter(|a| **a).count() as i64
    }
}

/// Checks the whole history of the Job `j`.
pub fn check(cluster: &Cluster, made: &Job) -> Result<(), TestCaseError> {
    let mut pods = Pods::default();
    let mut before: Option<std::rc::Rc<Object>> = None;
    let (mut version, mut time) = (0, cluster.start());
    let mut most_parallel = i64::from(made.parallelism);
    let mut resized = false;
    for change in cluster.journal().entries() {
        prop_assert!(change.at >= time, "time goes back at {:?}", change.key);
        prop_assert!(change.object().resource_version() > version, "versions go back at {:?}", change.key);
        (time, version) = (change.at, change.object().resource_version());
        match change.key.kind {
            Kind::Pod => {
                if change.is_added() {
                    let owner = change.object().controller().map(|o| o.uid.to_string());
                    let job = before.as_ref().map(|j| j.uid().to_string());
                    prop_assert_eq!(owner, job, "a Pod of no Job");
                }
                pods.see(change);
                // Pods that were deleted by hand may be replaced before the status says so, never more than that.
                prop_assert!(pods.running() <= most_parallel, "{} Pods run, {most_parallel} may", pods.running());
            }
            Kind::Job => {
                let job = change.object();
                let parallelism = job.at("spec.parallelism").as_i64().unwrap_or(1);
                if before.as_ref().is_some_and(|b| b.at("spec.parallelism").as_i64() != Some(parallelism)) {
                    resized = true;
                }
                most_parallel = most_parallel.max(parallelism);
                check_version(job, before.as_deref(), &pods, made, resized)?;
                before = Some(job.clone());
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_version(
    job: &Object,
    before: Option<&Object>,
    pods: &Pods,
    made: &Job,
    resized: bool,
) -> Result<(), TestCaseError> {
    let status = job.at("status").to_json();
    let has = |t: &str| job.condition_is_true(t);
    let list = |path: &'static str| job.at(path).items().len() as i64;
    let uncounted = list("status.uncountedTerminatedPods.succeeded") + list("status.uncountedTerminatedPods.failed");

    prop_assert!(!(has("Complete") && has("Failed")), "{status}");
    prop_assert!(!has("Complete") || has("SuccessCriteriaMet"), "{status}");
    prop_assert!(!has("Failed") || has("FailureTarget"), "{status}");
    prop_assert_eq!(has("Complete"), !job.at("status.completionTime").is_null(), "{}", status);
    if has("Complete") || has("Failed") {
        for field in ["active", "terminating", "ready"] {
            prop_assert_eq!(count(job, field), 0, "{} in {}", field, status);
        }
        prop_assert_eq!(uncounted, 0, "{}", status);
    }
    prop_assert!(count(job, "ready") <= count(job, "active"), "{status}");
    let parallelism = job.at("spec.parallelism").as_i64().unwrap_or(1);
    prop_assert!(resized || count(job, "active") <= parallelism, "{status}");
    prop_assert!(count(job, "succeeded") <= pods.succeeded.len() as i64, "{status}");
    prop_assert!(count(job, "failed") <= pods.failed.len() as i64, "{status}");
    if let (Some(n), false) = (made.completions, made.indexed) {
        prop_assert!(count(job, "succeeded") <= i64::from(n), "{status}");
    }
    let completed = indexes(job.at("status.completedIndexes").as_str().unwrap_or(""));
    let failed = indexes(job.at("status.failedIndexes").as_str().unwrap_or(""));
    prop_assert!(completed.is_some() && failed.is_some(), "{status}");
    let (completed, failed) = (completed.unwrap_or_default(), failed.unwrap_or_default());
    prop_assert!(completed.is_disjoint(&failed), "{status}");
    if made.indexed {
        prop_assert_eq!(completed.len() as i64, count(job, "succeeded"), "{}", status);
    }
    if let Some(before) = before {
        for field in ["succeeded", "failed"] {
            prop_assert!(count(job, field) >= count(before, field), "{field} falls in {status}");
        }
        let start = |j: &Object| j.at("status.startTime").as_str().map(str::to_owned);
        let resumes = before.condition_is_true("Suspended") != job.condition_is_true("Suspended");
        if !resumes && start(before).is_some() {
            prop_assert_eq!(start(job), start(before), "{}", status);
        }
    }
    Ok(())
}
