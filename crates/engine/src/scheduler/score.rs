//! Which of the nodes that take a Pod is the best.
//!
//! Models the score plugins under `pkg/scheduler/framework/plugins` with their default weights, in whole points; where
//! nodes are equal upstream draws lots, and here the one with the fewest Pods, then the first by name, is taken.

use std::rc::Rc;

use super::filters::{Nodes, untolerated};
use super::node_info::{NodeInfo, PodInfo};
use crate::api::Value;
use crate::api::labels::{node_term_matches, selector_matches, taints};

const MAX: i64 = 100;

fn least_allocated(info: &PodInfo, node: &NodeInfo) -> i64 {
    // A container that asks for nothing counts as 100m and 200 MB, so that such Pods spread too.
    let pods = node.pods.len() as i64 + 1;
    let share = |asked: i64, used: i64, by_default: i64, have: i64| {
        let used = (used + asked).max(pods * by_default);
        if have <= 0 { 0 } else { ((have - used).max(0) * MAX) / have }
    };
    let cpu = share(info.requests.cpu, node.requested.cpu, 100, node.allocatable.cpu);
    let memory = share(info.requests.memory, node.requested.memory, 200 << 20, node.allocatable.memory);
    i64::midpoint(cpu, memory)
}

fn preferred_node_affinity(spec: &Value, node: &NodeInfo) -> i64 {
    let Some(node) = &node.node else { return 0 };
    let preferred = spec.at("affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution");
    let met = preferred.items().iter().filter(|p| node_term_matches(p.at("preference"), node));
    met.map(|p| p.int_at("weight").unwrap_or(0)).sum()
}

fn preferred_taints(spec: &Value, node: &NodeInfo) -> i64 {
    let Some(node) = &node.node else { return 0 };
    if taints(node).is_empty() { 0 } else { -i64::from(untolerated(spec, node, &["PreferNoSchedule"]).is_some()) }
}

/// Pods of the same owner on the node: the default constraint of `PodTopologySpread` spreads them over hosts.
fn siblings(info: &PodInfo, node: &NodeInfo) -> i64 {
    let spec = info.pod.at("spec");
    let soft: Vec<&Value> = spec
        .at("topologySpreadConstraints")
        .items()
        .iter()
        .filter(|c| c.str_at("whenUnsatisfiable") == "ScheduleAnyway")
        .collect();
    // Owner and owned are of one namespace.
    let owner = info.pod.controller().map(|o| &o.uid);
    let alike = |p: &PodInfo| {
        if soft.is_empty() {
            return owner.is_some() && p.pod.controller().map(|o| &o.uid) == owner;
        }
        let selected = |c: &&Value| selector_matches(c.at("labelSelector"), p.pod.labels());
        p.pod.namespace() == info.pod.namespace() && soft.iter().any(selected)
    };
    -(node.pods.values().filter(|p| alike(p)).count() as i64)
}

/// Points by the preferred inter-pod affinity of the Pod and of those that are there already.
fn preferred_pods(info: &PodInfo, node: &NodeInfo, nodes: &Nodes, namespace_labels: &dyn Fn(&str) -> Value) -> i64 {
    let mut points = 0;
    for other in nodes.values() {
        let same = |key: &Rc<str>| node.label(key).is_some() && node.label(key) == other.label(key);
        if !info.preferred.is_empty() {
            for existing in other.pods.values() {
                for (weight, term) in &info.preferred {
                    if same(&term.topology_key) && term.matches(&existing.pod, namespace_labels) {
                        points += weight;
                    }
                }
            }
        }
        for existing in other.with_preferred() {
            for (weight, term) in &existing.preferred {
                if same(&term.topology_key) && term.matches(&info.pod, namespace_labels) {
                    points += weight;
                }
            }
        }
    }
    points
}

/// Scales points to 0 to 100 over the candidates.
fn normalize(points: &mut [i64]) {
    let (low, high) = (points.iter().copied().min().unwrap_or(0), points.iter().copied().max().unwrap_or(0));
    for p in points {
        *p = if high == low { MAX } else { (*p - low) * MAX / (high - low) };
    }
}

/// The best of the candidates, which are not none.
pub fn best(
    info: &PodInfo,
    candidates: &[Rc<str>],
    nodes: &Nodes,
    namespace_labels: &dyn Fn(&str) -> Value,
) -> Rc<str> {
    if let [one] = candidates {
        return one.clone();
    }
    let spec = info.pod.at("spec");
    let of = |f: &dyn Fn(&NodeInfo) -> i64| candidates.iter().map(|n| f(&nodes[n])).collect::<Vec<i64>>();
    let mut total = of(&|n| least_allocated(info, n));
    let mut count = |weight: i64, mut points: Vec<i64>| {
        normalize(&mut points);
        for (t, p) in total.iter_mut().zip(points) {
            *t += weight * p;
        }
    };
    count(3, of(&|n| preferred_taints(spec, n)));
    count(2, of(&|n| preferred_node_affinity(spec, n)));
    count(2, of(&|n| siblings(info, n)));
    count(2, of(&|n| preferred_pods(info, n, nodes, namespace_labels)));
    let ranked = candidates.iter().zip(total);
    let key = |(name, points): &(&Rc<str>, i64)| (-points, nodes[*name].pods.len(), (*name).clone());
    ranked.min_by_key(key).map(|(name, _)| name.clone()).expect("there are candidates")
}
