//! One sync of a StatefulSet: its living Pods first, then those it has too many, then those of an old revision.
//!
//! Models `updateStatefulSet` of `stateful_set_control.go`.

use std::rc::Rc;

use super::pods::{is_available, is_running_and_ready, is_unavailable, new_pod, ordinal, revision_of, start_ordinal};
use super::revisions::{self, Revisions};
use super::status::{Counts, count, status};
use super::{Slot, StatefulSetController, min_ready_seconds};
use crate::api::{Object, Value};
use crate::apiserver::{Status, Subresource};
use crate::component::Ctx;
use crate::controllers::conditions::scaled;
use crate::controllers::history;
use crate::controllers::pod_control::is_pod_terminal;

/// What one sync works on.
struct Round<'a> {
    set: &'a Rc<Object>,
    found: &'a Revisions,
    /// Every Pod made waits for the one before to be available.
    monotonic: bool,
    min_ready: i64,
}

/// Whether the sync ends here.
type Step = Result<bool, Status>;

/// Does something for each of `n`: one after the other until one says to stop, or in growing batches until one fails.
fn for_all(n: usize, monotonic: bool, mut step: impl FnMut(usize) -> Step) -> Step {
    if monotonic {
        for i in 0..n {
            if step(i)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let (mut at, mut batch) = (0, 1);
    while at < n {
        let mut failed = None;
        for i in at..(at + batch).min(n) {
            if let Err(status) = step(i) {
                failed = Some(status);
            }
        }
        if let Some(status) = failed {
            return Err(status);
        }
        at += batch;
        batch *= 2;
    }
    Ok(false)
}

fn partition(set: &Object) -> i64 {
    set.at("spec.updateStrategy.rollingUpdate.partition").as_i64().unwrap_or(0)
}

impl StatefulSetController {
    /// Models `UpdateStatefulSet`; returns the new status.
    pub(super) fn update_set(
        &mut self,
        ctx: &mut Ctx<'_>,
        set: &Rc<Object>,
        pods: &[Rc<Object>],
        revisions: &[Rc<Object>],
    ) -> Result<Value, Status> {
        let found = revisions::find(ctx, set, revisions)?;
        let (counts, outcome) = self.manage(ctx, set, pods, &found);
        let status = status(set, &found, counts);
        if status != *set.at("status") {
            let new = status.clone();
            ctx.api.mutate(&set.key(), Subresource::Status, |body| body.set("status", new))?;
        }
        outcome?;
        revisions::truncate(ctx, set, pods, revisions, &found)?;
        Ok(status)
    }

    fn manage(
        &mut self,
        ctx: &mut Ctx<'_>,
        set: &Rc<Object>,
        pods: &[Rc<Object>],
        found: &Revisions,
    ) -> (Counts, Result<(), Status>) {
        let now = ctx.now;
        let wanted = usize::try_from(set.at("spec.replicas").as_i64().unwrap_or(1)).unwrap_or(0);
        let mut replicas: Vec<Slot> = vec![None; wanted];
        let mut condemned: Vec<Rc<Object>> = Vec::new();
        for pod in pods {
            let Some(n) = ordinal(pod) else { continue };
            match usize::try_from(n - start_ordinal(set)).ok().and_then(|i| replicas.get_mut(i)) {
                Some(slot) => *slot = Some(pod.clone()),
                None => condemned.push(pod.clone()),
            }
        }
        condemned.sort_by_key(|p| -ordinal(p).unwrap_or(0));
        let all: Vec<Slot> = replicas.iter().cloned().chain(condemned.iter().cloned().map(Some)).collect();
        let mut counts = count(set, found, &all, now);
        if set.is_deleting() {
            return (counts, Ok(()));
        }
        let round = Round {
            set,
            found,
            monotonic: set.at("spec.podManagementPolicy").as_str() != Some("Parallel"),
            min_ready: min_ready_seconds(set),
        };
        let outcome = self.reconcile(ctx, &round, &replicas, &condemned, &mut counts);
        (counts, outcome)
    }

    fn reconcile(
        &mut self,
        ctx: &mut Ctx<'_>,
        round: &Round<'_>,
        replicas: &[Slot],
        condemned: &[Rc<Object>],
        counts: &mut Counts,
    ) -> Result<(), Status> {
        let (monotonic, min_ready, now) = (round.monotonic, round.min_ready, ctx.now);
        if for_all(replicas.len(), monotonic, |i| self.process_replica(ctx, round, &replicas[i], i))? {
            return Ok(());
        }
        let unavailable = |p: &Rc<Object>| is_unavailable(Some(p), min_ready, now);
        // A Pod that is still to be made is the first unhealthy one too, and is none of the condemned.
        let first_unhealthy = match replicas.iter().find(|p| is_unavailable(p.as_ref(), min_ready, now)) {
            Some(pod) => pod.clone(),
            None => condemned.iter().rev().find(|p| unavailable(p)).cloned(),
        };
        if for_all(condemned.len(), monotonic, |i| {
            self.process_condemned(ctx, round, &condemned[i], first_unhealthy.as_ref())
        })? {
            return Ok(());
        }
        let all: Vec<Slot> = replicas.iter().cloned().chain(condemned.iter().cloned().map(Some)).collect();
        *counts = count(round.set, round.found, &all, now);
        if round.set.at("spec.updateStrategy.type").as_str() == Some("OnDelete") {
            return Ok(());
        }
        self.roll(ctx, round, replicas, counts)
    }

    /// The template for a new Pod at an ordinal: the old one below the partition. Models `newVersionedStatefulSetPod`.
    fn body_for(round: &Round<'_>, ordinal: i64) -> Value {
        let set = round.set;
        let rolling = set.at("spec.updateStrategy.rollingUpdate");
        let below = if rolling.is_null() {
            set.at("spec.updateStrategy.type").as_str() == Some("RollingUpdate")
                && ordinal < start_ordinal(set) + set.at("status.currentReplicas").as_i64().unwrap_or(0)
        } else {
            ordinal < start_ordinal(set) + partition(set)
        };
        let revision = if below { &round.found.current } else { &round.found.update };
        new_pod(set, &history::template(revision), revision.name(), ordinal)
    }

    fn process_replica(&mut self, ctx: &mut Ctx<'_>, round: &Round<'_>, slot: &Slot, i: usize) -> Step {
        let set = round.set;
        let n = start_ordinal(set) + i as i64;
        let Some(pod) = slot else {
            self.create_pod(ctx, set, Self::body_for(round, n))?;
            return Ok(round.monotonic);
        };
        if is_pod_terminal(pod) {
            if !pod.is_deleting() {
                self.delete_pod(ctx, set, pod)?;
            }
            return Ok(true);
        }
        if pod.at("status.phase").as_str() == Some("Pending") {
            self.create_claims(ctx, set, n)?;
        }
        if round.monotonic {
            let ready = is_running_and_ready(pod) && is_available(pod, round.min_ready, ctx.now);
            if pod.is_deleting() || !ready {
                return Ok(true);
            }
        }
        self.fix_identity(ctx, set, pod)?;
        Ok(false)
    }

    fn process_condemned(
        &mut self,
        ctx: &mut Ctx<'_>,
        round: &Round<'_>,
        pod: &Rc<Object>,
        first_unhealthy: Option<&Rc<Object>>,
    ) -> Step {
        if pod.is_deleting() {
            return Ok(round.monotonic);
        }
        let healthy = is_running_and_ready(pod) && is_available(pod, round.min_ready, ctx.now);
        if !healthy && round.monotonic && first_unhealthy.is_none_or(|f| f.uid() != pod.uid()) {
            return Ok(true);
        }
        self.delete_pod(ctx, round.set, pod)?;
        Ok(true)
    }

    /// Deletes Pods of an old revision, from the highest ordinal down to the partition, as many as may be unavailable.
    /// Models `updateStatefulSetAfterInvariantEstablished`.
    fn roll(
        &mut self,
        ctx: &mut Ctx<'_>,
        round: &Round<'_>,
        replicas: &[Slot],
        counts: &mut Counts,
    ) -> Result<(), Status> {
        let (set, min_ready, now) = (round.set, round.min_ready, ctx.now);
        let least = usize::try_from(partition(set)).unwrap_or(0);
        let most = set.at("spec.updateStrategy.rollingUpdate.maxUnavailable");
        let most = if most.is_null() { 1 } else { scaled(most, replicas.len() as i64, false).max(1) };
        let parallel = !round.monotonic;
        let old = |p: &Rc<Object>| revision_of(p) != round.found.update.name().as_ref() && !p.is_deleting();
        let unavailable = replicas.iter().filter(|p| is_unavailable(p.as_ref(), min_ready, now)).count() as i64;
        let broken = |p: &Rc<Object>| is_unavailable(Some(p), min_ready, now);
        let may_be_replaced = parallel && replicas.iter().flatten().any(|p| broken(p) && old(p));
        if unavailable >= most && !may_be_replaced {
            return Ok(());
        }
        let targets: Vec<&Rc<Object>> = replicas.iter().skip(least).rev().flatten().filter(|p| old(p)).collect();
        if parallel {
            for pod in targets.iter().filter(|p| !is_available(p, min_ready, now)) {
                self.delete_pod(ctx, set, pod)?;
                counts.current -= 1;
            }
        }
        let left = usize::try_from(most - unavailable).unwrap_or(0);
        for pod in targets.into_iter().filter(|p| !parallel || !broken(p)).take(left) {
            self.delete_pod(ctx, set, pod)?;
            counts.current -= 1;
        }
        Ok(())
    }
}
