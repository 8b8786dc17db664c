//! How many Pods a Job has: deleting those that are too many, making those that are missing.
//!
//! Models `manageJob`, `deleteJobPods` and `activePodsForRemoval` of `pkg/controller/job/job_controller.go`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::backoff::remaining_per_index;
use super::indexed::{add_completion_index_env, duplicated_index_pods, first_pending_indexes, set_completion_index};
use super::pod::{PodView, TRACKING_FINALIZER};
use super::sync::SyncCtx;
use super::{JobController, SYNC_JOB_BATCH_PERIOD, Wait, remove_finalizer};
use crate::api::Value;
use crate::apiserver::{Reason, Status};
use crate::clock::Millis;
use crate::component::Ctx;
use crate::controllers::pod_control::{
    create_pod, delete_pod, deletion_order, is_namespace_terminating, pod_from_template,
};

/// The most Pods made or deleted in one sync.
const MAX_POD_CREATE_DELETE_PER_SYNC: i64 = 500;
/// How many Pods the first batch makes; each that goes well doubles the next.
const SLOW_START_INITIAL_BATCH_SIZE: i64 = 1;

/// Brings the number of active Pods to what the spec wants, and returns it.
pub(super) fn manage_job(c: &mut JobController, ctx: &mut Ctx<'_>, s: &mut SyncCtx) -> (i64, Option<Status>) {
    let active = s.active_pods.len() as i64;
    if s.spec.suspend {
        let pods = active_pods_for_removal(s, active);
        return delete_job_pods(c, ctx, s, &pods);
    }
    let want = match s.spec.completions {
        // Without a number of completions Pods are made until the first success; then those that run are left to end.
        None if s.succeeded > 0 => active,
        None => s.spec.parallelism,
        Some(completions) => (completions - s.succeeded).min(s.spec.parallelism).max(0),
    };
    let mut pods = active_pods_for_removal(s, (active - want).max(0));
    pods.truncate(MAX_POD_CREATE_DELETE_PER_SYNC as usize);
    if !pods.is_empty() {
        // A sync either deletes or makes Pods.
        return delete_job_pods(c, ctx, s, &pods);
    }
    let terminating = if s.spec.only_replace_failed { s.terminating } else { 0 };
    let mut missing = want - terminating - active;
    if missing <= 0 {
        return (active, None);
    }
    if s.spec.backoff_limit_per_index.is_none() {
        let left = s.new_backoff_record.remaining(ctx.now);
        if left > 0 {
            let record = s.new_backoff_record;
            let wait = Wait {
                since: record.last_failure_time.unwrap_or(ctx.now),
                until: ctx.now + left,
                count: record.failures_after_last_success,
            };
            wait_for_backoff(c, ctx, s, left, wait);
            return (active, None);
        }
    }
    missing = missing.min(MAX_POD_CREATE_DELETE_PER_SYNC);
    let mut indexes = VecDeque::new();
    if s.spec.indexed {
        match indexes_to_add(c, ctx, s, missing) {
            Some(found) => indexes = found.into(),
            None => return (active, None),
        }
        missing = indexes.len() as i64;
    }
    create_pods(c, ctx, s, missing, indexes)
}

fn wait_for_backoff(c: &mut JobController, ctx: &mut Ctx<'_>, s: &SyncCtx, left: Millis, wait: Wait) {
    c.queue.add_after(ctx, s.key.clone(), left.max(SYNC_JOB_BATCH_PERIOD));
    c.record_mut(&s.key).wait = Some(wait);
}

/// The indexes to make Pods for now; none where all of them wait for their back-off.
fn indexes_to_add(c: &mut JobController, ctx: &mut Ctx<'_>, s: &SyncCtx, count: i64) -> Option<Vec<i64>> {
    let terminating: Vec<_> = s.pods.iter().filter(|p| p.is_terminating()).cloned().collect();
    let pending = first_pending_indexes(
        count,
        s.spec.index_count(),
        &s.active_pods,
        s.spec.only_replace_failed.then_some(&terminating[..]),
        &s.succeeded_indexes,
        s.failed_indexes.as_ref(),
    );
    if s.spec.backoff_limit_per_index.is_none() {
        return Some(pending);
    }
    let failed = |index: &i64| s.pods_with_delayed_deletion.get(index);
    let left = |index: &i64| remaining_per_index(failed(index).map(Rc::as_ref), ctx.now);
    let (now, later): (Vec<i64>, Vec<i64>) = pending.into_iter().partition(|i| left(i) == 0);
    if let (true, Some(first)) = (now.is_empty(), later.iter().min_by_key(|i| left(i))) {
        let left = left(first);
        let pod = failed(first).expect("an index that waits has a failed Pod");
        let wait = Wait { since: pod.finished_time(), until: ctx.now + left, count: pod.absolute_failure_count() + 1 };
        wait_for_backoff(c, ctx, s, left, wait);
        return None;
    }
    Some(now)
}

/// Makes Pods in batches of 1, 2, 4 and so on, and stops after a batch with a refusal.
fn create_pods(
    c: &mut JobController,
    ctx: &mut Ctx<'_>,
    s: &SyncCtx,
    mut missing: i64,
    mut indexes: VecDeque<i64>,
) -> (i64, Option<Status>) {
    let mut active = s.active_pods.len() as i64;
    let body = pod_body(s);
    let mut error = None;
    let mut batch = missing.min(SLOW_START_INITIAL_BATCH_SIZE);
    while missing > 0 {
        let mut refused = false;
        for _ in 0..batch {
            let mut body = body.clone();
            if let Some(index) = indexes.pop_front() {
                let replaced = s.pods_with_delayed_deletion.get(&index).map(Rc::as_ref);
                set_completion_index(&mut body, s.job.name(), &s.spec, index, replaced);
            }
            match create_pod(ctx, &mut c.recorder, &s.job, body) {
                Ok(_) => active += 1,
                // Nothing can be made any more in a namespace that goes, which is no reason to try again.
                Err(status) if is_namespace_terminating(&status) => active += 1,
                Err(status) => {
                    refused = true;
                    error.get_or_insert(status);
                }
            }
        }
        missing -= batch;
        if refused && missing > 0 {
            break;
        }
        batch = (2 * batch).min(missing);
    }
    (active, error)
}

/// What all new Pods of a sync have in common.
fn pod_body(s: &SyncCtx) -> Value {
    let mut body = pod_from_template(s.job.at("spec.template"), &s.job);
    if s.spec.indexed {
        add_completion_index_env(&mut body);
    }
    let finalizers = body.slot("metadata.finalizers").make_array();
    if !finalizers.iter().any(|f| f.as_str() == Some(TRACKING_FINALIZER)) {
        finalizers.push(TRACKING_FINALIZER.into());
    }
    body
}

/// The Pods to remove where `at_least` are too many: of an Indexed Job first those without an index of their own.
fn active_pods_for_removal(s: &SyncCtx, at_least: i64) -> Vec<Rc<PodView>> {
    let (mut remove, mut left) = if s.spec.indexed {
        duplicated_index_pods(&s.active_pods, s.spec.index_count())
    } else {
        (Vec::new(), s.active_pods.clone())
    };
    let more = (at_least.max(0) as usize).saturating_sub(remove.len());
    if more > 0 {
        left.sort_by(|a, b| deletion_order(&a.object, &b.object));
        remove.extend(left.drain(..more.min(left.len())));
    }
    remove
}

/// Takes the finalizer from Pods, so that they are not counted, and deletes them. Returns the number of active Pods left.
fn delete_job_pods(
    c: &mut JobController,
    ctx: &mut Ctx<'_>,
    s: &mut SyncCtx,
    pods: &[Rc<PodView>],
) -> (i64, Option<Status>) {
    let (mut deleted, mut error) = (0, None);
    for pod in pods {
        let freed = if pod.tracked { remove_finalizer(ctx, &pod.object.key()) } else { Ok(()) };
        let gone = freed.and_then(|()| delete_pod(ctx, &mut c.recorder, &s.job, &pod.object));
        match gone {
            Err(status) if status.reason != Reason::NotFound => {
                error.get_or_insert(status);
            }
            _ => deleted += 1,
        }
        s.ready -= i64::from(pod.ready);
    }
    s.terminating += deleted;
    (s.active_pods.len() as i64 - deleted, error)
}
