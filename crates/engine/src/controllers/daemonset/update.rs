//! A rolling update: old Pods deleted as far as they may be unavailable, or new ones started beside them.
//!
//! Models `pkg/controller/daemon/update.go`.

use std::rc::Rc;

use super::pods::{Plan, is_available, is_updated};
use super::{ByNode, DaemonSetController, Round};
use crate::api::Object;
use crate::apiserver::Status;
use crate::component::Ctx;
use crate::controllers::conditions::scaled;

/// A Pod, where there is one.
type Place<'p> = Option<&'p Rc<Object>>;

/// The new and the old Pod of a node that are not being deleted. None where there is more than one of either.
fn new_and_old<'p>(round: &Round, pods: &'p [Rc<Object>]) -> Option<(Place<'p>, Place<'p>)> {
    let (mut new, mut old) = (None, None);
    for pod in pods.iter().filter(|p| !p.is_deleting()) {
        let place = if is_updated(pod, round) { &mut new } else { &mut old };
        if place.is_some() {
            return None;
        }
        *place = Some(pod);
    }
    Some((new, old))
}

/// How many Pods may surge and how many be unavailable, and on how many nodes Pods belong.
struct Limits {
    surge: usize,
    unavailable: usize,
    desired: usize,
}

fn limits(round: &Round) -> Limits {
    let desired = round.nodes.iter().filter(|t| t.should_run).count();
    let rolling = round.ds.at("spec.updateStrategy.rollingUpdate");
    let count = |field: &'static str| usize::try_from(scaled(rolling.at(field), desired as i64, true)).unwrap_or(0);
    let (surge, mut unavailable) = (count("maxSurge"), count("maxUnavailable"));
    if desired > 0 && surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    Limits { surge, unavailable, desired }
}

impl DaemonSetController {
    /// Models `rollingUpdate`.
    pub(super) fn rolling_update(&mut self, ctx: &mut Ctx<'_>, round: &Round) -> Result<(), Status> {
        let mut by_node = self.by_node(ctx, &round.ds)?;
        for target in round.nodes.iter().filter(|t| t.should_run) {
            by_node.entry(target.name.clone()).or_default();
        }
        let limits = limits(round);
        let plan = if limits.surge == 0 {
            replace(round, &by_node, limits.unavailable)
        } else {
            surge(round, &by_node, &limits)
        };
        self.carry_out(ctx, round, plan)
    }
}

/// Deletes old Pods: those that are not available, and of the others as many as may be missing.
fn replace(round: &Round, by_node: &ByNode, most: usize) -> Plan {
    let (mut broken, mut candidates, mut unavailable) = (Vec::new(), Vec::new(), 0);
    for pods in by_node.values() {
        match new_and_old(round, pods) {
            None | Some((None, None) | (Some(_), Some(_))) => unavailable += 1,
            Some((Some(new), None)) => unavailable += usize::from(!is_available(new, round)),
            Some((None, Some(old))) => {
                if !is_available(old, round) {
                    broken.push(old.clone());
                    unavailable += 1;
                } else if unavailable < most {
                    candidates.push(old.clone());
                }
            }
        }
    }
    candidates.truncate(most.saturating_sub(unavailable));
    broken.extend(candidates);
    Plan { create: Vec::new(), delete: broken }
}

/// Starts new Pods beside old ones, and deletes old ones whose successor is available.
fn surge(round: &Round, by_node: &ByNode, limits: &Limits) -> Plan {
    let mut plan = Plan::default();
    let (mut candidates, mut sunset) = (Vec::new(), Vec::new());
    let (mut surging, mut available) = (0, 0);
    for (node, pods) in by_node {
        let Some((new, old)) = new_and_old(round, pods) else {
            surging += 1;
            continue;
        };
        available += usize::from(old.or(new).is_some_and(|p| is_available(p, round)));
        let Some(old) = old else { continue };
        let belongs = round.nodes.iter().any(|t| t.name == *node && t.should_run);
        match new {
            None if !is_available(old, round) => {
                if belongs {
                    plan.create.push(node.clone());
                } else {
                    plan.delete.push(old.clone());
                }
            }
            None if !belongs => sunset.push(old.clone()),
            None if surging < limits.surge => candidates.push(node.clone()),
            None => {}
            Some(new) if is_available(new, round) => plan.delete.push(old.clone()),
            Some(_) => surging += 1,
        }
    }
    sunset.truncate(available.saturating_sub(limits.desired));
    plan.delete.extend(sunset);
    candidates.truncate(limits.surge.saturating_sub(surging));
    plan.create.extend(candidates);
    plan
}
