//! The DaemonSet controller: a Pod of a template on every node that takes it.
//!
//! Models `pkg/controller/daemon/daemon_controller.go`.

mod nodes;
mod pods;
mod status;
mod update;

use super::min_ready::{min_ready_seconds, min_ready_timers};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::claim::{Orphans, claim, owners_to_sync, pod_owner};
use super::history;
use super::pod_control::{is_pod_ready, is_pod_terminal};
use crate::api::labels::{selector_is_empty, taints};
use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change, DeleteOptions, Reason, Status};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer};
use crate::events::{EventRecorder, EventType};
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 5;
/// The most Pods made, and the most deleted, in one go.
const BURST_REPLICAS: usize = 250;

/// The Pods of a DaemonSet by the node they are on or meant for, oldest first.
type ByNode = BTreeMap<Rc<str>, Vec<Rc<Object>>>;

/// The controller.
#[derive(Clone, Debug)]
pub struct DaemonSetController {
    queue: WorkQueue,
    events: EventRecorder,
    orphans: Orphans,
    backoff: pods::FailedPodsBackoff,
    /// The Pod that this sync made last.
    newest: Option<Rc<str>>,
}

impl Default for DaemonSetController {
    fn default() -> Self {
        Self {
            queue: WorkQueue::default(),
            events: EventRecorder::new("daemonset-controller"),
            orphans: Orphans::default(),
            backoff: pods::FailedPodsBackoff::default(),
            newest: None,
        }
    }
}

/// What one sync works on.
struct Round {
    ds: Rc<Object>,
    nodes: Vec<nodes::Target>,
    /// The hash label of Pods of the present template.
    hash: Rc<str>,
    min_ready: i64,
    now: Time,
}

impl DaemonSetController {
    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        self.orphans.observe(change);
        for key in owners_to_sync(ctx.api, Kind::DaemonSet, change) {
            self.queue.add(ctx, key, LATENCY);
        }
        let Some(pod) = &change.after else { return };
        let Some(key) = pod_owner(ctx.api, Kind::DaemonSet, pod).filter(|_| is_pod_ready(pod)) else { return };
        let min_ready = ctx.api.get(&key).map_or(0, |ds| min_ready_seconds(ds));
        if min_ready > 0 && change.before.as_ref().is_some_and(|b| !is_pod_ready(b)) {
            self.queue.add_after(ctx, key, (min_ready + 1) * SECOND);
        }
    }

    /// A node came, went, or changed in what decides where Pods go: the sets hear of it that are to start a Pod there, or to
    /// take one away. Models `syncNodeUpdate`.
    fn observe_node(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if let (Some(b), Some(a)) = (&change.before, &change.after)
            && b.labels() == a.labels()
            && taints(b) == taints(a)
        {
            return;
        }
        let store = ctx.api.store();
        let concerned = |ds: &&Rc<Object>| {
            let Some(node) = &change.after else { return true };
            let target = nodes::target(node, ds);
            let here = |p: &Rc<Object>| p.kind() == Kind::Pod && nodes::target_node(p).as_ref() == Some(node.name());
            let scheduled = store.dependents(ds.uid()).any(here);
            if scheduled { !target.should_continue } else { target.should_run }
        };
        let all: Vec<ObjectKey> = store.list(Kind::DaemonSet).filter(concerned).map(|ds| ds.key()).collect();
        for key in all {
            self.queue.add(ctx, key, LATENCY);
        }
    }

    /// The Pods by node, without those that have ended and are being deleted. Models `getNodesToDaemonPods`.
    fn by_node(&self, ctx: &mut Ctx<'_>, ds: &Rc<Object>) -> Result<ByNode, Status> {
        let orphans = self.orphans.selected(ctx.api, ds);
        let mut out = ByNode::new();
        for pod in claim(ctx, Kind::Pod, ds, &orphans, |_| true)? {
            if is_pod_terminal(&pod) && pod.is_deleting() {
                continue;
            }
            if let Some(node) = nodes::target_node(&pod) {
                out.entry(node).or_default().push(pod);
            }
        }
        for list in out.values_mut() {
            list.sort_by_key(|p| pods::age(p));
        }
        Ok(out)
    }

    /// Models `constructHistory`: the present revision, made where there is none, and the others.
    fn revisions(ctx: &mut Ctx<'_>, ds: &Rc<Object>) -> Result<(Rc<Object>, Vec<Rc<Object>>), Status> {
        let data = history::data(ds);
        let (mut current, old): (Vec<_>, Vec<_>) =
            history::list(ctx, ds)?.into_iter().partition(|r| *r.at("data") == data);
        let next = old.iter().map(|r| history::number(r)).max().unwrap_or(0) + 1;
        let keep = match current.pop() {
            None => {
                let mut collisions = ds.at("status.collisionCount").as_i64();
                history::create(ctx, ds, &data, next, &mut collisions)?
            }
            Some(r) if history::number(&r) < next => history::renumber(ctx, &r, next)?,
            Some(r) => r,
        };
        Ok((keep, old))
    }

    /// Deletes the oldest revisions beyond `revisionHistoryLimit` that no Pod is of. Models `cleanupHistory`.
    fn cleanup_history(ctx: &mut Ctx<'_>, ds: &Object, old: &[Rc<Object>]) -> Result<(), Status> {
        let limit = ds.at("spec.revisionHistoryLimit").as_i64().unwrap_or(10);
        let surplus = usize::try_from(old.len() as i64 - limit).unwrap_or(0);
        if surplus == 0 {
            return Ok(());
        }
        let live: Vec<Rc<str>> = ctx
            .api
            .store()
            .dependents(ds.uid())
            .filter_map(|p| p.label(history::HASH_LABEL).filter(|_| p.kind() == Kind::Pod).map(Rc::from))
            .collect();
        let dead = |r: &&Rc<Object>| !live.iter().any(|h| r.label(history::HASH_LABEL) == Some(h));
        for revision in old.iter().filter(dead).take(surplus) {
            match ctx.api.delete(&revision.key(), &DeleteOptions::default()) {
                Err(status) if status.reason != Reason::NotFound => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }

    /// Models `syncDaemonSet`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(ds) = ctx.api.get(key).cloned() else { return Ok(()) };
        if selector_is_empty(ds.at("spec.selector")) {
            let text = "This daemon set is selecting all pods. A non-empty selector is required.";
            self.events.event(ctx, &ds, EventType::Warning, "SelectingAll", text);
            return Ok(());
        }
        if ds.is_deleting() {
            return Ok(());
        }
        let (current, old) = Self::revisions(ctx, &ds)?;
        let round = Round {
            nodes: nodes::targets(ctx.api, &ds),
            hash: Rc::from(current.label(history::HASH_LABEL).unwrap_or("")),
            min_ready: min_ready_seconds(&ds),
            now: ctx.now,
            ds,
        };
        self.newest = None;
        let outcome = self.update_set(ctx, &round, &old);
        let written = self.update_status(ctx, &round);
        outcome.and(written)
    }

    /// Models `updateDaemonSet`; a rolling update waits until what was asked for before has been seen.
    fn update_set(&mut self, ctx: &mut Ctx<'_>, round: &Round, old: &[Rc<Object>]) -> Result<(), Status> {
        let busy = self.manage(ctx, round)?;
        let rolling = round.ds.at("spec.updateStrategy.type").as_str() != Some("OnDelete");
        if !busy && rolling {
            self.rolling_update(ctx, round)?;
        }
        Self::cleanup_history(ctx, &round.ds, old)
    }
}

impl Component for DaemonSetController {
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
            Kind::Node => self.observe_node(ctx, change),
            Kind::DaemonSet => self.queue.add(ctx, change.key.clone(), LATENCY),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        min_ready_timers(api, &self.queue, Kind::DaemonSet, ["numberReady", "numberAvailable"], out);
    }
}

#[cfg(test)]
mod tests;
