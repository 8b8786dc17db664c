//! The core loop of a DaemonSet: Pods where they are missing, none where they do not belong, failed ones replaced.
//!
//! Models `podsShouldBeOnNode`, `manage` and `syncNodes`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::nodes::{Target, template_for};
use super::{BURST_REPLICAS, ByNode, DaemonSetController, LATENCY, Round};
use crate::api::Object;
use crate::apiserver::{Reason, Status};
use crate::clock::{MINUTE, Millis, SECOND, Time};
use crate::component::Ctx;
use crate::controllers::history::HASH_LABEL;
use crate::controllers::pod_control::{
    create_pod, delete_pod, is_namespace_terminating, is_pod_ready, pod_from_template, ready_time,
};
use crate::events::EventType;

/// Waits between the deletions of failed Pods of one DaemonSet on one node. Models `flowcontrol.Backoff`.
#[derive(Clone, Debug, Default)]
pub struct FailedPodsBackoff(BTreeMap<BackoffKey, (Millis, Time)>);

/// Uid of the DaemonSet, its observed generation, and the node.
type BackoffKey = (Rc<str>, i64, Rc<str>);

const FIRST_WAIT: Millis = SECOND;
const LONGEST_WAIT: Millis = 15 * MINUTE;

/// What a core loop or a rolling update asks for.
#[derive(Default)]
pub struct Plan {
    /// Nodes to start a Pod on.
    pub create: Vec<Rc<str>>,
    /// Pods to delete.
    pub delete: Vec<Rc<Object>>,
}

/// Bound Pods before unbound, then older before newer. Models `podByCreationTimestampAndPhase`.
pub fn age(pod: &Object) -> (bool, Option<Time>, Rc<str>) {
    let unbound = pod.at("spec.nodeName").as_str().unwrap_or("").is_empty();
    (unbound, pod.creation_time(), pod.name().clone())
}

/// Whether a Pod has been ready for `minReadySeconds`.
pub fn is_available(pod: &Object, round: &Round) -> bool {
    is_pod_ready(pod)
        && (round.min_ready == 0 || ready_time(pod).is_some_and(|t| t + round.min_ready * SECOND <= round.now))
}

/// Whether a Pod is of the present template. Models `IsPodUpdated`.
pub fn is_updated(pod: &Object, round: &Round) -> bool {
    let generation = round.ds.annotation("deprecated.daemonset.template.generation");
    let same_generation = generation.is_some() && pod.label("pod-template-generation") == generation;
    same_generation || (!round.hash.is_empty() && pod.label(HASH_LABEL) == Some(&round.hash))
}

/// `spec.updateStrategy.rollingUpdate.maxSurge` is something.
pub fn allows_surge(ds: &Object) -> bool {
    let surge = ds.at("spec.updateStrategy.rollingUpdate.maxSurge");
    ds.at("spec.updateStrategy.type").as_str() == Some("RollingUpdate")
        && crate::controllers::conditions::scaled(surge, 100, true) > 0
}

impl DaemonSetController {
    /// Brings each node to its Pod; whether there was anything to do. Models `manage`.
    pub(super) fn manage(&mut self, ctx: &mut Ctx<'_>, round: &Round) -> Result<bool, Status> {
        let by_node = self.by_node(ctx, &round.ds)?;
        let mut plan = Plan::default();
        for target in &round.nodes {
            self.plan_node(ctx, round, target, &by_node, &mut plan);
        }
        for (node, pods) in &by_node {
            if round.nodes.iter().all(|t| t.name != *node) {
                let unbound = |p: &&Rc<Object>| p.at("spec.nodeName").as_str().unwrap_or("").is_empty();
                plan.delete.extend(pods.iter().filter(unbound).cloned());
            }
        }
        let busy = !plan.create.is_empty() || !plan.delete.is_empty();
        self.carry_out(ctx, round, plan)?;
        Ok(busy)
    }

    /// Models `podsShouldBeOnNode`.
    fn plan_node(&mut self, ctx: &mut Ctx<'_>, round: &Round, target: &Target, by_node: &ByNode, plan: &mut Plan) {
        let Some(pods) = by_node.get(&target.name) else {
            if target.should_run {
                plan.create.push(target.name.clone());
            }
            return;
        };
        let alive = pods.iter().filter(|p| !p.is_deleting());
        if !target.should_continue {
            plan.delete.extend(alive.cloned());
            return;
        }
        let mut running: Vec<&Rc<Object>> = Vec::new();
        for pod in alive {
            match pod.at("status.phase").as_str() {
                Some("Failed") => {
                    if self.may_delete_failed(ctx, round, &target.name) {
                        let text = format!(
                            "Found failed daemon pod {}/{} on node {}, will try to kill it",
                            pod.namespace(),
                            pod.name(),
                            target.name
                        );
                        self.events.event(ctx, &round.ds, EventType::Warning, "FailedDaemonPod", &text);
                        plan.delete.push(pod.clone());
                    }
                }
                Some("Succeeded") => {
                    let text = format!(
                        "Found succeeded daemon pod {}/{} on node {}, will try to delete it",
                        pod.namespace(),
                        pod.name(),
                        target.name
                    );
                    self.events.event(ctx, &round.ds, EventType::Normal, "SucceededDaemonPod", &text);
                    plan.delete.push(pod.clone());
                }
                _ => running.push(pod),
            }
        }
        if !allows_surge(&round.ds) {
            plan.delete.extend(running.into_iter().skip(1).cloned());
            return;
        }
        if running.is_empty() && target.should_run {
            plan.create.push(target.name.clone());
        }
        if running.len() > 1 {
            Self::plan_surged(round, &running, plan);
        }
    }

    /// Of several Pods on a node the oldest new and the oldest old one may stay, while the new one is not available.
    fn plan_surged(round: &Round, running: &[&Rc<Object>], plan: &mut Plan) {
        let (mut new, mut old): (Option<&Rc<Object>>, Option<&Rc<Object>>) = (None, None);
        for pod in running {
            let place = if pod.label(HASH_LABEL) == Some(&round.hash) { &mut new } else { &mut old };
            if place.is_none() {
                *place = Some(pod);
            } else {
                plan.delete.push((*pod).clone());
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (!is_pod_ready(old) || is_available(new, round))
        {
            plan.delete.push(old.clone());
        }
    }

    /// Whether the wait since the last deletion of a failed Pod on a node is over; if so, the next is longer.
    fn may_delete_failed(&mut self, ctx: &mut Ctx<'_>, round: &Round, node: &Rc<str>) -> bool {
        let generation = round.ds.at("status.observedGeneration").as_i64().unwrap_or(0);
        let key = (round.ds.uid().clone(), generation, node.clone());
        let wait = match self.backoff.0.get(&key) {
            Some((wait, since)) if ctx.now - *since < *wait => {
                self.queue.add_after(ctx, round.ds.key(), *wait);
                return false;
            }
            Some((wait, since)) if ctx.now - *since <= 2 * LONGEST_WAIT => (2 * wait).min(LONGEST_WAIT),
            _ => FIRST_WAIT,
        };
        self.backoff.0.insert(key, (wait, ctx.now));
        true
    }

    /// Makes and deletes Pods. Models `syncNodes`. Remembers the Pod made last: upstream's cache does not have it yet
    /// when the sync counts Pods at its end.
    pub(super) fn carry_out(&mut self, ctx: &mut Ctx<'_>, round: &Round, plan: Plan) -> Result<(), Status> {
        let ds = &round.ds;
        let mut failed = None;
        let (mut done, mut batch) = (0, 1);
        let create: Vec<Rc<str>> = plan.create.into_iter().take(BURST_REPLICAS).collect();
        while done < create.len() && failed.is_none() {
            let upto = (done + batch).min(create.len());
            for node in &create[done..upto] {
                let body = pod_from_template(&template_for(ds, &round.hash, node), ds);
                match create_pod(ctx, &mut self.events, ds, body) {
                    Ok(pod) => self.newest = Some(pod.uid().clone()),
                    Err(status) if !is_namespace_terminating(&status) => failed = Some(status),
                    Err(_) => {}
                }
            }
            done = upto;
            batch *= 2;
        }
        for pod in plan.delete.iter().take(BURST_REPLICAS) {
            match delete_pod(ctx, &mut self.events, ds, pod) {
                Err(status) if status.reason != Reason::NotFound => failed = Some(status),
                _ => {}
            }
        }
        if plan.delete.len() > BURST_REPLICAS {
            self.queue.add(ctx, ds.key(), LATENCY);
        }
        failed.map_or(Ok(()), Err)
    }
}
