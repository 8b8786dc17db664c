//! Which of the nodes that take a Pod is the best.
//!
//! Models the score plugins under `pkg/scheduler/framework/plugins` with their default weights, in whole points; where
//! nodes are equal upstream draws lots, and here the one with the fewest Pods, then the first by name, is taken.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::filters::{Nodes, spread_selector, untolerated};
use super::node_info::{NodeInfo, PodInfo};
use crate::api::labels::{node_term_matches, selector_matches, taints};
use crate::api::{Object, Value};

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

/// A constraint of `PodTopologySpread` that only scores: the key of the places, the skew that is borne, and whom it counts.
struct Soft<'a> {
    key: &'a str,
    max_skew: i64,
    /// None for Pods of the same owner.
    selector: Option<Value>,
}

const HOSTNAME: &str = "kubernetes.io/hostname";

/// The Pod's own soft constraints; where it has none at all and a ReplicaSet or the like owns it, those by default.
fn soft_constraints(pod: &Object) -> Vec<Soft<'_>> {
    let own = pod.at("spec.topologySpreadConstraints").items();
    if own.is_empty() {
        let spread = pod
            .controller()
            .is_some_and(|o| matches!(o.kind.as_ref(), "ReplicaSet" | "StatefulSet" | "ReplicationController"));
        let by_default = [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)];
        let all = by_default.map(|(key, max_skew)| Soft { key, max_skew, selector: None });
        return all.into_iter().filter(|_| spread).collect();
    }
    let soft = own.iter().filter(|c| c.str_at("whenUnsatisfiable") == "ScheduleAnyway");
    let read = |c: &'_ Value| Some(spread_selector(c, pod));
    soft.map(|c| Soft { key: c.str_at("topologyKey"), max_skew: c.int_at("maxSkew").unwrap_or(1), selector: read(c) })
        .collect()
}

/// The natural logarithm, the same on every machine.
fn ln(n: usize) -> f64 {
    let step = |k: usize| {
        let x = 1.0 / (2 * k - 1) as f64;
        let s = x * x;
        2.0 * x * (1.0 + s * (1.0 / 3.0 + s * (0.2 + s / 7.0)))
    };
    (2..=n).map(step).sum()
}

/// Fewer Pods alike in the same place give more points. Models `PodTopologySpread`'s `Score` and `NormalizeScore`.
fn spread(info: &PodInfo, candidates: &[Rc<str>], nodes: &Nodes) -> Option<Vec<i64>> {
    let soft = soft_constraints(&info.pod);
    if soft.is_empty() {
        return None;
    }
    let own = soft[0].selector.is_some();
    let ignored = |n: &NodeInfo| own && soft.iter().any(|c| n.label(c.key).is_none());
    let kept: Vec<&NodeInfo> = candidates.iter().map(|n| &*nodes[n]).filter(|n| !ignored(n)).collect();
    // Owner and owned are of one namespace.
    let owner = info.pod.controller().map(|o| &o.uid);
    let count = |c: &Soft<'_>, node: &NodeInfo| {
        let alike = |p: &&Rc<PodInfo>| {
            let pod = &p.pod;
            let alike = match &c.selector {
                None => pod.controller().map(|o| &o.uid) == owner,
                Some(selector) => pod.namespace() == info.pod.namespace() && selector_matches(selector, pod.labels()),
            };
            alike && !pod.is_deleting()
        };
        node.pods.values().filter(alike).count()
    };
    let mut points = vec![0.0; candidates.len()];
    for c in &soft {
        let values: BTreeSet<&str> = kept.iter().filter_map(|n| n.label(c.key)).collect();
        let places = if c.key == HOSTNAME { kept.len() } else { values.len() };
        let weight = ln(places + 2);
        for (points, name) in points.iter_mut().zip(candidates) {
            let node = &nodes[name];
            let Some(value) = node.label(c.key).filter(|_| !ignored(node)) else { continue };
            let there = match c.key {
                HOSTNAME => count(c, node),
                key => nodes.values().filter(|n| n.label(key) == Some(value)).map(|n| count(c, n)).sum(),
            };
            *points += there as f64 * weight + (c.max_skew - 1) as f64;
        }
    }
    let points: Vec<i64> = points.iter().map(|p| (p + 0.5) as i64).collect();
    let of_kept = || points.iter().zip(candidates).filter(|(_, n)| !ignored(&nodes[*n])).map(|(p, _)| *p);
    let (low, high) = (of_kept().min().unwrap_or(0), of_kept().max().unwrap_or(0));
    let share = |(p, n): (&i64, &Rc<str>)| match high {
        _ if ignored(&nodes[n]) => 0,
        0 => MAX,
        _ => MAX * (high + low - p) / high,
    };
    Some(points.iter().zip(candidates).map(share).collect())
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
fn normalized(mut points: Vec<i64>) -> Vec<i64> {
    let (low, high) = (points.iter().copied().min().unwrap_or(0), points.iter().copied().max().unwrap_or(0));
    for p in &mut points {
        *p = if high == low { MAX } else { (*p - low) * MAX / (high - low) };
    }
    points
}

/// Scales points so that the highest are 100. Models `DefaultNormalizeScore`.
fn by_the_highest(mut points: Vec<i64>) -> Vec<i64> {
    let high = points.iter().copied().max().unwrap_or(0).max(1);
    for p in &mut points {
        *p = *p * MAX / high;
    }
    points
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
    let mut count = |weight: i64, points: Vec<i64>| {
        for (t, p) in total.iter_mut().zip(points) {
            *t += weight * p;
        }
    };
    count(3, normalized(of(&|n| preferred_taints(spec, n))));
    count(2, by_the_highest(of(&|n| preferred_node_affinity(spec, n))));
    if let Some(points) = spread(info, candidates, nodes) {
        count(2, points);
    }
    count(2, normalized(of(&|n| preferred_pods(info, n, nodes, namespace_labels))));
    let ranked = candidates.iter().zip(total);
    let key = |(name, points): &(&Rc<str>, i64)| (-points, nodes[*name].pods.len(), (*name).clone());
    ranked.min_by_key(key).map(|(name, _)| name.clone()).expect("there are candidates")
}
