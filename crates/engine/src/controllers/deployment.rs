//! The Deployment controller: rolls a template out by scaling a ReplicaSet for each of its versions.
//!
//! Models `pkg/controller/deployment/deployment_controller.go`. Within one sync the Deployment and its ReplicaSets are
//! the versions read at its start, as upstream: a second write of one of them conflicts, and the sync is tried again.

mod progress;
mod recreate;
mod revisions;
mod rolling;
mod scale;
mod util;

use std::rc::Rc;

use super::claim::{claim, is_orphan, may_own};
use super::conditions;
use crate::api::labels::selector_is_empty;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{ApiServer, Change, Reason, Status, Subresource, WriteOptions};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer, WaitKind};
use crate::events::{EventRecorder, EventType};
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it: a worker that has nothing else to do begins at once, so that of two Pods that
/// become available one soon after the other each is answered. A ReplicaSet's own controller is ahead of the next step.
const LATENCY: Millis = 2;
/// How often a failing sync is tried again before it is left until something changes.
const MAX_RETRIES: u32 = 15;

/// The controller.
#[derive(Clone, Debug)]
pub struct DeploymentController {
    queue: WorkQueue,
    events: EventRecorder,
}

impl Default for DeploymentController {
    fn default() -> Self {
        Self { queue: WorkQueue::default(), events: EventRecorder::new("deployment-controller") }
    }
}

/// A Deployment with the ReplicaSets it owns, as read at the start of a sync; the Deployment's conditions and revision
/// are edited in place.
struct View {
    d: Rc<Object>,
    sets: Vec<Rc<Object>>,
    /// Whether it was written back already in this sync.
    written: bool,
}

/// The ReplicaSet of the present template, and the others.
struct Split {
    new: Option<Rc<Object>>,
    old: Vec<Rc<Object>>,
}

impl Split {
    /// All of them, the new one last.
    fn all(&self) -> Vec<Rc<Object>> {
        self.old.iter().chain(&self.new).cloned().collect()
    }
}

impl View {
    /// Edits the Deployment as it is held here.
    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let mut body = self.d.body().clone();
        change(&mut body);
        self.d = Rc::new(Object::following(&self.d, body));
    }
    /// Writes the Deployment's status and annotations back.
    fn update_status(&mut self, ctx: &mut Ctx<'_>) -> Result<(), Status> {
        self.written = true;
        ctx.api
            .update(Kind::Deployment, self.d.body().clone(), Subresource::Status, WriteOptions::default())
            .map(|_| ())
    }
    /// Sets a condition of the Deployment as it is held here.
    fn set_condition(&mut self, condition: Value) {
        self.edit(|body| conditions::set(body.slot("status"), condition, true));
    }
    fn condition(&self, kind: &str) -> Option<&Value> {
        conditions::find(self.d.at("status.conditions"), kind)
    }
}

impl DeploymentController {
    /// The Deployment that controls a ReplicaSet.
    fn owner(api: &ApiServer, rs: &Object) -> Option<ObjectKey> {
        let owner = rs.controller().filter(|o| o.kind.as_ref() == "Deployment")?;
        let key = ObjectKey::new(Kind::Deployment, rs.namespace().clone(), owner.name.clone());
        api.get(&key).filter(|d| d.uid() == &owner.uid).map(|_| key)
    }

    fn observe_set(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let old = before.and_then(|rs| Self::owner(ctx.api, rs));
        let new = after.and_then(|rs| Self::owner(ctx.api, rs));
        for key in [old.clone().filter(|_| old != new), new].into_iter().flatten() {
            self.queue.add(ctx, key, LATENCY);
        }
        let Some(rs) = after.filter(|rs| is_orphan(rs)) else { return };
        if before.is_none_or(|b| b.labels() != rs.labels() || !is_orphan(b)) {
            let selecting: Vec<ObjectKey> = ctx
                .api
                .store()
                .list_in(Kind::Deployment, rs.namespace())
                .filter(|d| may_own(d.at("spec.selector"), rs.labels()))
                .map(|d| d.key())
                .collect();
            for key in selecting {
                self.queue.add(ctx, key, LATENCY);
            }
        }
    }

    /// A Deployment that recreates waits for its last Pod to go.
    fn observe_pod_deleted(&mut self, ctx: &mut Ctx<'_>, pod: &Object) {
        let Some(owner) = pod.controller().filter(|o| o.kind.as_ref() == "ReplicaSet") else { return };
        let rs = ObjectKey::new(Kind::ReplicaSet, pod.namespace().clone(), owner.name.clone());
        let Some(rs) = ctx.api.get(&rs).filter(|rs| rs.uid() == &owner.uid) else { return };
        let Some(key) = Self::owner(ctx.api, rs) else { return };
        if ctx.api.get(&key).is_some_and(|d| d.at("spec.strategy.type").as_str() == Some("Recreate")) {
            self.queue.add(ctx, key, LATENCY);
        }
    }

    /// Models `syncDeployment`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(d) = ctx.api.get(key).cloned() else { return Ok(()) };
        if selector_is_empty(d.at("spec.selector")) {
            let text = "This deployment is selecting all pods. A non-empty selector is required.";
            self.events.event(ctx, &d, EventType::Warning, "SelectingAll", text);
            let generation = d.generation();
            if util::status_count(&d, "observedGeneration") < generation {
                ctx.api.mutate(key, Subresource::Status, |b| b.set("status.observedGeneration", generation))?;
            }
            return Ok(());
        }
        let orphans: Vec<Rc<Object>> =
            ctx.api.store().list_in(Kind::ReplicaSet, d.namespace()).filter(|rs| is_orphan(rs)).cloned().collect();
        let sets = claim(ctx, Kind::ReplicaSet, &d, &orphans, |_| true)?;
        let mut view = View { d, sets, written: false };
        if view.d.is_deleting() {
            let split = self.split(ctx, &mut view, false)?;
            return Self::sync_status(ctx, &view, &split);
        }
        Self::check_paused(ctx, &mut view)?;
        if view.d.at("spec").bool_at("paused") {
            return self.sync_scale(ctx, &mut view);
        }
        if self.is_scaling_event(ctx, &mut view)? {
            return self.sync_scale(ctx, &mut view);
        }
        if util::is_rolling_update(&view.d) {
            self.rollout_rolling(ctx, &mut view)
        } else {
            self.rollout_recreate(ctx, &mut view)
        }
    }

    /// Models `checkPausedConditions`.
    fn check_paused(ctx: &mut Ctx<'_>, view: &mut View) -> Result<(), Status> {
        if util::progress_deadline(&view.d).is_none() {
            return Ok(());
        }
        let reason = view.condition("Progressing").map_or("", |c| c.str_at("reason")).to_owned();
        if reason == "ProgressDeadlineExceeded" {
            return Ok(());
        }
        let (reason, message) = match (view.d.at("spec").bool_at("paused"), reason == "DeploymentPaused") {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(()),
        };
        view.set_condition(util::condition("Progressing", "Unknown", reason, message, ctx.now));
        view.update_status(ctx)
    }
}

impl Component for DeploymentController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        match self.sync(ctx, &key) {
            Err(status) if self.queue.failures(&key) < MAX_RETRIES && status.reason != Reason::NotFound => {
                self.queue.add_rate_limited(ctx, key);
            }
            _ => self.queue.forget(&key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Deployment => self.queue.add(ctx, change.key.clone(), LATENCY),
            Kind::ReplicaSet => self.observe_set(ctx, change),
            Kind::Pod if change.is_deleted() => self.observe_pod_deleted(ctx, change.object()),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        for d in api.store().list(Kind::Deployment) {
            let Some(deadline) = util::progress_deadline(d) else { continue };
            let Some(condition) = conditions::find(d.at("status.conditions"), "Progressing") else { continue };
            let settled = ["NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"];
            if settled.contains(&condition.str_at("reason")) || self.queue.waits_until(&d.key()).is_none() {
                continue;
            }
            let Some(since) = Time::parse_rfc3339(condition.str_at("lastUpdateTime")) else { continue };
            out.push(Timer {
                object: d.key(),
                uid: d.uid().clone(),
                container: None,
                kind: WaitKind::ProgressDeadline,
                since,
                until: since + deadline * SECOND,
                count: 0,
            });
        }
    }
}

#[cfg(test)]
mod tests;
