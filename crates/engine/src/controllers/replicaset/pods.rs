//! The Pods of a ReplicaSet: counting them, and choosing which to delete.
//!
//! Models `pkg/controller/controller_utils.go` (`ActivePodsWithRanks`, `FindMinNextPodAvailabilityCheck`) and
//! `replica_set.go` (`getPodsToDelete`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::is_controlled_by;
use crate::api::labels::{map_matches, selector_matches};
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::clock::{SECOND, Time};
use crate::component::Ctx;
use crate::controllers::pod_control::{
    is_pod_active, is_pod_ready, is_pod_terminating, most_restarted_first, ready_time,
};

/// Counts over Pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Neither ended nor being deleted.
    pub active: i64,
    /// Active, with every label of the template.
    pub fully_labeled: i64,
    /// Active and ready.
    pub ready: i64,
    /// Being deleted.
    pub terminating: i64,
}

impl Counts {
    /// Adds (or, with -1, takes away) other counts.
    pub fn add(&mut self, by: Self, sign: i64) {
        self.active += sign * by.active;
        self.fully_labeled += sign * by.fully_labeled;
        self.ready += sign * by.ready;
        self.terminating += sign * by.terminating;
    }
}

/// One Pod's counts.
pub fn count(pod: &Object, template_labels: &Value) -> Counts {
    let active = is_pod_active(pod);
    let labelled = template_labels.same(pod.labels()) || map_matches(template_labels, pod.labels());
    Counts {
        active: i64::from(active),
        fully_labeled: i64::from(active && labelled),
        ready: i64::from(active && is_pod_ready(pod)),
        terminating: i64::from(is_pod_terminating(pod)),
    }
}

/// How many Pods are available, and when the next one of the ready ones will be.
pub struct Available {
    /// Ready for `minReadySeconds`.
    pub count: i64,
    /// When that changes next.
    pub next: Option<Time>,
}

/// Models `IsPodAvailable` over all Pods. Without `minReadySeconds` every ready Pod is available.
pub fn available(ctx: &Ctx<'_>, rs: &Object, counts: &Counts, min_ready: i64) -> Available {
    if min_ready == 0 {
        return Available { count: counts.ready, next: None };
    }
    let mut out = Available { count: 0, next: None };
    for pod in active_pods(ctx.api, rs) {
        let Some(since) = ready_time(pod) else { continue };
        let at = since + min_ready * SECOND;
        if at <= ctx.now {
            out.count += 1;
        } else {
            out.next = Some(out.next.map_or(at, |n| n.min(at)));
        }
    }
    out
}

fn active_pods<'a>(api: &'a ApiServer, rs: &'a Object) -> impl Iterator<Item = &'a Rc<Object>> {
    api.store().dependents(rs.uid()).filter(|p| p.kind() == Kind::Pod && is_pod_active(p) && is_controlled_by(p, rs))
}

/// The order of magnitude of a time's age: times of the same are a tie. Models `logarithmicRankDiff`, which takes the
/// logarithm of nanoseconds.
fn age_rank(time: Option<Time>, now: Time) -> i64 {
    let age = time.map_or(0, |t| now - t);
    if age > 0 { i64::from((age as u64).saturating_mul(1_000_000).ilog2()) } else { -1 }
}

fn deletion_cost(pod: &Object) -> i64 {
    pod.annotation("controller.kubernetes.io/pod-deletion-cost").and_then(|c| c.parse().ok()).unwrap_or(0)
}

struct Ranked {
    pod: Rc<Object>,
    neighbours: usize,
}

/// Whether a Pod goes before another. Models `ActivePodsWithRanks.Less`, where Pods that became ready, or were created,
/// at different times of the same order of magnitude are put in order of their uids, that is by chance; here the later
/// steps decide first, which makes it an order.
fn order(a: &Ranked, b: &Ranked, now: Time) -> Ordering {
    let node = |p: &Ranked| !p.pod.at("spec.nodeName").as_str().unwrap_or("").is_empty();
    let phase = |p: &Ranked| match p.pod.at("status.phase").as_str() {
        Some("Running") => 2,
        Some("Unknown") => 1,
        _ => 0,
    };
    let ready_age = |p: &Ranked| age_rank(ready_time(&p.pod), now);
    let age = |p: &Ranked| age_rank(p.pod.creation_time(), now);
    node(a)
        .cmp(&node(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| is_pod_ready(&a.pod).cmp(&is_pod_ready(&b.pod)))
        .then_with(|| deletion_cost(&a.pod).cmp(&deletion_cost(&b.pod)))
        .then_with(|| b.neighbours.cmp(&a.neighbours))
        .then_with(|| ready_age(a).cmp(&ready_age(b)))
        .then_with(|| most_restarted_first(&a.pod, &b.pod))
        .then_with(|| age(a).cmp(&age(b)))
        .then_with(|| a.pod.uid().cmp(b.pod.uid()))
}

/// Active Pods of all ReplicaSets with the same owner, by node. Models `getIndirectlyRelatedPods`.
fn related_by_node(api: &ApiServer, rs: &Object) -> BTreeMap<Rc<str>, usize> {
    let mut on = BTreeMap::new();
    let Some(owner) = rs.controller() else { return on };
    for related in api.store().dependents(&owner.uid).filter(|o| o.kind() == Kind::ReplicaSet) {
        let selected = |p: &&Rc<Object>| {
            p.kind() == Kind::Pod && is_pod_active(p) && selector_matches(related.at("spec.selector"), p.labels())
        };
        for pod in api.store().dependents(related.uid()).filter(selected) {
            if let Some(node) = pod.at("spec.nodeName").as_rc_str() {
                *on.entry(node).or_insert(0) += 1;
            }
        }
    }
    on
}

/// The `n` Pods to delete.
pub fn pods_to_delete(api: &ApiServer, rs: &Object, n: usize, now: Time) -> Vec<Rc<Object>> {
    let mut pods: Vec<Rc<Object>> = active_pods(api, rs).cloned().collect();
    if n < pods.len() {
        let on = related_by_node(api, rs);
        let mut ranked: Vec<Ranked> = pods
            .into_iter()
            .map(|pod| {
                let node = pod.at("spec.nodeName").as_str().unwrap_or("");
                let neighbours = on.get(node).copied().unwrap_or(0);
                Ranked { pod, neighbours }
            })
            .collect();
        ranked.sort_by(|a, b| order(a, b, now));
        pods = ranked.into_iter().map(|r| r.pod).collect();
    }
    pods.truncate(n);
    pods
}
