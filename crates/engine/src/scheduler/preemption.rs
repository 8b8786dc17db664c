//! Room for a Pod of higher priority: which Pods of lower priority would have to go, and from which node.
//!
//! Models `pkg/scheduler/framework/preemption/preemption.go` and `plugins/defaultpreemption`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::filters::{Nodes, PreFilter, Rejection};
use super::node_info::{NodeInfo, PodInfo};
use crate::api::labels::selector_matches;
use crate::api::{Object, Value};
use crate::clock::Time;

/// A node and the Pods that would have to leave it, the most important first.
pub struct Candidate {
    /// The node.
    pub node: Rc<str>,
    /// The Pods.
    pub victims: Vec<Rc<PodInfo>>,
    violations: usize,
}

/// What preemption came to.
pub enum Preemption {
    /// These victims on this node make room.
    Found(Candidate),
    /// Nothing helps; the words for the Pod's message.
    Hopeless(String),
}

fn start_time(pod: &Object) -> Time {
    pod.at("status.startTime").as_str().and_then(Time::parse_rfc3339).unwrap_or(Time(i64::MAX))
}

/// The more important first. Models `MoreImportantVictim`.
fn importance(p: &PodInfo) -> (Reverse<i64>, Time, Rc<str>) {
    (Reverse(p.priority), start_time(&p.pod), p.pod.name().clone())
}

/// How many of a disruption budget's disruptions are left, by its place in the list. Splits victims into those whose
/// eviction a budget forbids and the rest. Models `filterPodsWithPDBViolation`.
fn split_by_budget(victims: &[Rc<PodInfo>], budgets: &[Rc<Object>]) -> (Vec<Rc<PodInfo>>, Vec<Rc<PodInfo>>) {
    let mut left: Vec<i64> = budgets.iter().map(|b| b.at("status.disruptionsAllowed").as_i64().unwrap_or(0)).collect();
    victims.iter().cloned().partition(|v| {
        let mut violates = false;
        for (budget, left) in budgets.iter().zip(&mut left) {
            let selector = budget.at("spec.selector");
            if budget.namespace() == v.pod.namespace() && selector_matches(selector, v.pod.labels()) {
                *left -= 1;
                violates |= *left < 0;
            }
        }
        violates
    })
}

fn victims_on(
    info: &PodInfo,
    name: &Rc<str>,
    nodes: &Nodes,
    budgets: &[Rc<Object>],
    namespace_labels: &dyn Fn(&str) -> Value,
) -> Result<Candidate, Vec<Rc<str>>> {
    let mut possible: Vec<Rc<PodInfo>> =
        nodes[name].pods.values().filter(|p| p.priority < info.priority).cloned().collect();
    if possible.is_empty() {
        return Err(vec![Rc::from("No preemption victims found for incoming pod")]);
    }
    let mut trial = nodes.clone();
    let mut node: NodeInfo = (*nodes[name]).clone();
    for p in &possible {
        node.remove(&p.pod.key());
    }
    let mut fits = |node: &NodeInfo| -> Result<(), Rejection> {
        trial.insert(name.clone(), Rc::new(node.clone()));
        PreFilter::new(info, &trial, namespace_labels).filter(node)
    };
    fits(&node).map_err(|r| r.reasons)?;
    possible.sort_by_cached_key(|p| importance(p));
    let (violating, others) = split_by_budget(&possible, budgets);
    let (mut victims, mut violations) = (Vec::new(), 0);
    for (list, violates) in [(violating, 1), (others, 0)] {
        for p in list {
            node.add(p.clone());
            if fits(&node).is_err() {
                node.remove(&p.pod.key());
                victims.push(p);
                violations += violates;
            }
        }
    }
    victims.sort_by_cached_key(|p| importance(p));
    Ok(Candidate { node: name.clone(), victims, violations })
}

/// Models `pickOneNodeForPreemption`: fewest violated budgets, least important victims, fewest, youngest.
fn rank(c: &Candidate) -> (usize, i64, i64, usize, Reverse<Time>) {
    let highest = c.victims.first().map_or(0, |v| v.priority);
    let sum = c.victims.iter().map(|v| v.priority + (1 << 31)).sum();
    let of_highest = c.victims.iter().filter(|v| v.priority == highest).map(|v| start_time(&v.pod));
    (c.violations, highest, sum, c.victims.len(), Reverse(of_highest.min().unwrap_or_default()))
}

/// Looks for victims on the nodes whose rejection their absence could lift.
pub fn preempt(
    info: &PodInfo,
    nodes: &Nodes,
    rejections: &BTreeMap<Rc<str>, Rejection>,
    budgets: &[Rc<Object>],
    namespace_labels: &dyn Fn(&str) -> Value,
) -> Preemption {
    if info.pod.at("spec.preemptionPolicy").as_str() == Some("Never") {
        return Preemption::Hopeless("not eligible due to preemptionPolicy=Never.".to_owned());
    }
    if let Some(nominated) = info.pod.at("status.nominatedNodeName").as_str().filter(|n| !n.is_empty()) {
        let unresolvable = rejections.get(nominated).is_some_and(|r| !r.resolvable);
        let leaving =
            |p: &Rc<PodInfo>| p.priority < info.priority && p.pod.is_deleting() && preempted_by_scheduler(&p.pod);
        if !unresolvable && nodes.get(nominated).is_some_and(|n| n.pods.values().any(leaving)) {
            let why = "not eligible due to a terminating pod on the nominated node.";
            return Preemption::Hopeless(why.to_owned());
        }
    }
    let mut best: Option<Candidate> = None;
    let mut reasons: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    let all = nodes.values().filter(|n| n.node.is_some()).count();
    let mut said = 0;
    for (name, _) in rejections.iter().filter(|(_, r)| r.resolvable) {
        match victims_on(info, name, nodes, budgets, namespace_labels) {
            Ok(c) => {
                if best.as_ref().is_none_or(|b| rank(&c) < rank(b)) {
                    best = Some(c);
                }
            }
            Err(why) => {
                said += 1;
                for w in why {
                    *reasons.entry(w).or_insert(0) += 1;
                }
            }
        }
    }
    if let Some(c) = best {
        return Preemption::Found(c);
    }
    if said < all {
        *reasons.entry(Rc::from("Preemption is not helpful for scheduling")).or_insert(0) += all - said;
    }
    Preemption::Hopeless(super::fit_error(all, &reasons, ""))
}

fn preempted_by_scheduler(pod: &Object) -> bool {
    pod.condition("DisruptionTarget")
        .is_some_and(|c| c.str_at("status") == "True" && c.str_at("reason") == "PreemptionByScheduler")
}
