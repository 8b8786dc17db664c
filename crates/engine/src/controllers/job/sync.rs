//! One sync of a Job: from its Pods to what it is and what is to be done.
//!
//! Models `syncJob` of `pkg/controller/job/job_controller.go`, in its order. The controller hears of its own writes before
//! it syncs again, so that upstream's expectations always hold and are not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::backoff::BackoffRecord;
use super::claim::claim_pods;
use super::indexed::{failed_indexes, pods_with_delayed_deletion, succeeded_indexes};
use super::intervals::OrderedIntervals;
use super::pod::{Phase, PodView};
use super::pod_failure_policy::match_pod_failure_policy;
use super::spec::{JobSpec, is_finished, is_managed_elsewhere};
use super::status::{Condition, JobStatus};
use super::success_policy::match_success_policy;
use super::{JobController, manage, track};
use crate::api::{Object, ObjectKey};
use crate::apiserver::{Reason, Status};
use crate::clock::{Millis, SECOND, Time};
use crate::component::Ctx;
use crate::controllers::pod_control::delete_pod;
use crate::events::EventType;

/// What one sync knows and decides.
pub(super) struct SyncCtx {
    pub key: ObjectKey,
    pub job: Rc<Object>,
    pub spec: JobSpec,
    /// The status as it will be written.
    pub status: JobStatus,
    /// The Pods that can still matter: all but those that ended and were counted.
    pub pods: Vec<Rc<PodView>>,
    pub active_pods: Vec<Rc<PodView>>,
    pub finished_condition: Option<Condition>,
    /// Pods that count as succeeded and failed for this sync's decisions.
    pub succeeded: i64,
    pub failed: i64,
    pub prev_succeeded_indexes: OrderedIntervals,
    pub succeeded_indexes: OrderedIntervals,
    pub failed_indexes: Option<OrderedIntervals>,
    pub new_backoff_record: BackoffRecord,
    /// Uids of the status's uncounted Pods when the sync began.
    pub uncounted: BTreeSet<Rc<str>>,
    pub uncounted_failed: BTreeSet<Rc<str>>,
    pub pods_with_delayed_deletion: BTreeMap<i64, Rc<PodView>>,
    pub terminating: i64,
    pub ready: i64,
}

impl JobController {
    /// Syncs one Job. An error has it synced again after a growing delay.
    pub(super) fn sync_job(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(job) = ctx.api.get(key).cloned() else {
            self.records.remove(key);
            return Ok(());
        };
        if is_managed_elsewhere(&job) {
            return Ok(());
        }
        if is_finished(&job) {
            self.records.remove(key);
            return Ok(());
        }
        let mode = job.at("spec.completionMode").as_str();
        if !matches!(mode, None | Some("NonIndexed" | "Indexed")) {
            let message = "Skipped Job sync because completion mode is unknown";
            self.recorder.event(ctx, &job, EventType::Warning, "UnknownCompletionMode", message);
            return Ok(());
        }
        let pods = claim_pods(self, ctx, &job)?;
        let mut s = self.begin(key, job, pods);
        let now = ctx.now;

        if s.status.start_time.is_none() && !s.spec.suspend {
            s.status.start_time = Some(now);
        }
        self.evaluate(ctx, &mut s);

        let mut active = s.active_pods.len() as i64;
        let mut suspend_changed = false;
        let mut manage_error = None;
        self.record_mut(key).wait = None;
        if s.finished_condition.is_some() {
            let (deleted_ready, deleted, error) = self.delete_active_pods(ctx, &s);
            if deleted != active {
                // Pods are left over, so the Job is not declared finished yet.
                s.finished_condition = None;
            }
            active -= deleted;
            s.terminating += deleted;
            s.ready -= deleted_ready;
            manage_error = error;
        } else {
            let manages = !s.job.is_deleting();
            if manages {
                (active, manage_error) = manage::manage_job(self, ctx, &mut s);
            }
            let complete = match s.spec.completions {
                None => s.succeeded > 0 && active == 0,
                Some(completions) => s.succeeded >= completions && active == 0,
            };
            if complete {
                let message = "Reached expected number of succeeded pods";
                s.finished_condition = Some(Condition::new("SuccessCriteriaMet", "CompletionsReached", message));
            } else if manages {
                suspend_changed = self.update_suspended(ctx, &mut s);
            }
        }
        let needs_update = suspend_changed
            || active != s.status.active
            || Some(s.ready) != s.status.ready
            || Some(s.terminating) != s.status.terminating;
        s.status.active = active;
        s.status.ready = Some(s.ready);
        s.status.terminating = Some(s.terminating);
        track::track_job_status(self, ctx, &mut s, needs_update)?;
        manage_error.map_or(Ok(()), Err)
    }

    /// Counts what has ended since the last sync.
    fn begin(&mut self, key: &ObjectKey, job: Rc<Object>, pods: Vec<Rc<PodView>>) -> SyncCtx {
        let spec = JobSpec::read(&job);
        let status = JobStatus::read(&job);
        let active_pods: Vec<_> = pods.iter().filter(|p| p.is_active()).cloned().collect();
        let uncounted_succeeded: BTreeSet<Rc<str>> = status.uncounted_succeeded.iter().cloned().collect();
        let uncounted_failed: BTreeSet<Rc<str>> = status.uncounted_failed.iter().cloned().collect();
        let valid = |p: &PodView| p.tracked && (!spec.indexed || p.valid_index(&spec).is_some());
        let new_succeeded: Vec<_> = pods
            .iter()
            .filter(|p| valid(p) && p.phase == Phase::Succeeded && !uncounted_succeeded.contains(p.uid()))
            .cloned()
            .collect();
        let new_failed: Vec<_> = pods
            .iter()
            .filter(|p| valid(p) && p.is_failed(&spec) && !uncounted_failed.contains(p.uid()))
            .cloned()
            .collect();
        let counted = new_failed
            .iter()
            .filter(|p| match_pod_failure_policy(&spec.pod_failure_policy, &p.object).counts())
            .count();
        let record = self.records.get(key).map(|r| r.backoff).unwrap_or_default();
        SyncCtx {
            key: key.clone(),
            succeeded: status.succeeded + (new_succeeded.len() + uncounted_succeeded.len()) as i64,
            failed: status.failed + (counted + uncounted_failed.len()) as i64,
            new_backoff_record: record.after(&new_succeeded, &new_failed),
            ready: active_pods.iter().filter(|p| p.ready).count() as i64,
            terminating: pods.iter().filter(|p| p.is_terminating()).count() as i64,
            uncounted: uncounted_succeeded,
            uncounted_failed,
            finished_condition: None,
            prev_succeeded_indexes: OrderedIntervals::default(),
            succeeded_indexes: OrderedIntervals::default(),
            failed_indexes: None,
            pods_with_delayed_deletion: BTreeMap::new(),
            job,
            spec,
            status,
            pods,
            active_pods,
        }
    }

    /// Decides whether the Job has failed or succeeded; the first reason that holds counts.
    fn evaluate(&mut self, ctx: &mut Ctx<'_>, s: &mut SyncCtx) {
        let now = ctx.now;
        let failure = |reason: &str, message: &str| Some(Condition::new("FailureTarget", reason, message));
        let mut finished = s.status.find_true("SuccessCriteriaMet");
        if finished.is_none() {
            finished = s.status.find_true("FailureTarget").map(|c| c.with_kind("Failed"));
        }
        if finished.is_none() && !s.spec.pod_failure_policy.is_null() {
            let mut failed = s.pods.iter().filter(|p| p.is_failed(&s.spec));
            let message = failed.find_map(|p| match_pod_failure_policy(&s.spec.pod_failure_policy, &p.object).message);
            finished = message.and_then(|m| failure("PodFailurePolicy", &m));
        }
        if finished.is_none() {
            let left = active_deadline_left(s, now);
            if s.failed > s.spec.backoff_limit || past_backoff_limit_on_failure(s) {
                finished = failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
            } else if left.is_some_and(|ms| ms <= 0) {
                finished = failure("DeadlineExceeded", "Job was active longer than specified deadline");
            } else if let Some(left) = left {
                self.queue.add_after(ctx, s.key.clone(), left);
            }
        }
        if s.spec.indexed {
            let completions = s.spec.index_count();
            (s.prev_succeeded_indexes, s.succeeded_indexes) =
                succeeded_indexes(&s.spec, &s.status.completed_indexes, &s.pods);
            s.succeeded = s.succeeded_indexes.total();
            if s.spec.backoff_limit_per_index.is_some() {
                let failed = failed_indexes(&s.spec, s.status.failed_indexes.as_deref(), &s.pods);
                let total = failed.total();
                if finished.is_none() {
                    if s.spec.max_failed_indexes.is_some_and(|max| total > max) {
                        let message = "Job has exceeded the specified maximal number of failed indexes";
                        finished = failure("MaxFailedIndexesExceeded", message);
                    } else if total > 0 && total + s.succeeded >= completions {
                        finished = failure("FailedIndexes", "Job has failed indexes");
                    }
                }
                s.pods_with_delayed_deletion =
                    pods_with_delayed_deletion(&s.spec, &s.pods, &s.active_pods, &s.succeeded_indexes, &failed);
                s.failed_indexes = Some(failed);
            }
            if finished.is_none() {
                let message = match_success_policy(&s.spec.success_policy, completions, &s.succeeded_indexes);
                finished = message.map(|m| Condition::new("SuccessCriteriaMet", "SuccessPolicy", &m));
            }
        }
        s.finished_condition = finished;
    }

    /// Deletes the active Pods of a Job that is over. They keep their finalizer, so that they are counted. Returns how many
    /// ready ones and how many in all were deleted.
    fn delete_active_pods(&mut self, ctx: &mut Ctx<'_>, s: &SyncCtx) -> (i64, i64, Option<Status>) {
        let (mut ready, mut deleted, mut error) = (0, 0, None);
        for pod in &s.active_pods {
            match delete_pod(ctx, &mut self.recorder, &s.job, &pod.object) {
                Err(status) if status.reason != Reason::NotFound => {
                    error.get_or_insert(status);
                }
                _ => deleted += 1,
            }
            ready += i64::from(pod.ready);
        }
        (ready, deleted, error)
    }

    /// Sets the Suspended condition to what the spec says. Returns whether it changed.
    fn update_suspended(&mut self, ctx: &mut Ctx<'_>, s: &mut SyncCtx) -> bool {
        let (reason, message, state) = if s.spec.suspend {
            ("JobSuspended", "Job suspended", "True")
        } else {
            ("JobResumed", "Job resumed", "False")
        };
        if !s.status.ensure(&Condition::new("Suspended", reason, message), state, ctx.now) {
            return false;
        }
        if s.spec.suspend {
            self.recorder.event(ctx, &s.job, EventType::Normal, "Suspended", message);
            s.status.start_time = None;
        } else {
            self.recorder.event(ctx, &s.job, EventType::Normal, "Resumed", message);
            // The active deadline counts from the resumption.
            s.status.start_time = Some(ctx.now);
        }
        true
    }
}

/// How long the Job may still be active; none without a deadline and while it is suspended.
fn active_deadline_left(s: &SyncCtx, now: Time) -> Option<Millis> {
    let deadline = s.spec.active_deadline_seconds.filter(|_| !s.spec.suspend)?;
    Some(deadline.saturating_mul(SECOND).saturating_sub(now - s.status.start_time?))
}

/// Whether containers have restarted too often, under `restartPolicy: OnFailure`.
fn past_backoff_limit_on_failure(s: &SyncCtx) -> bool {
    if !s.spec.restart_on_failure {
        return false;
    }
    let lists = ["status.initContainerStatuses", "status.containerStatuses"];
    let alive = s.pods.iter().filter(|p| matches!(p.phase, Phase::Running | Phase::Pending));
    let statuses = alive.flat_map(|p| lists.into_iter().flat_map(|l| p.object.at(l).items()));
    let restarts: i64 = statuses.filter_map(|c| c.int_at("restartCount")).sum();
    if s.spec.backoff_limit == 0 { restarts > 0 } else { restarts >= s.spec.backoff_limit }
}
