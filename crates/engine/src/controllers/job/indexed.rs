//! Indexed Jobs: which indexes have succeeded, failed or wait for a Pod, and what a Pod of an index looks like.
//!
//! Models `pkg/controller/job/indexed_job_utils.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::intervals::OrderedIntervals;
use super::pod::{COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT, Phase, PodView};
use super::pod_failure_policy::{Action, match_pod_failure_policy};
use super::spec::JobSpec;
use crate::api::Value;
use crate::controllers::pod_control::deletion_order;

/// The longest `generateName` that is not cut when a name is made of it.
const MAX_GENERATED_NAME_LENGTH: usize = 58;

/// The indexes in the status, and with them those whose Pods have succeeded since.
pub(super) fn succeeded_indexes(
    spec: &JobSpec,
    completed_indexes: &str,
    pods: &[Rc<PodView>],
) -> (OrderedIntervals, OrderedIntervals) {
    let before = OrderedIntervals::parse(completed_indexes, spec.index_count());
    let fresh = pods.iter().filter(|p| p.phase == Phase::Succeeded && p.tracked).filter_map(|p| p.valid_index(spec));
    let now = before.with_ordered_indexes(fresh.collect::<BTreeSet<i64>>());
    (before, now)
}

/// The indexes that have failed for good: those in the status, and those whose Pods have failed too often since.
pub(super) fn failed_indexes(spec: &JobSpec, failed_indexes: Option<&str>, pods: &[Rc<PodView>]) -> OrderedIntervals {
    let before = OrderedIntervals::parse(failed_indexes.unwrap_or(""), spec.index_count());
    let fresh = pods.iter().filter(|p| p.tracked && is_index_failed(spec, p)).filter_map(|p| p.valid_index(spec));
    before.with_ordered_indexes(fresh.collect::<BTreeSet<i64>>())
}

fn is_index_failed(spec: &JobSpec, pod: &PodView) -> bool {
    if !pod.is_failed(spec) {
        return false;
    }
    let verdict = match_pod_failure_policy(&spec.pod_failure_policy, &pod.object);
    let limit = spec.backoff_limit_per_index.unwrap_or(i64::MAX);
    verdict.action == Some(Action::FailIndex) || (verdict.counts() && pod.index_failure_count() >= limit)
}

/// The first indexes that neither have a Pod nor are done. With `terminating` given, indexes of those Pods have one.
pub(super) fn first_pending_indexes(
    count: i64,
    completions: i64,
    active: &[Rc<PodView>],
    terminating: Option<&[Rc<PodView>]>,
    succeeded: &OrderedIntervals,
    failed: Option<&OrderedIntervals>,
) -> Vec<i64> {
    let count = count.max(0) as usize;
    let indexes = |pods: &[Rc<PodView>]| pods.iter().filter_map(|p| p.index).collect::<BTreeSet<i64>>();
    let mut busy = succeeded.with_ordered_indexes(indexes(active));
    if let Some(pods) = terminating {
        busy = busy.with_ordered_indexes(indexes(pods));
    }
    if let Some(failed) = failed {
        busy = busy.merge(failed.0.iter().copied());
    }
    let (mut result, mut candidate) = (Vec::new(), 0);
    for interval in &busy.0 {
        while candidate < completions && result.len() < count && candidate < interval.first {
            result.push(candidate);
            candidate += 1;
        }
        candidate = candidate.max(interval.last + 1);
    }
    while candidate < completions && result.len() < count {
        result.push(candidate);
        candidate += 1;
    }
    result
}

/// Splits active Pods into those to remove (without a valid index, or all but one of an index) and the others. Models
/// `appendDuplicatedIndexPodsForRemoval`.
pub(super) fn duplicated_index_pods(pods: &[Rc<PodView>], completions: i64) -> (Vec<Rc<PodView>>, Vec<Rc<PodView>>) {
    let mut by_index: BTreeMap<Option<i64>, Vec<Rc<PodView>>> = BTreeMap::new();
    for pod in pods {
        by_index.entry(pod.index).or_default().push(pod.clone());
    }
    let (mut remove, mut left) = (Vec::new(), Vec::new());
    for (index, mut pods) in by_index {
        if index.is_some_and(|i| i < completions) {
            pods.sort_by(|a, b| deletion_order(&a.object, &b.object));
            left.extend(pods.pop());
        }
        remove.append(&mut pods);
    }
    (remove, left)
}

/// For each index that waits for its next Pod, the Pod that failed last. It keeps its finalizer until that Pod is made, so
/// that the count of failures can be handed on. Models `getPodsWithDelayedDeletionPerIndex`.
pub(super) fn pods_with_delayed_deletion(
    spec: &JobSpec,
    pods: &[Rc<PodView>],
    active: &[Rc<PodView>],
    succeeded: &OrderedIntervals,
    failed: &OrderedIntervals,
) -> BTreeMap<i64, Rc<PodView>> {
    let active: BTreeSet<i64> = active.iter().filter_map(|p| p.index).collect();
    let mut result: BTreeMap<i64, Rc<PodView>> = BTreeMap::new();
    for pod in pods.iter().filter(|p| p.tracked && p.is_failed(spec)) {
        let Some(index) = pod.valid_index(spec) else { continue };
        if succeeded.has(index) || failed.has(index) || active.contains(&index) {
            continue;
        }
        let later = result.get(&index).is_none_or(|last| {
            last.absolute_failure_count() <= pod.absolute_failure_count() && pod.finished_time() >= last.finished_time()
        });
        if later {
            result.insert(index, pod.clone());
        }
    }
    result
}

/// The counts of failures and of ignored failures that the next Pod of an index carries.
fn new_index_failure_counts(spec: &JobSpec, replaced: Option<&PodView>) -> (i64, i64) {
    let Some(pod) = replaced else { return (0, 0) };
    let (failures, ignored) = (pod.index_failure_count(), pod.ignored_failure_count());
    if match_pod_failure_policy(&spec.pod_failure_policy, &pod.object).counts() {
        (failures + 1, ignored)
    } else {
        (failures, ignored + 1)
    }
}

/// Gives every container of a Pod template the variable `JOB_COMPLETION_INDEX`, unless it has one of that name.
pub(super) fn add_completion_index_env(template: &mut Value) {
    for list in ["spec.initContainers", "spec.containers"] {
        if template.at(list).items().is_empty() {
            continue;
        }
        for container in template.slot(list).make_array() {
            if container.at("env").items().iter().any(|v| v.str_at("name") == "JOB_COMPLETION_INDEX") {
                continue;
            }
            let path = format!("metadata.labels['{COMPLETION_INDEX}']");
            let field = Value::object([("fieldPath", Value::from(path))]);
            let from = Value::object([("fieldRef", field)]);
            let variable = Value::object([("name", Value::from("JOB_COMPLETION_INDEX")), ("valueFrom", from)]);
            container.slot("env").make_array().push(variable);
        }
    }
}

/// Makes a Pod's body that of an index: annotation, label, host name, generated name and, with a limit per index, the
/// counts of failures.
pub(super) fn set_completion_index(
    body: &mut Value,
    job_name: &str,
    spec: &JobSpec,
    index: i64,
    replaced: Option<&PodView>,
) {
    body.set_key("metadata.annotations", COMPLETION_INDEX, index.to_string());
    body.set_key("metadata.labels", COMPLETION_INDEX, index.to_string());
    body.set("spec.hostname", format!("{job_name}-{index}"));
    body.set("metadata.generateName", generate_name_with_index(job_name, index));
    if spec.backoff_limit_per_index.is_some() {
        let (failures, ignored) = new_index_failure_counts(spec, replaced);
        body.set_key("metadata.annotations", INDEX_FAILURE_COUNT, failures.to_string());
        if ignored > 0 {
            body.set_key("metadata.annotations", INDEX_IGNORED_FAILURE_COUNT, ignored.to_string());
        }
    }
}

/// `job-3-`, the Job's name cut where the whole would be cut behind it.
fn generate_name_with_index(job_name: &str, index: i64) -> String {
    let suffix = format!("-{index}-");
    let room = MAX_GENERATED_NAME_LENGTH.saturating_sub(suffix.len());
    let base = if job_name.len() > room { job_name.get(..room).unwrap_or(job_name) } else { job_name };
    format!("{base}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object};

    fn pod(name: &str, index: &str, rest: &str) -> Rc<PodView> {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","annotations":{{"{COMPLETION_INDEX}":"{index}"}},"finalizers":["batch.kubernetes.io/job-tracking"]}},{rest}}}"#
        );
        Rc::new(PodView::new(Rc::new(Object::new(Kind::Pod, Value::from_json(&json).unwrap())), false))
    }

    #[test]
    fn pending_indexes_are_the_lowest_free_ones() {
        let active = [pod("a", "1", r#""status":{}"#), pod("b", "4", r#""status":{}"#)];
        let stopping = [pod("c", "2", r#""status":{}"#)];
        let set = |t: &str| OrderedIntervals::parse(t, 100);
        for (count, completions, terminating, succeeded, failed, want) in [
            (3, 10, false, "", None, &[0, 2, 3][..]),
            (3, 10, true, "", None, &[0, 3, 5]),
            (9, 6, false, "0", Some("3"), &[2, 5]),
            (0, 6, false, "", None, &[]),
            (5, 2, false, "", None, &[0]),
        ] {
            let terminating = terminating.then_some(&stopping[..]);
            let failed = failed.map(set);
            let got = first_pending_indexes(count, completions, &active, terminating, &set(succeeded), failed.as_ref());
            assert_eq!(got, want, "{count} {completions} {succeeded}");
        }
    }

    #[test]
    fn one_pod_an_index_stays() {
        let running = r#""spec":{"nodeName":"n"},"status":{"phase":"Running"}"#;
        let pods = [
            pod("a", "1", running),
            pod("b", "1", r#""status":{}"#),
            pod("c", "", running),
            pod("d", "7", running),
            pod("e", "0", running),
        ];
        let names =
            |pods: &[Rc<PodView>]| pods.iter().map(|p| p.object.name().to_string()).collect::<Vec<_>>().join(" ");
        let (remove, left) = duplicated_index_pods(&pods, 7);
        assert_eq!((names(&remove).as_str(), names(&left).as_str()), ("c b d", "e a"));
    }

    #[test]
    fn the_variable_is_added_once_to_each_container() {
        let text = r#"{"spec":{"containers":[{"name":"a"},{"name":"b","env":[{"name":"JOB_COMPLETION_INDEX","value":"x"}]}]}}"#;
        let mut template = Value::from_json(text).unwrap();
        add_completion_index_env(&mut template);
        assert_eq!(template.at("spec.containers.1.env").items().len(), 1);
        assert_eq!(
            template.str_at("spec.containers.0.env.0.valueFrom.fieldRef.fieldPath"),
            "metadata.labels['batch.kubernetes.io/job-completion-index']"
        );
    }

    #[test]
    fn long_names_are_cut_before_the_index() {
        for (name, want) in [("job", "job-12-".to_owned()), (&"x".repeat(63), format!("{}-12-", "x".repeat(54)))] {
            assert_eq!(generate_name_with_index(name, 12), want);
        }
    }
}
