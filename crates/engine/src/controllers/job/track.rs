//! Counting Pods exactly once: their uids go into the status, then their finalizers, then the counters grow.
//!
//! Models `trackJobStatusAndRemoveFinalizers`, `flushUncountedAndRemoveFinalizers` and `enactJobFinished` of
//! `pkg/controller/job/job_controller.go`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::pod::{Phase, PodView};
use super::pod_failure_policy::match_pod_failure_policy;
use super::status::{Condition, JobStatus};
use super::sync::SyncCtx;
use super::{JobController, remove_finalizer};
use crate::api::Kind;
use crate::apiserver::{Status, Subresource, WriteOptions};
use crate::clock::Time;
use crate::component::Ctx;
use crate::events::EventType;

/// The most uids in the status at a time.
const MAX_UNCOUNTED_PODS: usize = 500;

/// Counts the Pods that have ended, and ends the Job where that is decided and nothing is left to count.
pub(super) fn track_job_status(
    c: &mut JobController,
    ctx: &mut Ctx<'_>,
    s: &mut SyncCtx,
    mut needs_flush: bool,
) -> Result<(), Status> {
    if s.spec.indexed {
        s.pods.sort_by_key(|p| p.index);
    }
    let mut with_finalizer: BTreeSet<Rc<str>> = s.pods.iter().filter(|p| p.tracked).map(|p| p.uid().clone()).collect();
    needs_flush |= clean_uncounted(&mut s.status, &with_finalizer);

    let (to_free, new_indexes, reached_max) = find_uncounted(s, &mut needs_flush);
    if s.spec.indexed {
        s.succeeded_indexes = s.succeeded_indexes.with_ordered_indexes(new_indexes);
        let completed = s.succeeded_indexes.to_string();
        let failed = s.failed_indexes.as_ref().map(ToString::to_string);
        needs_flush |= completed != s.status.completed_indexes || failed != s.status.failed_indexes;
        s.status.succeeded = s.succeeded_indexes.total();
        s.status.completed_indexes = completed;
        s.status.failed_indexes = failed;
    }
    // The interim condition is written before finalizers go, the final one once everything is counted.
    match s.finished_condition.take() {
        Some(interim) if interim.kind == "FailureTarget" => {
            s.status.conditions.push(interim.value("True", ctx.now));
            needs_flush = true;
            s.finished_condition = Some(interim.with_kind("Failed"));
        }
        Some(interim) if interim.kind == "SuccessCriteriaMet" => {
            if s.status.find_true("SuccessCriteriaMet").is_none() {
                s.status.conditions.push(interim.value("True", ctx.now));
                needs_flush = true;
            }
            s.finished_condition = Some(interim.with_kind("Complete"));
        }
        other => s.finished_condition = other,
    }
    if needs_flush {
        update_status(ctx, s)?;
        c.record_mut(&s.key).backoff = s.new_backoff_record;
        needs_flush = false;
    }
    let mut refused = None;
    for pod in &to_free {
        match remove_finalizer(ctx, &pod.object.key()) {
            Ok(()) => {
                with_finalizer.remove(pod.uid());
            }
            Err(status) => {
                refused.get_or_insert(status);
            }
        }
    }
    needs_flush |= clean_uncounted(&mut s.status, &with_finalizer);
    if let Some(status) = refused {
        if needs_flush {
            update_status(ctx, s)?;
        }
        return Err(status);
    }
    let finished = !reached_max && enact_job_finished(s, ctx.now);
    if needs_flush || finished {
        update_status(ctx, s)?;
        if let Some(condition) = s.finished_condition.take().filter(|_| finished) {
            record_job_finished(c, ctx, s, &condition);
        }
    }
    Ok(())
}

/// Puts uids of ended Pods into the status. Returns the Pods whose finalizer can go, the indexes that have succeeded, and
/// whether there are more Pods to count than fit.
fn find_uncounted(s: &mut SyncCtx, needs_flush: &mut bool) -> (Vec<Rc<PodView>>, Vec<i64>, bool) {
    let (mut to_free, mut new_indexes) = (Vec::new(), Vec::new());
    let job_failed = s.finished_condition.as_ref().is_some_and(|c| c.kind != "SuccessCriteriaMet");
    for pod in s.pods.iter().filter(|p| p.tracked) {
        let failed = pod.is_failed(&s.spec);
        if !can_remove_finalizer(s, pod, failed) {
            continue;
        }
        to_free.push(pod.clone());
        let index = pod.valid_index(&s.spec);
        if pod.phase == Phase::Succeeded && !s.uncounted_failed.contains(pod.uid()) {
            if s.spec.indexed {
                // The index itself keeps it from being counted twice.
                if let Some(i) = index.filter(|i| !s.prev_succeeded_indexes.has(*i)) {
                    new_indexes.push(i);
                    *needs_flush = true;
                }
            } else if !s.uncounted.contains(pod.uid()) {
                *needs_flush = true;
                s.status.uncounted_succeeded.push(pod.uid().clone());
            }
        } else if (failed || job_failed)
            && !s.uncounted_failed.contains(pod.uid())
            && (!s.spec.indexed || index.is_some())
            && match_pod_failure_policy(&s.spec.pod_failure_policy, &pod.object).counts()
        {
            // Once the Job has failed, every Pod that has not ended counts as failed.
            *needs_flush = true;
            s.status.uncounted_failed.push(pod.uid().clone());
        }
        let uncounted = s.status.uncounted_succeeded.len() + s.status.uncounted_failed.len();
        if new_indexes.len() + uncounted >= MAX_UNCOUNTED_PODS {
            return (to_free, new_indexes, true);
        }
    }
    (to_free, new_indexes, false)
}

fn can_remove_finalizer(s: &SyncCtx, pod: &PodView, failed: bool) -> bool {
    if s.job.is_deleting() || s.finished_condition.is_some() || pod.phase == Phase::Succeeded {
        return true;
    }
    let waits = || {
        let last = pod.index.and_then(|i| s.pods_with_delayed_deletion.get(&i));
        last.is_some_and(|p| p.uid() == pod.uid())
    };
    failed && !(s.spec.backoff_limit_per_index.is_some() && waits())
}

/// Moves uids whose Pods have lost their finalizer into the counters. Returns whether there were any.
fn clean_uncounted(status: &mut JobStatus, with_finalizer: &BTreeSet<Rc<str>>) -> bool {
    let move_on = |uids: &mut Vec<Rc<str>>, counter: &mut i64| {
        let before = uids.len();
        uids.retain(|uid| with_finalizer.contains(uid));
        let counted = before - uids.len();
        *counter += counted as i64;
        counted > 0
    };
    let succeeded = move_on(&mut status.uncounted_succeeded, &mut status.succeeded);
    move_on(&mut status.uncounted_failed, &mut status.failed) || succeeded
}

/// Adds the final condition, unless Pods are left to count or to end.
fn enact_job_finished(s: &mut SyncCtx, now: Time) -> bool {
    let Some(condition) = &s.finished_condition else { return false };
    if !s.status.uncounted_succeeded.is_empty() || !s.status.uncounted_failed.is_empty() || s.terminating > 0 {
        return false;
    }
    s.status.ensure(condition, "True", now);
    if condition.kind == "Complete" {
        s.status.completion_time = Some(now);
    }
    true
}

fn record_job_finished(c: &mut JobController, ctx: &mut Ctx<'_>, s: &SyncCtx, condition: &Condition) {
    if condition.kind != "Complete" {
        c.recorder.event(ctx, &s.job, EventType::Warning, &condition.reason, &condition.message);
        return;
    }
    if s.spec.completions.is_some_and(|n| s.status.succeeded > n) {
        let message = "Too many succeeded pods running after completion count reached";
        c.recorder.event(ctx, &s.job, EventType::Warning, "TooManySucceededPods", message);
    }
    c.recorder.event(ctx, &s.job, EventType::Normal, "Completed", "Job completed");
}

/// Writes the status.
fn update_status(ctx: &mut Ctx<'_>, s: &mut SyncCtx) -> Result<(), Status> {
    let mut body = s.job.body().clone();
    body.set("status", s.status.value());
    s.job = ctx.api.update(Kind::Job, body, Subresource::Status, WriteOptions::default())?;
    Ok(())
}
