//! The ReplicaSet controller: as many Pods of a template as asked for. ReplicationControllers are looked after by the same.
//!
//! Models `pkg/controller/replicaset/replica_set.go` and `pkg/controller/replication`. Upstream works on caches that lag behind and so keeps expectations of
//! what it has asked for; here a sync sees its own writes, and none are needed. The counts a status is made of are kept as
//! Pods change, so that a sync does not look at every Pod.

mod pods;
mod status;

use super::min_ready::min_ready_timers;
use std::rc::Rc;

use super::claim::{Orphans, claim, is_controlled_by, is_orphan, owners_to_sync, pod_owner};
use super::pod_control::{
    create_pod, delete_pod, is_namespace_terminating, is_pod_active, is_pod_ready, pod_from_template,
};
use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change, Reason, Status, Subresource, WriteOptions};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer};
use crate::events::EventRecorder;
use crate::queue::Due;
use crate::sorted::{SortedMap, SortedSet};
use crate::workqueue::WorkQueue;
use pods::{Counts, count, pods_to_delete};

/// From a change to the sync that answers it, as of the Deployment controller.
const LATENCY: Millis = 1;
/// From the coming of a Pod without a controller to the sync that may adopt it, which asks the API server first whether
/// the ReplicaSet is still there.
const ADOPTION_LATENCY: Millis = 12;
/// How long a sync takes that makes Pods and is refused more: what happens meanwhile, to these Pods for one, is for the
/// one sync after it. Each that is refused doubles the wait for the next, so that it matters how many there are.
const REFUSED_SYNC: Millis = 25;
/// The most Pods made or deleted in one sync.
const BURST_REPLICAS: usize = 500;

/// The controller.
#[derive(Clone, Debug)]
pub struct ReplicaSetController {
    kind: Kind,
    queue: WorkQueue,
    events: EventRecorder,
    /// Counts over the Pods of each ReplicaSet, by its uid.
    counts: SortedMap<Rc<str>, Counts>,
    orphans: Orphans,
    /// ReplicaSets that own a Pod which they may not select any more.
    unclaimed: SortedSet<ObjectKey>,
    /// ReplicaSets whose sync goes on, and until when.
    busy: SortedMap<ObjectKey, Time>,
}

impl Default for ReplicaSetController {
    fn default() -> Self {
        Self::of(Kind::ReplicaSet, "replicaset-controller")
    }
}

/// The controller of ReplicationControllers.
#[derive(Clone, Debug)]
pub struct ReplicationManager(ReplicaSetController);

impl Default for ReplicationManager {
    fn default() -> Self {
        Self(ReplicaSetController::of(Kind::ReplicationController, "replication-controller"))
    }
}

impl Component for ReplicationManager {
    fn next_due(&self) -> Option<Due> {
        self.0.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        self.0.run_next(ctx);
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        self.0.observe(ctx, change);
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        self.0.timers(api, out);
    }
}

impl ReplicaSetController {
    /// One for a kind, whose events come from a source of that name.
    fn of(kind: Kind, source: &'static str) -> Self {
        Self {
            kind,
            queue: WorkQueue::default(),
            events: EventRecorder::new(source),
            counts: SortedMap::new(),
            orphans: Orphans::default(),
            unclaimed: SortedSet::default(),
            busy: SortedMap::new(),
        }
    }

    /// What of the kind controls a Pod, by key and uid, whether or not it is still there.
    fn owner_of(&self, pod: Option<&Rc<Object>>) -> Option<(ObjectKey, Rc<str>)> {
        let pod = pod?;
        let owner = pod.controller().filter(|o| *o.kind == *self.kind.name())?;
        Some((ObjectKey::new(self.kind, pod.namespace().clone(), owner.name.clone()), owner.uid.clone()))
    }

    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        // Most Pods are others', and were all along.
        let of_another = |p: &Rc<Object>| p.controller().is_some_and(|o| *o.kind != *self.kind.name());
        if before.is_none_or(of_another) && after.is_none_or(of_another) {
            return;
        }
        let (old, new) = (self.owner_of(before), self.owner_of(after));
        for (owner, pod, sign) in [(&old, before, -1), (&new, after, 1)] {
            if let (Some((key, uid)), Some(pod)) = (owner, pod) {
                let Some(rs) = ctx.api.get(key).filter(|rs| rs.uid() == uid) else { continue };
                let counts = self.counts.or_insert_with(uid, Counts::default);
                counts.add(count(pod, rs.at("spec.template.metadata.labels")), sign);
            }
        }
        self.orphans.observe(change);
        let latency = if after.is_some_and(|p| is_orphan(p)) { ADOPTION_LATENCY } else { LATENCY };
        for key in owners_to_sync(ctx.api, self.kind, change) {
            self.enqueue(ctx, key, latency);
        }
        let (Some((key, _)), Some(pod)) = (new, after) else { return };
        let Some(rs) = pod_owner(ctx.api, self.kind, pod).and_then(|k| ctx.api.get(&k)) else { return };
        let min_ready = rs.at("spec.minReadySeconds").as_i64().unwrap_or(0);
        if before.is_some_and(|b| b.labels() != pod.labels()) {
            self.unclaimed.insert(key.clone());
        }
        if min_ready > 0 && is_pod_ready(pod) && !before.is_some_and(|p| is_pod_ready(p)) {
            self.queue.add_after(ctx, key, min_ready * SECOND);
        }
    }

    fn observe_set(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match &change.after {
            None => {
                let uid = change.object().uid();
                self.counts.remove(uid);
                self.unclaimed.remove(&change.key);
            }
            Some(rs) => {
                let labels = rs.at("spec.template.metadata.labels");
                let relabelled =
                    change.before.as_ref().is_some_and(|b| b.at("spec.template.metadata.labels") != labels);
                if relabelled {
                    let mut counts = Counts::default();
                    for pod in ctx.api.store().dependents(rs.uid()).filter(|p| is_controlled_by(p, rs)) {
                        counts.add(count(pod, labels), 1);
                    }
                    self.counts.insert(rs.uid().clone(), counts);
                }
            }
        }
        self.enqueue(ctx, change.key.clone(), LATENCY);
    }

    /// Has a ReplicaSet synced after a latency, and not before its present sync is over.
    fn enqueue(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey, latency: Millis) {
        let busy = self.busy.get(&key).map_or(0, |until| *until - ctx.now);
        self.queue.add(ctx, key, latency.max(busy));
    }

    /// Has a ReplicaSet synced again after one that failed.
    fn retry(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey) {
        let until = self.busy.get(&key).map_or(ctx.now, |until| *until);
        let Ctx { api, rng, sequence, config, .. } = ctx;
        self.queue.add_rate_limited(&mut Ctx { now: until, api, rng, sequence, config }, key);
    }

    /// Adopts and releases Pods where there is something to adopt or release. The change is heard of, and counted, after
    /// this sync, which counts what was there before: so a sync that changed something is followed by another.
    fn claim_pods(&mut self, ctx: &mut Ctx<'_>, rs: &Rc<Object>) -> Result<bool, Status> {
        let key = rs.key();
        let mut orphans = self.orphans.selected(ctx.api, rs);
        orphans.retain(|p| is_pod_active(p));
        if orphans.is_empty() && !self.unclaimed.contains(&key) {
            return Ok(false);
        }
        claim(ctx, Kind::Pod, rs, &orphans, is_pod_active)?;
        self.unclaimed.remove(&key);
        Ok(true)
    }

    /// Models `syncReplicaSet`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(rs) = ctx.api.get(key).cloned() else { return Ok(()) };
        let counts = if self.claim_pods(ctx, &rs)? {
            let template_labels = rs.at("spec.template.metadata.labels");
            let mut counts = Counts::default();
            for pod in ctx.api.store().dependents(rs.uid()).filter(|p| is_controlled_by(p, &rs)) {
                counts.add(count(pod, template_labels), 1);
            }
            counts
        } else {
            self.counts.get(rs.uid()).copied().unwrap_or_default()
        };
        let min_ready = rs.at("spec.minReadySeconds").as_i64().unwrap_or(0);
        let available = pods::available(ctx, &rs, &counts, min_ready);
        let managed = if rs.is_deleting() { Ok(()) } else { self.manage_replicas(ctx, &rs, counts.active) };
        let current = ctx.api.get(key).filter(|o| o.uid() == rs.uid()).cloned();
        let Some(rs) = current else { return Ok(()) };
        let failure = managed.as_ref().err();
        let status = status::calculate(&rs, &counts, available.count, failure, ctx.now);
        if status != *rs.at("status") {
            let mut body = rs.body().clone();
            body.set("status", status);
            ctx.api.update(self.kind, body, Subresource::Status, WriteOptions::default())?;
        }
        managed?;
        if min_ready > 0 && counts.ready != available.count {
            let next = available.next.map_or(min_ready * SECOND, |t| t - ctx.now);
            self.queue.add_after(ctx, key.clone(), next);
        }
        Ok(())
    }

    /// Models `manageReplicas`.
    fn manage_replicas(&mut self, ctx: &mut Ctx<'_>, rs: &Rc<Object>, active: i64) -> Result<(), Status> {
        let wanted = rs.at("spec.replicas").as_i64().unwrap_or(1);
        let missing = usize::try_from(wanted - active).unwrap_or(0).min(BURST_REPLICAS);
        let surplus = usize::try_from(active - wanted).unwrap_or(0).min(BURST_REPLICAS);
        if missing > 0 {
            let body = pod_from_template(rs.at("spec.template"), rs);
            let (mut remaining, mut batch) = (missing, 1);
            while remaining > 0 {
                batch = remaining.min(batch);
                let mut failed = None;
                for _ in 0..batch {
                    match create_pod(ctx, &mut self.events, rs, body.clone()) {
                        Err(status) if !is_namespace_terminating(&status) => failed = Some(status),
                        _ => {}
                    }
                }
                if let Some(status) = failed {
                    if remaining < missing {
                        self.busy.insert(rs.key(), ctx.now + REFUSED_SYNC);
                    }
                    return Err(status);
                }
                remaining -= batch;
                batch *= 2;
            }
        }
        if surplus > 0 {
            let mut failed = None;
            for pod in pods_to_delete(ctx.api, rs, surplus, ctx.now) {
                match delete_pod(ctx, &mut self.events, rs, &pod) {
                    Err(status) if status.reason != Reason::NotFound => failed = Some(status),
                    _ => {}
                }
            }
            if let Some(status) = failed {
                return Err(status);
            }
        }
        Ok(())
    }
}

impl Component for ReplicaSetController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        self.busy.remove(&key);
        match self.sync(ctx, &key) {
            Ok(()) => self.queue.forget(&key),
            Err(_) => self.retry(ctx, key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            kind if kind == self.kind => self.observe_set(ctx, change),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        min_ready_timers(api, &self.queue, self.kind, ["readyReplicas", "availableReplicas"], out);
    }
}

#[cfg(test)]
mod tests;
