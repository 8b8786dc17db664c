//! The Job controller: Pods made, counted, retried and replaced until a Job is Complete or Failed.
//!
//! Models `pkg/controller/job/job_controller.go`: the informers' handlers, the two queues and what each re-queues. The parts
//! are in the modules below, each of which names its own.

mod backoff;
mod claim;
mod indexed;
mod intervals;
mod manage;
mod orphans;
mod pod;
mod pod_failure_policy;
mod pods;
pub(crate) mod spec;
mod status;
mod success_policy;
mod sync;
#[cfg(test)]
mod tests;
mod track;

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{ApiServer, Change, Reason, Status, Subresource};
use crate::clock::{MINUTE, Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer, WaitKind};
use crate::events::EventRecorder;
use crate::queue::{Due, EventQueue};
use crate::sorted::SortedMap;
use crate::workqueue::WorkQueue;
use backoff::BackoffRecord;
use orphans::{Orphans, resolve_job};
use pod::TRACKING_FINALIZER;
use pods::{PodIndex, job_of};
use spec::{is_finished, is_managed_elsewhere, is_suspended};

/// Changes of Pods and statuses within this time are taken care of by one sync.
const SYNC_JOB_BATCH_PERIOD: Millis = SECOND;
/// From a write to the sync that it causes: what the API server, the watch and the queue take.
const LATENCY: Millis = 5;

/// The wait that keeps a Job from making its next Pod.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Wait {
    since: Time,
    until: Time,
    count: i64,
}

/// What the controller remembers of a Job between syncs.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Record {
    backoff: BackoffRecord,
    wait: Option<Wait>,
}

/// The controller.
#[derive(Clone)]
pub struct JobController {
    queue: WorkQueue,
    orphans: EventQueue<Orphans>,
    pods: PodIndex,
    records: SortedMap<ObjectKey, Record>,
    recorder: EventRecorder,
}

impl Default for JobController {
    fn default() -> Self {
        Self {
            queue: WorkQueue::with_delays(SECOND, MINUTE),
            orphans: EventQueue::default(),
            pods: PodIndex::default(),
            records: SortedMap::new(),
            recorder: EventRecorder::new("job-controller"),
        }
    }
}

impl JobController {
    fn record_mut(&mut self, job: &ObjectKey) -> &mut Record {
        self.records.or_insert_with(job, Record::default)
    }
    fn enqueue_now(&mut self, ctx: &mut Ctx<'_>, job: ObjectKey) {
        self.queue.add(ctx, job, LATENCY);
    }
    fn enqueue_batched(&mut self, ctx: &mut Ctx<'_>, job: ObjectKey) {
        // The kubelet tells that a Pod has ended one relist after its containers have, and a relist is as long as the batch
        // period. Whether a sync sees it is a matter of milliseconds, here as in a real cluster.
        let period = SYNC_JOB_BATCH_PERIOD + ctx.rng.between(-LATENCY, LATENCY + 3);
        self.queue.add_after(ctx, job, period);
    }
    fn enqueue_orphan(&mut self, ctx: &mut Ctx<'_>, pod: &Object) {
        ctx.after(&mut self.orphans, LATENCY, Orphans::Pod(pod.key(), 0));
    }
    /// Syncs the Jobs that might adopt a Pod which nobody controls.
    fn enqueue_adopters(&mut self, ctx: &mut Ctx<'_>, pod: &Object) {
        let jobs = ctx.api.store().list_in(Kind::Job, pod.namespace());
        let keys: Vec<_> = jobs.filter(|j| claim::selects(j, pod.labels())).map(|j| j.key()).collect();
        for key in keys {
            self.enqueue_batched(ctx, key);
        }
    }

    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let pod = change.object();
        let before = change.before.as_deref();
        let owner = job_of(pod);
        let old_owner = before.and_then(job_of);
        if pod.controller().is_some() && owner.is_none() && old_owner.is_none() {
            return;
        }
        self.pods.observe(change);
        if change.is_deleted() || pod.is_deleting() {
            self.pod_deleted(ctx, pod);
            return;
        }
        let owner_changed = before.is_some_and(|b| b.controller() != pod.controller());
        if let Some(old) = old_owner.filter(|_| owner_changed)
            && let Some(key) = resolve(ctx.api, pod.namespace(), old)
        {
            self.enqueue_batched(ctx, key);
        }
        if pod.controller().is_some() {
            if let Some(key) = owner.and_then(|o| resolve(ctx.api, pod.namespace(), o)) {
                self.enqueue_batched(ctx, key);
            }
            return;
        }
        if pod.has_finalizer(TRACKING_FINALIZER) {
            self.enqueue_orphan(ctx, pod);
        }
        if before.is_none_or(|b| b.labels() != pod.labels() || owner_changed) {
            self.enqueue_adopters(ctx, pod);
        }
    }

    /// A Pod is being deleted, or gone.
    fn pod_deleted(&mut self, ctx: &mut Ctx<'_>, pod: &Object) {
        let tracked = pod.has_finalizer(TRACKING_FINALIZER);
        let job = job_of(pod).and_then(|o| resolve_job(ctx.api, pod.namespace(), &o.name, &o.uid));
        match job.filter(|j| !is_finished(j)).map(|j| j.key()) {
            Some(key) => self.enqueue_batched(ctx, key),
            None if tracked => self.enqueue_orphan(ctx, pod),
            None => {}
        }
    }

    fn observe_job(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let key = change.key.clone();
        let Some(job) = &change.after else {
            self.enqueue_now(ctx, key.clone());
            self.records.remove(&key);
            ctx.after(&mut self.orphans, LATENCY, Orphans::OfJob(change.object().clone()));
            return;
        };
        let Some(before) = &change.before else {
            self.enqueue_now(ctx, key);
            return;
        };
        if is_finished(job) {
            ctx.after(&mut self.orphans, LATENCY, Orphans::OfJob(job.clone()));
            return;
        }
        if job.generation() == before.generation() {
            self.enqueue_batched(ctx, key.clone());
        } else {
            self.enqueue_now(ctx, key.clone());
        }
        let deadline = job.at("spec.activeDeadlineSeconds");
        if let (Some(start), Some(seconds)) = (start_time(job), deadline.as_i64())
            && deadline != before.at("spec.activeDeadlineSeconds")
        {
            let left = seconds.saturating_mul(SECOND).saturating_sub(ctx.now - start);
            self.queue.add_after(ctx, key, left.max(LATENCY));
        }
    }
}

fn start_time(job: &Object) -> Option<Time> {
    Time::parse_rfc3339(job.at("status.startTime").as_str()?)
}

/// The key of the Job that an owner reference means, where that Job exists.
fn resolve(api: &ApiServer, namespace: &Rc<str>, owner: &OwnerReference) -> Option<ObjectKey> {
    resolve_job(api, namespace, &owner.name, &owner.uid).map(|j| j.key())
}

/// Takes the tracking finalizer from a Pod's body.
fn remove_finalizer_of(body: &mut Value) {
    let finalizers = body.slot("metadata.finalizers").make_array();
    finalizers.retain(|f| f.as_str() != Some(TRACKING_FINALIZER));
    if finalizers.is_empty() {
        body.unset("metadata.finalizers");
    }
}

/// Takes the tracking finalizer from a Pod. One that is gone is no failure.
fn remove_finalizer(ctx: &mut Ctx<'_>, pod: &ObjectKey) -> Result<(), Status> {
    match ctx.api.mutate(pod, Subresource::Main, remove_finalizer_of) {
        Err(status) if status.reason != Reason::NotFound => Err(status),
        _ => Ok(()),
    }
}

impl Component for JobController {
    fn next_due(&self) -> Option<Due> {
        match (self.queue.next_due(), self.orphans.next_due()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let orphans_first = match (self.queue.next_due(), self.orphans.next_due()) {
            (Some(job), Some(orphan)) => orphan < job,
            (None, orphan) => orphan.is_some(),
            _ => false,
        };
        if orphans_first {
            if let Some((_, orphans)) = self.orphans.pop() {
                self.sync_orphans(ctx, orphans);
            }
            return;
        }
        let Some(key) = self.queue.pop() else { return };
        match self.sync_job(ctx, &key) {
            Ok(()) => self.queue.forget(&key),
            Err(_) => self.queue.add_rate_limited(ctx, key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            Kind::Job => self.observe_job(ctx, change),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        for (key, record) in self.records.iter() {
            let (Some(wait), Some(job)) = (record.wait, api.get(key)) else { continue };
            out.push(Timer {
                object: key.clone(),
                uid: job.uid().clone(),
                container: None,
                kind: WaitKind::JobBackoff,
                since: wait.since,
                until: wait.until,
                count: wait.count as u32,
            });
        }
        for job in api.store().list(Kind::Job) {
            let deadline = job.at("spec.activeDeadlineSeconds").as_i64();
            let (Some(since), Some(seconds)) = (start_time(job), deadline) else { continue };
            if is_finished(job) || is_suspended(job) || is_managed_elsewhere(job) {
                continue;
            }
            out.push(Timer {
                object: job.key(),
                uid: job.uid().clone(),
                container: None,
                kind: WaitKind::ActiveDeadline,
                since,
                until: since + seconds.saturating_mul(SECOND),
                count: 0,
            });
        }
    }
}
