//! The StatefulSet controller: Pods with names that stay, made and deleted in order.
//!
//! Models `pkg/controller/statefulset/stateful_set.go` and `stateful_set_control.go`.

mod control;
mod pods;
mod revisions;
mod status;

use super::min_ready::{min_ready_seconds, min_ready_timers};
use std::rc::Rc;

use super::claim::{Orphans, claim, owners_to_sync, pod_owner};
use super::pod_control::{is_pod_ready, ready_time};
use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change, Status};
use crate::clock::{Millis, SECOND};
use crate::component::{Component, Ctx, Timer};
use crate::events::EventRecorder;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 4;

/// The controller.
#[derive(Clone, Debug)]
pub struct StatefulSetController {
    queue: WorkQueue,
    events: EventRecorder,
    orphans: Orphans,
}

impl Default for StatefulSetController {
    fn default() -> Self {
        Self {
            queue: WorkQueue::default(),
            events: EventRecorder::new("statefulset-controller"),
            orphans: Orphans::default(),
        }
    }
}

impl StatefulSetController {
    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        self.orphans.observe(change);
        for key in owners_to_sync(ctx.api, Kind::StatefulSet, change) {
            self.queue.add(ctx, key, LATENCY);
        }
        let Some(pod) = &change.after else { return };
        let Some(key) = pod_owner(ctx.api, Kind::StatefulSet, pod).filter(|_| is_pod_ready(pod)) else { return };
        let min_ready = ctx.api.get(&key).map_or(0, |s| min_ready_seconds(s));
        if min_ready > 0 && change.before.as_ref().is_some_and(|b| !is_pod_ready(b)) {
            self.queue.add_after(ctx, key, min_ready * SECOND);
        }
    }

    /// Models `sync`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(set) = ctx.api.get(key).cloned() else { return Ok(()) };
        let revisions = super::history::list(ctx, &set)?;
        let mut orphans = self.orphans.selected(ctx.api, &set);
        orphans.retain(|p| pods::is_member(&set, p));
        let pods = claim(ctx, Kind::Pod, &set, &orphans, |p| pods::is_member(&set, p))?;
        let status = self.update_set(ctx, &set, &pods, &revisions)?;
        let min_ready = min_ready_seconds(&set);
        let count = |field: &'static str| status.int_at(field).unwrap_or(0);
        if min_ready > 0 && count("readyReplicas") != count("availableReplicas") {
            let due = pods.iter().filter_map(|p| ready_time(p)).map(|t| t + min_ready * SECOND - ctx.now);
            let next = due.filter(|wait| *wait > 0).min().unwrap_or(min_ready * SECOND);
            self.queue.add_after(ctx, key.clone(), next);
        }
        Ok(())
    }
}

impl Component for StatefulSetController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        match self.sync(ctx, &key) {
            Ok(()) => self.queue.forget(&key),
            Err(_) => self.queue.add_rate_limited(ctx, key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            Kind::StatefulSet => self.queue.add(ctx, change.key.clone(), LATENCY),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        min_ready_timers(api, &self.queue, Kind::StatefulSet, ["readyReplicas", "availableReplicas"], out);
    }
}

/// The Pod at an ordinal, or none where it is still to be made.
type Slot = Option<Rc<Object>>;

#[cfg(test)]
mod tests;
